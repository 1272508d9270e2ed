"""The indicators that a workshop will feed, where they stand, and which data they are split by."""

from dataclasses import dataclass
from datetime import date

from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.plan import periods, queries
from dissemination.plan.contract import Contract, Fed
from dissemination.plan.figures import Figure, figures
from dissemination.plan.models import ActivityLine
from dissemination.plan.texts import attribute_name, period_name, shown
from dissemination.workshops.models import Workshop


@dataclass(frozen=True)
class Prospect:
    """An indicator with its figure of the running half-year and the names of what it is split by."""

    fed: Fed
    figure: Figure
    splits: list[str]

    @property
    def standing(self) -> str:
        """ "37,1 % / 40 %", or the figure alone where there is no target."""
        unit = self.figure.unit
        target = self.figure.target
        actual = shown(self.figure.actual, unit)
        return actual if target is None else f"{actual} / {shown(target, unit)}"


@dataclass(frozen=True)
class Outlook:
    """What a line promises on a day. `period` is the running half-year, in words."""

    line: ActivityLine | None
    period: str
    prospects: list[Prospect]


def of(workshop: Workshop) -> Outlook:
    """The outlook of a workshop as it is planned now."""
    return on(workshop.district, workshop.counted_on, workshop.activity_line_id, mode=workshop.mode.value)


def on(district: District, day: date, line_id: int | None, *, mode: str | None = None) -> Outlook:
    """The outlook of a line on a day; of a line that is not the district's: nothing."""
    line = queries.line(district.id, line_id) if line_id else None
    if line is None:
        return Outlook(None, "", [])
    fed = Contract(district.id).fed_by(day, line.id, attributes={"mode": mode} if mode else {})
    if not fed:
        return Outlook(line, "", [])
    plan = fed[0].indicator.plan
    running = min(max(today(district.zone), plan.starts_on), plan.ends_on)
    period = periods.read(periods.half_year_of(running), plan)
    found = figures([one.indicator for one in fed], [period])
    return Outlook(
        line, period_name(period.code),
        [
            Prospect(one, found[one.indicator.code, period.code], [attribute_name(n) for n in one.splits])
            for one in fed
        ],
    )  # fmt: skip
