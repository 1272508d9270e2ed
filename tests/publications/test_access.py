"""Who may read files, and when an embargo ends."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dissemination.bibliography.kinds import Access
from dissemination.kernel.database import transaction
from dissemination.publications import access, actions
from dissemination.publications.access import ANYBODY, Reader
from tests.publications import cast

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def made(district, **facts):
    with transaction():
        return cast.publication(district, **facts)


def test_an_embargo_ends_at_midnight_in_rome(moda):
    row = made(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    midnight = datetime(2026, 7, 1, 0, 0, tzinfo=ROME)  # 22:00 UTC: summer time
    assert access.embargo_ends(row) == midnight == datetime(2026, 6, 30, 22, tzinfo=UTC)
    moments = (midnight - timedelta(microseconds=1), midnight, datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC))
    assert [access.is_open(row, at) for at in moments] == [False, True, False]
    assert [access.effective(row, at).value for at in moments] == ["embargoed", "open", "embargoed"]


@pytest.mark.parametrize(
    ("last_day", "opens"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),  # the clocks go forward on the 29th
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 24, 22, tzinfo=UTC)),  # and back on the 25th
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_midnight_is_that_of_the_wall_clock_whatever_the_clocks_do(moda, last_day, opens):
    row = made(moda, access=Access.EMBARGOED, embargo_until=last_day)
    assert access.embargo_ends(row) == opens


def test_an_embargo_follows_the_zone_of_its_district(moda):
    with transaction():
        moda.timezone = "America/New_York"
    row = made(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    assert access.embargo_ends(row) == datetime(2026, 7, 1, 4, tzinfo=UTC)


def test_an_embargo_without_an_end_in_the_calendar_does_not_end(moda):
    row = made(moda, access=Access.EMBARGOED, embargo_until=date.max)
    assert (access.embargo_ends(row), access.is_open(row, NOW)) == (None, False)


def test_who_may_read_what(moda, nautica):
    member = Reader(district_id=moda.id, member=True)
    staff = Reader(district_id=moda.id, staff=True)
    stranger = Reader(district_id=nautica.id, staff=True, member=True)
    readers = (None, ANYBODY, member, staff, stranger)
    ahead = {"access": Access.EMBARGOED, "embargo_until": date(2026, 7, 1)}
    past = {"access": Access.EMBARGOED, "embargo_until": date(2026, 6, 30)}

    def may(**facts):
        row = made(moda, **facts)
        return "".join("y" if access.may_read(row, reader, NOW) else "n" for reader in readers)

    assert may() == "yyyyy"
    assert may(access=Access.MEMBERS) == "nnyyn"
    assert may(access=Access.CLOSED) == "nnnyn"
    assert may(**ahead) == "nnnyn"
    assert may(**past) == "yyyyy"
    assert may(published=False) == "nnnyn"


def test_what_was_taken_back_is_read_by_the_desk_only(moda):
    row = made(moda)
    with transaction():
        actions.withdraw(row, reason="Errore", by=None)
    member, staff = Reader(moda.id, member=True), Reader(moda.id, staff=True)
    assert [access.may_read(row, r, NOW) for r in (None, member, staff)] == [False, False, True]
    assert not access.is_open(row, NOW)
