"""The register of usage at the desk: months of a year, the works most used, the whole as CSV."""

import re
from datetime import date

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from dissemination.bibliography.records import main_text
from dissemination.kernel import clock
from dissemination.kernel.rights import Role, requires
from dissemination.plan.exports import csv_response
from dissemination.publications.texts import KINDS
from dissemination.usage import queries
from dissemination.usage.queries import Total

desk = Blueprint("usage_desk", __name__, url_prefix="/<district>/desk/usage")


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """How often the district's publications were seen and downloaded in a year."""
    year, this_year = _year(district)
    whole = {"since": date(year, 1, 1), "until": date(year, 12, 31)}
    months = queries.months(district.id, **whole)
    years = sorted({this_year, year, *queries.years(district.id)}, reverse=True)
    return render_template(
        "usage/index.html", year=year, years=years, months=months, KINDS=KINDS, main_text=main_text,
        total=Total(*(sum(getattr(t, name) for _m, t in months) for name in queries.FIGURES)),
        works=queries.most_used(district.id, **whole),
    )  # fmt: skip


@desk.get("/usage.csv")
@requires(Role.VIEWER)
def as_csv(district):
    """Every publication's every month of a year: the register that proves the downloads."""
    year, _this_year = _year(district)
    head = [_("Month"), _("Publication"), _("Type"), "DOI", _("Views"), _("Unique views"), _("Downloads"),
            _("Unique downloads")]  # fmt: skip
    rows = (
        [f"{r.month:%Y-%m}", main_text(r.publication, "title"), str(KINDS[r.publication.kind]),
         r.publication.doi, *(getattr(r, name) for name in queries.FIGURES)]
        for r in queries.rows_between(district.id, date(year, 1, 1), date(year, 12, 31))
    )  # fmt: skip
    return csv_response(f"{district.slug}-usage-{year}.csv", head, rows)


def _year(district) -> tuple[int, int]:
    """The year that the address asks for, and the present one."""
    now = clock.today(district.zone).year
    asked = request.args.get("year", "")
    return (int(asked) if re.fullmatch(r"[1-9]\d{3}", asked) else now), now
