"""Reading laboratories, meetings and agreements. Every query names its district."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import joinedload

from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import like
from dissemination.people.models import Company, Contact, OrganisationType
from dissemination.research.models import Agreement, Laboratory, Meeting, MeetingState

EXPIRES_WITHIN = timedelta(days=60)
MOST = 500  # research bodies and laboratories to choose from


def bodies(district_id: int) -> list[Company]:
    """The research bodies of the registry by name (at most 500)."""
    query = select(Company).where(
        Company.district_id == district_id, Company.type == OrganisationType.RESEARCH,
        Company.merged_into_id.is_(None),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Company.name_folded, Company.id).limit(MOST)))


# Laboratories.


def laboratory(district_id: int, laboratory_id: int) -> Laboratory | None:
    """The district's laboratory with that id."""
    query = select(Laboratory).where(Laboratory.district_id == district_id, Laboratory.id == laboratory_id)
    return db.session.scalar(query.options(joinedload(Laboratory.organisation)))


def _public():
    return Laboratory.published_at.is_not(None), Laboratory.retired_at.is_(None)


def public_laboratory(district_id: int, laboratory_id: int) -> Laboratory | None:
    """The laboratory with that id, if the public sees it."""
    found = laboratory(district_id, laboratory_id)
    shown = found is not None and found.published_at is not None and found.retired_at is None
    return found if shown else None


def laboratories(
    district_id: int, *, search: str = "", sector: str = "", public: bool, after: str | None = None
) -> Page:
    """One page of laboratories by name; `search` looks into names of theirs and of their research bodies.

    `public` leaves those out that the public does not see. `sector` is a sector's code.
    """
    query = select(Laboratory).join(Laboratory.organisation).where(Laboratory.district_id == district_id)
    if public:
        query = query.where(*_public())
    if search.strip():
        pattern = like(search)
        query = query.where(
            or_(
                Laboratory.name_folded.like(pattern, escape="\\"),
                Company.name_folded.like(pattern, escape="\\"),
                Laboratory.words.like(pattern, escape="\\"),
            )
        )
    if sector:
        query = query.where(cast(Laboratory.sectors, String).contains(f'"{sector}"', autoescape=True))
    query = query.options(joinedload(Laboratory.organisation))
    return page(query, columns=(Laboratory.name_folded, Laboratory.id), after=after)


def offered(district_id: int, *, chosen: int | None = None) -> list[Laboratory]:
    """The laboratories that companies can be brought together with, by name (at most 500).

    `chosen` names one that is offered in any case.
    """
    query = select(Laboratory).where(
        Laboratory.district_id == district_id,
        or_(Laboratory.retired_at.is_(None), Laboratory.id == (chosen or 0)),
    )
    query = query.options(joinedload(Laboratory.organisation))
    return list(db.session.scalars(query.order_by(Laboratory.name_folded, Laboratory.id).limit(MOST)))


# Meetings.


def meeting(district_id: int, meeting_id: int) -> Meeting | None:
    """The district's meeting with that id."""
    return db.session.scalar(
        select(Meeting).where(Meeting.district_id == district_id, Meeting.id == meeting_id)
    )


def meetings(district_id: int, *, state: MeetingState | None = None, after: str | None = None) -> Page:
    """One page of meetings, newest first."""
    query = select(Meeting).where(Meeting.district_id == district_id)
    if state is not None:
        query = query.where(Meeting.state == state)
    query = query.options(
        joinedload(Meeting.company), joinedload(Meeting.laboratory).joinedload(Laboratory.organisation)
    )
    return page(query, columns=(Meeting.id,), after=after, descending=True)


def count_asked(district_id: int) -> int:
    """How many meetings wait to be arranged."""
    query = select(func.count()).where(
        Meeting.district_id == district_id, Meeting.state == MeetingState.ASKED
    )
    return db.session.scalar(query) or 0


def meetings_from(district_id: int, kind: str, ids) -> dict[int, list[Meeting]]:
    """The meetings wished for by subjects of a higher floor (`kind` is their table's name), by subject."""
    query = select(Meeting).where(
        Meeting.district_id == district_id, Meeting.origin_kind == kind, Meeting.origin_id.in_(list(ids))
    )
    query = query.options(joinedload(Meeting.laboratory).joinedload(Laboratory.organisation)).order_by(
        Meeting.id
    )
    found: dict[int, list[Meeting]] = {}
    for row in db.session.scalars(query):
        found.setdefault(row.origin_id or 0, []).append(row)
    return found


# Agreements.


@dataclass(frozen=True)
class Standing:
    """How an agreement stands on a day: `state` is draft, running, expiring, over or ended."""

    state: str
    days_left: int | None = None


def standing(agreement: Agreement, on: date) -> Standing:
    """How it stands on a day in the district's zone; expiring: within the last 60 days."""
    if agreement.ended_at is not None:
        return Standing("ended")
    if agreement.signed_on is None:
        return Standing("draft")
    if agreement.ends_on is None:
        return Standing("running")
    left = (agreement.ends_on - on).days
    if left < 0:
        return Standing("over")
    return Standing("expiring" if left <= EXPIRES_WITHIN.days else "running", left)


def agreement(district_id: int, agreement_id: int) -> Agreement | None:
    """The district's agreement with that id."""
    return db.session.scalar(
        select(Agreement).where(Agreement.district_id == district_id, Agreement.id == agreement_id)
    )


def agreements(district_id: int, *, after: str | None = None) -> Page:
    """One page of agreements, newest first."""
    query = select(Agreement).where(Agreement.district_id == district_id)
    query = query.options(joinedload(Agreement.company), joinedload(Agreement.partner))
    return page(query, columns=(Agreement.id,), after=after, descending=True)


def expiring(district_id: int, on: date) -> list[Agreement]:
    """Signed agreements whose last day is within 60 days of `on`, the nearest first."""
    query = select(Agreement).where(
        Agreement.district_id == district_id, Agreement.signed_on.is_not(None),
        Agreement.ended_at.is_(None), Agreement.ends_on.between(on, on + EXPIRES_WITHIN),
    )  # fmt: skip
    query = query.options(joinedload(Agreement.company), joinedload(Agreement.partner))
    return list(db.session.scalars(query.order_by(Agreement.ends_on, Agreement.id).limit(50)))


# Of companies, contacts: what higher floors show.


def of_companies(district_id: int, ids) -> tuple[list[Meeting], list[Agreement]]:
    """The meetings and agreements of a company under all its ids (its own, and of merged duplicates)."""
    wanted = list(ids)
    meetings_of = select(Meeting).where(Meeting.district_id == district_id, Meeting.company_id.in_(wanted))
    agreements_of = select(Agreement).where(
        Agreement.district_id == district_id,
        or_(Agreement.company_id.in_(wanted), Agreement.partner_id.in_(wanted)),
    )
    return (
        list(
            db.session.scalars(
                meetings_of.options(
                    joinedload(Meeting.laboratory).joinedload(Laboratory.organisation)
                ).order_by(Meeting.id)
            )
        ),
        list(db.session.scalars(agreements_of.order_by(Agreement.id))),
    )


def contacts_of(company: Company) -> list[Contact]:
    """The people of a company who can be written to, by name (at most 200)."""
    query = select(Contact).where(Contact.company_id == company.id, Contact.erased_at.is_(None))
    return list(db.session.scalars(query.order_by(Contact.name_folded, Contact.id).limit(200)))
