"""Figures and rows as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe."""

import csv
import io
from collections.abc import Iterable

from flask import Response

from dissemination.plan.figures import Figure, plain
from dissemination.plan.models import Indicator
from dissemination.plan.rows import Row

FIGURE_HEAD = (
    "code", "name_it", "name_en", "period", "target", "actual", "unit", "numerator", "denominator", "counted",
    "not_counted",
)  # fmt: skip
ROW_HEAD = ("counted", "reason", "date", "title", "company", "line", "amount", "kind", "id")


def figure_line(indicator: Indicator, figure: Figure) -> list:
    """One figure as a CSV line under FIGURE_HEAD."""
    return [
        figure.code, indicator.name_it, indicator.name_en, figure.period, plain(figure.target),
        plain(figure.actual), figure.unit, plain(figure.numerator), plain(figure.denominator),
        figure.counted, figure.not_counted,
    ]  # fmt: skip


def row_line(row: Row, reason: str) -> list:
    """One row as a CSV line under ROW_HEAD; `reason` as people read it."""
    return [
        "no" if row.reason else "yes", reason, row.on, row.title, row.company, row.line, plain(row.amount),
        row.kind, row.subject_id,
    ]  # fmt: skip


def csv_response(name: str, head: Iterable[str], lines: Iterable[list]) -> Response:
    """A CSV download (RFC 4180, UTF-8 with a mark so that spreadsheets read the accents)."""
    return Response(
        _written(head, lines),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _written(head, lines) -> str:
    """The whole text at once: a stream would outlive the request's database session."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow(head)
    writer.writerows([_guarded(cell) for cell in line] for line in lines)
    return out.getvalue()


def _guarded(cell):
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return cell
