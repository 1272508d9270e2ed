"""All that is held about one person (GDPR art. 15): as plain data, for a page, JSON, CSV and an archive."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from dissemination.attendance.models import Presence, Scan, Stay
from dissemination.certificates.models import Certificate
from dissemination.delivery.models import Delivery, Suppression
from dissemination.feedback.models import FeedbackAnswer
from dissemination.guests.models import Guest
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people import queries as people
from dissemination.people.models import Contact
from dissemination.privacy import encounters, wiping
from dissemination.registrations import answers
from dissemination.registrations.exports import guarded
from dissemination.registrations.models import AnswerFile, Event, Group, Invitation, Registration, Reply
from dissemination.subscriptions.models import (
    Exclusion,
    ImportLine,
    ReaderChoice,
    SubscriberImport,
    Subscription,
    SubscriptionRequest,
)
from dissemination.workshops.models import Workshop

Section = list[dict]


def dossier(contact: Contact) -> dict[str, Section]:
    """{section: [{name: value}]}; empty sections are left out. Values are texts, numbers, dates."""
    registrations = _registrations(contact)
    ids = [r.id for r in registrations]
    titles = {r.id: r.workshop.title_it for r in registrations}
    found = {
        "contact": [_contact(contact)],
        "consents": [
            _plain(c, "at", "purpose", "given", "text", "version", "source", "proof")
            for c in people.consents(contact)
        ],
        "registrations": [_registration(r) for r in registrations],
        "history": _of_registrations(Event, ids, titles, "at", "what", "who", "reason", "details"),
        "groups": _groups(contact),
        "calendar_answers": _calendar_answers(ids, titles),
        "presence": [
            *_of_registrations(Presence, ids, titles, "at", "via"),
            *_of_registrations(Stay, ids, titles, "came_at", "left_at", "via"),
            *_of_registrations(Scan, ids, titles, "at", "move", "device"),
        ],
        "certificates": _of_registrations(Certificate, ids, titles, "code", "name", "minutes", "issued_at"),
        "guests": _guests(contact),
        "subscriptions": _subscriptions(contact),
        "newsletter_choices": _choices(contact),
        "feedback": _of_registrations(FeedbackAnswer, ids, titles, "given_on", "answers"),
        **encounters.held(contact),
        "messages": _messages(contact),
        "files": [
            {"workshop": titles[f.registration_id], "name": f.file.name, "type": f.file.media_type,
             "octets": f.file.size}
                for f in answer_files(contact)
            if f.registration_id is not None
        ],
        "suppressions": _suppressions(contact),
    }  # fmt: skip
    return {name: section for name, section in found.items() if section}


def _registrations(contact: Contact) -> list[Registration]:
    query = (
        select(Registration)
        .where(Registration.contact_id == contact.id)
        .options(
            joinedload(Registration.workshop).selectinload(Workshop.questions),
            joinedload(Registration.company),
        )
        .order_by(Registration.id)
    )
    return list(db.session.scalars(query))


def _contact(contact: Contact) -> dict:
    facts = _plain(
        contact, "given_name", "family_name", "email", "phone", "job_title", "language", "created_at",
        "proven_at",
    )  # fmt: skip
    return facts | {"company": contact.company.name if contact.company else ""}


def _registration(r: Registration) -> dict:
    given = {
        q.text_it: answers.shown(q, r.answers[str(q.id)])
        for q in r.workshop.questions
        if r.answers.get(str(q.id))
    }
    facts = _plain(
        r, "standing", "attends", "number", "job_title", "language", "created_at", "confirmed_at",
        "cancelled_at", "coming_at", "purged_at",
    )  # fmt: skip
    company = r.company.name if r.company else ""
    return {
        "workshop": r.workshop.title_it,
        "on": r.workshop.starts_at,
        "company": company,
        **facts,
        "answers": given,
    }


def _of_registrations(model, ids: list[int], titles: dict[int, str], *names: str) -> Section:
    rows = db.session.scalars(select(model).where(model.registration_id.in_(ids)))
    return [{"workshop": titles[row.registration_id], **_plain(row, *names)} for row in rows]


def _groups(contact: Contact) -> Section:
    rows = db.session.scalars(select(Group).where(Group.contact_id == contact.id).order_by(Group.id))
    return [_plain(group, "created_at") | {"colleagues": len(group.members)} for group in rows]


def _calendar_answers(ids: list[int], titles: dict[int, str]) -> Section:
    query = (
        select(Reply, Invitation.registration_id)
        .join(Invitation, Invitation.id == Reply.invitation_id)
        .where(Invitation.registration_id.in_(ids))
    )
    return [
        {"workshop": titles[registration_id],
         **_plain(reply, "received_at", "address", "partstat", "effect", "note")}
        for reply, registration_id in db.session.execute(query)
    ]  # fmt: skip


def _guests(contact: Contact) -> Section:
    query = (
        select(Guest)
        .join(Guest.workshop)
        .where(
            Workshop.district_id == contact.district_id,
            or_(Guest.contact_id == contact.id, Guest.email == contact.email),
        )
        .options(joinedload(Guest.workshop))
    )  # fmt: skip
    return [
        {"workshop": g.workshop.title_it,
         **_plain(g, "email", "given_name", "family_name", "company_name", "reaction", "added_at",
                  "invited_at")}
        for g in db.session.scalars(query)
    ]  # fmt: skip


def _subscriptions(contact: Contact) -> Section:
    rows = db.session.scalars(
        select(Subscription)
        .where(Subscription.contact_id == contact.id)
        .options(joinedload(Subscription.topic))
    )
    found = [{"topic": s.topic.name_it, **_plain(s, "asked_at", "confirmed_at", "ended_at")} for s in rows]
    asked = db.session.scalars(
        select(SubscriptionRequest).where(
            SubscriptionRequest.district_id == contact.district_id, SubscriptionRequest.email == contact.email
        )
    )
    return found + [_plain(r, "asked_at", "mailed_at", "confirmed_at", "consent_text") for r in asked]


def _choices(contact: Contact) -> Section:
    choice = db.session.get(ReaderChoice, contact.id)
    left_out = db.session.scalars(select(Exclusion).where(Exclusion.contact_id == contact.id))
    lines = db.session.execute(
        select(ImportLine, SubscriberImport.name, SubscriberImport.created_at)
        .join(SubscriberImport, SubscriberImport.id == ImportLine.import_id)
        .where(SubscriberImport.district_id == contact.district_id, ImportLine.email == contact.email)
    )
    return [
        *([_plain(choice, "cadence", "paused_until", "updated_at")] if choice else []),
        *(_plain(row, "reason", "at", "ended_at") for row in left_out),
        *({"file": name, "at": at, **_plain(line, "line", "verdict", "message")} for line, name, at in lines),
    ]


def _messages(contact: Contact) -> Section:
    rows = db.session.scalars(
        select(Delivery)
        .where(*wiping.is_of(contact))
        .options(joinedload(Delivery.letter))
        .order_by(Delivery.id)
    )
    return [
        {"subject": d.letter.subject, **_plain(d, "address", "created_at", "state", "finished_at")}
        for d in rows
    ]


def _suppressions(contact: Contact) -> Section:
    rows = db.session.scalars(
        select(Suppression).where(
            Suppression.district_id == contact.district_id, Suppression.address == contact.email
        )
    )
    return [_plain(s, "address", "reason", "at") for s in rows]


def answer_files(contact: Contact) -> list[AnswerFile]:
    """The files that she sent as answers."""
    query = (
        select(AnswerFile)
        .join(Registration, Registration.id == AnswerFile.registration_id)
        .where(Registration.contact_id == contact.id)
        .options(joinedload(AnswerFile.file))
        .order_by(AnswerFile.file_id)
    )
    return list(db.session.scalars(query))


def _plain(row, *names: str) -> dict:
    return {name: _value(getattr(row, name)) for name in names}


def _value(value):
    return value.value if isinstance(value, Enum) else value


def columns(section: Section) -> list[str]:
    """The names that at least one row of a section says something under, in their order."""
    names = dict.fromkeys(name for row in section for name in row)
    return [n for n in names if any(row.get(n) not in (None, "", {}, []) for row in section)]


# Files.


def as_json(found: dict[str, Section]) -> str:
    """The dossier as JSON, moments in ISO 8601 UTC."""
    return json.dumps({"made_at": now(), **found}, ensure_ascii=False, indent=2, default=_iso)


def _iso(value) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def lines(found: dict[str, Section]) -> Iterable[list]:
    """The dossier as lines (section, number, name, value) for a CSV."""
    for name, section in found.items():
        for number, row in enumerate(section, start=1):
            for key, value in row.items():
                yield [name, number, key, _cell(value)]


def _cell(value) -> str:
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False, default=_iso) if isinstance(value, dict | list) else _iso(value)
    )


def archive(contact: Contact, page: str) -> bytes:
    """A ZIP with the page (HTML), JSON, CSV and the files that she sent."""
    found, out = dossier(contact), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("data.html", page)
        target.writestr("data.json", as_json(found))
        sheet = io.StringIO()
        writer = csv.writer(sheet)
        writer.writerow(("section", "number", "name", "value"))
        writer.writerows([guarded(cell) for cell in line] for line in lines(found))
        target.writestr("data.csv", "\ufeff" + sheet.getvalue())
        for n, row in enumerate(answer_files(contact), start=1):
            target.writestr(f"files/{n:02}-{row.file.name}", files.read(row.file))
    return out.getvalue()
