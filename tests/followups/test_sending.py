"""Rules send once to each person, at their time, to who is in the state, and to nobody else."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import event

from dissemination.delivery.models import Delivery, Fate
from dissemination.followups import actions, jobs, queries, timing
from dissemination.followups.models import Anchor, MailRuleSending, State
from dissemination.kernel.database import db, transaction
from dissemination.registrations.models import Attends, Standing
from dissemination.workshops.models import Cancellation
from tests import factories
from tests.followups import cast

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
END = START + timedelta(hours=3)
BEFORE = START - timedelta(days=30)
ROME = ZoneInfo("Europe/Rome")


@pytest.fixture
def clock():
    with time_machine.travel(BEFORE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(clock, moda):
    with transaction():
        return factories.workshop(moda, starts_at=START)


def sent():
    db.session.rollback()
    return sorted(db.session.scalars(db.select(Delivery.address)))


def made(workshop, *emails, **more):
    with transaction():
        return [cast.registration(workshop, email, **more) for email in emails]


def test_thanks_go_to_who_came_two_hours_after_the_end_and_once(workshop, clock):
    came, _absent = made(workshop, "venne@a.example", "mancava@a.example")
    with transaction():
        cast.rule(workshop)
        cast.present(came)
    clock.move_to(END + timedelta(minutes=119))
    assert jobs.send_due() == 0
    clock.move_to(END + timedelta(minutes=121))
    assert (jobs.send_due(), jobs.send_due(), sent()) == (1, 0, ["venne@a.example"])


def test_a_walk_in_ticked_after_the_thanks_gets_them_until_the_rule_closes(workshop, clock):
    late, too_late = made(workshop, "tardi@a.example", "troppo@a.example")
    with transaction():
        cast.rule(workshop)
    clock.move_to(END + timedelta(hours=3))
    assert jobs.send_due() == 0
    with transaction():
        cast.present(late)
    assert jobs.send_due() == 1
    clock.move_to(END + timedelta(minutes=120) + timing.WINDOW)
    with transaction():
        cast.present(too_late)
    assert (jobs.send_due(), sent()) == (0, ["tardi@a.example"])


def test_nobody_is_missed_before_the_books_are_closed(workshop, clock):
    came, _absent = made(workshop, "venne@a.example", "mancava@a.example")
    with transaction():
        cast.rule(workshop, states=[State.ABSENT])
    clock.move_to(END + timedelta(days=1))
    assert jobs.send_due() == 0
    with transaction():
        cast.present(came)
        cast.closed(workshop)
    assert (jobs.send_due(), sent()) == (1, ["mancava@a.example"])


def test_states_that_overlap_write_once(workshop, clock):
    came, _waits = (
        made(workshop, "venne@a.example")[0],
        made(workshop, "attesa@a.example", standing=Standing.WAITING),
    )
    with transaction():
        cast.present(came)
        cast.rule(workshop, states=[State.CONFIRMED, State.ATTENDED, State.WAITING])
    clock.move_to(END + timedelta(hours=3))
    assert (jobs.send_due(), sent()) == (2, ["attesa@a.example", "venne@a.example"])


def test_the_unproven_the_purged_and_the_cancelled_get_nothing(workshop, clock):
    made(workshop, "provata@a.example")
    made(workshop, "non-provata@a.example", proof_due=BEFORE + timedelta(days=60))
    made(workshop, "andata@a.example", purged_at=BEFORE)
    made(workshop, "annullata@a.example", standing=Standing.CANCELLED)
    made(workshop, "offerta@a.example", standing=Standing.OFFERED)
    made(workshop, "chiesta@a.example", standing=Standing.REQUESTED)
    with transaction():
        cast.rule(workshop, anchor=Anchor.START, minutes=-1440, states=list(State))
    clock.move_to(START - timedelta(hours=23))
    assert (jobs.send_due(), sent()) == (1, ["provata@a.example"])


def test_who_got_it_gets_it_no_more_when_the_date_moves_or_she_registers_anew(workshop, clock):
    first = made(workshop, "carlo@a.example")[0]
    with transaction():
        cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    clock.move_to(START - timedelta(days=2))
    assert jobs.send_due() == 1
    with transaction():
        workshop.starts_at, workshop.ends_at = START + timedelta(days=9), END + timedelta(days=9)
        first.standing = Standing.CANCELLED
        cast.registration(workshop, "", contact=first.contact)
        cast.registration(workshop, "nuova@a.example")
    assert jobs.send_due() == 0  # the moved time has not come
    clock.move_to(START + timedelta(days=7, minutes=1))
    assert (jobs.send_due(), sent()) == (1, ["carlo@a.example", "nuova@a.example"])


def test_a_rule_before_the_start_closes_with_the_start(workshop, clock):
    with transaction():
        cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    clock.move_to(START - timedelta(minutes=1))
    made(workshop, "ultimo@a.example")
    assert jobs.send_due() == 1
    clock.move_to(START)
    made(workshop, "tardi@a.example")
    assert (jobs.send_due(), sent()) == (0, ["ultimo@a.example"])


def test_what_lies_a_day_back_is_not_sent_in_retrospect_but_by_hand(workshop, clock, ada):
    came = made(workshop, "venne@a.example")[0]
    with transaction():
        cast.present(came)
    clock.move_to(END + timedelta(hours=27))
    with transaction():
        rule = cast.rule(workshop)
    assert jobs.send_due() == 0
    with transaction():
        actions.send_now(rule, by=ada)
    assert jobs.send_due() == 1
    with pytest.raises(actions.NotLate), transaction():
        actions.send_now(rule, by=ada)


def test_within_a_day_a_new_rule_still_sends(workshop, clock):
    came = made(workshop, "venne@a.example")[0]
    clock.move_to(END + timedelta(hours=25))
    with transaction():
        cast.present(came)
        cast.rule(workshop)
    assert jobs.send_due() == 1


def test_a_pause_over_the_time_sends_nothing_afterwards(workshop, clock):
    came = made(workshop, "venne@a.example")[0]
    with transaction():
        cast.present(came)
        rule = cast.rule(workshop)
    with transaction():
        actions.pause(rule)
    clock.move_to(END + timedelta(days=3))
    assert jobs.send_due() == 0
    with transaction():
        actions.resume(rule)
    assert jobs.send_due() == 0
    assert queries.overview(workshop, [rule])[0].times.stage is timing.Stage.MISSED


def test_a_cancelled_workshop_and_a_draft_send_nothing_and_what_waits_is_called_back(workshop, clock, moda):
    made(workshop, "carlo@a.example")
    with transaction():
        draft = factories.workshop(moda, starts_at=START, published=False)
        for w in (workshop, draft):
            cast.rule(w, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
        cast.registration(draft, "bozza@a.example")
    clock.move_to(START - timedelta(days=2))
    assert (jobs.send_due(), sent()) == (1, ["carlo@a.example"])
    made(workshop, "dopo@a.example")
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Neve", at=START))
    assert (jobs.send_due(), jobs.call_back(), sent()) == (0, 1, ["carlo@a.example"])
    assert db.session.scalars(db.select(Delivery.state)).all() == [Fate.CANCELLED]


def test_english_is_for_who_reads_it_and_falls_back_to_italian(workshop, clock):
    made(workshop, "it@a.example")
    made(workshop, "en@a.example", language="en")
    with transaction():
        cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED],
                  subject_en="Thanks", body_en="Dear {{ first_name }}")  # fmt: skip
        cast.rule(
            workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED], subject_it="Solo qui"
        )
    clock.move_to(START - timedelta(days=2))
    jobs.send_due()
    found = db.session.execute(
        db.select(Delivery.address, db.text("letters.subject")).join(Delivery.letter).order_by(Delivery.id)
    ).all()
    assert {tuple(row) for row in found} == {
        ("it@a.example", "Grazie"), ("en@a.example", "Thanks"),
        ("it@a.example", "Solo qui"), ("en@a.example", "Solo qui"),
    }  # fmt: skip


def test_the_online_link_goes_to_who_takes_part_online_only(moda, clock):
    with transaction():
        workshop = factories.workshop(moda, starts_at=START, online_url="https://video.example/x")
        cast.registration(workshop, "sala@a.example")
        cast.registration(workshop, "rete@a.example", attends=Attends.ONLINE)
        cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED],
                  body_it="Ciao\nOnline: {{ link_online }}")  # fmt: skip
    clock.move_to(START - timedelta(days=2))
    jobs.send_due()
    texts = {
        d.address: str(d.letter.source["shared"]["paragraphs"])
        for d in db.session.scalars(db.select(Delivery))
    }
    assert ["join_url" in texts[a] for a in ("rete@a.example", "sala@a.example")] == [True, False]
    row = db.session.scalars(db.select(Delivery).where(Delivery.address == "rete@a.example")).one()
    assert row.merge["join_url"].endswith("/join")


def test_many_are_written_to_in_transactions_of_at_most_200(workshop, clock, monkeypatch):
    with transaction():
        for n in range(450):
            cast.registration(workshop, f"p{n:03}@a.example")
        cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    sizes = []
    whole = actions.send_batch
    monkeypatch.setattr(actions, "send_batch", lambda rule_id: sizes.append(whole(rule_id)) or sizes[-1])
    clock.move_to(START - timedelta(days=2))
    assert (jobs.send_due(), sizes) == (450, [200, 200, 50])
    assert len(set(sent())) == 450


def test_the_note_and_the_mail_are_one_transaction(workshop, clock, monkeypatch):
    made(workshop, "carlo@a.example")
    with transaction():
        rule = cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    clock.move_to(START - timedelta(days=2))
    monkeypatch.setattr(actions.outbox, "put_many", lambda *a, **k: 1 / 0)
    assert jobs.send_due() == 0
    db.session.rollback()
    assert db.session.scalars(db.select(MailRuleSending)).all() == []
    monkeypatch.undo()
    assert (jobs.send_due(), sent()) == (1, ["carlo@a.example"])
    assert rule.id


def test_one_rule_that_cannot_be_sent_keeps_no_other_from_sending(workshop, clock):
    made(workshop, "carlo@a.example")
    with transaction():
        cast.rule(
            workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED], body_it="{{ rotto }}"
        )
        cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    clock.move_to(START - timedelta(days=2))
    assert (jobs.send_due(), sent()) == (1, ["carlo@a.example"])


@pytest.mark.parametrize(
    ("minutes", "start", "due"),
    [
        # 28 March 2027 clocks go forward: two days before 10:00 is 10:00, though 47 hours.
        (-2880, datetime(2027, 3, 29, 10, 0, tzinfo=ROME), datetime(2027, 3, 27, 10, 0, tzinfo=ROME)),
        (1440, datetime(2027, 10, 30, 10, 0, tzinfo=ROME), datetime(2027, 10, 31, 10, 0, tzinfo=ROME)),
        # Hours are hours.
        (-120, datetime(2027, 3, 28, 4, 0, tzinfo=ROME), datetime(2027, 3, 28, 1, 0, tzinfo=ROME)),
        # The hour that does not exist moves on.
        (1440, datetime(2027, 3, 27, 2, 30, tzinfo=ROME), datetime(2027, 3, 28, 3, 30, tzinfo=ROME)),
    ],
)
def test_days_are_counted_on_the_wall_clock(minutes, start, due):
    start = start.astimezone(UTC)
    found = timing.moment_of(anchor=Anchor.START, minutes=minutes, start=start, end=start, zone=ROME)
    assert found == due.astimezone(UTC)


def test_looking_for_open_rules_reads_no_old_workshop(workshop, clock, moda):
    with transaction():
        for n in range(40):
            old = factories.workshop(moda, starts_at=START - timedelta(days=900 + n))
            cast.rule(old)
        cast.rule(workshop)
    loaded = []

    def note(row, _context):
        loaded.append(row.id)

    db.session.expunge_all()
    event.listen(actions.MailRule, "load", note)
    try:
        queries.open_ids()
    finally:
        event.remove(actions.MailRule, "load", note)
    assert len(loaded) == 1
