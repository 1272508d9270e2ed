"""The Region's view: all districts side by side. For observers, who only read.

The figures are those that the worker keeps ready (`overview.py`): twenty districts ask no more than two.
"""

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.districts import queries as districts
from dissemination.districts.models import District
from dissemination.kernel.rights import requires_region
from dissemination.plan import exports
from dissemination.plan import figures as counting
from dissemination.plan.periods import FORM, PLAN, UnknownPeriod
from dissemination.plan.signed import Reported
from dissemination.plan.texts import period_name
from dissemination.reporting import overview, queries
from dissemination.reporting.models import SignOff
from dissemination.reporting.overview import Name, Seen

region = Blueprint("region", __name__, url_prefix="/region")


@dataclass(frozen=True)
class Column:
    """One district: what is known of it (None: no plan, or not counted yet), what it reported for the
    period that is shown, and its last sign-off."""

    district: District
    seen: Seen | None
    reported: Reported | None
    signed: SignOff | None


@region.get("/")
@requires_region
def index():
    """Districts and indicators in one table, for a half-year or the whole of each plan."""
    code, columns, names, offered = _asked()
    counted = [c.seen.at for c in columns if c.seen]
    return render_template(
        "reporting/region.html", code=code, columns=columns, names=names, codes=offered,
        counted=min(counted, default=None),
    )  # fmt: skip


@region.get("/figures.csv")
@requires_region
def figures_csv():
    """The same as CSV: a line per district and indicator."""
    code, columns, names, _offered = _asked()
    lines = [
        [c.district.slug, code, f.code, names[f.code].name_it, names[f.code].name_en, f.unit,
         counting.plain(f.target), counting.plain(f.actual), f.counted, f.not_counted, *_signed(c),
         counting.plain(c.reported.actual(f.code)) if c.reported else ""]
        for c in columns if c.seen for f in c.seen.figures.values()
    ]  # fmt: skip
    head = ("district", "period", "code", "name_it", "name_en", "unit", "target", "actual", "counted",
            "not_counted", "last_signed_period", "signed_at", "as_reported")  # fmt: skip
    return exports.csv_response(f"region-{code}.csv", head, lines)


def _signed(column: Column) -> list[str]:
    s = column.signed
    return [s.period.code, s.at.isoformat(timespec="seconds")] if s else ["", ""]


def _asked() -> tuple[str, list[Column], dict[str, Name], list[tuple[str, str]]]:
    """The period asked for, a column per district, how each indicator is called, and the periods to choose.
    Raises UnknownPeriod."""
    own = [d for d in districts.every() if current_user.observes(d)]
    ids = [d.id for d in own]
    code, known = request.args.get("period") or PLAN, overview.codes(ids)
    if code != PLAN and not FORM.fullmatch(code):
        raise UnknownPeriod
    signed, seen = queries.last_sign_offs(ids), overview.seen(ids, code)
    reported = queries.reported_many([s.plan_id for s in seen.values()], code)
    names: dict[str, Name] = {}
    columns = []
    for d in own:
        found = seen.get(d.id)
        names = (found.names if found else {}) | names  # the first district that has an indicator names it
        columns.append(Column(d, found, reported.get(found.plan_id) if found else None, signed.get(d.id)))
    offered = [(PLAN, _("The whole plan")), *((c, period_name(c)) for c in known)]
    return code, columns, dict(sorted(names.items(), key=lambda pair: _place(pair[0], columns))), offered


def _place(code: str, columns: list[Column]) -> int:
    """Where an indicator stands: as in the first district that has it."""
    for column in columns:
        if column.seen is not None and code in column.seen.names:
            return list(column.seen.names).index(code)
    return 0
