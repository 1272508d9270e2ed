""" "Still coming?": asked by hand and by plan, once; opening a link does nothing, its buttons do."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, asking, jobs, queries
from dissemination.registrations.models import Answer, ComingPlan, Registration, Silent, Standing
from dissemination.registrations.refusals import AlreadyBegun, NotLiving, NotOpen
from dissemination.workshops.models import Cancellation
from tests import factories

NOW = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2)


def enter(workshop, name):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            proven=True,
        )  # fmt: skip


def asked():
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [d.address.split("@")[0] for d in rows if d.letter.template.endswith("still_coming")]


def ask(workshop, whom=Silent.EVERYBODY):
    with transaction():
        return asking.ask(workshop, whom=whom)


def link(registration, page="coming"):
    return f"/r/{queries.token(registration)}/{page}"


def test_who_holds_a_seat_is_asked_once_a_day_and_not_after_a_yes(workshop, clock):
    carlo, _dino, _eva_waits = (enter(workshop, name) for name in ("carlo", "dino", "eva"))
    assert (ask(workshop), ask(workshop), asked()) == (2, 0, ["carlo", "dino"])
    clock.shift(DAY)
    with transaction():
        asking.say_yes(carlo)
    assert (ask(workshop), asked()) == (1, ["carlo", "dino", "dino"])


def test_only_who_has_not_said_yes_in_a_calendar(workshop):
    carlo, dino = enter(workshop, "carlo"), enter(workshop, "dino")
    with transaction():
        for registration, sequence in ((carlo, 0), (dino, -1)):  # Dino said yes to an earlier version
            invitation = registration.invitations[0]
            invitation.answer, invitation.answered_sequence = Answer.ACCEPTED, sequence
    assert (ask(workshop, Silent.UNANSWERED), asked()) == (1, ["dino"])


def test_an_unproven_address_is_not_asked(workshop):
    carlo = enter(workshop, "carlo")
    with transaction():
        carlo.proof_due = now() + DAY
    assert ask(workshop) == 0


def test_the_plan_asks_when_its_day_comes_each_person_once(workshop, ada, clock):
    enter(workshop, "carlo")
    with transaction():
        asking.plan(workshop, days=3, whom=Silent.EVERYBODY, by=ada)
    clock.move_to(workshop.starts_at - 3 * DAY - timedelta(minutes=1))
    assert jobs.ask_who_is_coming() == 0
    clock.move_to(workshop.starts_at - 3 * DAY)
    assert (jobs.ask_who_is_coming(), jobs.ask_who_is_coming(), asked()) == (1, 0, ["carlo"])
    clock.shift(DAY)
    enter(workshop, "dino")  # who registers now knows that she comes
    assert jobs.ask_who_is_coming() == 0
    clock.move_to(workshop.starts_at)
    assert jobs.ask_who_is_coming() == 0


def test_the_plan_asks_more_people_than_one_step_holds(workshop, ada, clock):
    with transaction():
        workshop.seats = 120
        asking.plan(workshop, days=3, whom=Silent.EVERYBODY, by=ada)
    for n in range(105):
        enter(workshop, f"p{n}")
    clock.move_to(workshop.starts_at - 3 * DAY)
    assert (jobs.ask_who_is_coming(), len(set(asked()))) == (105, 105)


def test_a_plan_is_changed_and_taken_back_and_a_cancelled_workshop_asks_nobody(workshop, ada, clock):
    enter(workshop, "carlo")
    for days in (3, 5):
        with transaction():
            asking.plan(workshop, days=days, whom=Silent.UNANSWERED, by=ada)
    assert db.session.scalars(select(ComingPlan.days)).all() == [5]
    clock.move_to(workshop.starts_at - 4 * DAY)
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=NOW))
    assert jobs.ask_who_is_coming() == 0
    with pytest.raises(NotOpen), transaction():
        asking.ask(workshop, whom=Silent.EVERYBODY)
    with transaction():
        asking.plan(workshop, days=None, whom=Silent.EVERYBODY, by=ada)
    assert db.session.scalar(select(func.count(ComingPlan.workshop_id))) == 0


def test_a_moved_date_takes_the_yes_back(workshop):
    carlo = enter(workshop, "carlo")
    with transaction():
        asking.say_yes(carlo)
    with transaction():
        for row in (workshop, workshop.sessions[0]):
            row.starts_at, row.ends_at = row.starts_at + DAY, row.ends_at + DAY
        workshop.revision += 1
    jobs.tell_changed()
    db.session.expire_all()
    assert carlo.coming_at is None


def test_opening_the_links_does_nothing_and_the_buttons_act(workshop, client):
    carlo, _dino, eva = (enter(workshop, name) for name in ("carlo", "dino", "eva"))
    ask(workshop)
    mail = next(d for d in db.session.scalars(select(Delivery)) if "yes_url" in d.merge)
    assert mail.merge["yes_url"].endswith(link(carlo))
    assert mail.merge["no_url"].endswith(link(carlo, "cancellation"))
    for page in ("coming", "cancellation"):
        answer = client.get(link(carlo, page))
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    db.session.expire_all()
    assert (carlo.coming_at, carlo.standing) == (None, Standing.CONFIRMED)
    said = client.post(link(carlo), follow_redirects=True)
    assert "Grazie, ti aspettiamo." in said.text
    db.session.expire_all()
    assert carlo.coming_at == NOW
    assert "Ci hai detto che vieni" in client.get(link(carlo)).text
    assert ("answered", "person") in [(e.what, e.who) for e in queries.history(carlo)]
    client.post(link(carlo, "cancellation"))
    db.session.expire_all()
    assert (carlo.standing, eva.standing) == (Standing.CANCELLED, Standing.CONFIRMED)


def test_who_holds_no_seat_or_comes_too_late_is_told_why(workshop, client, clock):
    carlo, _dino, eva = (enter(workshop, name) for name in ("carlo", "dino", "eva"))
    answer = client.post(link(eva))
    assert (answer.status_code, "non hai un posto" in answer.text) == (409, True)
    with pytest.raises(NotLiving), transaction():
        asking.say_yes(eva)
    clock.move_to(workshop.starts_at)
    assert client.post(link(carlo)).status_code == AlreadyBegun.status
    assert "Sì, vengo" not in client.get(link(carlo)).text
    assert db.session.scalar(select(func.count(Registration.coming_at))) == 0


def test_a_forged_link_opens_nothing(workshop, client):
    carlo = enter(workshop, "carlo")
    forged = f"/r/{queries.token(carlo)[:-4]}AAAA/coming"
    assert (client.get(forged).status_code, client.post(forged).status_code) == (404, 404)
