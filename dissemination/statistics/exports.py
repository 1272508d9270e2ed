"""The statistics as one CSV and as a workbook with a sheet for each table. No cell becomes a formula."""

from collections.abc import Iterator
from io import BytesIO

from flask_babel import gettext as _

from dissemination.kernel.languages import language, translated
from dissemination.plan.texts import period_name
from dissemination.statistics.queries import Line
from dissemination.statistics.tables import Tables
from dissemination.statistics.texts import PLACES, origin_name, sector_name

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def head() -> list[str]:
    """The columns of every table."""
    return [
        _("Booked"), _("Came"), _("No-show"), _("Rate"), _("Cancelled"), _("Companies"),
    ]  # fmt: skip


def sheets(tables: Tables) -> Iterator[tuple[str, list[str], list[list]]]:
    """Every table as (name, columns, rows)."""
    district, columns = tables.asked.district, head()
    period = period_name(tables.asked.period.code)
    yield _("Total"), [_("Period"), *columns], [[period, *_cells(tables.total)]]
    yield _("Workshops"), [_("Date"), _("Workshop"), _("Sector"), _("State"), *columns], _workshops(tables)
    yield _("Sectors"), [_("Sector"), *columns], [
        [sector_name(district, line.key), *_cells(line)] for line in tables.sectors
    ]  # fmt: skip
    yield _("Months"), [_("Period"), *columns], [[line.key, *_cells(line)] for line in tables.months]
    yield _("Half-years"), [_("Period"), *columns], [
        [period_name(line.key), *_cells(line)] for line in tables.halves
    ]  # fmt: skip
    yield _("Room and online"), [_("Booked for"), *columns, _("Seen there")], [
        [str(PLACES[line.key]), *_cells(line), tables.seen.get(line.key, 0)] for line in tables.places
    ]  # fmt: skip
    for name, attribute, lines in (
        (_("Provinces"), "province", tables.provinces),
        (_("Kinds of organisation"), "organisation_type", tables.types),
        (_("Sizes of company"), "size", tables.sizes),
    ):
        rows = [[origin_name(attribute, line.key), *_cells(line)[:5]] for line in lines]
        yield name, [name, *columns[:5]], rows
    yield _("Companies"), [_("What"), _("Count")], _reach(tables)


def _cells(line: Line) -> list:
    share = None if line.share is None else round(line.share, 1)
    return [line.booked, line.came, line.no_show, share, line.cancelled, line.companies]


def _workshops(tables: Tables) -> list[list]:
    return [
        [
            w.day, translated(w, "title", language()), sector_name(tables.asked.district, w.sector_id),
            _("closed") if w.counts else _("closed without counting") if w.closed else _("not closed yet"),
            *_cells(tables.workshops.get(w.id, Line(w.id))),
        ]
        for w in tables.held
    ]  # fmt: skip


def _reach(tables: Tables) -> list[list]:
    reach = tables.reach
    return [
        [_("Companies that came"), reach.companies],
        [_("Companies that came for the first time ever"), reach.new],
        [_("Companies that had come before"), reach.returning],
        [_("Member companies"), reach.members],
        [_("Members that booked"), reach.members_booked],
        [_("Members that came"), reach.members_came],
    ]


def long_rows(tables: Tables) -> Iterator[list]:
    """All tables below each other: table, then the cells of a row, for one CSV."""
    for name, columns, rows in sheets(tables):
        yield [name, *columns]
        yield from ([name, *row] for row in rows)


def workbook(tables: Tables) -> bytes:
    """All tables as XLSX; texts stay texts, dates are dates."""
    from xlsxwriter import Workbook  # 13 MiB that few requests need

    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, options) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
        for name, columns, rows in sheets(tables):
            sheet = book.add_worksheet(name[:31])
            sheet.write_row(0, 0, columns, bold)
            sheet.freeze_panes(1, 0)
            for number, row in enumerate(rows, 1):
                for place, cell in enumerate(row):
                    if hasattr(cell, "isoformat"):
                        sheet.write_datetime(number, place, cell, day)
                    else:
                        sheet.write(number, place, cell)
            sheet.set_column(0, 0, 28)
            sheet.set_column(1, len(columns), 16)
    return out.getvalue()
