"""Segments: saved choices of contacts. Found, counted, listed; saved and put away."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import case, exists, func, select

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.people.actions import check_version
from dissemination.people.models import Contact
from dissemination.subscriptions import queries
from dissemination.subscriptions.conditions import Scope, holds
from dissemination.subscriptions.models import Segment, Subscription


class SegmentExists(Refusal):
    """The district has a segment of that name."""

    field = "name"
    message = _l("There is already a segment with this name.")


@dataclass(frozen=True)
class Size:
    """How many persons a segment selects, and how many of them a newsletter can reach."""

    persons: int
    subscribed: int


def all_of(district_id: int) -> list[Segment]:
    """The district's segments by name, without those put away."""
    query = select(Segment).where(Segment.district_id == district_id, Segment.closed_at.is_(None))
    return list(db.session.scalars(query.order_by(func.lower(Segment.name), Segment.id)))


def one(district_id: int, segment_id: int) -> Segment:
    """The district's segment with that id. Raises NotFound (404)."""
    return db.one_or_404(select(Segment).where(Segment.district_id == district_id, Segment.id == segment_id))


def _subscribed():
    return exists().where(Subscription.contact_id == Contact.id, queries.is_live())


def _selected(district: District, conditions: list[dict]):
    return (
        Contact.district_id == district.id, Contact.erased_at.is_(None),
        holds(Scope.of(district), conditions),
    )  # fmt: skip


def size(district: District, conditions: list[dict]) -> Size:
    """How many the conditions select: one statement."""
    reachable = func.sum(case((_subscribed(), 1), else_=0))
    row = db.session.execute(select(func.count(), reachable).where(*_selected(district, conditions))).one()
    return Size(row[0], int(row[1] or 0))


def people(
    district: District, conditions: list[dict], *, subscribed: bool = False, after: str | None = None
) -> Page:
    """One page of the contacts that the conditions select, by name."""
    query = select(Contact).where(*_selected(district, conditions))
    if subscribed:
        query = query.where(_subscribed())
    return page(query, columns=(Contact.name_folded, Contact.id), after=after)


def save(
    district: District, segment: Segment | None, *, name: str, conditions: list[dict], version: int,
    by: Account,
) -> Segment:  # fmt: skip
    """Add a segment, or change one. Raises SegmentExists, ChangedMeanwhile."""
    others = [s for s in all_of(district.id) if segment is None or s.id != segment.id]
    if any(s.name.casefold() == name.casefold() for s in others):
        raise SegmentExists
    if segment is None:
        segment = Segment(
            district_id=district.id, name=name, conditions=conditions, created_at=now(), created_by=by.id
        )
        db.session.add(segment)
    else:
        check_version(segment, version)
        segment.name, segment.conditions = name, conditions
    db.session.flush()
    return segment


def put_away(segment: Segment) -> None:
    """Take a segment out of the lists. Issues that name it keep their audience."""
    segment.closed_at = segment.closed_at or now()
    db.session.flush()


def bring_back(segment: Segment) -> None:
    """Offer a segment again that was put away."""
    segment.closed_at = None
    db.session.flush()
