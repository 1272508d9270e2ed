"""The calendar board: counts, who holds what, sending again, and answers that wait for a person."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, func, select

from dissemination.delivery import inbound, receiving
from dissemination.delivery.models import Delivery, Fate
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, asking, calendars, jobs
from dissemination.registrations.models import Answer, Registration, Reply, Silent
from dissemination.registrations.refusals import AlreadyBegun
from dissemination.workshops.models import Cancellation
from tests import factories
from tests.registrations.answers import answer

NOW = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def a_day_in_february():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=200)


def enter(workshop, name):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            proven=True,
        )  # fmt: skip


def accept_all():
    with transaction():
        for row in db.session.scalars(select(Delivery)):
            row.state = Fate.ACCEPTED


def answered(registration, word, sequence=0):
    with transaction():
        invitation = registration.invitations[0]
        invitation.answer, invitation.answered_sequence, invitation.answered_at = Answer(word), sequence, NOW


def address(workshop, rest="calendars"):
    return f"/moda/desk/workshops/{workshop.slug}/{rest}"


def move(workshop):
    with transaction():
        for row in (workshop, workshop.sessions[0]):
            row.starts_at, row.ends_at = row.starts_at + DAY, row.ends_at + DAY
        workshop.revision += 1


def fate(registration, state, reason=""):
    with transaction():
        row = db.session.get(Delivery, registration.invitations[0].delivery_id)
        row.state, row.reason = state, reason


def test_the_board_counts_answers_and_what_did_not_arrive(workshop, ada, sign_in):
    people = [enter(workshop, f"p{n}") for n in range(6)]
    accept_all()
    for registration, word in zip(people, ["ACCEPTED", "ACCEPTED", "DECLINED", "TENTATIVE"], strict=False):
        answered(registration, word)
    fate(people[4], Fate.REFUSED, "550 no such user")
    assert calendars.counted(workshop) == {
        "all": 6, "yes": 2, "no": 1, "perhaps": 1, "none": 2, "earlier": 0, "behind": 0, "failed": 1,
        "coming": 0, "asked": 0,
    }  # fmt: skip
    page = sign_in(ada).get(address(workshop)).text
    assert "6 date nei calendari: 2 sì, 1 no, 1 forse, 2 nessuna risposta, 1 non consegnati." in page
    assert "550 no such user" in page


def test_after_a_change_the_board_shows_who_still_holds_the_old_date(workshop):
    carlo, dino, eva = (enter(workshop, name) for name in ("carlo", "dino", "eva"))
    accept_all()
    answered(carlo, "ACCEPTED")
    move(workshop)
    assert calendars.counted(workshop)["behind"] == 3  # nobody was told yet
    jobs.tell_changed()
    assert calendars.counted(workshop)["behind"] == 3  # told, but the mails have not left
    accept_all()
    db.session.expire_all()
    fate(dino, Fate.UNCERTAIN)
    counts = calendars.counted(workshop)
    assert (counts["behind"], counts["failed"], counts["yes"], counts["earlier"], counts["none"]) == (
        1,
        1,
        0,
        1,
        2,
    )
    behind = calendars.listed(workshop, "behind", after=None).rows
    assert [i.registration.contact.email for i in behind] == ["dino@tessitura.example"]
    assert eva.id not in {i.registration_id for i in behind}


def test_a_filter_shows_its_rows_only_and_an_unknown_one_shows_all(workshop, ada, sign_in):
    carlo, _dino = enter(workshop, "carlo"), enter(workshop, "dino")
    answered(carlo, "ACCEPTED")
    browser = sign_in(ada)
    yes = browser.get(address(workshop) + "?show=yes").text
    assert ("carlo@tessitura" in yes, "dino@tessitura" in yes) == (True, False)
    every = browser.get(address(workshop) + "?show=nonsense").text
    assert ("carlo@tessitura" in every, "dino@tessitura" in every) == (True, True)


def test_a_called_off_workshop_shows_whose_calendar_was_told_to_drop_it(workshop):
    carlo = enter(workshop, "carlo")
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=NOW))
        workshop.revision += 1
    jobs.tell_changed()
    fate(carlo, Fate.REFUSED)
    counts = calendars.counted(workshop)
    assert (counts["all"], counts["behind"], counts["failed"]) == (1, 1, 1)


def test_send_again_sends_a_newer_stamp_of_the_same_version(workshop, ada, sign_in, a_day_in_february):
    carlo = enter(workshop, "carlo")
    invitation_id, uid = carlo.invitations[0].id, carlo.invitations[0].uid
    browser = sign_in(ada)
    path = address(workshop, f"calendars/{invitation_id}/messages")
    assert "ancora in viaggio" in browser.post(path, follow_redirects=True).text  # the first waits to leave
    fate(carlo, Fate.REFUSED)
    a_day_in_february.shift(60)
    assert browser.post(path).status_code == 303
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [r.letter.template for r in rows] == ["registrations/confirmation", "registrations/again"]
    again = rows[1].calendar
    assert (again["uid"], again["sequence"], again["method"]) == (uid, 0, "REQUEST")
    assert again["stamp"] == "2027-02-01T09:31:00+00:00"
    db.session.expire_all()
    assert carlo.invitations[0].delivery_id == rows[1].id
    assert calendars.counted(workshop)["failed"] == 0


def test_send_again_tells_first_what_she_was_not_told(workshop, ada, sign_in):
    carlo = enter(workshop, "carlo")
    accept_all()
    move(workshop)
    sign_in(ada).post(address(workshop, f"calendars/{carlo.invitations[0].id}/messages"))
    last = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert (last.letter.template, last.calendar["sequence"]) == ("registrations/changed", 1)


def test_a_withdrawal_that_did_not_arrive_is_shown_and_sent_again(workshop, ada, sign_in):
    carlo = enter(workshop, "carlo")
    with transaction():
        actions.cancel(carlo)
    fate(carlo, Fate.REFUSED, "550 mailbox full")
    browser = sign_in(ada)
    page = browser.get(address(workshop)).text
    assert "possono essere ancora nei calendari" in page
    assert "550 mailbox full" in page
    browser.post(address(workshop, f"calendars/{carlo.invitations[0].id}/messages"))
    last = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert (last.letter.template, last.calendar["method"], last.calendar["status"]) == (
        "registrations/withdrawn", "CANCEL", None,
    )  # fmt: skip
    accept_all()
    assert "possono essere ancora nei calendari" not in browser.get(address(workshop)).text


def test_a_called_off_date_is_sent_again_as_such(workshop, ada, sign_in):
    carlo = enter(workshop, "carlo")
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=NOW))
        workshop.revision += 1
    jobs.tell_changed()
    fate(carlo, Fate.UNCERTAIN)
    sign_in(ada).post(address(workshop, f"calendars/{carlo.invitations[0].id}/messages"))
    last = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert (last.letter.template, last.calendar["method"], last.calendar["status"]) == (
        "registrations/called_off", "CANCEL", "CANCELLED",
    )  # fmt: skip


def test_another_workshops_invitation_is_not_found(workshop, moda, ada, sign_in):
    with transaction():
        other = factories.workshop(moda)
    carlo = enter(other, "carlo")
    path = address(workshop, f"calendars/{carlo.invitations[0].id}/messages")
    assert sign_in(ada).post(path).status_code == 404


def test_what_waits_for_a_person_is_shown_and_handled(workshop, ada, bice, sign_in):
    carlo = enter(workshop, "carlo")
    octets = answer(
        "outlook", carlo.invitations[0], "TENTATIVE", method="COUNTER", start="20270312T140000",
        end="20270312T170000",
    )  # fmt: skip
    receiving.take(inbound.read(octets))
    browser = sign_in(ada)
    page = browser.get(address(workshop)).text
    assert "Propone un altro orario" in page
    assert "Purtroppo ho già un impegno. · 12/03/2027 14:00" in page
    assert "Propone un altro orario" in browser.get("/moda/desk/calendar-replies").text
    reply_id = db.session.scalars(select(Reply.id)).one()
    path = f"/moda/desk/calendar-replies/{reply_id}/handling"
    assert browser.post(path, data={"workshop": workshop.slug}).location == address(workshop)
    assert sign_in(bice).post(path).location == "/moda/desk/calendar-replies"
    db.session.expire_all()
    reply = db.session.get(Reply, reply_id)
    assert (reply.handled_at, reply.handled_by) == (NOW, ada.id)  # the second press changed nothing
    assert "Propone un altro orario" not in browser.get(address(workshop)).text


def test_another_districts_answers_are_not_seen(workshop, dora, sign_in):
    carlo = enter(workshop, "carlo")
    receiving.take(inbound.read(answer("outlook", carlo.invitations[0], method="COUNTER")))
    browser = sign_in(dora)
    assert "Carlo" not in browser.get("/nautica/desk/calendar-replies").text
    reply_id = db.session.scalars(select(Reply.id)).one()
    assert browser.post(f"/nautica/desk/calendar-replies/{reply_id}/handling").status_code == 404


def queries_of(browser, path):
    statements = []

    def count(_connection, _cursor, statement, *_more):
        statements.extend([statement] if statement != "BEGIN" else [])

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return len(statements)


def test_the_board_and_the_answers_take_the_same_number_of_queries_for_one_row_and_a_hundred(
    workshop, ada, sign_in
):
    def fill(numbers):
        for n in numbers:
            registration = enter(workshop, f"p{n}")
            octets = answer("gmail", registration.invitations[0], attendee=f"x{n}@gmail.example")
            receiving.take(inbound.read(octets))

    browser = sign_in(ada)
    fill(range(1))
    paths = (address(workshop), "/moda/desk/calendar-replies")
    few = [queries_of(browser, path) for path in paths]
    fill(range(1, 100))
    assert [queries_of(browser, path) for path in paths] == few
    assert "after=" in browser.get(paths[0]).text


def test_pages_of_the_board_show_everybody_once(workshop):
    for n in range(60):
        enter(workshop, f"p{n}")
    first = calendars.listed(workshop, "", after=None)
    second = calendars.listed(workshop, "none", after=first.next)
    seen = [i.registration_id for i in first.rows + second.rows]
    assert (len(seen), len(set(seen)), second.next) == (60, 60, None)


def test_asking_who_is_coming_from_the_board(workshop, ada, sign_in):
    carlo = enter(workshop, "carlo")
    enter(workshop, "dino")
    answered(carlo, "ACCEPTED")
    browser = sign_in(ada)
    path = address(workshop, "calendars/questions")
    page = browser.post(path, data={"whom": "unanswered"}, follow_redirects=True).text
    assert "La domanda parte per 1 persona." in page
    page = browser.post(path, data={"whom": "everybody"}, follow_redirects=True).text
    assert "La domanda parte per 1 persona." in page  # Carlo; Dino was asked today
    page = browser.post(path, data={"whom": "everybody"}, follow_redirects=True).text
    assert "Oggi non resta nessuno a cui chiederlo" in page
    wrong = browser.post(address(workshop, "calendars/plan"), data={"whom": "everybody", "days": "soon"})
    assert (wrong.status_code, "soon" in wrong.text) == (422, True)


def test_a_workshop_that_has_begun_asks_nobody(workshop, ada, sign_in, a_day_in_february):
    enter(workshop, "carlo")
    a_day_in_february.move_to(workshop.starts_at)
    answer_ = sign_in(ada).post(address(workshop, "calendars/questions"), data={"whom": "everybody"})
    assert answer_.status_code == 409
    assert db.session.scalar(select(func.count(Registration.coming_asked_at))) == 0
    with pytest.raises(AlreadyBegun), transaction():
        asking.ask(workshop, whom=Silent.EVERYBODY)
