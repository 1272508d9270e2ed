"""The list of registrations at the desk: counts by state, pages by key, places in line, likely duplicates."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import and_, func, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Contact
from dissemination.registrations import rooms
from dissemination.registrations.models import LIVING, Attends, Registration, SeatPool, Standing
from dissemination.registrations.queries import matching
from dissemination.workshops.models import Cancellation, Workshop


class Tab(StrEnum):
    """What the list is narrowed by."""

    ALL = "all"  # who has a seat, waits or asks
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    OFFERED = "offered"
    WAITING = "waiting"
    UNPROVEN = "unproven"  # of the above: who has not confirmed her address
    GONE = "gone"  # cancelled or refused


@dataclass(frozen=True)
class Counts:
    """How many stand where, of one way or of all."""

    numbers: dict[tuple[Attends, Tab], int]

    def of(self, tab: Tab, attends: Attends | None = None) -> int:
        """How many are in `tab`."""
        return sum(n for (way, one), n in self.numbers.items() if one is tab and attends in (None, way))


def counts(workshop: Workshop) -> Counts:
    """How many stand where, with one query."""
    unproven = Registration.proof_due.is_not(None)
    rows = db.session.execute(
        select(Registration.attends, Registration.standing, unproven, func.count())
        .where(Registration.workshop_id == workshop.id)
        .group_by(Registration.attends, Registration.standing, unproven)
    )
    found: dict[tuple[Attends, Tab], int] = {}
    for way, standing, is_unproven, n in rows:
        tabs = [Tab.ALL, Tab(standing.value)] if standing in LIVING else [Tab.GONE]
        if is_unproven and standing in LIVING:
            tabs.append(Tab.UNPROVEN)
        for tab in tabs:
            found[way, tab] = found.get((way, tab), 0) + n
    return Counts(found)


def listed(
    workshop: Workshop, tab: Tab, *, attends: Attends | None = None, text: str = "", after: str | None = None
) -> Page:
    """One page in order of arrival: of the waiting list, the next one first."""
    query = (
        select(Registration)
        .join(Registration.contact)
        .outerjoin(Registration.company)
        .where(Registration.workshop_id == workshop.id, _in_tab(tab))
        .options(
            joinedload(Registration.contact), joinedload(Registration.company),
            joinedload(Registration.group), selectinload(Registration.invitations),
        )
    )  # fmt: skip
    order: tuple = (Registration.number, Registration.id)
    if attends is not None:
        query = query.where(Registration.attends == attends)
    elif tab is not Tab.WAITING and rooms.is_hybrid(workshop):
        order = (Registration.created_at, Registration.id)  # numbers run apart in the room and online
    return page(matching(query, text), columns=order, after=after)


def asking(workshop: Workshop) -> int:
    """How many wait for an organiser's yes or no; nothing is asked where nobody approves."""
    if not workshop.needs_approval:
        return 0
    return db.session.scalar(
        select(func.count()).where(
            Registration.workshop_id == workshop.id, Registration.standing == Standing.REQUESTED
        )
    ) or 0  # fmt: skip


def asking_many(district: District, most: int = 10) -> list[tuple[Workshop, int]]:
    """The workshops of the district, soonest first, at which people wait for a yes or no, and how many."""
    counted = (
        select(Registration.workshop_id, func.count().label("n"))
        .where(Registration.standing == Standing.REQUESTED)
        .group_by(Registration.workshop_id)
        .subquery()
    )
    query = (
        select(Workshop, counted.c.n)
        .join(counted, counted.c.workshop_id == Workshop.id)
        .outerjoin(Workshop.cancellation)
        .where(
            Workshop.district_id == district.id, Workshop.ends_at > now(), Cancellation.workshop_id.is_(None)
        )
        .order_by(Workshop.starts_at, Workshop.id)
        .limit(most)
    )
    return [(workshop, n) for workshop, n in db.session.execute(query)]


def _in_tab(tab: Tab):
    if tab is Tab.ALL:
        return Registration.standing.in_(LIVING)
    if tab is Tab.GONE:
        return Registration.standing.not_in(LIVING)
    if tab is Tab.UNPROVEN:
        return and_(Registration.standing.in_(LIVING), Registration.proof_due.is_not(None))
    return Registration.standing == Standing(tab.value)


def places(workshop: Workshop, registrations) -> dict[int, int]:
    """Registration id -> place in the waiting list, for those of `registrations` who wait, with one query."""
    wanted = [r.id for r in registrations if r.standing is Standing.WAITING]
    if not wanted:
        return {}
    place = func.row_number().over(partition_by=Registration.attends, order_by=Registration.number)
    line = (
        select(Registration.id, place.label("place"))
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.WAITING)
        .subquery()
    )
    return dict(db.session.execute(select(line.c.id, line.c.place).where(line.c.id.in_(wanted))).all())


def perhaps_twice(workshop: Workshop) -> list[list[Registration]]:
    """Living registrations of the same name and organisation under several addresses, with two queries."""
    same = (
        select(Contact.name_folded, Registration.company_id)
        .join(Registration, Registration.contact_id == Contact.id)
        .where(Registration.workshop_id == workshop.id, Registration.standing.in_(LIVING))
        .group_by(Contact.name_folded, Registration.company_id)
        .having(func.count() > 1)
    )
    found: dict[tuple, list[Registration]] = {tuple(row): [] for row in db.session.execute(same)}
    if not found:
        return []
    names = {name for name, _company in found}
    query = (
        select(Registration)
        .join(Registration.contact)
        .where(
            Registration.workshop_id == workshop.id, Registration.standing.in_(LIVING),
            Contact.name_folded.in_(names),
        )
        .options(joinedload(Registration.contact), joinedload(Registration.company))
        .order_by(Registration.number)
    )  # fmt: skip
    for registration in db.session.scalars(query):
        key = (registration.contact.name_folded, registration.company_id)
        if key in found:
            found[key].append(registration)
    return list(found.values())


def pools(workshop: Workshop) -> list[SeatPool]:
    """The seats kept for companies, those in force first."""
    query = (
        select(SeatPool)
        .join(SeatPool.company)
        .where(SeatPool.workshop_id == workshop.id)
        .options(joinedload(SeatPool.company))
        .order_by(SeatPool.released_at.is_not(None), Company.name_folded, SeatPool.id)
    )
    return list(db.session.scalars(query))


def names_of_accounts(ids) -> dict[int, str]:
    """Account id -> name, with one query."""
    wanted = {key for key in ids if key is not None}
    rows = db.session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(wanted)))
    return {key: name or email for key, name, email in rows}
