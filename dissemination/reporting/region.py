"""The Region's view: all districts side by side. For observers, who only read."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.districts import queries as districts
from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.kernel.rights import requires_region
from dissemination.plan import exports, periods, rules
from dissemination.plan import figures as counting
from dissemination.plan import queries as plans
from dissemination.plan.figures import Figure
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import PLAN, Period
from dissemination.plan.rules import Measure
from dissemination.plan.texts import period_name
from dissemination.reporting import given, queries
from dissemination.reporting.given import Forecast
from dissemination.reporting.models import SignOff

region = Blueprint("region", __name__, url_prefix="/region")


@dataclass(frozen=True)
class Column:
    """One district: its plan, figures by code, forecasts, evidence (complete, seen) and last sign-off."""

    district: District
    plan: Plan | None
    figures: dict[str, Figure]
    forecasts: dict[str, Forecast]
    complete: tuple[int, int]
    signed: SignOff | None
    late: list[Period]


@region.get("/")
@requires_region
def index():
    """Districts and indicators in one table, for a half-year or the whole of each plan."""
    code, columns, names = _asked()
    return render_template(
        "reporting/region.html", code=code, columns=columns, names=names, codes=_codes(columns)
    )  # fmt: skip


@region.get("/figures.csv")
@requires_region
def figures_csv():
    """The same as CSV: a line per district and indicator."""
    code, columns, names = _asked()
    lines = [
        [c.district.slug, code, f.code, names[f.code].name_it, names[f.code].name_en, f.unit,
         counting.plain(f.target), counting.plain(f.actual), f.counted, f.not_counted, *_signed(c)]
        for c in columns for f in c.figures.values()
    ]  # fmt: skip
    head = ("district", "period", "code", "name_it", "name_en", "unit", "target", "actual", "counted",
            "not_counted", "last_signed_period", "signed_at")  # fmt: skip
    return exports.csv_response(f"region-{code}.csv", head, lines)


def _signed(column: Column) -> list[str]:
    s = column.signed
    return [s.period.code, s.at.isoformat(timespec="seconds")] if s else ["", ""]


def _asked() -> tuple[str, list[Column], dict[str, Indicator]]:
    """The period asked for, a column per district, and how each indicator is called."""
    code = request.args.get("period") or PLAN
    seen = [d for d in districts.every() if current_user.observes(d)]
    signed = queries.last_sign_offs([d.id for d in seen])
    names: dict[str, Indicator] = {}
    return code, [_column(d, code, signed.get(d.id), names) for d in seen], names


def _column(district: District, code: str, signed: SignOff | None, names: dict[str, Indicator]) -> Column:
    plan = plans.current_plan(district.id)
    if plan is None:
        return Column(district, None, {}, {}, (0, 0), signed, [])
    period = periods.read(code, plan)
    indicators = counting.readable(plan.indicators)
    for indicator in indicators:
        names.setdefault(indicator.code, indicator)
    found = counting.figures(indicators, [period])
    return Column(
        district=district, plan=plan, figures={c: f for (c, _p), f in found.items()},
        forecasts=given.forecasts(plan, period), signed=signed,
        complete=_complete(plan, period, indicators, found), late=queries.to_report(district),
    )  # fmt: skip


def _complete(plan: Plan, period: Period, indicators, found) -> tuple[int, int]:
    """From the plan's own indicator of completeness where it has one: that is kept up already."""
    for i in indicators:
        if rules.read(i.rule).measure is Measure.EVIDENCE:
            f = found[i.code, period.code]
            return int(f.numerator or 0), int(f.denominator or 0)
    return given.completeness(plan, period)


def _codes(columns: list[Column]) -> list[tuple[str, str]]:
    """The periods to choose from: the whole plan, and the half-years that some plan has had."""
    found: dict[str, date] = {}
    for column in columns:
        if column.plan is not None:
            day = today(column.district.zone)
            found |= {h.code: h.start for h in periods.half_years(column.plan) if h.start <= day}
    ordered = sorted(found, key=lambda code: found[code], reverse=True)
    return [(PLAN, _("The whole plan")), *((code, period_name(code)) for code in ordered)]
