"""The tables of the page, put together from what the database added up."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from dissemination.plan.periods import half_year_of
from dissemination.registrations.models import Attends
from dissemination.statistics import queries
from dissemination.statistics.queries import Asked, Held, Line, Reach


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
    rows = queries.by_workshop_sector_and_place(asked)
    pairs = queries.company_pairs(asked)

    def added(of_row: Callable, of_pair: Callable) -> dict:
        return _with_companies(_added(rows, of_row), pairs, of_pair)

    total = added(lambda _w, _s, _a: "", lambda _w, _s, _a: "")
    sectors = added(lambda _w, s, _a: s, lambda _w, s, _a: s)
    places = added(lambda _w, _s, a: a, lambda _w, _s, a: a)
    months = added(lambda w, _s, _a: f"{days[w]:%Y-%m}", lambda w, _s, _a: f"{days[w]:%Y-%m}")
    halves = added(lambda w, _s, _a: half_year_of(days[w]), lambda w, _s, _a: half_year_of(days[w]))
    origin = queries.by_origin(asked)
    return Tables(
        asked=asked, held=held, open=queries.still_open(asked), reach=queries.reach(asked),
        total=total.get("", Line("")),
        workshops=added(lambda w, _s, _a: w, lambda w, _s, _a: w),
        sectors=_in_order_of_sectors(asked, sectors), months=_by_key(months), halves=_by_key(halves),
        places=_by_key(places), seen=queries.seen_there(asked), provinces=_origin(origin, 0),
        types=_origin(origin, 1), sizes=_origin(origin, 2),
    )  # fmt: skip


def _added(rows, of: Callable) -> dict:
    lines: dict = {}
    for workshop, sector, attends, booked, came, cancelled in rows:
        key = of(workshop, sector, attends)
        lines.setdefault(key, Line(key)).add(booked=booked, came=came, cancelled=cancelled)
    return lines


def _with_companies(lines: dict, pairs, of: Callable) -> dict:
    """Distinct companies of each class: they do not add up, so each class is counted by itself (R1)."""
    found = defaultdict(set)
    for company, *keys in pairs:
        found[of(*keys)].add(company)
    for key, companies in found.items():
        lines[key].companies = len(companies)
    return lines


def _origin(rows, which: int) -> list[Line]:
    lines: dict = {}
    for row in rows:
        key = row[which]
        lines.setdefault(key, Line(key)).add(booked=row[3], came=row[4], cancelled=row[5])
    return sorted(lines.values(), key=lambda line: (-line.booked, str(line.key)))


def _by_key(lines: dict) -> list[Line]:
    return [lines[key] for key in sorted(lines, key=str)]


def _in_order_of_sectors(asked: Asked, lines: dict) -> list[Line]:
    order = {sector.id: n for n, sector in enumerate(asked.district.sectors)}
    return sorted(lines.values(), key=lambda line: order.get(line.key, len(order)))
