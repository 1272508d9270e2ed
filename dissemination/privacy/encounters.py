"""People in audits, appointments, shared reports, meetings and companies' pages: found, forgotten, purged.

What the person was part of stays and counts; she goes out of it. Free texts of the audits and meetings that
she had to do with lose her name. Visit sheets on paper or signed on a screen are evidence, as attendance
sheets are.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, inspect, or_, select
from sqlalchemy.orm import aliased

from dissemination.applications.models import Application, CallAlert, StageStep, application_partners
from dissemination.audits.models import Audit, AuditStep, ImprovementArea, PersonMet, Score, VisitAppointment
from dissemination.audits.queries import family
from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, rows_changed
from dissemination.people.models import Contact
from dissemination.plan.log import Evidence
from dissemination.privacy import wiping
from dissemination.privacy.terms import AUDIT_MONTHS, IDLE_MONTHS, months_later
from dissemination.research import meetings
from dissemination.research.models import Agreement, Laboratory, Meeting, MeetingState
from dissemination.timelines import actions as timelines
from dissemination.timelines.models import CompanyCorrection, CompanyLink
from dissemination.visits import actions as visits
from dissemination.visits import photos
from dissemination.visits.models import Photo, Remark, Report, Sharing, VisitSheet

BATCH = 20  # audits in one transaction
# The columns in which somebody may have written her name.
TEXTS: dict[Any, tuple[str, ...]] = {
    Audit: ("reason", "strengths", "weaknesses", "summary"),
    AuditStep: ("note",),
    ImprovementArea: (
        "title", "description", "proposed_action", "expected_result", "outcome_note", "keywords"
    ),
    Score: ("note",),
    VisitAppointment: ("place", "message"),
    Photo: ("caption",),
    Report: ("content",),
    VisitSheet: ("facts", "signed_by"),
    Remark: ("text",),
    Meeting: ("wish", "minutes", "declined_because"),
    Agreement: ("title", "purpose", "ended_because"),
    Application: ("title", "notes", "without_audit"),
    StageStep: ("note",),
    CompanyCorrection: ("facts", "words", "answer"),
    Evidence: ("note", "removed_because"),
}  # fmt: skip


def forget(contact: Contact, names: Sequence[str]) -> Counter:
    """Take a person out of what she met the district in; counts. `names`: texts by which she is found.

    Call it while the contact still says where she works.
    """
    audits = _audits(contact, names)
    met = rows_changed(delete(PersonMet).where(_is_met(contact, names), PersonMet.audit_id.in_(audits)))
    audits |= {*visits.forget(contact)}
    touched_meetings = {*meetings.forget(contact), *_ids(Meeting, contact)}
    corrections = {*timelines.forget(contact), *_ids(CompanyCorrection, contact)}
    agreements = {*_ids(Agreement, contact), *_partners(Agreement.id, Agreement.partner_id, contact)}
    takes_part = application_partners.c
    applications = {
        *_ids(Application, contact), *_partners(takes_part.application_id, takes_part.company_id, contact)
    }  # fmt: skip
    where: dict[Any, Any] = {
        Audit: Audit.id.in_(audits), Meeting: Meeting.id.in_(touched_meetings),
        Agreement: Agreement.id.in_(agreements), Application: Application.id.in_(applications),
        StageStep: StageStep.application_id.in_(applications),
        CompanyCorrection: CompanyCorrection.id.in_(corrections),
        Evidence: _proofs({Audit: audits, Application: applications, Agreement: agreements,
                           Meeting: touched_meetings}),
    }  # fmt: skip
    texts = sum(
        _veil(model, where[model] if model in where else model.audit_id.in_(audits), columns, names)
        for model, columns in TEXTS.items()
    )
    letters = wiping.veil_letters(_letters(audits, touched_meetings, corrections), names)
    db.session.expire_all()
    return Counter(met=met, texts=texts, letters=letters)


def _is_met(contact: Contact, names: Sequence[str]):
    return or_(PersonMet.contact_id == contact.id, PersonMet.name.in_(list(names)))


def _audits(contact: Contact, names: Sequence[str]) -> set[int]:
    """Audits that she had to do with: met, invited, shared with, heard; and all of her company."""
    found = {
        *db.session.scalars(
            select(PersonMet.audit_id).join(Audit, Audit.id == PersonMet.audit_id)
            .where(Audit.district_id == contact.district_id, _is_met(contact, names))
        ),
        *_ids(Audit, contact),
    }  # fmt: skip
    for model in (VisitAppointment, Sharing, Remark):
        found |= {*db.session.scalars(select(model.audit_id).where(model.contact_id == contact.id))}
    return found


def _ids(model, contact: Contact) -> set[int]:
    """The rows of the company that she works for, and of what was merged into it."""
    return _partners(model.id, model.company_id, contact)


def _partners(row_id, company_id, contact: Contact) -> set[int]:
    """The rows that name her company, or what was merged into it, in a column."""
    if contact.company_id is None:
        return set()
    firms = family(contact.district_id, [contact.company_id])
    return {*db.session.scalars(select(row_id).where(company_id.in_(firms)))}


def _proofs(subjects: dict[Any, set[int]]):
    """The notes on what proves these. The files are evidence, and stay."""
    return or_(*(
        and_(Evidence.subject_kind == model.__tablename__, Evidence.subject_id.in_(ids))
        for model, ids in subjects.items()
    ))  # fmt: skip


def _veil(model, condition, columns: tuple[str, ...], names: Sequence[str]) -> int:
    """Take `names` out of texts; how many rows changed. What somebody has open is not written over."""
    count = 0
    has_version = "version" in inspect(model).columns
    for row in db.session.scalars(select(model).where(condition)):
        changed = {n: v for n in columns if (v := wiping.veiled(getattr(row, n), names)) != getattr(row, n)}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed and has_version:
            row.version += 1
        count += bool(changed)
    db.session.flush()
    return count


def _letters(audits: set[int], touched_meetings: set[int], corrections: set[int]) -> set[int]:
    """Letters about these, which may have told others of her."""
    parts: tuple[tuple[str, Any], ...] = (
        (Audit.__tablename__, audits), (Meeting.__tablename__, touched_meetings),
        (CompanyCorrection.__tablename__, corrections),
        *((model.__tablename__, select(model.id).where(model.audit_id.in_(audits)))
          for model in (VisitAppointment, Sharing, Remark)),
    )  # fmt: skip
    found: set[int] = set()
    for kind, ids in parts:
        wanted = ids if not isinstance(ids, set | list) else list(ids)
        about = Delivery.subject_kind == kind, Delivery.subject_id.in_(wanted)
        found |= {*db.session.scalars(select(Delivery.letter_id).where(*about).distinct())}
    return found


# Why somebody is held, and since when nothing happened.


def reasons(ids) -> dict[str, list]:
    """{code of `privacy.texts.REASONS`: queries of those of `ids` (or of a select) that it speaks for}."""
    moment = now()
    kept = months_later(moment, -AUDIT_MONTHS).date()
    recent = months_later(moment, -IDLE_MONTHS)
    going_on = or_(
        Meeting.state.in_((MeetingState.ASKED, MeetingState.ARRANGED)), Meeting.held_on > recent.date()
    )
    sides = (Meeting.contact_id, Meeting.laboratory_contact_id)
    return {
        "audit": [
            select(PersonMet.contact_id).join(Audit, Audit.id == PersonMet.audit_id)
            .where(PersonMet.contact_id.in_(ids), or_(Audit.visited_on.is_(None), Audit.visited_on > kept)),
            select(VisitAppointment.contact_id)
            .where(VisitAppointment.contact_id.in_(ids), VisitAppointment.ends_at > recent),
            select(Sharing.contact_id).join(Audit, Audit.id == Sharing.audit_id).where(
                Sharing.contact_id.in_(ids), Sharing.revoked_at.is_(None),
                or_(Audit.visited_on.is_(None), Audit.visited_on > kept),
            ),
        ],
        "research": [
            select(Laboratory.contact_id)
            .where(Laboratory.contact_id.in_(ids), Laboratory.retired_at.is_(None)),
            *(select(side).where(side.in_(ids), going_on) for side in sides),
        ],
        "company_page": [
            select(CompanyLink.contact_id).where(
                CompanyLink.contact_id.in_(ids), CompanyLink.revoked_at.is_(None),
                CompanyLink.expires_at > moment,
            ),
        ],
    }  # fmt: skip


def nobody_speaks(district_id: int) -> list:
    """The conditions of contacts for whom none of these reasons speaks."""
    other = aliased(Contact)
    mine = select(other.id).where(other.district_id == district_id)
    return [Contact.id.not_in(query) for queries in reasons(mine).values() for query in queries]


# What is over its time.


def due(district_id: int, moment: datetime, *, limit: int | None = None) -> list[Audit]:
    """Audits visited more than AUDIT_MONTHS ago that still name people, also in what devices sent, or hold
    photos; the oldest first."""
    last = months_later(moment, -AUDIT_MONTHS).date()
    holds = [select(1).where(model.audit_id == Audit.id).exists() for model in (PersonMet, Photo)]
    named = or_(VisitSheet.signed_by != "", VisitSheet.facts["people"].as_string() != "[]")
    holds.append(select(1).where(VisitSheet.audit_id == Audit.id, named).exists())
    query = select(Audit).where(Audit.district_id == district_id, Audit.visited_on <= last, or_(*holds))
    query = query.order_by(Audit.visited_on, Audit.id)
    return list(db.session.scalars(query.limit(limit) if limit else query))


def purge_some(district_id: int, moment: datetime) -> Counter:
    """Take people and photos out of the next audits whose time is over; empty counts when none is left."""
    audits = due(district_id, moment, limit=BATCH)
    ids = [audit.id for audit in audits]
    counts = Counter(met=rows_changed(delete(PersonMet).where(PersonMet.audit_id.in_(ids))))
    for photo in db.session.scalars(select(Photo).where(Photo.audit_id.in_(ids))).all():
        photos.remove(photo)
        counts["photos"] += 1
    for sheet in db.session.scalars(select(VisitSheet).where(VisitSheet.audit_id.in_(ids))).all():
        sheet.facts, sheet.signed_by = {**sheet.facts, "people": []}, ""
    db.session.flush()
    return counts


# What is held about one person.


def held(contact: Contact) -> dict[str, list[dict]]:
    """{section: [{name: value}]} for the dossier: what she is part of, in plain values."""
    return {
        "audits": [
            {"company": audit.company.name, "on": audit.visited_on, "name": row.name, "role": row.role}
            for row, audit in db.session.execute(
                select(PersonMet, Audit).join(Audit, Audit.id == PersonMet.audit_id)
                .where(PersonMet.contact_id == contact.id).order_by(PersonMet.id)
            )
        ],
        "appointments": [
            {"company": row.audit.company.name, "at": row.starts_at, "text": row.message, "answer": row.reply}
            for row in _of(VisitAppointment, contact)
        ],
        "reports_shared": [
            {"company": row.audit.company.name, "at": row.shared_at, "ended_at": row.revoked_at}
            for row in _of(Sharing, contact)
        ],
        "remarks": [{"at": row.at, "text": row.text} for row in _of(Remark, contact)],
        "meetings": [
            {"company": row.company.name, "asked_at": row.asked_at, "at": row.starts_at, "on": row.held_on,
             "text": row.wish if row.asked_by is None and row.contact_id == contact.id else ""}
            for row in db.session.scalars(select(Meeting).where(
                or_(Meeting.contact_id == contact.id, Meeting.laboratory_contact_id == contact.id)
            ).order_by(Meeting.id))
        ],
        "laboratories": [{"name": row.name} for row in _of(Laboratory, contact)],
        "company_pages": [
            {"company": row.company.name, "mailed_at": row.mailed_at, "until": row.expires_at,
             "ended_at": row.revoked_at}
            for row in _of(CompanyLink, contact)
        ],
        "corrections": [
            {"company": row.company.name, "asked_at": row.asked_at, "details": row.facts, "text": row.words}
            for row in _of(CompanyCorrection, contact)
        ],
        "call_alerts": [{"at": row.at} for row in _of(CallAlert, contact)],
    }  # fmt: skip


def _of(model, contact: Contact) -> list:
    return list(db.session.scalars(select(model).where(model.contact_id == contact.id).order_by(model.id)))
