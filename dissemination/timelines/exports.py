"""Files of a timeline and of what workshops led to: JSON, CSV, XLSX, PDF. No cell becomes a formula."""

import json
from collections.abc import Iterable
from io import BytesIO

from flask import Response
from flask_babel import gettext as _

from dissemination.kernel.clock import local, now
from dissemination.kernel.languages import date_time, language, short_date, translated
from dissemination.kernel.text import slugify
from dissemination.people.texts import SIZES, TYPES
from dissemination.plan.exports import csv_response
from dissemination.timelines.deeds import euro
from dissemination.timelines.effects import Report
from dissemination.timelines.forms import values_of
from dissemination.timelines.history import Received
from dissemination.timelines.scope import Entry, Scope
from dissemination.timelines.texts import FIELDS, KINDS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def when(entry: Entry) -> str:
    """The day of a line, with the hour where it is known."""
    return short_date(entry.at) if entry.dated else date_time(entry.at)


def facts(scope: Scope) -> list[tuple[str, str]]:
    """What the registry holds of the company, in words."""
    company, held = scope.company, values_of(scope.company)
    held["size"] = str(SIZES[held["size"]]) if held["size"] else ""
    members = ", ".join(
        f"{short_date(m.since)} – {short_date(m.until) if m.until else _('today')}"
        for m in company.memberships
    )
    return [
        (str(FIELDS["name"]), company.name), (_("Partita IVA"), company.tax_id or ""),
        (_("Kind of organisation"), str(TYPES[company.type])),
        (_("Sector"), translated(company.sector, "name") if company.sector else ""),
        *((str(label), held[name]) for name, label in FIELDS.items() if name != "name"),
        (_("Membership"), members),
    ]  # fmt: skip


def sums(got: Received) -> list[tuple[str, str]]:
    """What the company has received, in words."""
    hours, minutes = divmod(got.minutes, 60)
    rows = [
        (_("Workshops attended"), str(got.workshops)),
        (_("Persons present, each at each workshop"), str(got.presences)),
        (_("Hours of programme"), _("%(h)d h %(m)02d min", h=hours, m=minutes)),
        (_("Audits"), str(got.audits)), (_("Improvement areas"), str(got.areas)),
        (_("Funding applications submitted"), str(got.applications)),
        (_("Requested"), euro(got.requested)), (_("Granted"), euro(got.granted)), (_("Paid"), euro(got.paid)),
        (_("Meetings"), str(got.meetings)), (_("Agreements"), str(got.agreements)),
    ]  # fmt: skip
    return rows


def _named(data: bytes | str, media_type: str, name: str) -> Response:
    response = Response(data, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def timeline_json(scope: Scope, got: Received, entries: Iterable[Entry]) -> Response:
    """Everything as JSON: registry, sums and lines, moments in ISO 8601."""
    zone = scope.district.zone
    data = {
        "made_at": now().isoformat(), "district": scope.district.slug,
        "company": values_of(scope.company) | {"tax_id": scope.company.tax_id},
        "memberships": [
            {"since": m.since.isoformat(), "until": m.until.isoformat() if m.until else None}
            for m in scope.company.memberships
        ],
        "received": {k: v if isinstance(v, int) else str(v) for k, v in vars(got).items()},
        "timeline": [
            {
                "on": local(e.at, zone).date().isoformat(), "at": None if e.dated else e.at.isoformat(),
                "kind": e.kind.value, "what": e.title, "note": e.note,
            }
            for e in entries
        ],
    }  # fmt: skip
    return _named(json.dumps(data, ensure_ascii=False, indent=2), "application/json", _name(scope, "json"))


def _name(scope: Scope, ending: str) -> str:
    """The file's name: it is found again among others."""
    return f"{slugify(scope.company.name) or 'data'}.{ending}"


def timeline_csv(scope: Scope, entries: Iterable[Entry]) -> Response:
    """The lines as CSV."""
    lines = [[when(e), str(KINDS[e.kind]), e.title, e.note] for e in entries]
    return csv_response(_name(scope, "csv"), [_("Day"), _("Kind"), _("What"), _("Details")], lines)


def timeline_pdf(scope: Scope, got: Received, entries: Iterable[Entry]) -> Response:
    """Registry, sums and lines as an accessible PDF (PDF/UA-1)."""
    from dissemination.kernel import pdf

    company = scope.company.name
    data = {
        "title": _("What the district holds about %(company)s", company=company), "language": language(),
        "district": translated(scope.district, "name"), "body": scope.district.managing_body,
        "said": _("As of %(day)s.", day=short_date(now())), "page": _("Page {page} of {pages}"),
        "registry": _("Registry"), "facts": [[k, v or "–"] for k, v in facts(scope)],
        "received": _("Received so far"), "sums": [[k, v or "–"] for k, v in sums(got)],
        "timeline": _("Timeline"), "head": [_("Day"), _("What"), _("Details")],
        "lines": [[when(e), e.title, e.note] for e in entries],
    }  # fmt: skip
    return _named(
        pdf.render("timelines/data.typ", data, standards=pdf.PDF_UA), "application/pdf", _name(scope, "pdf")
    )


def effect_head() -> list[str]:
    """The columns of the report."""
    return [
        _("Day"), _("Workshop"), _("Companies present"), _("Companies audited afterwards"),
        _("Applications submitted afterwards"), _("Of these funded"), _("Granted, EUR"),
    ]  # fmt: skip


def effect_rows(found: Report) -> list[list]:
    """A line for each workshop, and the totals in which each thing stands once."""
    rows = [
        [
            e.on,
            e.title,
            len(e.companies),
            len(e.audited),
            len(e.applications),
            len(e.funded),
            float(e.granted),
        ]
        for e in found.effects
    ]
    total = [
        "", _("Total, each once"), found.companies(), found.audited(), found.applications(), found.funded(),
        float(found.granted()),
    ]  # fmt: skip
    return [*rows, total]


def effect_note(found: Report) -> str:
    """What the numbers mean, for a page and for files."""
    return _(
        "Preceded by, not caused by: an audit or an application stands at each workshop that its company "
        "attended within the %(days)d days before. The report says nothing about why.", days=found.days,
    )  # fmt: skip


def effects_csv(found: Report) -> Response:
    """The report as CSV."""
    rows = [[short_date(row[0]) if row[0] else "", *row[1:]] for row in effect_rows(found)]
    return csv_response("workshops-audits-applications.csv", effect_head(), [*rows, [effect_note(found)]])


def effects_xlsx(found: Report) -> Response:
    """The report as a workbook; texts stay texts, days are days."""
    from xlsxwriter import Workbook  # 13 MiB that few requests need

    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, options) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet = book.add_worksheet(_("Workshops"))
        sheet.write_row(0, 0, effect_head(), bold)
        sheet.freeze_panes(1, 0)
        rows = effect_rows(found)
        for number, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                if hasattr(cell, "isoformat"):
                    sheet.write_datetime(number, place, cell, day)
                else:
                    sheet.write(number, place, cell)
        sheet.write(len(rows) + 2, 0, effect_note(found))
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, 1, 48)
        sheet.set_column(2, 6, 18)
    return _named(out.getvalue(), XLSX, "workshops-audits-applications.xlsx")
