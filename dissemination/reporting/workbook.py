"""The report as a workbook: a sheet for each indicator with the ids of its rows. Values, never formulas."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.kernel.clock import local
from dissemination.kernel.languages import short_date
from dissemination.plan.texts import attribute_name, period_name, unit_name
from dissemination.reporting.frozen import FrozenFigure, FrozenRow, Report, decimal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_000  # what a sheet holds, with room for what stands above


def render(report: Report, language: str) -> bytes:
    """The XLSX of `report` with headings in `language`; the same bytes whenever it is made."""
    from xlsxwriter import Workbook  # 13 MiB that few requests need

    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with force_locale(language), Workbook(out, options) as book:
        moment = report.at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": report.name, "created": moment})
        looks = {
            "bold": book.add_format({"bold": True}), "day": book.add_format({"num_format": "dd/mm/yyyy"}),
            "whole": book.add_format({"num_format": "#,##0"}),
            "part": book.add_format({"num_format": "#,##0.0#"}),
        }  # fmt: skip
        for name, lines, widths in _sheets(report, language):
            sheet = book.add_worksheet(name)
            _write(sheet, lines, looks)
            for column, width in enumerate(widths):
                sheet.set_column(column, column, width)
    return out.getvalue()


def _write(sheet, lines, looks) -> None:
    for number, (is_head, cells) in enumerate(lines):
        for place, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if isinstance(cell, date):
                sheet.write_datetime(number, place, cell, looks["day"])
            elif isinstance(cell, Decimal):
                look = "whole" if cell == cell.to_integral_value() else "part"
                sheet.write_number(number, place, cell, looks[look])
            elif isinstance(cell, int):  # ids and years: no thousands
                sheet.write_number(number, place, cell)
            else:
                sheet.write_string(number, place, str(cell), looks["bold"] if is_head else None)


def _sheets(report: Report, language: str) -> Iterator[tuple[str, list[tuple[bool, list]], list[int]]]:
    """(name, lines, widths of columns) of each sheet; a line is (is it a heading, its cells)."""
    content, figures = report.frozen.content, report.frozen.figures
    yield _("Summary"), _summary(report, language), [12, 52, 14, *[14] * 8]
    for figure in figures:
        yield figure.code, _figure(figure, content, language), [20, 12, 14, 12, 52, 34, 14, 8, 14, *[14] * 6]
    yield _("Evidence"), _evidence(report), [8, 12, 40, 18, 10, 20, 30, 12, 68, 24]
    yield _("Adjustments"), _adjustments(content, language), [18, 12, 10, 40, 14, 14, 60]


def _name(thing: dict, language: str, what: str = "name") -> str:
    return thing.get(f"{what}_{language}") or thing.get(f"{what}_it") or ""


def _summary(report: Report, language: str) -> list[tuple[bool, list]]:
    content, signature = report.frozen.content, report.signature
    lines: list[tuple[bool, list]] = [
        (True, [_name(content["district"], language)]),
        (False, [period_name(content["period"]["code"]), content["plan"]["title"]]),
        (False, [_("Signed off") if signature else _("Draft: not signed off"),
                 _moment(signature.at, content) if signature else "",
                 signature.by if signature else ""]),
        (False, [_("Head of the log"), report.frozen.head.printed]),
        (False, []),
        (True, [_("Code"), _("Indicator"), _("Unit"), _("Baseline"), _("Year"), _("Target"), _("Actual"),
                _("Numerator"), _("Denominator"), _("So far in the plan"), _("Target of the plan"),
                _("Counted"), _("Not counted")]),
    ]  # fmt: skip
    for f in report.frozen.figures:
        name = f.name_it if language == "it" else f.name_en
        lines.append((False, [
            f.code, name, unit_name(f.unit), f.baseline, f.baseline_year, f.target, f.actual, f.numerator,
            f.denominator, f.cumulative, f.plan_target, f.counted, f.not_counted,
        ]))  # fmt: skip
    return lines


def _figure(f: FrozenFigure, content: dict, language: str) -> list[tuple[bool, list]]:
    name = f.name_it if language == "it" else f.name_en
    lines: list[tuple[bool, list]] = [
        (True, [f.code, name]),
        (False, [_("Unit"), unit_name(f.unit)]), (False, [_("Target"), f.target]),
        (False, [_("Actual"), f.actual]), (False, [_("Numerator"), f.numerator]),
        (False, [_("Denominator"), f.denominator]), (False, []),
    ]  # fmt: skip
    for split in f.splits:
        lines.append(
            (True, [attribute_name(split["attribute"]), _("Actual"), _("Numerator"), _("Denominator")])
        )
        lines += [
            (False, [_name(c, language), *(decimal(c[k]) for k in ("actual", "numerator", "denominator"))])
            for c in split["classes"]
        ]
        lines.append((False, []))
    attributes = [split["attribute"] for split in f.splits]
    names = {(s["attribute"], c["value"]): _name(c, language) for s in f.splits for c in s["classes"]}
    lines.append((True, [
        _("Row"), _("Row id"), _("Counted"), _("Date"), _("Title"), _("Company"), _("Tax id"), _("Line"),
        _("Amount"), _("Part"), _("Reason"), *(attribute_name(a) for a in attributes),
    ]))  # fmt: skip
    place = ("it", "en").index(language)
    for row in f.rows[:MOST_ROWS]:
        why = content["reasons"][row.reason][place] if row.reason else ""
        lines.append((False, _row(row, why, attributes, names)))
    return lines


def _row(row: FrozenRow, why: str, attributes: list[str], names: dict[tuple[str, str], str]) -> list:
    return [
        _table(row.table), row.id, _("no") if row.reason else _("yes"), row.on, row.title, row.company,
        row.tax_id, row.line, row.amount, row.part, why,
        *(names.get((a, row.classes.get(a, "")), "") for a in attributes),
    ]  # fmt: skip


def _day(text: str) -> str:
    return short_date(date.fromisoformat(text))


def _table(name: str) -> str:
    """Where a row stands, in words."""
    named = {
        "activities": _("log of activities"), "memberships": _("membership"),
        "budget_lines": _("budget line"),
    }  # fmt: skip
    return named.get(name, name)


def _moment(moment: datetime, content: dict) -> str:
    there = local(moment, ZoneInfo(content["district"]["zone"]))
    return f"{short_date(there.date())} {there:%H:%M}"


def _evidence(report: Report) -> list[tuple[bool, list]]:
    lines: list[tuple[bool, list]] = [
        (True, [_("Line"), _("Date"), _("Activity"), _("Kind"), _("Id"), _("Evidence"), _("File"), _("Bytes"),
                "SHA-256", _("Counted in")]),
    ]  # fmt: skip
    lines += [
        (False, [f.line, f.on, f.title, f.kind, f.subject_id, f.code, f.name or f.note, f.size, f.sha256,
                 ", ".join(f.indicators)])
        for f in report.frozen.files
    ]  # fmt: skip
    return lines


def _adjustments(content: dict, language: str) -> list[tuple[bool, list]]:
    place = ("it", "en").index(language)
    lines: list[tuple[bool, list]] = [
        (True, [_("Period"), _("Sign-off no."), _("Code"), _("Indicator"), _("As reported"),
                _("As known today"), _("Why")]),
    ]  # fmt: skip
    replaced = content.get("replaces") or {"changes": []}
    for e in [*replaced["changes"], *content["earlier"]]:
        why = "; ".join((f"{_day(c['on'])}: " if c["on"] else "") + c["said"][place] for c in e["changes"])
        lines.append((False, [
            period_name(e["period"]), e["number"], e["code"], _name(e, language), decimal(e["reported"]),
            decimal(e["known"]), why,
        ]))  # fmt: skip
    return lines
