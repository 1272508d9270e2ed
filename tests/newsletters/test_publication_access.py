"""Blocks of publications say what readers will find: tombstones, embargoes, newer versions."""

from datetime import UTC, date, datetime

from dissemination.bibliography.kinds import Access
from dissemination.kernel.database import transaction
from dissemination.newsletters import sources
from dissemination.newsletters.findings import Level
from dissemination.publications import actions
from tests.newsletters import cast


def told(row):
    found = sources.every()
    source = next(s for s in found if s.key == "publication")
    return [(level, code) for level, code, _words in source.problems([row])[row.id]]


def test_a_block_warns_of_what_not_everybody_may_read_until_the_embargo_ends(app, moda, time_machine):
    time_machine.move_to("2026-06-30T21:59:59+00:00", tick=False)
    with transaction():
        open_one = cast.publication(moda)
        members = cast.publication(moda, access=Access.MEMBERS)
        ahead = cast.publication(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    assert [told(row) for row in (open_one, members, ahead)] == [
        [], [(Level.WARNING, "access")], [(Level.WARNING, "access")],
    ]  # fmt: skip
    time_machine.move_to("2026-06-30T22:00:00+00:00", tick=False)
    assert told(ahead) == []


def test_a_tombstone_stops_the_issue_and_a_newer_version_is_pointed_out(app, moda):
    with transaction():
        gone, old = cast.publication(moda), cast.publication(moda)
        actions.withdraw(gone, reason="Errore", by=None)
        newer = actions.new_version(old, by=None)
        actions.publish(newer, by=None)
    assert (told(gone), told(old), told(newer)) == (
        [(Level.BLOCKING, "not_public")], [(Level.WARNING, "superseded")], [],
    )  # fmt: skip
    source = next(s for s in sources.every() if s.key == "publication")
    assert [row.id for row in source.recent(moda)] == [newer.id]
    wish = sources.Wish(
        district=moda, starts=datetime(2026, 1, 1, tzinfo=UTC), ends=datetime(2026, 12, 31, tzinfo=UTC),
        sectors=None, since=datetime(2020, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert [row.id for row in source.choose(wish)] == [newer.id]
