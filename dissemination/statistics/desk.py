"""Statistics at the desk: filters in the address, figures that open their rows, files for spreadsheets."""

from decimal import Decimal

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _

from dissemination.kernel.clock import today
from dissemination.kernel.paging import page
from dissemination.kernel.rights import Role, requires
from dissemination.people.models import Company
from dissemination.plan import periods
from dissemination.plan import queries as plans
from dissemination.plan.exports import csv_response
from dissemination.plan.periods import PLAN, UnknownPeriod
from dissemination.registrations.models import Attends
from dissemination.statistics import exports, queries, texts
from dissemination.statistics.queries import Asked, Line, Which
from dissemination.statistics.tables import tables

desk = Blueprint("statistics_desk", __name__, url_prefix="/<district>/desk/statistics")
MOST = 100  # workshops on the page; the files have all


@desk.get("")
@requires(Role.VIEWER)
def index(district):
    """Booked, came and no-show in every cut, and which companies."""
    asked = _asked(district)
    found = tables(asked)
    return render_template(
        "statistics/index.html", tables=found, asked=asked, wanted=_values(asked), periods=_periods(district),
        texts=texts, none_line=Line(None), MOST=MOST, Attends=Attends, decimal=Decimal,
    )  # fmt: skip


@desk.get("/companies")
@requires(Role.VIEWER)
def companies(district):
    """The companies behind a figure: those that came, new or returning ones, members, members missed."""
    asked, which = _asked(district), request.args.get("which", "came")
    if which not in texts.LISTS:
        abort(404)
    found = page(
        queries.companies(asked, which), columns=(Company.name_folded, Company.id),
        after=request.args.get("after"),
    )  # fmt: skip
    return render_template(
        "statistics/companies.html", page=found, asked=asked, which=which, texts=texts, wanted=_values(asked),
        visits=queries.visits(asked, [c.id for c in found.rows]),
    )  # fmt: skip


@desk.get("/statistics.csv")
@requires(Role.VIEWER)
def as_csv(district):
    """All tables below each other."""
    asked = _asked(district)
    return csv_response(_name(asked, "csv"), [_("Table")], exports.long_rows(tables(asked)))


@desk.get("/statistics.xlsx")
@requires(Role.VIEWER)
def as_workbook(district):
    """A sheet for each table."""
    asked = _asked(district)
    response = Response(exports.workbook(tables(asked)), content_type=exports.XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=_name(asked, "xlsx"))
    return response


def _asked(district) -> Asked:
    """What the address asks for. Raises UnknownPeriod; an unknown sector is 404."""
    code = request.args.get("period") or str(today(district.zone).year)
    plan = plans.current_plan(district.id)
    if code == PLAN and plan is None:
        raise UnknownPeriod
    sector = request.args.get("sector") or ""
    sector_id = next((s.id for s in district.sectors if s.code == sector), None)
    if sector and sector_id is None:
        abort(404)
    which = request.args.get("workshops") or Which.CLOSED
    if which not in set(Which):
        abort(404)
    return Asked(district, periods.read(code, plan), sector_id=sector_id, which=Which(which))


def _values(asked: Asked) -> dict:
    """The filters as they stand in the address."""
    sector = next((s.code for s in asked.district.sectors if s.id == asked.sector_id), None)
    return {"period": asked.period.code, "sector": sector, "workshops": asked.which.value}


def _periods(district) -> list[str]:
    """The periods to choose from: the years and half-years of the plan so far, and the plan."""
    plan, day = plans.current_plan(district.id), today(district.zone)
    if plan is None:
        return [str(day.year), str(day.year - 1)]
    halves = [p.code for p in periods.half_years(plan) if p.start <= day]
    years = [str(y) for y in range(plan.starts_on.year, min(day.year, plan.ends_on.year) + 1)]
    return [*sorted({*halves, *years}, reverse=True), PLAN]


def _name(asked: Asked, ending: str) -> str:
    parts = [asked.district.slug, asked.period.code, _values(asked)["sector"]]
    return f"{'-'.join(p for p in parts if p)}.{ending}"
