"""Closing the books of a workshop, and taking a closing back: where the log learns that it was held."""

from datetime import datetime, timedelta
from enum import StrEnum

from dissemination.attendance import queries
from dissemination.attendance.models import Presence, Reopening
from dissemination.attendance.presence import derive, must_be_open
from dissemination.attendance.refusals import MissingEvidence, NoReason, NotClosed, NotOver, WrongTimes
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.subjects import kind_of
from dissemination.people.accounts import Account
from dissemination.people.models import Company
from dissemination.people.queries import survivors
from dissemination.plan import activity, holders
from dissemination.plan import queries as plan
from dissemination.registrations.models import Attends, Registration
from dissemination.registrations.plain import impersonal
from dissemination.workshops.actions import Did as Workshops
from dissemination.workshops.actions import attributes
from dissemination.workshops.models import Closing, Mode, Workshop
from dissemination.workshops.queries import hold

WITHOUT_COUNTING = "without_counting"
NEAR = timedelta(days=1)  # so far may the real times lie from the planned ones
MODES = {Attends.ROOM: Mode.ONSITE, Attends.ONLINE: Mode.ONLINE}


class Did(StrEnum):
    """What the activity log keeps of attendance: one row per confirmed registration."""

    PRESENT = queries.PRESENT
    ABSENT = queries.ABSENT


def close(
    workshop: Workshop,
    *,
    by: Account | None,
    started_at: datetime | None,
    ended_at: datetime | None,
    without_counting: str = "",
) -> Closing:
    """Close the books: the workshop was held from `started_at` to `ended_at` (aware, as it really was).

    Writes one `workshop.held` row, one `attendance.present` row per person present and one
    `attendance.absent` row per other confirmed person. `without_counting` is the reason why it shall
    not count; then evidence may be missing and no row counts. Twice is once: an existing closing is
    returned as it is. Raises NeverPublished, AlreadyCancelled, NotOver, WrongTimes, MissingEvidence.
    """
    hold(workshop)
    if workshop.closing is not None:
        return workshop.closing
    must_be_open(workshop)
    _check(workshop, started_at, ended_at)
    without_counting = without_counting.strip()
    if not without_counting:
        _demand_evidence(workshop, times=started_at is not None and ended_at is not None)
    workshop.closing = Closing(
        started_at=started_at, ended_at=ended_at, not_counted=without_counting, at=now(),
        by=by.id if by else None,
    )  # fmt: skip
    _write_log(workshop, by, WITHOUT_COUNTING if without_counting else None)
    db.session.flush()
    holders.changed(kind_of(workshop), [workshop.id])
    return workshop.closing


def reopen(workshop: Workshop, *, reason: str, by: Account | None) -> Reopening:
    """Take a closing back: each of its log rows gets one that reverses it; nothing is deleted there.

    Raises NotClosed, NoReason.
    """
    hold(workshop)
    closing = workshop.closing
    if closing is None:
        raise NotClosed
    if not reason.strip():
        raise NoReason
    came_late = {act.registration_id for act in queries.late(workshop)}
    for row in queries.standing_rows(workshop):
        activity.reverse(row, by=by, happened_on=today(workshop.district.zone), reason=reason)
    reopening = Reopening(
        workshop_id=workshop.id, reason=reason.strip(), by=by.id if by else None, at=now(),
        closed_by=closing.by, closed_at=closing.at, started_at=closing.started_at,
        ended_at=closing.ended_at, not_counted=closing.not_counted,
    )  # fmt: skip
    db.session.add(reopening)
    workshop.closing = None
    db.session.delete(closing)
    db.session.flush()
    derive(workshop, came_late)  # what phones sent meanwhile counts now
    return reopening


def _check(workshop, started_at, ended_at) -> None:
    if now() < workshop.ends_at:
        raise NotOver
    if started_at is None and ended_at is None:
        return
    if started_at is None or ended_at is None or ended_at <= started_at or ended_at > now():
        raise WrongTimes
    if abs(started_at - workshop.starts_at) > NEAR or abs(ended_at - workshop.ends_at) > NEAR:
        raise WrongTimes


def _demand_evidence(workshop, *, times: bool) -> None:
    have = queries.evidence_held(workshop, times=times)
    missing = plan.missing_evidence(workshop.district_id, Workshops.HELD, queries.day_of(workshop), have)
    if missing:
        raise MissingEvidence(missing)


def _write_log(workshop, by, not_counted) -> None:
    common = {
        "district_id": workshop.district_id,
        "title": workshop.title_it,
        "happened_on": queries.day_of(workshop),
        "by": by,
        "activity_line_id": workshop.activity_line_id,
    }
    facts = attributes(workshop)
    activity.record(Workshops.HELD, workshop, attributes=facts, not_counted=not_counted, **common)
    db.session.flush()
    people = queries.people(workshop)
    there = queries.presences(workshop)
    firms = survivors(r.company for r in people if r.company is not None)  # R1: merged ones are one
    came = {firms[r.company_id].id for r in people if r.company_id and r.id in there}
    returning = queries.returning_companies(workshop.district_id, came, common["happened_on"])
    activity.record_all(
        {
            "verb": Did.PRESENT if r.id in there else Did.ABSENT,
            "subject_kind": kind_of(workshop),
            "subject_id": workshop.id,
            "company_id": firm.id if firm else None,
            "contact_id": r.contact_id,
            "attributes": facts
            | _person(r, firm, facts, there.get(r.id))
            | _seen(firm, r.id in there, returning),
            "not_counted": not_counted or (None if r.id in there else "absent"),
            **common,
        }
        for r, firm in ((r, firms.get(r.company_id or 0)) for r in people)
    )


def _person(
    registration: Registration, company: Company | None, facts: dict[str, str], presence: Presence | None
) -> dict[str, str]:
    """What the log keeps of one person: nothing that names them. Her mode is where she was (first) seen."""
    known = {
        "role": _role(registration, company),
        "channel": "workshop",
        "mode": MODES[presence.via if presence else registration.attends].value,
    }
    if company is None:
        return known | {"organisation_type": "other", "in_managing_body": "no"}
    return known | {
        "sector": company.sector.code if company.sector else facts["sector"],
        "size": company.size.value if company.size else "",
        "province": company.province,
        "organisation_type": company.type.value,
        "in_managing_body": "yes" if company.in_managing_body else "no",
    }


def _role(registration: Registration, company: Company | None) -> str:
    """Her role as she wrote it, unless it names her: the log is kept for ever."""
    who = registration.contact
    names = {who.given_name, who.family_name, company.name if company else ""}
    return impersonal(registration.job_title or who.job_title, names)


def _seen(company: Company | None, there: bool, returning: set[int]) -> dict[str, str]:
    if company is None or not there:
        return {}
    return {"returning": "returning" if company.id in returning else "new"}
