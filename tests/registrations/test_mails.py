"""Every mail as whole text, in both languages, and the calendar objects through a second library.

`WRITE_GOLDEN=1 pytest tests/registrations/test_mails.py` writes the golden files anew.
"""

import os
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine
import vobject
from sqlalchemy import select

from dissemination.delivery import letters
from dissemination.delivery.calendar import CalendarObject, render
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, invitations, jobs
from dissemination.workshops.models import Cancellation, WorkshopSession
from tests import factories

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2027, 1, 15, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def same_every_time(monkeypatch):
    """Time, chance and numbers as in the golden files."""
    tokens = (f"{n:032x}" for n in range(1, 100))
    monkeypatch.setattr(invitations.secrets, "token_hex", lambda _n=16: next(tokens))
    monkeypatch.setattr("dissemination.registrations.posts.token", lambda r: f"TOKEN-{r.contact.given_name}")
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def workshop(moda):
    with transaction():
        row = factories.workshop(moda, seats=1, online_url="https://meet.example/tessuti?pwd=1")
        row.slug = "tracciabilita-dei-tessuti"
    return row


def enter(workshop, name, **facts):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            **{"proven": True, **facts},
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
    """Every mail of this package at least once."""
    start, end = workshop.starts_at, workshop.ends_at
    carlo = enter(workshop, "carlo", language=language)  # confirmation
    enter(workshop, "dino", language=language)  # waiting
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
    with transaction():  # date_removed
        workshop.sessions = workshop.sessions[:1]
        workshop.ends_at, workshop.revision = end + day, workshop.revision + 1
    jobs.tell_changed()
    with time_machine.travel(start + day - timedelta(hours=20), tick=False):
        jobs.remind()  # reminder
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero dei treni", at=NOW))
        workshop.revision += 1
    jobs.tell_changed()  # called_off


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_mail_reads_as_its_golden_file(workshop, language):
    tell_the_whole_story(workshop, language)
    found = {}
    for delivery in all_mails():
        found.setdefault(delivery.letter.template.split("/")[1], shown(delivery))
    templates = Path(__file__).parents[2] / "templates" / "mail" / "registrations"
    assert sorted(found) == sorted(p.stem for p in templates.glob("[!_]*.mjml"))
    if os.environ.get("WRITE_GOLDEN"):
        for name, text in found.items():
            (GOLDEN / f"{name}.{language}.txt").write_text(text)
        pytest.fail("golden files written: read them, then run without WRITE_GOLDEN")
    for name, text in found.items():
        golden = GOLDEN / f"{name}.{language}.txt"
        assert text == golden.read_text(), f"{golden} differs"


def test_every_mail_compiles_to_html_that_says_the_facts_and_the_link(workshop):
    tell_the_whole_story(workshop, "en")
    for delivery in all_mails():
        _text, html = letters.render_parts(Mail.from_source(delivery.letter.source), delivery.merge)
        assert "Textile traceability" in html
        assert "Prato" in html
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


def test_who_waits_is_not_told_the_link_to_take_part_online(workshop):
    tell_the_whole_story(workshop, "it")
    waiting = [d for d in all_mails() if d.letter.template.endswith(("/waiting", "/changed_waiting"))]
    assert len(waiting) == 3
    assert [d for d in waiting if "meet.example" in str(d.letter.source)] == []


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
