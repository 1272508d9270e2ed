"""Data of a workshop for spreadsheets: registrations with and without names, and their history.

Names are for organisers; without names viewers read too. Who took which file when stands in the log of
the program, without names. Everything is written whole: a stream would outlive the database session.
"""

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from secrets import SystemRandom

from flask import Blueprint, Response, render_template, request
from flask_login import current_user

from dissemination.kernel.logs import log
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import export_rows as rows
from dissemination.registrations.export_rows import Sheet, Wanted
from dissemination.registrations.models import Attends, Standing
from dissemination.registrations.texts import STANDINGS
from dissemination.workshops import queries as workshops

desk = Blueprint("exports_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/data")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 60  # characters of a column in a spreadsheet
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for a formula


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """What can be downloaded, by whom, and what is in it."""
    workshop = workshops.by_slug(district, slug)
    counts = rows.counts(workshop)
    return render_template(
        "registrations/export.html", workshop=workshop, counts=counts, total=sum(counts.values()),
        standings=STANDINGS, Attends=Attends, hybrid=workshop.mode.value == "mixed",
        may_organise=current_user.may(Role.ORGANISER, district),
    )  # fmt: skip


@desk.get("/registrations.<any(csv, xlsx):kind>")
@requires(Role.ORGANISER)
def with_names(district, slug, kind):
    """Every registration with all that the desk knows of it."""
    workshop = workshops.by_slug(district, slug)
    return _download(workshop, rows.with_names(workshop, _wanted()), kind, "registrations")


@desk.get("/without-names.<any(csv, xlsx):kind>")
@requires(Role.VIEWER)
def without_names(district, slug, kind):
    """The same without who they are; `?company=1` names the companies."""
    workshop = workshops.by_slug(district, slug)
    company = request.args.get("company") == "1"
    sheet = rows.without_names(workshop, _wanted(), company=company, rng=SystemRandom())
    return _download(workshop, sheet, kind, "without-names")


@desk.get("/history.<any(csv, xlsx):kind>")
@requires(Role.ORGANISER)
def history(district, slug, kind):
    """Who changed what of which registration, and when."""
    workshop = workshops.by_slug(district, slug)
    return _download(workshop, rows.history(workshop), kind, "history")


def _wanted() -> Wanted:
    """The filters of the address; what is not known is left out."""
    known, ways = {s.value for s in Standing}, {a.value for a in Attends}
    attends = request.args.get("attends", "")
    return Wanted(
        standings=frozenset(Standing(s) for s in request.args.getlist("standing") if s in known),
        attends=Attends(attends) if attends in ways else None,
    )


def _download(workshop, sheet: Sheet, kind: str, what: str) -> Response:
    log.info(
        "workshop_data_downloaded", workshop=workshop.id, what=what, kind=kind, rows=len(sheet.rows),
        account=current_user.id,
    )  # fmt: skip
    body = as_csv(sheet) if kind == "csv" else as_xlsx(sheet)
    response = Response(body, content_type="text/csv; charset=utf-8" if kind == "csv" else XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=f"{workshop.slug}-{what}.{kind}")
    response.headers["Cache-Control"] = "private, no-store"
    return response


# Formats.


def as_csv(sheet: Sheet) -> bytes:
    """RFC 4180 in UTF-8 with a mark, so that spreadsheets read the accents; dates as ISO 8601.

    A text that a spreadsheet would take for a formula gets an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([guarded(name) for name in sheet.head])
    writer.writerows([guarded(_plain(cell)) for cell in line] for line in sheet.rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(cell):
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes")
    return cell.isoformat() if isinstance(cell, date) else cell


def guarded(cell):
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def as_xlsx(sheet: Sheet) -> bytes:
    """A spreadsheet (Office Open XML): numbers are numbers, dates are dates, and no text is a formula."""
    from xlsxwriter import Workbook  # 13 MiB that few requests need

    out = io.BytesIO()
    book = Workbook(
        out,
        {
            "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False, "default_date_format": "dd/mm/yyyy",
        },
    )  # fmt: skip
    page = book.add_worksheet(sheet.title[:31])
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    for x, name in enumerate(sheet.head):
        page.write_string(0, x, name, bold)
    for y, line in enumerate(sheet.rows, 1):
        for x, cell in enumerate(line):
            _write(page, y, x, cell, moment)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(1, len(sheet.rows)), len(sheet.head) - 1)
    for x, width in enumerate(_widths(sheet)):
        page.set_column(x, x, width)
    book.close()
    return out.getvalue()


def _write(page, y: int, x: int, cell, moment) -> None:
    """One cell by the type of its value, never by what its text looks like."""
    if cell is None or cell == "":
        return
    if isinstance(cell, datetime):
        page.write_datetime(y, x, cell, moment)
    elif isinstance(cell, date):
        page.write_datetime(y, x, cell)
    elif isinstance(cell, int | float | Decimal):
        page.write_number(y, x, cell)
    else:
        page.write_string(y, x, str(cell))


def _widths(sheet: Sheet) -> list[int]:
    first = sheet.rows[:200]
    return [
        min(WIDEST, max(8, len(name) // 2, *(len(str(line[x] or "")) for line in first)) + 2)
        for x, name in enumerate(sheet.head)
    ] if first else [min(WIDEST, max(10, len(name) + 2)) for name in sheet.head]  # fmt: skip
