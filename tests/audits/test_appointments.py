"""The date of a visit: one invitation for one person, changed and withdrawn in her calendar, answered by it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from icalendar import Calendar

from dissemination.audits import actions, mails, queries
from dissemination.audits.models import State, VisitAppointment
from dissemination.audits.refusals import NoAppointment, NotHers, OutOfOrder, WrongTimes
from dissemination.delivery import calendar, inbound
from dissemination.delivery.calendar import CalendarObject
from dissemination.delivery.letters import preview
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from tests.audits.cast import NOW, TODAY, audit, company, contact, visited

START, END = datetime(2026, 11, 25, 8, tzinfo=UTC), datetime(2026, 11, 25, 11, 30, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("still")


@pytest.fixture
def still(app):
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def agreed(moda, ada, still):
    """An appointment of Carla's, made."""
    with transaction():
        firm = company(moda)
        carla, made = contact(moda, firm), audit(moda, firm, by=ada, auditor=ada)
        row = actions.appoint(
            made, contact=carla, starts_at=START, ends_at=END, place="Via Roma 1", message="A presto!", by=ada
        )
    return row


def deliveries():
    return Delivery.query.order_by(Delivery.id).all()


def objects():
    return [CalendarObject.from_json(d.calendar) for d in deliveries()]


def test_the_invitation_is_one_to_one_and_says_nothing_private(agreed):
    [told] = objects()
    event = Calendar.from_ical(calendar.render(told)).walk("VEVENT")[0]
    assert (told.method, event["UID"], event["SEQUENCE"]) == ("REQUEST", agreed.uid, 0)
    assert str(event["ATTENDEE"]) == "mailto:gori@gori.example"
    assert str(event["ORGANIZER"]) == "mailto:eventi@moda.example"
    assert (event["DTSTART"].dt, event["DTEND"].dt, str(event["LOCATION"])) == (START, END, "Via Roma 1")
    assert "A presto!" not in str(event["DESCRIPTION"])
    assert [d.address for d in deliveries()] == ["gori@gori.example"]
    assert agreed.audit.state is State.CONTACTED


def test_a_change_raises_the_sequence_and_forgets_the_former_answer(agreed, ada, still):
    with transaction():
        agreed.reply, agreed.replied_at = "ACCEPTED", NOW
    still.shift(timedelta(hours=1))
    with transaction():
        actions.move(
            agreed.audit, starts_at=START + timedelta(days=1), ends_at=END + timedelta(days=1),
            place="Via Roma 1", by=ada,
        )  # fmt: skip
    first, second = objects()
    assert (second.method, second.uid, second.sequence) == ("REQUEST", first.uid, 1)
    assert second.stamp > first.stamp
    assert (agreed.reply, agreed.replied_at) == ("", None)


def test_the_same_date_again_mails_nothing(agreed, ada):
    with transaction():
        actions.move(agreed.audit, starts_at=START, ends_at=END, place="Via Roma 1", by=ada)
    assert len(deliveries()) == 1


def test_calling_off_withdraws_it_from_the_calendar(agreed, ada):
    with transaction():
        actions.call_off(agreed.audit, by=ada, message="Un imprevisto.")
    last = objects()[-1]
    assert (last.method, last.status, last.sequence) == ("CANCEL", "CANCELLED", 1)
    assert queries.appointment(agreed.audit) is None
    with pytest.raises(NoAppointment), transaction():
        actions.call_off(agreed.audit, by=ada)


def test_another_person_gets_an_invitation_of_her_own_and_the_first_one_is_told(agreed, moda, ada):
    with transaction():
        ugo = contact(moda, agreed.audit.company, "ugo@gori.example", given_name="Ugo")
        actions.appoint(agreed.audit, contact=ugo, starts_at=START, ends_at=END, by=ada)
    assert [(o.method, o.attendee_address) for o in objects()] == [
        ("REQUEST", "gori@gori.example"), ("CANCEL", "gori@gori.example"), ("REQUEST", "ugo@gori.example"),
    ]  # fmt: skip
    assert len({o.uid for o in objects()}) == 2


def test_declining_the_audit_calls_the_date_off(agreed, ada):
    with transaction():
        actions.declined(agreed.audit, on=TODAY, reason="non ora", by=ada)
    assert [o.method for o in objects()] == ["REQUEST", "CANCEL"]


def test_what_cannot_be_is_refused(moda, ada, still):
    with transaction():
        firm, other = company(moda), company(moda, "Filatura Neri")
        carla, stranger = contact(moda, firm), contact(moda, other, "neri@neri.example")
        made, done = audit(moda, firm, by=ada), visited(moda, other, by=ada)
    wrong = [
        (NotHers, made, stranger, START, END), (WrongTimes, made, carla, END, START),
        (WrongTimes, made, carla, NOW - timedelta(hours=1), NOW), (OutOfOrder, done, stranger, START, END),
    ]  # fmt: skip
    for refusal, one, who, start, end in wrong:
        with pytest.raises(refusal), transaction():
            actions.appoint(one, contact=who, starts_at=start, ends_at=end, by=ada)
    assert deliveries() == []


def answer(row, partstat, *, sequence=0, who="gori@gori.example", method="REPLY", stamp="20261121T090000Z"):
    """A calendar's answer as it arrives."""
    return (
        f"From: {who}\r\nTo: eventi@moda.example\r\nSubject: re\r\nMessage-ID: <{partstat}{sequence}{stamp}@x>\r\n"
        f"Content-Type: text/calendar; method={method}; charset=UTF-8\r\n\r\n"
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{row.uid}\r\n"
        f"DTSTAMP:{stamp}\r\nDTSTART:20261125T080000Z\r\nSEQUENCE:{sequence}\r\n"
        f"ATTENDEE;PARTSTAT={partstat}:mailto:{who}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def receive(octets):
    with transaction():
        return inbound.act(inbound.read(octets))


def test_the_calendars_answer_is_kept_with_the_appointment(agreed):
    assert receive(answer(agreed, "ACCEPTED")).effect == "noted"
    assert agreed.reply == "ACCEPTED"
    assert receive(answer(agreed, "DECLINED", stamp="20261122T090000Z")).effect == "noted"
    assert agreed.reply == "DECLINED"
    assert queries.appointment(agreed.audit) is not None  # a person phones
    assert receive(answer(agreed, "NEEDS-ACTION", method="COUNTER", stamp="20261122T100000Z")).kept
    assert agreed.reply == "COUNTER"


def test_an_answer_to_the_old_date_or_of_somebody_else_changes_nothing(agreed, ada):
    with transaction():
        actions.move(
            agreed.audit, starts_at=START + timedelta(days=1), ends_at=END + timedelta(days=1), by=ada
        )
    assert receive(answer(agreed, "ACCEPTED", sequence=0)).effect == "stale"
    other = receive(answer(agreed, "ACCEPTED", sequence=1, who="altri@gori.example"))
    assert other.effect == "for_a_person" or not other.kept
    assert db.session.get(VisitAppointment, agreed.id).reply == ""


def test_an_answer_is_explained_without_changing_anything(agreed):
    assert inbound.act(inbound.read(answer(agreed, "ACCEPTED")), dry=True).effect == "noted"
    assert db.session.get(VisitAppointment, agreed.id).reply == ""


def test_an_answer_to_a_workshop_is_left_to_registrations(agreed, app):
    octets = answer(agreed, "ACCEPTED").replace(agreed.uid.encode(), b"somebody-elses@moda.example")
    assert receive(octets).effect != "noted"


GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_mail_reads_as_its_golden_file(moda, ada, still, language):
    """`WRITE_GOLDEN=1` writes the files anew; read them then."""
    with transaction():
        firm = company(moda)
        carla = contact(moda, firm, language=language)
        made = audit(moda, firm, by=ada, auditor=ada)
        row = actions.appoint(
            made, contact=carla, starts_at=START, ends_at=END, place="Via Roma 1", message="A presto!", by=ada
        )
    old = {"starts_at": START, "ends_at": END, "place": "Via Roma 1"}
    posts = {
        "appointment": mails.appointment(row), "appointment_changed": mails.appointment_changed(row, old),
        "appointment_cancelled": mails.appointment_cancelled(row),
    }  # fmt: skip
    for name, post in posts.items():
        found = preview(post.mail, post.recipient.merge)
        text = f"{post.mail.subject}\n\n{found.text}"
        golden = GOLDEN / f"{name}.{language}.txt"
        if os.environ.get("WRITE_GOLDEN"):
            golden.write_text(text)
        assert text == golden.read_text(), f"{golden} differs"
        assert "{{" not in found.html
        for words in ("Via Roma 1", "Carla", "A presto!"):
            assert words in found.html
    assert not os.environ.get("WRITE_GOLDEN"), "golden files written: read them, then run without it"


def test_what_people_write_is_no_markup_in_the_mail(moda, ada, still):
    with transaction():
        firm = company(moda, "Gori <b>& figli</b>")
        carla, made = contact(moda, firm), audit(moda, firm, by=ada)
        row = actions.appoint(
            made, contact=carla, starts_at=START, ends_at=END, place="<i>qui</i>",
            message="<script>alert(1)</script>", by=ada,
        )  # fmt: skip
    html = preview(mails.appointment(row).mail, mails.appointment(row).recipient.merge).html
    assert "<script>alert" not in html
    assert "<i>qui" not in html
    assert "<b>& figli" not in html


def test_a_calendar_whose_clock_is_years_ahead_does_not_make_us_deaf(agreed):
    receive(answer(agreed, "ACCEPTED", stamp="99990101T000000Z"))
    assert agreed.replied_at == NOW
    assert receive(answer(agreed, "DECLINED", stamp="20261121T090000Z")).effect == "noted"
    assert agreed.reply == "DECLINED"
