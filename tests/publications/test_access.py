"""Who may read files, and when an embargo ends."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from dissemination.bibliography.kinds import Access
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.publications import access, actions, jobs
from dissemination.publications.access import ANYBODY, Reader
from tests import factories
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


def with_file(district, **facts):
    with transaction():
        row = cast.publication(district, **facts)
        file = actions.attach(row, BytesIO(b"%PDF-1.7 x"), "rapporto.pdf")
    return (
        row,
        f"/{district.slug}/publications/{row.slug}",
        f"/{district.slug}/publications/{row.slug}/files/{file.id}",
    )


def test_a_file_under_embargo_opens_at_midnight_in_rome_and_says_so_before(moda, client, time_machine):
    time_machine.move_to("2026-06-30T21:59:59+00:00", tick=False)
    _row, page, file = with_file(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    refused, shown = client.get(file), client.get(page)
    assert (refused.status_code, refused.headers["Cache-Control"], shown.status_code) == (
        403,
        "no-store",
        200,
    )
    assert "fino a martedì 30 giugno 2026 compreso" in refused.text
    assert ("30 giugno 2026" in shown.text, f'href="{file}"' in shown.text, "rapporto.pdf" in shown.text) == (
        True, False, True,
    )  # fmt: skip
    time_machine.move_to("2026-06-30T22:00:00+00:00", tick=False)
    opened, shown = client.get(file), client.get(page)
    assert (opened.status_code, opened.data) == (200, b"%PDF-1.7 x")
    assert ("30 giugno 2026" in shown.text, f'href="{file}"' in shown.text) == (False, True)


def test_the_end_of_an_embargo_moves_the_datestamp_once(moda, time_machine):
    time_machine.move_to("2026-06-30T21:59:00+00:00", tick=False)
    with transaction():
        row = cast.publication(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
        later = cast.publication(moda, access=Access.EMBARGOED, embargo_until=date(2026, 7, 1))
        draft = cast.publication(
            moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30), published=False
        )
    rows, before = (row, later, draft), row.changed_at
    assert jobs.end_embargoes() == 0
    time_machine.move_to("2026-06-30T22:07:00+00:00", tick=False)
    assert (jobs.end_embargoes(), jobs.end_embargoes()) == (1, 0)
    db.session.expire_all()
    noted = datetime(2026, 6, 30, 22, 7, tzinfo=UTC)
    assert [r.changed_at for r in rows] == [noted, before, before]


def test_what_was_published_after_its_embargo_is_not_noted_again(moda, time_machine):
    time_machine.move_to("2026-07-05T10:00:00+00:00", tick=False)
    with transaction():
        cast.publication(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    assert jobs.end_embargoes() == 0


def member(district, email="carlo@tessitura.example", until=None):
    with transaction():
        company = factories.company(district)
        people.add_membership(company, since=date(2020, 1, 1), until=until)
        contact = people.add_contact(
            district_id=district.id, email=email, given_name="Carlo", family_name="Neri", company=company
        )
    return contact


def mailed_link():
    row = db.session.scalars(select(Delivery)).one()
    return urlsplit(row.merge["link_url"]).path


def test_a_member_company_reads_by_a_link_mailed_to_its_contact(moda, client):
    contact = member(moda)
    row, page, file = with_file(moda, access=Access.MEMBERS)
    refused = client.get(file)
    asking = f"/moda/readers/?publication={row.id}"
    assert (refused.status_code, asking in refused.text, asking in client.get(page).text) == (403, True, True)
    assert row.title_it in client.get(asking).text
    assert client.post(asking, data={"email": " Carlo@Tessitura.example"}).location == "/moda/readers/asked"
    link = mailed_link()
    assert contact.company.name in client.get(link).text
    assert client.get(file).status_code == 403  # opening the link alone lets nobody in
    entered = client.post(link)
    assert (entered.status_code, entered.location) == (303, page)
    opened = client.get(file)
    assert (opened.data, opened.headers["Cache-Control"]) == (b"%PDF-1.7 x", "private, no-store")
    assert f'href="{file}"' in client.get(page).text
    assert client.application.test_client().get(file).status_code == 403
    assert f"Leggi a nome di {contact.company.name}." in client.get(page).text
    assert client.post("/moda/readers/departure").status_code == 303
    assert client.get(file).status_code == 403


def test_who_is_no_member_any_more_reads_no_longer(moda, client, time_machine):
    time_machine.move_to("2026-07-01T10:00:00+00:00", tick=False)
    member(moda, until=date(2026, 7, 2))
    _row, _page, file = with_file(moda, access=Access.MEMBERS)
    client.post("/moda/readers/", data={"email": "carlo@tessitura.example"})
    link = mailed_link()
    client.post(link)
    assert client.get(file).status_code == 200
    time_machine.move_to("2026-07-03T10:00:00+00:00", tick=False)
    assert (client.get(file).status_code, client.get(link).status_code) == (403, 404)


def test_the_link_grows_old_and_serves_its_own_district_only(moda, nautica, client, time_machine):
    time_machine.move_to("2026-07-01T10:00:00+00:00", tick=False)
    member(moda)
    client.post("/moda/readers/", data={"email": "carlo@tessitura.example"})
    link = mailed_link()
    assert client.get(link.replace("/moda/", "/nautica/")).status_code == 404
    assert [client.get(x).status_code for x in (link, link + "x", "/moda/readers/x")] == [200, 404, 404]
    time_machine.move_to("2026-07-08T10:00:02+00:00", tick=False)
    assert (client.get(link).status_code, client.post(link).status_code) == (404, 404)


def test_nobody_learns_who_is_a_member_and_nobody_is_mailed_without_end(moda, client):
    member(moda)
    with transaction():
        people.add_contact(
            district_id=moda.id, email="ugo@altrove.example", given_name="Ugo", family_name="Bo"
        )
    for email in ("ugo@altrove.example", "nessuno@altrove.example", "carlo@tessitura.example"):
        answer = client.post("/moda/readers/", data={"email": email})
        assert (answer.status_code, answer.location) == (303, "/moda/readers/asked")
    assert [d.address for d in db.session.scalars(select(Delivery))] == ["carlo@tessitura.example"]
    answers = [client.post("/moda/readers/", data={"email": "carlo@tessitura.example"}) for _ in range(4)]
    assert [a.status_code for a in answers] == [303, 303, 422, 422]


def test_the_desk_reads_what_is_closed_and_another_districts_does_not(moda, ada, dora, sign_in, client):
    _row, page, file = with_file(moda, access=Access.CLOSED)
    assert [b.get(file).status_code for b in (client, sign_in(dora), sign_in(ada))] == [403, 403, 200]
    assert f'href="{file}"' not in client.get(page).text


@pytest.mark.parametrize("number", [2**31, 10**11, 2**63, 10**30])
def test_a_number_that_no_id_has_is_not_found(moda, ada, client, sign_in, number):
    row = made(moda)
    for path in (f"publications/{row.slug}/files/{number}", f"desk/publications/{row.slug}/files/{number}",
                 f"desk/publications/imports/{number}", f"desk/submissions/{number}"):  # fmt: skip
        assert sign_in(ada).get(f"/moda/{path}").status_code == 404


def test_the_list_says_of_each_work_who_may_read_it_and_of_an_ended_embargo_nothing(
    moda, client, time_machine
):
    time_machine.move_to(NOW)
    made(moda, title_it="Uno", access=Access.MEMBERS)
    made(moda, title_it="Due", access=Access.EMBARGOED, embargo_until=date(2026, 7, 1))
    made(moda, title_it="Tre")
    page = client.get("/moda/publications/").text
    assert ("Per le imprese aderenti al distretto." in page, page.count('class="access"')) == (True, 2)
    assert "Sotto embargo fino a" in page
    time_machine.move_to(datetime(2026, 7, 1, 22, tzinfo=UTC))
    assert client.get("/moda/publications/").text.count('class="access"') == 1
