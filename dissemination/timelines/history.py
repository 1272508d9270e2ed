"""The timeline of a company: all sources put in order, a page at a time; and what it has received so far."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, contains_eager, selectinload

from dissemination.applications.models import Application, Stage, application_partners
from dissemination.attendance import times
from dissemination.attendance.models import Presence
from dissemination.audits.models import Audit, State
from dissemination.kernel.database import db
from dissemination.registrations.models import Registration
from dissemination.research.models import Agreement, Meeting, MeetingState
from dissemination.timelines import deeds, sources, told
from dissemination.timelines.scope import Cut, Entry, Reader, Scope, key_of, token_of
from dissemination.timelines.sources import Source
from dissemination.timelines.texts import Kind
from dissemination.workshops.models import Workshop

SOURCES: dict[Kind, tuple[Source, ...]] = {
    Kind.REGISTRATION: (sources.registrations,),
    Kind.PRESENCE: (sources.presences,),
    Kind.INVITATION: (sources.invitations,),
    Kind.NEWSLETTER: (sources.newsletters, sources.subscriptions),
    Kind.AUDIT: (deeds.audits,),
    Kind.AREA: (deeds.areas,),
    Kind.APPLICATION: (deeds.applications,),
    Kind.MEETING: (deeds.meetings,),
    Kind.AGREEMENT: (deeds.agreements,),
    Kind.MEMBERSHIP: (sources.memberships,),
    Kind.PAST: (sources.past,),
}
WHOLE = 500  # lines that are read at once for an export
VISITED = (State.VISITED, State.DRAFTED, State.SHARED, State.CLOSED)


@dataclass(frozen=True)
class Lines:
    """Lines of one page, the newest first, and the token of the next page (None: the last)."""

    rows: list[Entry]
    next: str | None


def page(scope: Scope, *, kind: Kind | None = None, after: str | None = None, size: int = 50) -> Lines:
    """One page of the timeline, of one kind of line or of all."""
    cut = Cut(scope.district.zone, key_of(after), size)
    asked = [kind] if kind is not None else list(SOURCES)
    found = [entry for k in asked for source in SOURCES[k] for entry in source(scope, cut)]
    found.sort(key=lambda entry: entry.key, reverse=True)
    rows = found[:size]
    return Lines(rows, token_of(rows[-1].key) if len(found) > size else None)


def everything(scope: Scope) -> Iterator[Entry]:
    """The whole timeline, the newest first, for exports."""
    after: str | None = None
    while True:
        lines = page(scope, after=after, size=WHOLE)
        yield from lines.rows
        if lines.next is None:
            return
        after = lines.next


@dataclass(frozen=True)
class Received:
    """What the district has done for a company so far."""

    workshops: int  # different ones at which somebody of it was
    presences: int  # persons, each at each workshop
    minutes: int  # of programme, persons times the planned length of what they came to
    audits: int  # visited
    areas: int
    applications: int  # submitted, on its own or in a grouping
    requested: Decimal
    granted: Decimal  # of those it leads
    paid: Decimal
    meetings: int
    agreements: int


def received(scope: Scope) -> Received:
    """The sums. Amounts in EUR; an application of a grouping gives its amounts to the company that leads."""
    came = _presences(scope)
    lengths = {w.id: sum((times.length(d.sessions) for d in times.days(w)), timedelta()) for w in set(came)}
    audits, areas = _audits(scope)
    areas = len(told.areas(scope)) if scope.reader is Reader.COMPANY else areas
    applications, requested, granted, paid = _applications(scope)
    held = Meeting.district_id == scope.district.id, Meeting.state == MeetingState.HELD
    signed = Agreement.district_id == scope.district.id, Agreement.signed_on.is_not(None)
    mine = or_(Agreement.company_id.in_(scope.ids), Agreement.partner_id.in_(scope.ids))
    return Received(
        workshops=len(lengths), presences=len(came),
        minutes=sum(times.minutes(lengths[w.id]) for w in came), audits=audits, areas=areas,
        applications=applications, requested=requested, granted=granted, paid=paid,
        meetings=_count(Meeting, *held, Meeting.company_id.in_(scope.ids)),
        agreements=_count(Agreement, *signed, mine),
    )  # fmt: skip


def _count(model, *where) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def _presences(scope: Scope) -> list[Workshop]:
    query = (
        select(Presence).join(Presence.registration).join(Registration.workshop)
        .where(Registration.company_id.in_(scope.ids))
        .options(
            contains_eager(Presence.registration).contains_eager(Registration.workshop)
            .selectinload(Workshop.sessions)
        )
    )  # fmt: skip
    return [p.registration.workshop for p in db.session.scalars(query).unique()]


def _audits(scope: Scope) -> tuple[int, int]:
    query = select(Audit).where(
        Audit.district_id == scope.district.id, Audit.company_id.in_(scope.ids), Audit.state.in_(VISITED)
    )
    rows = list(db.session.scalars(query.options(selectinload(Audit.areas))))
    return len(rows), sum(len(audit.areas) for audit in rows)


def _applications(scope: Scope) -> tuple[int, Decimal, Decimal, Decimal]:
    partner = aliased(application_partners)
    takes_part = select(partner.c.application_id).where(partner.c.company_id.in_(scope.ids))
    query = select(Application).where(
        Application.district_id == scope.district.id,
        Application.stage.not_in((Stage.IDEA, Stage.PREPARATION)),
        or_(Application.company_id.in_(scope.ids), Application.id.in_(takes_part)),
    )
    rows = list(db.session.scalars(query))
    leads = [row for row in rows if row.company_id in scope.ids]
    lives = [row for row in leads if row.stage not in (Stage.WAIVED, Stage.REVOKED)]
    nothing = Decimal(0)
    return (
        len(rows), sum((row.requested or nothing for row in leads), nothing),
        sum((row.granted or nothing for row in lives), nothing),
        sum((row.paid or nothing for row in leads), nothing),
    )  # fmt: skip
