"""Signed figures as open data (CSV, RFC 4180, UTF-8): numbers only, public indicators only, no persons.

A class with few companies would say what one of them did: it is left blank and marked (statistical
disclosure control), and with it the next smallest, from which and the total it could be worked out.
"""

import csv
import io

from dissemination.reporting.frozen import FrozenFigure, Report

FEW = 3  # companies, or rows where no company stands behind them
HEAD = (
    "district", "period", "starts_on", "ends_on", "code", "name_it", "name_en", "unit", "split", "class",
    "class_it", "class_en", "baseline", "target", "actual", "numerator", "denominator", "so_far",
    "plan_target", "few", "signed_at", "log_head",
)  # fmt: skip


def render(report: Report) -> bytes:
    """The CSV of `report`; the same bytes whenever it is made."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for figure in report.frozen.figures:
        if figure.public:
            writer.writerows([_guarded(cell) for cell in line] for line in _lines(report, figure))
    return out.getvalue().encode("utf-8-sig")


def _guarded(cell):
    """A text that a spreadsheet would take for a formula gets an apostrophe."""
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _lines(report: Report, f: FrozenFigure):
    content, signature = report.frozen.content, report.signature
    period = content["period"]
    start = [
        content["district"]["slug"], period["code"], period["start"], period["end"], f.code, f.name_it,
        f.name_en, f.unit,
    ]  # fmt: skip
    end = [
        signature.at.isoformat(timespec="seconds") if signature else "",
        report.frozen.head.printed if signature else "",
    ]
    yield [
        *start, "", "", "", "", f.baseline, f.target, f.actual, f.numerator, f.denominator, f.cumulative,
        f.plan_target, "", *end,
    ]  # fmt: skip
    for split in f.splits:
        hidden = hidden_classes(split)
        for c in split["classes"]:
            few = c["value"] in hidden
            numbers = [None] * 3 if few else [c["actual"], c["numerator"], c["denominator"]]
            yield [
                *start, split["attribute"], c["value"], c["name_it"], c["name_en"], None, None, *numbers,
                None, None, "yes" if few else "", *end,
            ]  # fmt: skip


def hidden_classes(split: dict) -> set[str]:
    """The classes of a split whose numbers are left out."""
    sizes = sorted((c["companies"] or c["rows"], c["value"]) for c in split["classes"])
    few = {value for n, value in sizes if 0 < n < FEW and _is_of_companies(split, value)}
    if len(few) == 1 and not split["overlaps"]:
        few |= {next((value for n, value in sizes if n and value not in few), "")}
    return few


def _is_of_companies(split: dict, value: str) -> bool:
    """Whether companies stand behind a class: a workshop or a newsletter gives nobody away."""
    return any(c["companies"] for c in split["classes"] if c["value"] == value)
