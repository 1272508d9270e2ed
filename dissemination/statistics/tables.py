"""The tables of the page, put together from what the database added up."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from dissemination.plan.periods import half_year_of
from dissemination.registrations.models import Attends
from dissemination.statistics import queries
from dissemination.statistics.queries import Asked, Firm, Held, Line

NOTHING = {"province": "", "type": None, "size": None}


@dataclass(frozen=True)
class Reach:
    """Companies that came, those of them that had come before the period, and members."""

    companies: int
    returning: int
    members: int
    members_booked: int
    members_came: int

    @property
    def new(self) -> int:
        """Companies that had never come before the period."""
        return self.companies - self.returning


@dataclass(frozen=True)
class Tables:
    """Everything that the page, the CSV and the workbook show; lines in the order in which they are read."""

    asked: Asked
    held: list[Held]
    open: int  # workshops that are over and not closed yet, left out or not
    total: Line
    reach: Reach
    workshops: dict[int, Line]
    sectors: list[Line]  # key: sector id or None
    months: list[Line]  # key: "2027-03"
    halves: list[Line]  # key: "2027-H1"
    places: list[Line]  # key: Attends, as booked
    seen: dict[Attends, int]  # as seen
    provinces: list[Line]  # key: "PO" or ""
    types: list[Line]  # key: OrganisationType or None
    sizes: list[Line]  # key: SizeClass or None

    @property
    def uncounted(self) -> int:
        """How many were closed without counting."""
        return sum(w.closed and not w.counts for w in self.held)


def tables(asked: Asked) -> Tables:
    """Ask and add up, in eight queries."""
    held = queries.held(asked)
    days = {w.id: w.day for w in held}
    firms, rows = queries.firms(asked.district.id), queries.by_workshop_sector_and_place(asked)
    came = _companies_that_came(asked, firms)
    by_company = queries.by_company(asked)

    def added(of: Callable) -> dict:
        return _added(rows, came, of)

    sectors = added(lambda _w, s, _a: s)
    months, halves = (
        added(lambda w, _s, _a: f"{days[w]:%Y-%m}"),
        added(lambda w, _s, _a: half_year_of(days[w])),
    )
    online = sum(row[6] for row in rows)
    total = added(lambda _w, _s, _a: "").get("", Line(""))
    return Tables(
        asked=asked, held=held, open=queries.still_open(asked), total=total,
        reach=_reach(asked, firms, by_company), workshops=added(lambda w, _s, _a: w),
        sectors=_in_order_of_sectors(asked, sectors), months=_by_key(months), halves=_by_key(halves),
        places=_by_key(added(lambda _w, _s, a: a)),
        seen={Attends.ROOM: total.came - online, Attends.ONLINE: online},
        provinces=_origin(by_company, firms, "province"), types=_origin(by_company, firms, "type"),
        sizes=_origin(by_company, firms, "size"),
    )  # fmt: skip


def _companies_that_came(asked: Asked, firms: dict[int, Firm]) -> dict[tuple, set[int]]:
    """(workshop id, sector id, attends) -> the companies that came there."""
    roots = {key: firm.root for key, firm in firms.items()}
    found: dict[tuple, set] = defaultdict(set)
    for company, *key in queries.presences(asked):
        found[tuple(key)].add(roots[company])
    return {(w, s, Attends(a)): companies - {None} for (w, s, a), companies in found.items()}


def _added(rows, companies: dict[tuple, set[int]], of: Callable) -> dict:
    """The lines by class. Distinct companies do not add up: each class is a set of its own (R1)."""
    lines: dict = {}
    for workshop, sector, attends, booked, came, cancelled, _online in rows:
        key = of(workshop, sector, attends)
        lines.setdefault(key, Line(key)).add(booked=booked, came=came, cancelled=cancelled)
    found: dict = defaultdict(set)
    for keys, those in companies.items():
        found[of(*keys)] |= those
    for key, those in found.items():
        lines[key].companies = len(those)
    return lines


def _reach(asked: Asked, firms: dict[int, Firm], by_company) -> Reach:
    def roots(ids) -> set[int | None]:
        return {firms[key].root for key in ids if key is not None} - {None}

    came = roots(key for key, _booked, there, _cancelled in by_company if there)
    booked = roots(key for key, seats, _came, _cancelled in by_company if seats)
    members = queries.members(asked)
    return Reach(
        companies=len(came), returning=len(came & roots(queries.came_before(asked))), members=len(members),
        members_booked=len(members & booked), members_came=len(members & came),
    )  # fmt: skip


def _origin(by_company, firms: dict[int, Firm], attribute: str) -> list[Line]:
    """The lines by province, type or size; people without a company have none."""
    lines: dict = {}
    for company, booked, came, cancelled in by_company:
        key = getattr(firms[company], attribute) if company is not None else NOTHING[attribute]
        lines.setdefault(key, Line(key)).add(booked=booked, came=came, cancelled=cancelled)
    return sorted(lines.values(), key=lambda line: (-line.booked, str(line.key)))


def _by_key(lines: dict) -> list[Line]:
    return [lines[key] for key in sorted(lines, key=str)]


def _in_order_of_sectors(asked: Asked, lines: dict) -> list[Line]:
    order = {sector.id: n for n, sector in enumerate(asked.district.sectors)}
    return sorted(lines.values(), key=lambda line: order.get(line.key, len(order)))
