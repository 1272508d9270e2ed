"""Who is reached, and who is not: the questions that evaluators ask where targets look easy (R8).

A district can meet its targets with the same few companies. Here stands how much of the activity goes to
the ten most served ones, which sectors and provinces were never reached, how many micro-enterprises.
"""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from dissemination.districts.models import Sector
from dissemination.kernel.database import db
from dissemination.people.models import Company, SizeClass
from dissemination.plan.counting import Scope
from dissemination.plan.figures import percent, scope_of
from dissemination.plan.models import Plan
from dissemination.plan.periods import Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.tallies import source, tally
from dissemination.plan.texts import PROVINCES

SERVICES = (
    "attendance.present", "audit.visited", "meeting.held", "agreement.signed", "application.submitted",
)  # fmt: skip
TOP = 10
HALF = 50  # percent of the activity on ten companies from which on the page warns


@dataclass(frozen=True)
class Served:
    """A company and how many services it had."""

    id: int
    name: str
    services: int


@dataclass(frozen=True)
class Panel:
    """Whom the district's services reached in a period. Shares are percentages."""

    services: int
    companies: int
    top: list[Served]
    top_services: int
    top_share: Decimal | None
    never_sectors: list[Sector]
    never_provinces: list[str]
    by_province: dict[str, Decimal | None]
    by_size: dict[str, tuple[int, int]]  # size -> (companies, services); "" where no size is known
    micro_share: Decimal | None  # of the companies whose size is known
    new: int
    members: int
    members_reached: int

    @property
    def concentrated(self) -> bool:
        """Whether more than half of the activity went to ten companies of more than twenty."""
        return self.companies > 2 * TOP and self.top_share is not None and self.top_share > HALF


def panel(plan: Plan, period: Period) -> Panel:
    """Whom services reached: rows that count for a company with a partita IVA, merged ones as one."""
    scope = scope_of(plan, period)
    rule = Rule(Measure.COMPANIES, verbs=SERVICES)
    rows = source(rule, scope)
    query = select(rows.c.root_id, func.count()).where(rows.c.reason.is_(None)).group_by(rows.c.root_id)
    served: dict[int, int] = {row[0]: row[1] for row in db.session.execute(query)}
    firms = {c.id: c for c in _companies(plan.district_id) if c.id in served}
    order = sorted(served.items(), key=lambda pair: (-pair[1], firms[pair[0]].name, pair[0]))[:TOP]
    total, top = sum(served.values()), sum(n for _id, n in order)
    reached = {c.sector_id for c in firms.values()}
    provinces = _by_province(firms)
    sizes = _by_size(firms, served)
    sized = sum(n for size, (n, _services) in sizes.items() if size)
    return Panel(
        services=total, companies=len(served), top=[Served(i, firms[i].name, n) for i, n in order],
        top_services=top, top_share=percent(Decimal(top), Decimal(total)),
        never_sectors=[s for s in _sectors(plan.district_id) if s.id not in reached],
        never_provinces=[code for code in PROVINCES if code not in provinces], by_province=provinces,
        by_size=sizes, micro_share=percent(Decimal(sizes[SizeClass.MICRO.value][0]), Decimal(sized)),
        new=_value(Rule(Measure.NEW_COMPANIES, verbs=SERVICES), scope),
        members=_value(Rule(Measure.MEMBERS), scope),
        members_reached=_value(Rule(Measure.COMPANIES, verbs=SERVICES, members_only=True), scope),
    )  # fmt: skip


def _companies(district_id: int):
    query = select(Company.id, Company.name, Company.sector_id, Company.size, Company.province)
    return db.session.execute(query.where(Company.district_id == district_id))


def _sectors(district_id: int) -> list[Sector]:
    query = select(Sector).where(Sector.district_id == district_id)
    return sorted(db.session.scalars(query), key=lambda s: (s.position, s.id))


def _by_province(firms: dict) -> dict[str, Decimal | None]:
    found: dict[str, Decimal | None] = {}
    for company in firms.values():
        found[company.province] = (found.get(company.province) or Decimal(0)) + 1
    return found


def _by_size(firms: dict, served: dict[int, int]) -> dict[str, tuple[int, int]]:
    found = {size.value: (0, 0) for size in SizeClass} | {"": (0, 0)}
    for company in firms.values():
        size = company.size.value if company.size else ""
        companies, services = found[size]
        found[size] = (companies + 1, services + served[company.id])
    return found


def _value(rule: Rule, scope: Scope) -> int:
    return int(tally(rule, scope).value or 0)
