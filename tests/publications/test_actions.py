from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import select

from dissemination.bibliography.records import Person, Record
from dissemination.kernel.database import db, transaction
from dissemination.plan import figures, jobs, periods
from dissemination.plan import queries as plans
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.log import Activity
from dissemination.publications import actions, queries
from dissemination.publications.models import Kind, Publication, State
from tests import factories
from tests.publications.cast import publication


def log():
    rows = db.session.scalars(select(Activity).order_by(Activity.id))
    return [
        (r.verb, r.subject_id, r.title, r.happened_on.isoformat(), r.attributes, r.reverses_id) for r in rows
    ]


def test_a_new_publication_is_a_draft_with_authors_in_order(moda, ada):
    with transaction():
        row = publication(moda, published=False, by=ada, title_it="Perché tingere a freddo")
    assert (row.slug, row.state, row.version) == ("perche-tingere-a-freddo", State.DRAFT, 1)
    assert [(a.position, a.family_name, a.given_name, a.organisation) for a in row.authors] == [
        (0, "Rossi", "Maria", False),
        (1, "Regione Toscana", "", True),
    ]
    assert log() == []


def test_two_publications_with_one_title_have_two_addresses(moda):
    with transaction():
        rows = [publication(moda, title_it="Rapporto") for _ in range(3)]
    assert [r.slug for r in rows] == ["rapporto", "rapporto-2", "rapporto-3"]


@pytest.mark.parametrize("published", [True, False])
def test_a_publication_without_a_title_is_refused(moda, published):
    with pytest.raises(actions.TitleMissing), transaction():
        publication(moda, published=published, title_it="  ")
    assert db.session.scalar(select(Publication)) is None


def test_publishing_writes_the_log_with_what_figures_split_by(moda, ada, time_machine):
    time_machine.move_to("2026-06-30T22:30:00+00:00")  # 1 July in Rome
    with transaction():
        row = publication(moda, by=ada, title_it="Scenari 2030", kind=Kind.FORESIGHT)
    facts = {
        "type": "foresight", "language": "it", "open_access": "yes", "macro_area": "", "sector": "tessile",
    }  # fmt: skip
    assert log() == [("publication.published", row.id, "Scenari 2030", "2026-07-01", facts, None)]


def test_publishing_twice_is_refused_and_logged_once(moda, ada):
    with transaction():
        row = publication(moda)
    with pytest.raises(actions.AlreadyPublished), transaction():
        actions.publish(row, by=ada)
    assert len(log()) == 1


def test_taking_back_reverses_the_log_and_keeps_the_reason(moda, ada):
    with transaction():
        row = publication(moda)
    with transaction():
        actions.withdraw(row, reason=" Sbagliato\nfile ", by=ada)
    assert row.state is State.WITHDRAWN
    assert [(w.reason, w.by) for w in row.withdrawals] == [("Sbagliato file", ada.id)]
    told, back = log()
    assert back == (*told[:5], db.session.scalar(select(Activity.id).where(Activity.reverses_id.is_(None))))


def test_what_was_taken_back_can_be_published_and_taken_back_again(moda, ada):
    with transaction():
        row = publication(moda)
    for _ in range(2):
        with transaction():
            actions.withdraw(row, reason="errore", by=ada)
        with transaction():
            actions.publish(row, by=ada)
    reverses = [r[-1] for r in log()]
    assert len(log()) == 5
    assert len({r for r in reverses if r}) == 2
    assert row.state is State.PUBLISHED


def test_taking_back_wants_a_reason_and_something_public(moda, ada):
    with transaction():
        row = publication(moda)
    with pytest.raises(actions.ReasonMissing), transaction():
        actions.withdraw(row, reason=" ", by=ada)
    with transaction():
        actions.withdraw(row, reason="errore", by=ada)
    with pytest.raises(actions.NotPublished), transaction():
        actions.withdraw(row, reason="errore", by=ada)


def test_of_two_editors_the_second_is_refused_and_overwrites_nothing(moda, ada, bice):
    with transaction():
        row = publication(moda, published=False)
    with transaction():
        actions.revise(row, by=ada, version=1, title_it="Di Ada", authors=[Person("Bini", "Ada")])
    with pytest.raises(actions.ChangedMeanwhile), transaction():
        actions.revise(row, by=bice, version=1, title_it="Di Bice")
    assert (row.title_it, row.version, [a.inverted for a in row_people(row)]) == ("Di Ada", 2, ["Bini, Ada"])
    assert "bini ada" in row.search_text


@pytest.mark.parametrize("what", ["activity_line_id", "sector_id", "macro_area_id", "kind", "licence"])
def test_moving_what_is_public_takes_its_row_back_and_says_it_anew_with_the_reason(
    moda, ada, what, time_machine
):
    time_machine.move_to("2026-06-01T10:00:00+00:00")
    with transaction():
        row = publication(moda, by=ada, activity_line_id=factories.line(moda, "b").id, kind=Kind.REPORT)
    to = {
        "activity_line_id": factories.line(moda, "a").id, "kind": Kind.FORESIGHT, "licence": "",
        "macro_area_id": plans.current_plan(moda.id).macro_areas[0].id,
        "sector_id": next(s.id for s in moda.sectors if s.id != row.sector_id),
    }[what]  # fmt: skip
    time_machine.move_to("2026-09-01T10:00:00+00:00")
    with pytest.raises(actions.MoveUnexplained), transaction():
        actions.revise(row, by=ada, version=row.version, **{what: to})
    assert len(log()) == 1
    with transaction():
        actions.revise(row, by=ada, version=row.version, reason=" Era\nsbagliata ", **{what: to})
    told, back, anew = db.session.scalars(select(Activity).order_by(Activity.id))
    assert (back.reverses_id, back.reason, anew.reverses_id) == (told.id, "Era sbagliata", None)
    assert {r.happened_on.isoformat() for r in (told, back, anew)} == {"2026-06-01"}
    assert (told.activity_line_id, told.attributes) != (anew.activity_line_id, anew.attributes)
    assert (back.activity_line_id, back.attributes) == (told.activity_line_id, told.attributes)


def test_a_line_moved_counts_for_the_line_it_is_on_and_no_longer_for_the_former(moda, ada):
    plan = plans.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
    strategic = plans.indicator(plan, "IS-01")
    for keep in (False, True):
        if keep:
            jobs.keep_totals()
        with transaction():
            row = publication(moda, by=ada, activity_line_id=factories.line(moda, "b").id)
        day = db.session.scalars(select(Activity.happened_on)).first()
        period = periods.read(periods.half_year_of(day), plan)
        before = figures.figure(strategic, period).actual
        with transaction():
            actions.revise(
                row, by=ada, version=row.version, reason="x", activity_line_id=factories.line(moda, "a").id
            )
        assert figures.figure(strategic, period).actual == before - 1
        assert figures.disagreements(plan, [period]) == []


def test_other_words_of_what_is_public_and_moves_of_a_draft_need_no_reason(moda, ada):
    with transaction():
        public, draft = publication(moda), publication(moda, published=False)
        actions.revise(public, by=ada, version=public.version, title_it="Altro")
        actions.revise(draft, by=ada, version=1, activity_line_id=factories.line(moda, "a").id)
    assert len(log()) == 1


def row_people(row):
    return [Person(a.family_name, a.given_name) for a in row.authors]


def test_a_draft_can_be_removed_and_what_was_public_cannot(moda, ada):
    with transaction():
        draft, public, back = publication(moda, published=False), publication(moda), publication(moda)
        actions.withdraw(back, reason="errore", by=ada)
        actions.attach(draft, BytesIO(b"%PDF-1.7 x"), "x.pdf")
    with transaction():
        actions.remove(draft)
    for row in (public, back):
        with pytest.raises(actions.WasPublic), transaction():
            actions.remove(row)
    assert {p.id for p in db.session.scalars(select(Publication))} == {public.id, back.id}


def test_many_at_once_are_the_same_as_one_by_one(moda, ada):
    record = Record(Kind.ARTICLE, date(2025, 1, 1), "year", title_en="Dyes", authors=[Person("Bini", "Ada")])
    line = factories.line(moda, "b").id
    with transaction():
        one = actions.add(moda, by=ada, activity_line_id=line, **vars(record))
        actions.approve(one, by=None)
        actions.publish(one, by=ada)
        (number,) = actions.add_all(moda, [record], by=ada, published=True, activity_line_id=line)
        two = db.session.get(Publication, number)
    assert [described(x) for x in (one, two)] == [described(one)] * 2
    assert (one.slug, two.slug) == ("dyes", "dyes-2")
    first, second = log()
    assert (first[0], *first[2:]) == (second[0], *second[2:])


def described(row):
    own = {"id", "slug", "created_at", "published_at", "approved_at", "approved_by", "changed_at"}
    return {c.key: getattr(row, c.key) for c in Publication.__table__.columns if c.key not in own}


def test_one_bad_record_among_many_leaves_none(moda, ada):
    records = [Record(Kind.ARTICLE, date(2025, 1, 1), title_it=t) for t in ("Uno", "", "Tre")]
    with pytest.raises(actions.TitleMissing), transaction():
        actions.add_all(moda, records, by=ada, published=True, activity_line_id=factories.line(moda).id)
    assert (log(), queries.slugs(moda.id)) == ([], set())
