"""What calendars' answers do, in the shapes of Outlook, Gmail, Apple and Thunderbird, and of who forges them."""

import json
import os
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import func, select

from dissemination.delivery import inbound, receiving
from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, jobs, queries
from dissemination.registrations.models import Invitation, Registration, Reply, Standing
from dissemination.workshops.models import Cancellation, WorkshopSession
from tests import factories
from tests.registrations.answers import answer, without

NOW = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
CLIENTS = ("outlook", "gmail", "apple", "thunderbird")


@pytest.fixture(autouse=True)
def a_day_in_february():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def workshop(app, moda):
    """A workshop with one seat, Carlo's; Dino waits. Our mail server is mx.moda.example."""
    believed(app, "mx.moda.example")
    with transaction():
        row = factories.workshop(moda, seats=1)
    enter(row, "carlo")
    enter(row, "dino")
    return row


def believed(app, *names):
    object.__setattr__(app.config["SETTINGS"], "authserv_ids", names)


def enter(workshop, name):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            proven=True,
        )  # fmt: skip


def of(name):
    db.session.expire_all()
    return db.session.scalars(
        select(Registration).where(Registration.contact.has(email=f"{name}@tessitura.example"))
    ).one()


def invited(name="carlo"):
    return of(name).invitations[0]


def take(octets):
    found = receiving.take(inbound.read(octets))
    db.session.expire_all()
    return found["effect"]


def mails():
    """(to, template) of all mails but the first two, which the fixture sent."""
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()[2:]
    return [(d.address.split("@")[0], d.letter.template.split("/")[1]) for d in rows]


def standings():
    return {name: of(name).standing for name in ("carlo", "dino")}


def move(workshop, by):
    with transaction():
        for row in (workshop, workshop.sessions[0]):
            row.starts_at, row.ends_at = row.starts_at + by, row.ends_at + by
        workshop.revision += 1
    jobs.tell_changed()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE"])
def test_yes_and_perhaps_are_noted_as_intentions(workshop, client, partstat):
    assert take(answer(client, invited(), partstat)) == "noted"
    invitation = invited()
    assert (invitation.answer, invitation.answered_sequence, invitation.answered_at) == (partstat, 0, NOW)
    assert standings() == {"carlo": Standing.CONFIRMED, "dino": Standing.WAITING}
    assert mails() == []


@pytest.mark.parametrize("client", ["outlook", "gmail", "thunderbird"])
def test_an_authenticated_no_frees_the_seat_and_the_next_one_gets_it(workshop, client):
    assert take(answer(client, invited())) == "freed"
    assert standings() == {"carlo": Standing.CANCELLED, "dino": Standing.CONFIRMED}
    assert mails() == [("carlo", "withdrawn"), ("dino", "promoted")]
    assert queries.seats(workshop).taken == 1
    events = [(e.what, e.who) for e in queries.history(of("carlo"))]
    assert ("cancelled", "calendar") in events
    assert ("answered", "calendar") in events


def test_a_no_from_another_account_asks_her_once_whether_it_was_she(workshop):
    assert take(answer("apple", invited())) == "asked"
    assert take(answer("apple", invited(), stamp=NOW + DAY)) == "asked"
    assert standings()["carlo"] is Standing.CONFIRMED
    assert mails() == [("carlo", "decline_asked")]
    mail = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert mail.merge["no_url"].endswith(f"/r/{queries.token(of('carlo'))}/cancellation")
    move(workshop, DAY)
    assert take(answer("apple", invited(), stamp=NOW + 2 * DAY)) == "asked"
    assert mails()[-1] == ("carlo", "decline_asked")  # another version, another question


@pytest.mark.parametrize("forge", [
    lambda o: without(o, "Authentication-Results"),
    lambda o: o.replace(b"mx.moda.example;\n", b"mx.evil.example;\n"),
    lambda o: o.replace(b"dmarc=pass", b"dmarc=fail").replace(b"dkim=pass", b"dkim=fail"),
    lambda o: b"Authentication-Results: mx.other.example; none\n" + o,
    lambda o: o.replace(b"From: \"Carlo Rossi\"", b"From: x@evil.example\nFrom: \"Carlo Rossi\""),
    lambda o: o.replace(b"<carlo@tessitura.example>", b"<dino@tessitura.example>"),  # a colleague
])  # fmt: skip
def test_a_forged_no_frees_nothing(workshop, forge):
    forged = forge(answer("thunderbird", invited()))
    assert take(forged) == "asked"
    assert standings() == {"carlo": Standing.CONFIRMED, "dino": Standing.WAITING}
    assert not db.session.scalars(select(Reply.authenticated)).one()


def test_without_a_list_of_servers_nobody_is_believed(app, workshop):
    believed(app)
    assert take(answer("outlook", invited())) == "asked"


def test_an_automatic_no_is_never_answered(app, workshop):
    believed(app)
    robot = b"Auto-Submitted: auto-generated\n" + answer("thunderbird", invited())
    assert (take(robot), mails()) == ("for_a_person", [])


def test_the_same_message_twice_acts_once(workshop):
    octets = answer("outlook", invited())
    assert (take(octets), take(octets)) == ("freed", "freed")
    assert mails() == [("carlo", "withdrawn"), ("dino", "promoted")]
    assert db.session.scalar(select(func.count(Reply.id))) == 1
    nameless = without(
        answer("thunderbird", invited("dino"), "ACCEPTED", attendee="dino@tessitura.example"), "Message-ID"
    )
    assert (take(nameless), take(nameless), db.session.scalar(select(func.count(Reply.id)))) == (
        "noted",
        "noted",
        2,
    )


def test_an_answer_to_the_old_date_is_stale_and_shows_what_it_answered(workshop):
    old = answer("outlook", invited())
    move(workshop, DAY)
    assert take(old) == "stale"
    invitation = invited()
    assert (invitation.sequence, invitation.answered_sequence, invitation.answer) == (1, 0, "DECLINED")
    assert standings()["carlo"] is Standing.CONFIRMED
    assert take(answer("outlook", invited(), "ACCEPTED", stamp=NOW + DAY)) == "noted"
    assert take(answer("outlook", invited(), "TENTATIVE", sequence=0, stamp=NOW + 2 * DAY)) == "stale"
    assert (invited().answer, invited().answered_sequence) == ("ACCEPTED", 1)


def test_answers_out_of_order_leave_the_newest(workshop):
    first = answer("thunderbird", invited(), stamp=NOW + timedelta(minutes=1))
    second = answer("thunderbird", invited(), "ACCEPTED", stamp=NOW + timedelta(minutes=2))
    assert (take(second), take(first)) == ("noted", "stale")
    assert (invited().answer, standings()["carlo"]) == ("ACCEPTED", Standing.CONFIRMED)


def test_the_attendee_is_compared_without_case_and_an_unknown_one_goes_to_a_person(workshop):
    assert take(answer("outlook", invited(), "ACCEPTED", attendee="CARLO@Tessitura.EXAMPLE")) == "noted"
    assert take(answer("gmail", invited(), attendee="carlo.rossi@gmail.example")) == "for_a_person"
    assert standings()["carlo"] is Standing.CONFIRMED


@pytest.mark.parametrize(("partstat", "method", "note"), [
    ("TENTATIVE", "COUNTER", "counter: Purtroppo ho già un impegno. · 12/03/2027 14:00"),
    ("DELEGATED", "REPLY", "delegated: Purtroppo ho già un impegno."),
    ("NEEDS-ACTION", "REPLY", "partstat: Purtroppo ho già un impegno."),
])  # fmt: skip
def test_what_needs_judgement_goes_to_a_person(workshop, partstat, method, note):
    octets = answer(
        "outlook", invited(), partstat, method=method, start="20270312T140000", end="20270312T170000"
    )
    assert take(octets) == "for_a_person"
    reply = db.session.scalars(select(Reply)).one()
    assert (reply.note, reply.handled_at, reply.invitation_id) == (note, None, invited().id)
    assert (invited().answer, mails()) == (None, [])


def test_an_unreadable_answer_to_our_mail_goes_to_a_person(workshop):
    sent = db.session.scalars(select(Delivery).order_by(Delivery.id)).first()
    octets = answer("thunderbird", invited(), sequence="zwei")
    octets = f"In-Reply-To: {sent.message_id}\n".encode() + octets
    assert take(octets) == "for_a_person"
    assert db.session.scalars(select(Reply)).one().invitation_id == invited().id


def test_a_uid_that_we_do_not_know_is_ours_only_by_its_host(workshop):
    gone = "00000000000000000000000000000000@moda.example"
    assert take(answer("thunderbird", invited(), uid=gone)) == "for_a_person"
    assert (
        take(answer("thunderbird", invited(), uid="040000008200E00074C5B7101A82E008@other.example")) == "none"
    )
    assert take(answer("thunderbird", invited(), uid=f"rehearsal-{gone}")) == "none"
    assert db.session.scalar(select(func.count(Reply.id))) == 1


def test_made_up_uids_do_not_fill_the_desk(workshop, monkeypatch):
    monkeypatch.setattr("dissemination.registrations.replies.MOST_UNKNOWN", 2)
    uids = [f"{n:032x}@moda.example" for n in range(3)]
    assert [take(answer("thunderbird", invited(), uid=uid)) for uid in uids] == ["for_a_person"] * 2 + [
        "none"
    ]
    assert take(answer("thunderbird", invited(), "ACCEPTED")) == "noted"  # a real one still counts


def test_one_person_does_not_fill_the_desk(workshop, monkeypatch):
    monkeypatch.setattr("dissemination.registrations.replies.MOST_OPEN", 2)
    wishes = [answer("thunderbird", invited(), "COUNTER", method="COUNTER") for _n in range(3)]
    wishes = [w.replace(b"Message-ID: <", f"Message-ID: <{n}".encode()) for n, w in enumerate(wishes)]
    assert [take(octets) for octets in wishes] == ["for_a_person", "for_a_person", "none"]
    assert take(answer("thunderbird", invited(), "ACCEPTED")) == "noted"


def test_a_nul_in_an_answer_is_left_out(workshop):
    octets = answer("thunderbird", invited(), "ACCEPTED").replace(b"mailto:", b"mai\0lto:")
    octets = octets.replace(b"From: ", b"References: <a\0@b>\nFrom: \0", 1).replace(b"UID:", b"UID:\0", 1)
    assert take(octets) == "noted"


def test_declining_one_of_two_dates_is_noted_declining_both_frees_the_seat(workshop):
    with transaction():
        first = workshop.sessions[0]
        workshop.sessions = [
            first,
            WorkshopSession(title_it="Due", starts_at=first.starts_at + DAY, ends_at=first.ends_at + DAY),
        ]
        workshop.ends_at, workshop.revision = first.ends_at + DAY, workshop.revision + 1
    jobs.tell_changed()
    one = invited()
    assert take(answer("outlook", one)) == "noted"
    assert standings()["carlo"] is Standing.CONFIRMED
    assert take(answer("outlook", of("carlo").invitations[1])) == "freed"
    assert standings() == {"carlo": Standing.CANCELLED, "dino": Standing.CONFIRMED}


def test_one_forged_no_of_two_asks(workshop):
    with transaction():
        first = workshop.sessions[0]
        workshop.sessions = [
            first,
            WorkshopSession(title_it="Due", starts_at=first.starts_at + DAY, ends_at=first.ends_at + DAY),
        ]
        workshop.ends_at, workshop.revision = first.ends_at + DAY, workshop.revision + 1
    jobs.tell_changed()
    assert take(without(answer("outlook", of("carlo").invitations[0]), "Authentication-Results")) == "noted"
    assert take(answer("outlook", of("carlo").invitations[1])) == "asked"
    assert standings()["carlo"] is Standing.CONFIRMED


def test_a_no_after_the_start_is_noted_only(workshop, a_day_in_february):
    a_day_in_february.move_to(workshop.starts_at)
    assert take(answer("outlook", invited())) == "noted"
    assert standings() == {"carlo": Standing.CONFIRMED, "dino": Standing.WAITING}


def test_a_no_to_a_workshop_that_is_off_is_noted_only(workshop):
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=now()))
    assert (take(answer("outlook", invited())), standings()["carlo"]) == ("noted", Standing.CONFIRMED)


def test_who_says_yes_after_giving_the_seat_back_is_shown_to_a_person(workshop):
    before = answer("outlook", invited(), "ACCEPTED", stamp=NOW)
    take(answer("outlook", invited()))
    assert take(before) == "stale"
    later = answer("outlook", invited(), "ACCEPTED", sequence=0, stamp=NOW + DAY)
    assert take(later) == "for_a_person"
    assert take(answer("outlook", invited(), sequence=1)) == "noted"  # "no" to the cancellation


def run(app, octets, *more):
    return app.test_cli_runner().invoke(args=["mail", "receive", *more], input=BytesIO(octets))


def test_explain_says_what_would_be_done_and_changes_nothing(app, workshop):
    octets = answer("outlook", invited())
    told = json.loads(run(app, octets, "--explain").output)
    assert {k: told[k] for k in ("kind", "uid", "partstat", "sequence", "effect", "authenticated")} == {
        "kind": "reply", "uid": invited().uid, "partstat": "DECLINED", "sequence": 0, "effect": "freed",
        "authenticated": True,
    }  # fmt: skip
    assert (standings()["carlo"], db.session.scalar(select(func.count(Reply.id)))) == (Standing.CONFIRMED, 0)
    done = run(app, octets)
    assert (done.exit_code, done.output) == (0, "reply: freed\n")
    assert standings()["carlo"] is Standing.CANCELLED


def test_five_megabytes_of_answer_are_refused_and_change_nothing(app, workshop):
    octets = answer("outlook", invited()).replace(b"Purtroppo", b"x" * inbound.LIMIT)
    found = run(app, octets)
    assert (found.exit_code, found.stderr) == (
        os.EX_DATAERR, "mail receive: refused: the message has more than 5 MB.\n",
    )  # fmt: skip
    assert (standings()["carlo"], db.session.scalar(select(func.count(Reply.id)))) == (Standing.CONFIRMED, 0)


def test_a_failure_half_way_leaves_nothing(workshop, monkeypatch):
    octets = answer("outlook", invited())

    def fails(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr("dissemination.registrations.replies.actions.cancel", fails)
    with pytest.raises(KeyboardInterrupt):
        take(octets)
    monkeypatch.undo()
    db.session.rollback()
    assert db.session.scalar(select(func.count(Reply.id))) == 0
    assert take(octets) == "freed"


def test_another_districts_invitation_is_found_by_its_uid_alone(workshop, nautica):
    with transaction():
        other = factories.workshop(nautica)
    enter(other, "eva")
    octets = answer("thunderbird", invited("eva"), "ACCEPTED", attendee="eva@tessitura.example")
    assert take(octets) == "noted"
    assert db.session.scalars(select(Reply)).one().district_id == nautica.id
    assert db.session.scalars(select(Invitation.answer).where(Invitation.answer.is_not(None))).all() == [
        "ACCEPTED"
    ]
