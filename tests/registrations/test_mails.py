"""Every mail as whole text, in both languages, and the calendar objects through a second library.

`WRITE_GOLDEN=1 pytest tests/registrations/test_mails.py` writes the golden files anew.
"""

import os
import re
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import count
from pathlib import Path

import pytest
import time_machine
import vobject
from aiosmtpd.controller import Controller
from sqlalchemy import select

from dissemination.delivery import letters, sending
from dissemination.delivery.calendar import CalendarObject, render
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, asking, invitations, jobs, mails
from dissemination.registrations.groups import Person
from dissemination.registrations.models import Attends, Silent
from dissemination.workshops.models import Cancellation, WorkshopSession
from tests import factories

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2027, 1, 15, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def same_every_time(monkeypatch):
    """Time, chance and numbers as in the golden files."""
    numbers = count(1)
    monkeypatch.setattr(invitations, "new_uid", lambda domain: f"{next(numbers):032x}@{domain}")
    monkeypatch.setattr("dissemination.registrations.posts.token", lambda r: f"TOKEN-{r.contact.given_name}")
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def workshop(app, moda):
    app.view_functions.setdefault("attendance.join", lambda token: token)  # of a higher floor
    with transaction():
        row = factories.workshop(
            moda, seats=1, online_url="https://meet.example/tessuti?pwd=1", online_seats=5,
            directions_it="Dalla stazione di Prato Porta al Serraglio\ndieci minuti a piedi.",
            directions_en="Ten minutes on foot\nfrom the station Prato Porta al Serraglio.",
        )  # fmt: skip
        row.slug = "tracciabilita-dei-tessuti"
    return row


def enter(workshop, name, **facts):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            **{"proven": True, "attends": Attends.ROOM, **facts},
        )  # fmt: skip


def shown(delivery):
    """What a person reads and what her calendar gets, as one text."""
    mail = Mail.from_source(delivery.letter.source)
    text, _html = letters.render_parts(mail, delivery.merge)
    calendar = (
        render(CalendarObject.from_json(delivery.calendar)).decode().replace("\r\n", "\n")
        if delivery.calendar
        else "(none)\n"
    )
    calendar = re.sub(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE\n", "", calendar, flags=re.DOTALL)
    return f"To: {delivery.name} <{delivery.address}>\nSubject: {mail.subject}\n\n{text}\n=== calendar\n{calendar}"


def all_mails():
    db.session.expire_all()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def tell_the_whole_story(workshop, language):
    """Every mail of `mails` at least once, told to people in the room and online."""
    start, end = workshop.starts_at, workshop.ends_at
    carlo = enter(workshop, "carlo", language=language)  # confirmation
    enter(workshop, "dino", language=language)  # waiting
    flora = enter(workshop, "flora", language=language, attends=Attends.ONLINE)  # confirmation, online
    with transaction():
        actions.send_link(carlo)  # my_link
    with transaction():
        actions.cancel(carlo)  # withdrawn, promoted
    enter(workshop, "eva", language=language)
    day = timedelta(days=1)
    with transaction():  # changed, date_added, changed_waiting
        workshop.sessions = [
            WorkshopSession(title_it="Apertura", starts_at=start + day, ends_at=end + day),
            WorkshopSession(title_it="Seguito", starts_at=start + 8 * day, ends_at=end + 8 * day),
        ]
        workshop.starts_at, workshop.ends_at = start + day, end + 8 * day
        workshop.venue, workshop.revision = "Camera di commercio", workshop.revision + 1
    jobs.tell_changed()
    with transaction():
        workshop.seats = 2
    jobs.promote_freed()  # promoted, further_date
    with transaction():
        workshop.seats = 3
    for way in (Attends.ROOM, Attends.ONLINE):
        with transaction():
            actions.switch(flora, way)  # switched
    with transaction():
        workshop.seats = 2
    enter(workshop, "gina", language=language)
    with transaction():  # date_removed
        workshop.sessions = workshop.sessions[:1]
        workshop.ends_at, workshop.revision = end + day, workshop.revision + 1
    jobs.tell_changed()
    ask_and_answer(workshop, flora)
    with time_machine.travel(start + day - timedelta(hours=20), tick=False):
        jobs.remind()  # reminder
    cancellation = Cancellation(workshop_id=workshop.id, reason="Sciopero dei treni", at=NOW)
    with transaction():
        db.session.add(cancellation)
        workshop.revision += 1
    jobs.tell_changed()  # called_off
    with transaction():
        db.session.delete(workshop.cancellation)
        workshop.revision += 1
    jobs.tell_changed()  # reinstated, reinstated_waiting


def ask_and_answer(workshop, flora):
    """again, decline_asked, still_coming."""
    with transaction():
        invitations.send_again(flora.invitations[0])
    with transaction():
        invitations.put(mails.decline_asked(flora, flora.invitations[0]), flora)
        asking.ask(workshop, whom=Silent.EVERYBODY)


def golden_name(delivery):
    """The mail's word, with the way where the person takes part online."""
    name, shared = delivery.letter.template.split("/")[1], delivery.letter.source["shared"]
    return f"{name}_online" if shared["joins"] else name


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_mail_reads_as_its_golden_file(workshop, language):
    tell_the_whole_story(workshop, language)
    found = {}
    for delivery in all_mails():
        found.setdefault(golden_name(delivery), shown(delivery))
    functions = {n for n in mails.__all__ if n not in ("Post", "place", "public_url", "sender", "when")}
    assert {name.removesuffix("_online") for name in found} == functions
    for name, text in found.items():
        golden = GOLDEN / f"{name}.{language}.txt"
        if os.environ.get("WRITE_GOLDEN"):
            golden.write_text(text)
        assert text == golden.read_text(), f"{golden} differs"
    assert {f"{name}.{language}.txt" for name in found} == {p.name for p in GOLDEN.glob(f"*.{language}.txt")}
    assert not os.environ.get("WRITE_GOLDEN"), "golden files written: read them, then run without it"


def test_the_room_is_told_the_way_there_and_online_the_own_link_never_that_of_the_meeting(workshop):
    tell_the_whole_story(workshop, "it")
    rows = all_mails()
    texts = {d.id: letters.render_parts(Mail.from_source(d.letter.source), d.merge) for d in rows}
    assert [d.letter.template for d in rows if "meet.example" in str(texts[d.id])] == []
    comes = [d for d in rows if d.letter.source["shared"]["hybrid"]]
    online = {d.id for d in comes if d.letter.source["shared"]["joins"]}
    assert 0 < len(online) < len(comes)
    for delivery in comes:
        text, html = texts[delivery.id]
        assert ("/join" in text, "/join" in html) == (delivery.id in online,) * 2
        assert ("stazione" in text, "stazione" in html) == (delivery.id not in online,) * 2


def test_every_mail_compiles_to_html_that_says_the_facts_and_the_link(workshop):
    tell_the_whole_story(workshop, "en")
    for delivery in all_mails():
        _text, html = letters.render_parts(Mail.from_source(delivery.letter.source), delivery.merge)
        assert "Textile traceability" in html
        assert ("Online" if delivery.letter.source["shared"]["attends"] == "online" else "Prato") in html
        if delivery.letter.template != "registrations/called_off":
            assert delivery.merge["manage_url"] in html


def life_of(uid):
    """(method, sequence, status, start) of each calendar object with `uid`, as a second library reads it."""
    found = []
    for delivery in all_mails():
        if delivery.calendar and delivery.calendar["uid"] == uid:
            calendar = vobject.readOne(render(CalendarObject.from_json(delivery.calendar)).decode())
            event = calendar.vevent
            assert (event.attendee.value, len(event.contents["attendee"])) == (
                f"mailto:{delivery.address}",
                1,
            )
            assert event.organizer.value == "mailto:eventi@moda.example"
            status = event.contents.get("status")
            found.append((
                calendar.method.value, int(event.sequence.value), status[0].value if status else None,
                event.dtstart.value.astimezone(UTC).isoformat(), event.dtstamp.value.isoformat(),
            ))  # fmt: skip
    return found


def test_the_life_of_a_calendar_entry_request_change_cancel(workshop):
    carlo = enter(workshop, "carlo")
    uid = carlo.invitations[0].uid
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        with transaction():
            for row in (workshop, workshop.sessions[0]):
                row.starts_at += timedelta(hours=1)
            workshop.revision += 1
        jobs.tell_changed()
    with time_machine.travel(NOW + timedelta(hours=2), tick=False), transaction():
        actions.cancel(carlo)
    assert life_of(uid) == [
        ("REQUEST", 0, "CONFIRMED", "2027-03-11T13:00:00+00:00", "2027-01-15T09:30:00+00:00"),
        ("REQUEST", 1, "CONFIRMED", "2027-03-11T14:00:00+00:00", "2027-01-15T10:30:00+00:00"),
        ("CANCEL", 2, None, "2027-03-11T14:00:00+00:00", "2027-01-15T11:30:00+00:00"),
    ]


def test_the_life_of_a_calendar_entry_when_the_workshop_is_off(workshop):
    uid = enter(workshop, "carlo").invitations[0].uid
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=NOW))
        workshop.revision += 1
    jobs.tell_changed()
    assert [entry[:3] for entry in life_of(uid)] == [("REQUEST", 0, "CONFIRMED"), ("CANCEL", 1, "CANCELLED")]


def test_no_calendar_object_holds_a_personal_link_or_the_link_to_take_part(workshop):
    tell_the_whole_story(workshop, "it")
    objects = [d.calendar for d in all_mails() if d.calendar]
    assert len(objects) > 5
    assert [o for o in objects if "/r/" in str(o) or "meet.example" in str(o)] == []


def test_who_waits_is_not_told_how_to_join(workshop):
    tell_the_whole_story(workshop, "it")
    waiting = [d for d in all_mails() if d.letter.template.endswith("waiting")]
    assert len(waiting) > 4
    assert [d for d in waiting if d.letter.source["shared"]["joins"] or d.calendar] == []


def test_names_and_titles_are_data_not_markup(moda):
    with transaction():
        workshop = factories.workshop(moda, title='<b>"Lana"</b> & <script>x</script>')
    enter(workshop, "carlo")
    delivery = all_mails()[0]
    _text, html = letters.render_parts(Mail.from_source(delivery.letter.source), delivery.merge)
    assert "<script>x" not in html
    assert "&lt;script&gt;x" in html


def test_the_message_that_leaves_is_a_tree_as_outlook_and_gmail_want_it(workshop):
    enter(workshop, "carlo")
    delivery = all_mails()[0]
    mail = Mail.from_source(delivery.letter.source)
    raw = letters.preview(mail, delivery.merge, CalendarObject.from_json(delivery.calendar)).raw
    message = message_from_bytes(raw, policy=policy.default)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar",
        "application/ics",
    ]  # fmt: skip
    assert [p.get_param("method") for p in message.walk() if p.get_content_type() == "text/calendar"] == [
        "REQUEST"
    ]
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


def test_a_confirmation_leaves_by_smtp_and_is_read_again_with_its_calendar(app, workshop):
    taken = []

    class Inbox:
        async def handle_DATA(self, _server, _session, envelope):
            taken.append(envelope)
            return "250 taken"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Inbox(), hostname="127.0.0.1", port=port)
    controller.start()
    settings = app.config["SETTINGS"]
    mail = replace(settings.mail, server="127.0.0.1", port=port, security="none")
    app.config["SETTINGS"] = replace(settings, mail=mail)
    try:
        enter(workshop, "flora", attends=Attends.ONLINE)
        assert sending.deliver_due() == 1
    finally:
        controller.stop()
    (envelope,) = taken
    assert envelope.rcpt_tos == ["flora@tessitura.example"]
    assert re.fullmatch(r"eventi\+b[0-9a-z]+-[0-9a-f]{16}@moda\.example", envelope.mail_from)
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message["From"].addresses[0].addr_spec == "eventi@moda.example"
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar",
        "application/ics",
    ]  # fmt: skip
    part, file = list(message.walk())[4:]
    assert part.get_content().encode() == file.get_content()
    event = vobject.readOne(part.get_content()).vevent
    assert (event.location.value, event.status.value, event.attendee.value) == (
        "Online", "CONFIRMED", "mailto:flora@tessitura.example",
    )  # fmt: skip
    assert "/r/TOKEN-Flora/join" in list(message.walk())[2].get_content()
    assert "/r/" not in part.get_content()


def test_an_address_that_nobody_proved_is_not_told_how_to_join(workshop):
    enter(workshop, "flora", attends=Attends.ONLINE, proven=False)
    (delivery,) = all_mails()
    assert delivery.letter.template == "registrations/confirm_address"
    assert not delivery.letter.source["shared"]["joins"]


def test_the_mail_to_who_books_for_colleagues_online_can_be_put_together(workshop):
    people = [Person(f"{name}@tessitura.example", name.title(), "Rossi") for name in ("carlo", "dino")]
    with transaction():
        actions.register_group(
            workshop, booker=people[0], colleagues=people, attends=Attends.ONLINE, form_mark=None,
            language="it", consents=None, proven=True,
        )  # fmt: skip
    rows = {d.letter.template: d for d in all_mails()}
    mail = Mail.from_source(rows["registrations/group_booked"].letter.source)
    raw = letters.preview(mail, rows["registrations/group_booked"].merge).raw
    assert b"/join" not in raw
