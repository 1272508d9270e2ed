"""Usage from the request to the plan's figures: who counts, when, and that nothing personal stays."""

import fcntl
import os
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event, inspect, select, text

from dissemination.kernel.database import db, is_sqlite, transaction
from dissemination.plan import activity, figures, holders, periods, rows
from dissemination.plan import queries as plans
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.log import Activity
from dissemination.plan.models import Plan
from dissemination.publications import actions as publications
from dissemination.usage import jobs, logged, queries
from dissemination.usage.models import UsageHit, UsageMonth, UsageSalt
from tests.publications.cast import publication
from tests.publications.pdfs import pdf

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"


@pytest.fixture
def work(moda):
    """A published report with a file, and its plan with the catalogue."""
    with transaction():
        adopt_catalogue(db.session.scalars(select(Plan)).one())
        row = publication(moda, title_it="Fibre riciclate")
        publications.attach(row, BytesIO(pdf("poliammide")), "a.pdf")
    return row


def visit(client, path, *, at=None, agent=FIREFOX, ip="192.0.2.1", status=200, **headers):
    """Open a page at a moment ("10:00:00" of 4 May 2026 UTC) as somebody."""
    moment = datetime.fromisoformat(at if at and "T" in at else f"2026-05-04T{at or '10:00:00'}+00:00")
    with time_machine.travel(moment, tick=False):
        named = {"User-Agent": agent} | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.get(path, headers=named, environ_overrides={"REMOTE_ADDR": ip})
    assert answer.status_code == status
    return answer


def page(work):
    return f"/moda/publications/{work.slug}"


def file(work):
    return f"{page(work)}/files/{work.files[0].id}"


def counted(work, at="2026-05-05T00:10:00+00:00"):
    """(views, unique views, downloads, unique downloads) once the worker has counted."""
    with time_machine.travel(datetime.fromisoformat(at), tick=False):
        jobs.count_hours()
    total, _since = queries.total_of(work.id)
    return total.views, total.unique_views, total.downloads, total.unique_downloads


def hits():
    return db.session.query(UsageHit).count()


def test_pages_and_files_count_by_visitor_and_hour(work, client):
    for at in ("10:00:00", "10:00:20", "10:05:00", "11:00:00"):
        visit(client, page(work), at=at)
    visit(client, page(work), at="10:05:00", ip="192.0.2.2")
    visit(client, page(work), at="10:05:00", agent=SAFARI)
    visit(client, file(work), at="10:05:10")
    visit(client, file(work), at="10:05:12")
    visit(client, file(work), at="10:06:00")
    assert counted(work) == (5, 4, 2, 1)
    assert (hits(), queries.total_of(work.id)[1]) == (0, date(2026, 5, 1))


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", {}), ("", {}), ("curl/8.5.0", {}),
        (FIREFOX, {"Sec_Purpose": "prefetch;prerender"}), (FIREFOX, {"Purpose": "prefetch"}),
        (FIREFOX, {"X_Moz": "prefetch"}),
    ],
)  # fmt: skip
def test_robots_and_pages_fetched_ahead_do_not_count(work, client, agent, headers):
    for path in (page(work), file(work)):
        visit(client, path, agent=agent, **headers)
    assert hits() == 0


def test_what_is_not_served_does_not_count(work, client, moda):
    with transaction():
        draft = publication(moda, published=False)
    visit(client, page(draft), status=404)
    visit(client, f"{page(work)}/files/999", status=404)
    assert client.head(page(work), headers={"User-Agent": FIREFOX}).status_code == 200
    visit(client, f"{page(work)}.bib")
    visit(client, "/moda/publications/")
    assert hits() == 0


def test_the_first_part_of_a_file_and_an_unchanged_one_count_and_later_parts_do_not(work, client):
    visit(client, file(work), at="10:00:00", Range="bytes=5-9", status=206)
    visit(client, file(work), at="10:01:00", Range="bytes=0-9", status=206)
    tag = visit(client, file(work), at="10:02:00").headers["ETag"]
    visit(client, file(work), at="10:03:00", If_None_Match=tag, status=304)
    assert counted(work) == (0, 0, 3, 1)


def test_who_works_at_the_desk_does_not_count_and_other_people_do(work, sign_in, ada, dora, elio):
    for account, expected in ((ada, 0), (elio, 0), (dora, 1)):
        answer = sign_in(account).get(page(work), headers={"User-Agent": FIREFOX})
        assert (answer.status_code, account.email, hits()) == (200, account.email, expected)


def test_an_hour_is_counted_when_it_is_over_with_the_half_minute_after_it(work, client):
    visit(client, page(work), at="10:59:50")
    assert counted(work, "2026-05-04T11:00:29+00:00") == (0, 0, 0, 0)
    visit(client, page(work), at="11:00:10")  # a double click: this one counts, in its hour
    assert counted(work, "2026-05-04T11:00:31+00:00") == (0, 0, 0, 0)
    assert hits() == 1
    assert counted(work, "2026-05-04T12:00:31+00:00") == (1, 1, 0, 0)
    assert counted(work, "2026-05-04T13:00:31+00:00") == (1, 1, 0, 0)


def test_months_are_those_of_the_districts_clock(work, client):
    visit(client, page(work), at="2026-05-31T21:59:00+00:00")
    visit(client, page(work), at="2026-05-31T22:01:00+00:00")  # midnight in Rome was at 22:00
    counted(work, "2026-06-01T09:00:00+00:00")
    assert [(m.month, m.views) for m in queries.months_of(work.id)] == [
        (date(2026, 6, 1), 1),
        (date(2026, 5, 1), 1),
    ]


def test_nothing_of_a_visitor_is_kept(work, client, app):
    visit(client, page(work), ip="203.0.113.77", agent=SAFARI)
    assert _stored("203.0.113.77") == [] == _stored("Macintosh")
    (visitor,) = db.session.scalars(select(UsageHit.visitor)).all()
    visit(client, page(work), at="2026-05-05T10:00:00+00:00", ip="203.0.113.77", agent=SAFARI)
    both = db.session.scalars(select(UsageHit.visitor)).all()
    assert len({visitor, *both}) == 2  # another day, another salt: nobody is known again
    assert len(visitor) == 16
    counted(work, "2026-05-06T00:10:00+00:00")
    assert (hits(), db.session.query(UsageSalt).count()) == (0, 0)


def _stored(words):
    """The tables in which `words` stand anywhere."""
    return [
        name for name in inspect(db.engine).get_table_names()
        for row in db.session.execute(text(f'SELECT * FROM "{name}"'))
        if any(words in str(value) for value in row)
    ]  # fmt: skip


def test_a_salt_lasts_for_its_day_and_is_the_same_for_every_process(work, client):
    visit(client, page(work), at="08:00:00")
    visit(client, page(work), at="20:00:00")
    assert len(set(db.session.scalars(select(UsageHit.visitor)))) == 1
    counted(work, "2026-05-04T23:30:00+00:00")
    assert db.session.query(UsageSalt).count() == 1


def test_counting_twice_at_once_or_after_a_crash_counts_once(work, client):
    visit(client, page(work))
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False):
        with transaction() as session:
            assert jobs.actions.fold() == 1
            session.rollback()
        assert (jobs.count_hours(), jobs.count_hours()) == (1, 0)
    assert counted(work)[:2] == (1, 1)


def test_nobody_waits_for_a_count_while_somebody_else_writes(work, client, app):
    if not is_sqlite():  # each hit is a row of its own there, and writers do not wait for each other
        visit(client, page(work))
        assert hits() == 1
        return
    handle = os.open(f"{db.engine.url.database}.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        visit(client, page(work), at="10:00:00")
        assert hits() == 0
    finally:
        os.close(handle)
    visit(client, page(work), at="10:10:00")
    assert counted(work)[:2] == (2, 1)


def test_a_page_costs_as_many_questions_for_many_hits_as_for_none(work, client):
    def asked():
        db.session.remove()
        seen = []
        listen = lambda *a: seen.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            visit(client, f"/moda/publications/{slug}")
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return seen

    slug, number = work.slug, work.id
    visit(client, f"/moda/publications/{slug}")
    counted(work, "2026-05-04T12:00:00+00:00")
    few = asked()
    with transaction():
        for n in range(50):
            month = date(2020 + n // 12, 1 + n % 12, 1)
            db.session.add(
                UsageMonth(publication_id=number, month=month, district_id=1, views=9, unique_views=9)
            )
    for _ in range(20):
        visit(client, f"/moda/publications/{slug}")
    assert len(asked()) == len(few)
    assert sum("usage_hits" in statement for statement in few) == 1


# The plan's figures.


def month_end():
    return time_machine.travel("2026-06-01T03:00:00Z", tick=False)


def figure(period="2026-H1", code="DV-09"):
    plan = db.session.scalars(select(Plan)).one()
    return figures.figure(plans.indicator(plan, code), period).actual


@pytest.fixture
def downloaded(work, client):
    """Three unique downloads in May."""
    for ip in ("192.0.2.1", "192.0.2.2"):
        visit(client, file(work), at="10:00:00", ip=ip)
    visit(client, file(work), at="11:30:00")
    counted(work)
    return work


def test_a_months_unique_downloads_become_one_row_of_the_log_and_the_figure(downloaded):
    assert (jobs_at("2026-05-31T21:59:00Z"), figure()) == (0, Decimal("0.00"))  # May is not over in Rome
    assert jobs_at("2026-05-31T22:00:00Z") == 1
    assert (figure(), figure("2026-05"), figure("2026-06"), figure("plan")) == (3, 3, 0, 3)
    assert figure("plan", code="DV-08") == 1
    (row,) = db.session.scalars(select(Activity).where(Activity.verb == logged.Did.DOWNLOADED))
    assert (row.happened_on, row.amount, row.title, row.contact_id, row.subject_id) == (
        date(2026, 5, 31), 3, "Fibre riciclate", None, downloaded.id,
    )  # fmt: skip
    assert row.attributes == {
        "type": "report", "language": "it", "open_access": "yes", "sector": "tessile", "macro_area": "",
    }  # fmt: skip
    assert jobs_at("2026-06-02T22:00:00Z") == 0


def jobs_at(moment):
    with time_machine.travel(moment, tick=False):
        return jobs.log_months()


def test_the_figure_opens_its_rows(downloaded):
    jobs_at("2026-06-01T03:00:00Z")
    plan = db.session.scalars(select(Plan)).one()
    found = rows.listed(plans.indicator(plan, "DV-09"), periods.read("2026-H1", plan), counted=True).rows
    assert [(r.title, r.on, r.amount, r.kind, r.subject_id) for r in found] == [
        ("Fibre riciclate", date(2026, 5, 31), Decimal("3.00"), "publications", downloaded.id)
    ]


def test_what_is_counted_later_becomes_a_row_of_its_own(downloaded):
    jobs_at("2026-06-01T03:00:00Z")
    with transaction():
        db.session.scalars(select(UsageMonth)).one().unique_downloads += 2
    assert (jobs_at("2026-06-03T03:00:00Z"), figure()) == (1, 5)
    amounts = db.session.scalars(select(Activity.amount).where(Activity.verb == logged.Did.DOWNLOADED))
    assert sorted(amounts) == [2, 3]


def test_a_month_waits_for_hits_that_are_not_counted_yet(work, client):
    visit(client, file(work), at="2026-05-31T21:30:00+00:00")
    assert jobs_at("2026-05-31T22:10:00Z") == 0
    counted(work, "2026-05-31T22:10:00+00:00")
    assert (jobs_at("2026-05-31T22:10:00Z"), figure()) == (1, 1)


def test_a_crash_between_log_and_mark_leaves_neither(downloaded):
    with month_end():
        with transaction() as session:
            assert jobs.actions.log_months(downloaded.district) == 1
            session.rollback()
        assert (jobs.log_months(), jobs.log_months()) == (1, 0)
    assert figure() == 3


def test_a_withdrawn_publication_keeps_what_was_downloaded_before(downloaded, bice):
    with transaction():
        publications.withdraw(downloaded, reason="Sbagliata.", by=bice)
    jobs_at("2026-06-01T03:00:00Z")
    assert (figure(), figure("plan", code="DV-08")) == (3, 0)


def test_the_register_proves_downloads_and_says_where(downloaded, app):
    holder = holders.of("publication.downloaded", "publications")
    with app.test_request_context():
        assert holder.held([downloaded.id, 99]) == {downloaded.id: {"register"}, 99: set()}
        assert holder.where([downloaded.id]) == {downloaded.id: "/moda/desk/usage/"}
    assert holders.of("publication.published", "publications").held([downloaded.id])[downloaded.id] == {
        "public_page", "file_or_link",
    }  # fmt: skip


def test_another_districts_months_are_its_own(downloaded, nautica):
    with month_end(), transaction():
        assert jobs.actions.log_months(nautica) == 0
    assert queries.most_used(nautica.id, since=date(2026, 1, 1), until=date(2026, 12, 31)) == []


# Pages.


def test_the_landing_page_shows_figures_once_somebody_was_counted(downloaded, client):
    with time_machine.travel("2026-05-05T10:00:00Z", tick=False):
        shown = client.get(page(downloaded)).text
    assert "scaricata 3 volte" in shown
    assert "dal 05/2026" in shown


def test_a_page_that_nobody_saw_shows_no_figures_and_the_desk_says_so(work, client, ada, sign_in):
    assert "Utilizzo" not in client.get(page(work)).text
    desk = sign_in(ada).get(f"/moda/desk/publications/{work.slug}").text
    assert "Nessuno è stato ancora contato sulla sua pagina." in desk
    assert "a.pdf: Il suo testo sarà ricercabile tra pochi minuti." in desk


def test_the_desk_shows_months_and_works_and_gives_the_register(downloaded, ada, sign_in, dora):
    browser = sign_in(ada)
    shown = browser.get("/moda/desk/usage/?year=2026").text
    assert [words in shown for words in ("05/2026", "Fibre riciclate", "Più usate")] == [True] * 3
    assert "Nessuno è stato contato" in browser.get("/moda/desk/usage/?year=2019").text
    register = browser.get("/moda/desk/usage/usage.csv?year=2026").get_data().decode("utf-8-sig").splitlines()
    assert [line.replace('"', "") for line in register] == [
        "Mese,Pubblicazione,Tipo,DOI,Visite,Visite uniche,Scaricamenti,Scaricamenti unici",
        "2026-05,Fibre riciclate,Rapporto,,0,0,3,3",
    ]
    for path in ("/moda/desk/usage/", "/moda/desk/usage/usage.csv"):
        assert sign_in(dora).get(path).status_code == 404


@pytest.mark.parametrize("year", ["0", "99999", "x", "2026x", ""])
def test_a_year_that_is_none_is_this_year(moda, ada, sign_in, year):
    assert sign_in(ada).get(f"/moda/desk/usage/?year={year}").status_code == 200


def test_the_desk_makes_as_many_questions_for_20_works_as_for_one(downloaded, moda, ada, sign_in):
    browser = sign_in(ada)

    def asked():
        db.session.expire_all()
        seen = []
        listen = lambda *a: seen.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            assert browser.get("/moda/desk/usage/?year=2026").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    few = asked()
    with transaction():
        for n in range(20):
            other = publication(moda)
            for month in range(1, 4):
                db.session.add(UsageMonth(
                    publication_id=other.id, month=date(2026, month, 1), district_id=moda.id, unique_views=n
                ))  # fmt: skip
    assert asked() == few


def test_rows_of_a_month_are_all_logged_however_many(moda):
    with transaction():
        adopt_catalogue(db.session.scalars(select(Plan)).one())
        line = [publication(moda) for _ in range(3)]
        for row in line:
            db.session.add(UsageMonth(publication_id=row.id, month=date(2026, 5, 1), district_id=moda.id,
                                      unique_downloads=4))  # fmt: skip
    jobs.actions.BATCH, kept = 2, jobs.actions.BATCH
    try:
        assert jobs_at("2026-06-01T03:00:00Z") == 3
    finally:
        jobs.actions.BATCH = kept
    assert figure() == 12


def test_downloads_need_their_number_to_count(moda, work):
    with transaction():
        activity.record(
            logged.Did.DOWNLOADED, work, district_id=moda.id, title="x", happened_on=date(2026, 5, 1), by=None
        )
    assert figure() == 0
