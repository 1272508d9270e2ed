"""Mail to many: an audience that is described, and who steers how it goes."""

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from sqlalchemy import func, select, update

from dissemination.delivery import expansion, leases, outbox, queries, recall, sending, sendings
from dissemination.delivery.mail import Recipient
from dissemination.delivery.models import Delivery, Fate, Sending
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from tests.delivery.test_outbox import a_mail
from tests.delivery.test_sending import use

ISSUE = SimpleNamespace(__tablename__="test_issues", id=7)
OTHER = SimpleNamespace(__tablename__="test_issues", id=8)
SUMMER = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)  # noon in Rome


def person(i, name="P"):
    merge = {"name": f"{name} {i}", "unsubscribe_url": f"https://moda.example/u/{i}"}
    return Recipient(f"p{i}@tessitura.example", contact_id=i, merge=merge)


@pytest.fixture
def listed(monkeypatch):
    """The people of each language; who is taken out of a list is not listed any more."""
    lists = {"it": list(range(1300)), "en": list(range(2000, 2100))}
    asked = []

    def recipients_of(subject_id, audience, after):
        asked.append((subject_id, audience["language"], after))
        return ((str(i), person(i)) for i in lists[audience["language"]] if not after or i > int(after))

    monkeypatch.setitem(outbox.expanders, "test_issues", recipients_of)
    lists["asked"] = asked
    return lists


def parts():
    return [
        outbox.Part(a_mail(), {"language": "it"}),
        outbox.Part(a_mail(language="en", subject="News"), {"language": "en"}),
    ]


def put(about=ISSUE, **more):
    with transaction():
        outbox.put_audience(parts(), about=about, total=1400, **more)


def progress(about=ISSUE):
    db.session.rollback()
    return {f.value: n for f, n in outbox.progress(about).items()}


def rows(about=ISSUE):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(outbox.deliveries_of(about).subquery()))


def row(about=ISSUE):
    db.session.rollback()
    return queries.sending(about)


def test_an_audience_is_one_row_and_everybody_in_it_gets_one_message(app, server, listed):
    peer = server()
    use(app, peer, connections=4)
    put()
    assert rows() == 0
    assert progress() == {"queued": 1400}
    assert sending.deliver_due() == 1400
    assert progress() == {"accepted": 1400}
    assert len({r for _, r, _ in peer.taken}) == len(peer.taken) == 1400
    assert (row().expanded, row().gone, row().expanded_at is None) == (1400, 0, False)
    assert {language for _, language, _ in listed["asked"]} == {"it", "en"}
    assert sending.deliver_due() == 0
    assert row().is_open is False


def test_the_first_messages_leave_before_the_last_rows_are_written(app, server, listed):
    listed["it"] = list(range(20_000))
    seen = []

    def first(address):
        if not seen:
            seen.append(address)
            with app.app_context():
                seen.append(db.session.scalar(select(func.count(Delivery.id))))

    use(app, server(RCPT=first), connections=1)
    with transaction():
        outbox.put_audience(parts()[:1], about=ISSUE, total=20_000)
    sending.deliver_due(stop=lambda: bool(seen))
    assert seen[1] < 10_000
    assert sum(progress().values()) == 20_000


def test_who_left_the_audience_meanwhile_is_counted_as_skipped(app, server, listed):
    use(app, server())
    put()
    del listed["it"][100:110]
    sending.deliver_due()
    assert progress() == {"accepted": 1390, "skipped": 10}


def test_writing_the_rows_again_after_a_kill_adds_nobody(app, listed):
    """Killed behind the rows and before the cursor cannot be (one transaction); the cursor set back can."""
    put()
    id = row().id
    assert expansion.advance(id) == outbox.EXPANSION
    with transaction():
        db.session.execute(update(Sending).values(cursor=""))
    while row().expanded_at is None:
        expansion.advance(id)
    assert rows() == 1400
    assert (row().expanded, row().total) == (1400, 1400)


def test_two_workers_write_the_same_batch_once(app, listed, monkeypatch):
    put()
    id = row().id
    recipients_of = outbox.expanders["test_issues"]

    def meanwhile(*arguments):
        monkeypatch.setitem(outbox.expanders, "test_issues", recipients_of)
        found = list(recipients_of(*arguments))
        assert expansion.advance(id) == outbox.EXPANSION  # the other worker
        return found

    monkeypatch.setitem(outbox.expanders, "test_issues", meanwhile)
    assert expansion.advance(id) == 0
    assert rows() == row().expanded == outbox.EXPANSION


def test_an_audience_that_cannot_be_listed_says_so_and_goes_on_later(app, server, listed, monkeypatch):
    use(app, server())
    good = outbox.expanders["test_issues"]
    monkeypatch.setitem(outbox.expanders, "test_issues", lambda *a: 1 / 0)
    put()
    assert sending.deliver_due() == 0
    assert row().trouble == "ZeroDivisionError: division by zero"
    monkeypatch.setitem(outbox.expanders, "test_issues", good)
    assert sending.deliver_due() == 0  # not at every look
    expansion.retry_troubled()
    sending.deliver_due()
    assert progress() == {"accepted": 1400}
    assert row().trouble == ""


def test_what_is_paused_waits_and_what_is_resumed_goes_on(app, server, listed):
    peer = server()
    use(app, peer)

    def stop(address):
        if len(peer.taken) >= 100 and not done:
            done.append(address)
            with app.app_context(), transaction():
                sendings.pause(ISSUE)

    done = []
    peer.script["RCPT"] = stop
    put()
    sending.deliver_due()
    taken = len(peer.taken)
    assert 100 <= taken < 1400
    assert progress() == {"accepted": taken, "queued": 1400 - taken}
    assert sending.deliver_due() == 0
    with transaction():
        assert outbox.resume(ISSUE)
    peer.script.clear()
    sending.deliver_due()
    assert progress() == {"accepted": 1400}


def test_pausing_one_issue_lets_the_other_go(app, server, listed):
    use(app, server())
    put()
    put(OTHER)
    with transaction():
        outbox.pause(ISSUE)
    assert sending.deliver_due() == 1400
    assert (progress(), progress(OTHER)) == ({"queued": 1400}, {"accepted": 1400})


def test_what_is_cancelled_is_called_back_also_where_no_row_is_written_yet(app, server, listed):
    use(app, server())
    put()
    expansion.advance(row().id)
    with transaction():
        assert outbox.cancel(ISSUE, "stopped by Ada") == 1400
    assert progress() == {"cancelled": 1400}
    assert sending.deliver_due() == 0
    assert rows() == outbox.EXPANSION
    assert (row().cancel_reason, row().is_open) == ("stopped by Ada", False)


def test_calling_many_back_is_one_row_at_once_and_the_worker_writes_the_others(
    app, server, listed, monkeypatch
):
    """An UPDATE of 200,000 rows would keep a person waiting, and everybody who writes."""
    monkeypatch.setattr(recall, "AT_ONCE", 300)
    use(app, server())
    put()
    expansion.advance(row().id)
    with transaction():
        assert outbox.cancel(ISSUE, "stopped by Ada") == 1400
    assert progress() == {"cancelled": 1400}, "as the desk tells it, whatever is written"
    stored = select(func.count()).where(Delivery.state == Fate.CANCELLED)
    assert db.session.scalar(stored) == 300
    db.session.rollback()
    assert sending.deliver_due() == 0, "what is called back does not leave"
    assert recall.call_back_rest() == outbox.EXPANSION - 300
    assert recall.call_back_rest() == 0
    assert db.session.scalar(stored) == outbox.EXPANSION
    assert {d.reason for d in db.session.scalars(select(Delivery))} == {"stopped by Ada"}
    assert progress() == {"cancelled": 1400}
    db.session.rollback()
    sending.deliver_due()
    assert row().is_open is False


def test_what_a_server_puts_off_after_it_was_called_back_does_not_wait_for_ever(app, listed):
    put()
    expansion.advance(row().id)
    with transaction():
        one = db.session.scalars(select(Delivery).limit(1)).one()
        one.state = Fate.IN_DATA
        db.session.flush()
        outbox.cancel(ISSUE, "stopped by Ada")
        one.state = Fate.DEFERRED
    assert recall.call_back_rest() == 1
    assert progress() == {"cancelled": 1400}


@pytest.mark.parametrize("single", [False, True])
def test_sending_the_refused_again_sends_nothing_to_those_who_were_called_back(
    app, server, listed, single, monkeypatch
):
    monkeypatch.setattr(recall, "AT_ONCE", 300)
    use(app, server())
    put()
    expansion.advance(row().id)
    with transaction():
        one = db.session.scalars(select(Delivery).order_by(Delivery.id).limit(1)).one()
        one.state = Fate.REFUSED
        db.session.flush()
        assert outbox.cancel(ISSUE, "stopped by Ada") == 1399
    with transaction():
        if single:
            assert outbox.send_again(db.session.get(Delivery, one.id))
        else:
            assert outbox.retry(ISSUE, (Fate.REFUSED,)) == 1
    assert progress() == {"cancelled": 1399, "queued": 1}
    assert sending.deliver_due() == 1
    assert progress() == {"cancelled": 1399, "accepted": 1}
    sending.deliver_due()
    assert row().is_open is False


def test_nothing_leaves_before_its_hour(app, server, listed):
    use(app, server())
    put(at=now() + timedelta(hours=1))
    assert sending.deliver_due() == 0
    with time_machine.travel(now() + timedelta(hours=1, seconds=1)):
        assert sending.deliver_due() == 1400


@pytest.mark.parametrize(
    ("hours", "at", "goes"),
    [
        ((time(22), time(7)), SUMMER, True), ((time(22), time(7)), SUMMER.replace(hour=21), False),
        ((time(22), time(7)), SUMMER.replace(hour=4, minute=59), False),
        ((time(22), time(7)), SUMMER.replace(hour=5), True), ((time(11), time(13)), SUMMER, False),
        ((time(13), time(14)), SUMMER, True),
        ((time(2, 30), time(7)), datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),  # 3:00, the clocks are on
        ((time(2, 30), time(7)), datetime(2026, 3, 29, 0, 59, tzinfo=UTC), True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_quiet_hours_are_those_of_the_district_also_over_midnight(app, listed, hours, at, goes):
    put(window=(*hours, "Europe/Rome"))
    [one] = sendings.open_ones(to_sink=False)
    assert sendings.may_go(one, at) is goes


def test_in_quiet_hours_nothing_leaves(app, server, listed):
    use(app, server())
    put(window=(time(11), time(13), "Europe/Rome"))
    with time_machine.travel(SUMMER):
        assert sending.deliver_due() == 0
    with time_machine.travel(SUMMER + timedelta(hours=1)):
        assert sending.deliver_due() == 1400


def test_a_throttled_sending_gives_all_workers_together_so_many_a_second(app, listed):
    put(per_second=50)
    expansion.advance(row().id)
    with time_machine.travel(SUMMER, tick=False) as clock:
        with transaction():
            db.session.execute(update(Delivery).values(next_at=SUMMER))
        taken = []
        for step in range(30):
            with transaction():
                found = leases.take_bulk(f"w{step % 3}", most=40, at=now())
            taken.append(len(found.rows))
            assert found.more
            clock.shift(timedelta(seconds=0.1))
    assert taken[:2] == [40, 15]  # a burst of one second, and what its tenths bring
    assert sum(taken) == 50 + 5 * 29


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=2)])
def test_a_clock_that_jumps_does_not_stop_a_throttled_sending(app, server, listed, jump):
    use(app, server())
    put(per_second=1000)
    with time_machine.travel(now() + timedelta(days=3)), transaction():
        leases.take_bulk("w", most=900, at=now())
    with transaction():
        sendings.change(ISSUE, paced_to=now() + timedelta(days=3))
        db.session.execute(update(Delivery).values(state=Fate.QUEUED, next_at=now() - timedelta(days=3)))
    with time_machine.travel(now() + jump):
        sending.deliver_due()
    assert progress()["accepted"] > 300


def test_a_rehearsal_fills_every_message_and_calls_nobody(app, server, listed):
    peer = server()
    use(app, peer)
    put(to_sink=True)
    assert sending.deliver_due() == 1400
    assert peer.connections == 0
    assert progress() == {"accepted": 1400}
    found = row()
    assert found.sunk_octets > 1400 * 1000
    assert found.sunk_octets / 1400 <= found.sunk_largest < 20_000


def test_the_rate_and_the_time_left_are_known_while_it_goes(app, server, listed):
    peer = server()
    use(app, peer)
    put()
    with time_machine.travel(SUMMER + timedelta(days=150), tick=False) as clock:

        def shift(address):
            clock.shift(timedelta(milliseconds=20))

        peer.script["END"] = shift
        sending.deliver_due(stop=lambda: len(peer.taken) >= 700)
        rate = queries.rate(ISSUE)
        left = 1400 - progress()["accepted"]
        assert 30 < rate.per_second < 75
        assert rate.eta_seconds == pytest.approx(left / rate.per_second)
        clock.shift(timedelta(minutes=5))
        assert queries.rate(ISSUE) == (0.0, None)
        peer.script.clear()
        sending.deliver_due()
        assert queries.rate(ISSUE) == (0.0, 0.0)


def test_what_was_refused_is_sent_again_when_a_person_says_so(app, server, listed):
    peer = server(RCPT=lambda a: "550 5.7.1 no" if a.startswith("p5@") else None)
    use(app, peer)
    put()
    sending.deliver_due()
    sending.deliver_due()
    assert progress() == {"accepted": 1399, "refused": 1}
    peer.script.clear()
    with transaction():
        assert outbox.retry(ISSUE, [Fate.REFUSED]) == 1
    assert sending.deliver_due() == 1
    assert progress() == {"accepted": 1400}
    with transaction(), pytest.raises(ValueError, match="only what was refused"):
        outbox.retry(ISSUE, [Fate.ACCEPTED])


def test_one_subject_is_put_once_and_only_where_somebody_can_list_it(app, listed):
    put()
    with pytest.raises(ValueError, match="put already"):
        put()
    with transaction(), pytest.raises(LookupError, match="no expander"):
        outbox.put_audience(parts(), about=SimpleNamespace(__tablename__="nobody", id=1), total=1)
    with transaction(), pytest.raises(ValueError, match="nobody"):
        outbox.put_audience(parts(), about=OTHER, total=0)
