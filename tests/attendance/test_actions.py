"""Ticking who came, closing the books, taking a closing back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import select

from dissemination.attendance import actions, queries, refusals
from dissemination.attendance.models import Reopening
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import Contact, SizeClass
from dissemination.plan import actions as plan
from dissemination.plan.log import Activity
from dissemination.plan.queries import current_plan
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as seats
from dissemination.registrations.models import Standing
from dissemination.workshops import actions as workshops
from dissemination.workshops.models import State, Workshop
from dissemination.workshops.refusals import AlreadyCancelled, AlreadyClosed
from tests import factories

START = factories.DAY
END = START + timedelta(hours=3)
AFTER = END + timedelta(hours=1)
VERBS = ("workshop.held", "attendance.present", "attendance.absent")


@pytest.fixture
def room(moda):
    """A published workshop with the checklist of the plan, and three confirmed people of two companies."""
    with transaction():
        plan.adopt_catalogue(current_plan(moda.id))
        workshop = factories.workshop(moda)
        sector = moda.sectors[1].id
        mill = factories.company(
            moda, "Filatura", sector_id=sector, size=SizeClass.SMALL, in_managing_body=True
        )
        tannery = factories.company(moda, "Conceria", province="PI")
    with time_machine.travel(START - timedelta(days=9)):
        for name, company in (("carlo", mill), ("lina", mill), ("ugo", tannery)):
            register(workshop, name, company=company, job_title="Titolare")
    return workshop


def register(workshop, name, **facts):
    with transaction():
        return registrations.register(
            workshop, email=f"{name}@x.example", given_name=name.title(), family_name="Rossi", **facts
        )


def ids(workshop, *names):
    return [r.id for r in queries.people(workshop) if r.contact.email.split("@")[0] in names]


def tick(workshop, *names, by=None):
    with transaction():
        return actions.tick(workshop, came=ids(workshop, *names), by=by)


def prove(workshop):
    with transaction():
        plan.add_evidence(workshop, district_id=workshop.district_id, code="attendance_sheet", by=None)


def close(workshop, *, by=None, started_at=START, ended_at=END, **options):
    with transaction():
        return actions.close(workshop, by=by, started_at=started_at, ended_at=ended_at, **options)


def rows():
    query = select(Activity).where(Activity.verb.in_(VERBS)).order_by(Activity.id)
    return list(db.session.scalars(query))


def log():
    return [(r.verb, who(r), r.not_counted) for r in rows()]


def who(row):
    person = db.session.get(Contact, row.contact_id) if row.contact_id else None
    return person and person.email.split("@")[0]


@time_machine.travel(AFTER, tick=False)
def test_closing_writes_exactly_one_row_for_the_workshop_and_one_per_person(room, ada):
    tick(room, "carlo", "ugo", by=ada)
    prove(room)
    closing = close(room, by=ada)
    assert (room.state, closing.started_at, closing.ended_at, closing.not_counted, closing.at, closing.by) == (
        State.CLOSED, START, END, "", AFTER, ada.id,
    )  # fmt: skip
    assert log() == [
        ("workshop.held", None, None),
        ("attendance.present", "carlo", None),
        ("attendance.absent", "lina", "absent"),
        ("attendance.present", "ugo", None),
    ]
    held, carlo, lina, ugo = rows()
    shared = {"mode": "onsite", "macro_area": ""}
    person = {"role": "Titolare", "channel": "workshop", "organisation_type": "company"}
    mill = {"sector": "pelle", "size": "small", "province": "PO", "in_managing_body": "yes"}
    assert held.attributes == {"sector": "tessile", **shared}
    assert carlo.attributes == {**shared, **person, **mill, "returning": "new"}
    assert lina.attributes == {**shared, **person, **mill}
    assert ugo.attributes == {
        **shared, **person, "sector": "tessile", "size": "", "province": "PI", "in_managing_body": "no",
        "returning": "new",
    }  # fmt: skip
    assert {(r.subject_kind, r.subject_id, r.title, r.happened_on, r.recorded_by, r.activity_line_id)
            for r in rows()} == {
        ("workshops", room.id, room.title_it, date(2027, 3, 11), ada.id, room.activity_line_id)
    }  # fmt: skip
    assert carlo.company.name == "Filatura"


@time_machine.travel(AFTER)
def test_closing_twice_writes_once(room):
    tick(room, "carlo")
    prove(room)
    first = close(room)
    assert close(room, without_counting="Un altro") is first
    assert len(rows()) == 4
    assert room.closing.not_counted == ""


def test_four_closings_at_once_write_once(app, room):
    with time_machine.travel(AFTER):
        tick(room, "carlo")
        prove(room)
        room_id, together = room.id, Barrier(4)
        db.session.rollback()

        def close_it():
            with app.app_context():
                together.wait(timeout=20)
                close(db.session.get(Workshop, room_id))
                db.session.remove()

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(close_it) for _ in range(4)]:
                done.result(timeout=60)
        assert len(rows()) == 4


@time_machine.travel(AFTER)
def test_closing_without_evidence_lists_what_is_missing_and_writes_nothing(room, moda):
    with transaction():
        room.abstract_en = " "
    with pytest.raises(refusals.MissingEvidence) as refused:
        close(room, started_at=None, ended_at=None)
    assert [line.code for line in refused.value.missing] == [
        "attendance_sheet", "times", "abstract_en", "presence",
    ]  # fmt: skip
    assert str(refused.value.message).endswith(
        "Foglio firme; Ora di inizio e di fine; Sintesi in inglese; Almeno una persona presente."
    )
    assert (rows(), room.closing) == ([], None)


@time_machine.travel(AFTER)
def test_closed_without_counting_nothing_counts_and_the_reason_stays(room):
    tick(room, "carlo")
    closing = close(room, started_at=None, ended_at=None, without_counting=" Foglio perso ")
    assert (closing.not_counted, closing.started_at) == ("Foglio perso", None)
    assert [(verb, why) for verb, _who, why in log()] == [
        ("workshop.held", "without_counting"),
        ("attendance.present", "without_counting"),
        ("attendance.absent", "without_counting"),
        ("attendance.absent", "without_counting"),
    ]


@pytest.mark.parametrize(
    ("started_at", "ended_at"),
    [
        (START, None),
        (END, START),
        (START - timedelta(days=2), END),
        (START, AFTER + timedelta(minutes=1)),
    ],
)
def test_times_that_cannot_be_true_are_refused(room, started_at, ended_at):
    with time_machine.travel(AFTER, tick=False), pytest.raises(refusals.WrongTimes):
        close(room, started_at=started_at, ended_at=ended_at, without_counting="x")


def test_it_is_not_closed_before_its_end_nor_when_cancelled_or_a_draft(room, moda, ada):
    with time_machine.travel(END - timedelta(seconds=1)), pytest.raises(refusals.NotOver):
        close(room, without_counting="x")
    with transaction():
        draft = factories.workshop(moda, published=False)
    with time_machine.travel(AFTER), pytest.raises(refusals.NeverPublished):
        close(draft, without_counting="x")
    with time_machine.travel(START - timedelta(days=1)), transaction():
        workshops.cancel(room, reason="Neve", by=ada)
    with time_machine.travel(AFTER), pytest.raises(AlreadyCancelled):
        close(room, without_counting="x")


@time_machine.travel(AFTER)
def test_after_the_closing_nobody_is_ticked(room):
    close(room, without_counting="x")
    with pytest.raises(AlreadyClosed):
        tick(room, "carlo")


@time_machine.travel(AFTER)
def test_two_people_tick_without_undoing_each_other(room, moda):
    carlo, lina, ugo = ids(room, "carlo", "lina", "ugo")
    with transaction():
        stranger = factories.workshop(moda)
    outsider = register_later(stranger, "eva")
    with transaction():
        actions.tick(room, came=[carlo, outsider.id], by=None)
    with transaction():
        actions.tick(room, came=[lina], by=None)  # her page never showed carlo ticked
    assert queries.present_ids(room) == {carlo, lina}
    with transaction():
        assert actions.tick(room, came=[ugo], went=[carlo], by=None) == 2
    assert queries.present_ids(room) == {lina, ugo}


def register_later(workshop, name):
    with time_machine.travel(START - timedelta(days=1)):
        return register(workshop, name)


@time_machine.travel(AFTER)
def test_somebody_who_just_came_gets_a_place_beyond_the_seats(room, ada):
    with transaction():
        room.seats = 3
    with transaction():
        eva = actions.walk_in(room, email="Eva@x.example", given_name="Eva", family_name="Po", by=ada)
    assert eva.standing is Standing.CONFIRMED
    taken = seats.seats(room)
    assert (taken.taken, taken.waiting, queries.present_ids(room)) == (4, 0, {eva.id})
    with transaction():
        carlo = actions.walk_in(room, email="carlo@x.example", given_name="C", family_name="R", by=ada)
    assert queries.present_ids(room) == {eva.id, carlo.id}
    assert len(queries.people(room)) == 4


@time_machine.travel(AFTER)
def test_a_company_that_came_before_is_returning_also_when_merged(room, moda, bice):
    tick(room, "carlo", "ugo")
    prove(room)
    close(room)
    with transaction():
        later = factories.workshop(moda, starts_at=START + timedelta(days=30))
        other = factories.company(moda, "Filatura bis")
    with time_machine.travel(START + timedelta(days=20)):
        register(later, "anna", company=other)
        register(later, "eva", company=factories_company(moda))
    mill = next(r.company for r in queries.people(room) if r.company.name == "Filatura")
    with transaction():
        people.merge_companies(other, mill, by=bice)
    with time_machine.travel(START + timedelta(days=31)):
        tick(later, "anna", "eva")
        prove(later)
        close(later, started_at=later.starts_at, ended_at=later.ends_at)
    present = [r for r in rows() if r.subject_id == later.id and r.verb == "attendance.present"]
    assert [r.attributes["returning"] for r in present] == ["returning", "new"]


@time_machine.travel(AFTER)
def test_a_role_that_names_its_person_is_not_kept_in_the_log(room):
    with transaction():
        for r in queries.people(room):
            r.job_title = "Titolare (Carlo Rossi)" if r.contact.given_name == "Carlo" else "Titolare"
    tick(room, "carlo", "lina")
    prove(room)
    close(room)
    roles = [r.attributes["role"] for r in rows() if r.verb == "attendance.present"]
    assert sorted(roles) == ["", "Titolare"]


@time_machine.travel(AFTER)
def test_a_company_under_two_names_is_reported_as_the_one_it_became(room, moda, bice):
    """She registered under a name that was merged away before the closing: size, R2 and returning follow."""
    tick(room, "carlo")
    prove(room)
    close(room)
    with transaction():
        later = factories.workshop(moda, starts_at=START + timedelta(days=30))
        other = factories.company(moda, "Filatura bis")
    with time_machine.travel(START + timedelta(days=20)):
        register(later, "anna", company=other)
    mill = next(r.company for r in queries.people(room) if r.company.name == "Filatura")
    with transaction():
        people.merge_companies(mill, other, by=bice)
    with time_machine.travel(START + timedelta(days=31)):
        tick(later, "anna")
        prove(later)
        close(later, started_at=later.starts_at, ended_at=later.ends_at)
    row = next(r for r in rows() if r.subject_id == later.id and r.verb == "attendance.present")
    known = {k: row.attributes[k] for k in ("returning", "size", "sector", "in_managing_body")}
    assert known == {"returning": "returning", "size": "small", "sector": "pelle", "in_managing_body": "yes"}
    assert row.company_id == mill.id


def factories_company(district):
    with transaction():
        return factories.company(district, "Maglificio")


@time_machine.travel(AFTER, tick=False)
def test_reopening_reverses_every_row_and_keeps_the_closing(room, ada, bice):
    tick(room, "carlo")
    prove(room)
    close(room, by=ada)
    with pytest.raises(refusals.NoReason), transaction():
        actions.reopen(room, reason=" ", by=bice)
    with transaction():
        actions.reopen(room, reason="Manca una firma", by=bice)
    assert (room.closing, room.state) == (None, State.HELD)
    written, back = rows()[:4], rows()[4:]
    assert [r.reverses_id for r in back] == [r.id for r in written]
    assert [(r.verb, r.recorded_by) for r in back] == [(r.verb, bice.id) for r in written]
    kept = db.session.scalars(select(Reopening)).one()
    assert (kept.reason, kept.by, kept.closed_by, kept.started_at, kept.closed_at) == (
        "Manca una firma", bice.id, ada.id, START, AFTER,
    )  # fmt: skip
    with pytest.raises(refusals.NotClosed), transaction():
        actions.reopen(room, reason="Di nuovo", by=bice)
    tick(room, "lina")
    close(room, by=ada)
    assert [(r.verb, r.not_counted) for r in rows()[8:]] == [
        ("workshop.held", None), ("attendance.present", None), ("attendance.present", None),
        ("attendance.absent", "absent"),
    ]  # fmt: skip
    assert [r.attributes.get("returning") for r in rows()[9:11]] == ["new", "new"]


def test_the_day_counted_is_the_last_one(moda):
    with transaction():
        late = factories.workshop(moda, starts_at=datetime(2027, 3, 11, 21, 30, tzinfo=UTC), hours=3)
    assert queries.day_of(late) == date(2027, 3, 11)  # past midnight, still that evening
