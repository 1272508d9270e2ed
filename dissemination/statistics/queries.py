"""Who booked and who came, added up in the database: a handful of queries, however many registrations.

Counted are workshops that are over: published, not cancelled, ended. A workshop belongs to its last date in
the district's zone, a person to the sector of her company or else of the workshop, a company to the one it
was merged into: the same rules by which the plan counts closed workshops (DV-02 to DV-04).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import String, and_, case, func, select, type_coerce
from sqlalchemy.orm import aliased

from dissemination.attendance.models import Presence
from dissemination.districts.models import District
from dissemination.kernel.clock import local, now, today
from dissemination.kernel.database import db
from dissemination.people.models import Company, OrganisationType, SizeClass
from dissemination.plan import counting
from dissemination.plan.counting import Scope
from dissemination.plan.periods import Period
from dissemination.registrations.models import Attends, Registration, Standing
from dissemination.workshops.models import LONGEST, Cancellation, Closing, Workshop, WorkshopSession

EVER = date(1970, 1, 2)


class Which(StrEnum):
    """Which workshops are looked at. Before the closing nobody knows who stayed away."""

    CLOSED = "closed"
    COUNTED = "counted"  # closed, and they count in the plan
    OVER = "over"  # also those that are not closed yet


@dataclass(frozen=True)
class Asked:
    """What is asked for."""

    district: District
    period: Period
    sector_id: int | None = None
    which: Which = Which.CLOSED

    @property
    def scope(self) -> Scope:
        """The same stretch for the plan's queries."""
        zone = self.district.zone
        return Scope(self.district.id, (), self.period.start, self.period.end, today(zone))

    def before(self) -> "Asked":
        """All that was before the period, of all sectors: what decides who is new."""
        end = self.period.start - timedelta(days=1)
        return replace(self, period=replace(self.period, start=EVER, end=end), sector_id=None)


@dataclass(frozen=True)
class Held:
    """A workshop that is over."""

    id: int
    slug: str
    title_it: str
    title_en: str
    sector_id: int | None
    day: date
    closed: bool
    counts: bool


@dataclass
class Line:
    """How many booked, came and gave their place back in one class; how many companies came."""

    key: Any
    booked: int = 0
    came: int = 0
    cancelled: int = 0
    companies: int = 0

    @property
    def no_show(self) -> int:
        """Who held a seat and did not come."""
        return self.booked - self.came

    @property
    def share(self) -> float | None:
        """Came, in percent of booked; None when nobody booked."""
        return 100 * self.came / self.booked if self.booked else None

    def add(self, *, booked: int = 0, came: int = 0, cancelled: int = 0) -> None:
        """Count more."""
        self.booked += booked
        self.came += came
        self.cancelled += cancelled


def _moment(day: date, zone) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _held(asked: Asked):
    """The workshops asked for: (id, sector_id, last), `last` being the start of the last session."""
    zone = asked.district.zone
    since, until = _moment(asked.period.start, zone), _moment(asked.period.end + timedelta(days=1), zone)
    # A session that runs over midnight belongs to the date on which it began, as `Workshop.days` says.
    last = func.max(WorkshopSession.starts_at)
    query = (
        select(Workshop.id, Workshop.sector_id, last.label("last"))
        .join(WorkshopSession, WorkshopSession.workshop_id == Workshop.id)
        .outerjoin(Cancellation, Cancellation.workshop_id == Workshop.id)
        .where(
            Workshop.district_id == asked.district.id, Workshop.published_at.is_not(None),
            Workshop.starts_at >= since - LONGEST, Workshop.starts_at < until, Workshop.ends_at <= now(),
            Cancellation.workshop_id.is_(None),
        )
        .group_by(Workshop.id, Workshop.sector_id)
        .having(and_(last >= since, last < until))
    )  # fmt: skip
    if asked.which is not Which.OVER:
        query = query.join(Closing, Closing.workshop_id == Workshop.id)
    if asked.which is Which.COUNTED:
        query = query.where(Closing.not_counted == "")
    return query.subquery("held")


def still_open(asked: Asked) -> int:
    """How many workshops of the period are over and not closed yet."""
    base = _held(replace(asked, which=Which.OVER))
    query = select(func.count()).select_from(base).outerjoin(Closing, Closing.workshop_id == base.c.id)
    return db.session.scalar(query.where(Closing.workshop_id.is_(None))) or 0


def held(asked: Asked) -> list[Held]:
    """The workshops asked for, the latest first."""
    base = _held(asked)
    rows = db.session.execute(
        select(Workshop.id, Workshop.slug, Workshop.title_it, Workshop.title_en, Workshop.sector_id,
               base.c.last, Closing.workshop_id, Closing.not_counted)
        .join(base, base.c.id == Workshop.id)
        .outerjoin(Closing, Closing.workshop_id == Workshop.id)
        .order_by(base.c.last.desc(), Workshop.id.desc())
    )  # fmt: skip
    zone = asked.district.zone
    return [
        Held(key, slug, it, en, sector, local(last, zone).date(), closing is not None, not_counted == "")
        for key, slug, it, en, sector, last, closing, not_counted in rows
    ]


def _sector(held):
    """The sector by which a person is counted, as the log keeps it."""
    return func.coalesce(Company.sector_id, held.c.sector_id)


def _registrations(asked: Asked, *columns):
    """A query over the registrations asked for; `columns` are functions of the held workshops."""
    base, named = _held(asked), aliased(Company)
    query = (
        select(*[column(base) for column in columns])
        .select_from(base)
        .join(Registration, Registration.workshop_id == base.c.id)
        .outerjoin(named, named.id == Registration.company_id)
        .outerjoin(Company, Company.id == func.coalesce(named.merged_into_id, named.id))
        .outerjoin(Presence, Presence.registration_id == Registration.id)
    )
    if asked.sector_id is not None:
        query = query.where(_sector(base) == asked.sector_id)
    return query


_seated = Registration.standing == Standing.CONFIRMED
_gone = Registration.standing == Standing.CANCELLED
_there = case((and_(_seated, Presence.registration_id.is_not(None)), 1))
_online = case((and_(_seated, Presence.via == Attends.ONLINE), 1))
_NUMBERS = (
    lambda _held: func.count(case((_seated, 1))),
    lambda _held: func.count(_there),
    lambda _held: func.count(case((_gone, 1))),
)


def by_workshop_sector_and_place(asked: Asked):
    """(workshop id, sector id, attends, booked, came, cancelled, seen online) for each combination."""
    keys = (lambda held: held.c.id, _sector, lambda _held: Registration.attends)
    query = _registrations(asked, *keys, *_NUMBERS, lambda _held: func.count(_online))
    return db.session.execute(query.group_by(*list(query.selected_columns)[:3])).all()


def by_company(asked: Asked):
    """(company id or None, booked, came, cancelled) for each company of the registry as it stands there."""
    query = _registrations(asked, lambda _held: Registration.company_id, *_NUMBERS)
    return db.session.execute(query.group_by(Registration.company_id)).all()


def presences(asked: Asked):
    """(company id, workshop id, sector id, attends as text) of each person who came for a company."""
    keys = (
        lambda _held: Registration.company_id,
        lambda held: held.c.id,
        _sector,
        lambda _held: type_coerce(Registration.attends, String),  # 100,000 rows: plain values
    )
    query = _registrations(asked, *keys).where(
        _seated, Presence.registration_id.is_not(None), Registration.company_id.is_not(None)
    )
    return db.session.execute(query)


def came_before(asked: Asked) -> set[int]:
    """The companies (as they stand in the registry) that had come before the period began."""
    query = _registrations(asked.before(), lambda _held: Registration.company_id)
    query = query.where(_seated, Presence.registration_id.is_not(None)).distinct()
    return set(db.session.scalars(query))


@dataclass(frozen=True)
class Firm:
    """What statistics know of a company: where it is from, and as which company it counts (None: as none)."""

    root: int | None
    province: str
    type: OrganisationType
    size: SizeClass | None


def firms(district_id: int) -> dict[int, Firm]:
    """Every company of the district by id. Merged ones count, and are from where, the one that they became
    is (R1)."""
    tree, root = counting.roots(district_id), aliased(Company)
    counts = and_(*_counts_as_company(root))
    rows = db.session.execute(
        select(tree.c.id, case((counts, root.id)), root.province, root.type, root.size).join(
            root, root.id == tree.c.root_id
        )
    )
    return {key: Firm(*facts) for key, *facts in rows}


def members(asked: Asked) -> set[int]:
    """The member companies at the period's end."""
    return set(db.session.scalars(Companies(asked).members()))


def _counts_as_company(root):
    """What the plan counts as a company: of that type and with a tax id (R1)."""
    return root.type == OrganisationType.COMPANY, root.tax_id.is_not(None), root.tax_id != ""


def _of_companies(query, tree):
    """`query` over registrations narrowed to companies, merged ones as the one they became."""
    root = aliased(Company)
    joined = query.join(tree, tree.c.id == Registration.company_id).join(root, root.id == tree.c.root_id)
    return joined.where(*_counts_as_company(root))


class Companies:
    """Companies as queries of their ids. One statement may use several: they share the tree of mergers."""

    def __init__(self, asked: Asked):
        self.asked, self.tree = asked, counting.roots(asked.district.id)

    def booked(self, asked: Asked | None = None):
        """Those for which somebody held a seat."""
        query = _registrations(asked or self.asked, lambda _held: self.tree.c.root_id)
        return _of_companies(query, self.tree).where(_seated)

    def came(self):
        """Those for which somebody came."""
        return self.booked().where(Presence.registration_id.is_not(None))

    def came_before(self):
        """Those for which somebody had come before the period began, to a workshop of whatever sector."""
        return self.booked(self.asked.before()).where(Presence.registration_id.is_not(None))

    def members(self):
        """The members at the period's end, as AD-01 counts them; of the sector when one is asked for."""
        query = select(Company.id).where(
            Company.id.in_(counting.member_ids(self.asked.scope, self.tree)), *_counts_as_company(Company)
        )
        sector_id = self.asked.sector_id
        return query if sector_id is None else query.where(Company.sector_id == sector_id)


def companies(asked: Asked, which: str):
    """The companies of a list: a select of Company. `which` is a key of `texts.LISTS`."""
    of = Companies(asked)
    terms = {
        "came": lambda: [Company.id.in_(of.came())],
        "new": lambda: [Company.id.in_(of.came()), Company.id.not_in(of.came_before())],
        "returning": lambda: [Company.id.in_(of.came()), Company.id.in_(of.came_before())],
        "members": lambda: [Company.id.in_(of.members()), Company.id.in_(of.came())],
        "missed": lambda: [Company.id.in_(of.members()), Company.id.not_in(of.came())],
    }[which]
    return select(Company).where(Company.district_id == asked.district.id, *terms())


def visits(asked: Asked, ids: list[int]) -> dict[int, tuple[int, int]]:
    """Company id -> (persons booked, persons who came) in the period, of the companies in `ids`."""
    tree = counting.roots(asked.district.id)
    query = _registrations(asked, lambda _held: tree.c.root_id, _NUMBERS[0], _NUMBERS[1])
    query = query.join(tree, tree.c.id == Registration.company_id).where(tree.c.root_id.in_(ids))
    rows = db.session.execute(query.group_by(tree.c.root_id))
    return {key: (booked, came) for key, booked, came in rows}
