"""The visit sheet and the report as tagged PDF (PDF/UA-1)."""

from datetime import date, datetime
from io import BytesIO
from typing import Any

from flask import send_file
from flask_babel import gettext as _

from dissemination.audits import queries as audits
from dissemination.audits.benchmarks import Among
from dissemination.audits.models import Audit, Department, Dimension
from dissemination.audits.texts import AREA_TYPES, DEPARTMENTS, DIMENSIONS, PRIORITIES
from dissemination.calls.models import AreaType
from dissemination.kernel import files, pdf
from dissemination.kernel.languages import date_time, language, long_date, number, translated
from dissemination.kernel.text import slugify
from dissemination.visits import photos, queries
from dissemination.visits.refusals import BadSheet


def sheet(
    audit: Audit, facts: dict[str, Any], *, signed_by: str, signed_role: str, signature: bytes, at: datetime,
    by: str,
) -> bytes:  # fmt: skip
    """The visit sheet that proves a visit: where, when, who; with the signature drawn on the screen (PNG).

    It says nothing of what was found: others than the district and the company read what proves a figure.
    """
    hours = "–".join(part for part in (facts["visited_from"], facts["visited_until"]) if part)
    auditor = (audit.auditor.name if audit.auditor else "") or audit.auditor_name or by
    data = _head(audit) | {
        "title": _("Visit sheet"),
        "rows": [
            [_("Company"), audits.standing_company(audit).name],
            [_("Tax id"), audits.standing_company(audit).tax_id or "–"],
            [_("Address of the plant"), audit.site or "–"],
            [_("Day"), long_date(date.fromisoformat(facts["visited_on"]))],
            [_("Time"), hours or "–"],
            [_("For the district"), auditor],
            [_("Departments seen"), _departments(facts["departments"]) or "–"],
        ],
        "text": _("The company confirms that the technology audit took place on this day. "
                  "It was free of charge."),
        "signed": _("For the company"), "name": signed_by, "role": signed_role,
        "made": _("Signed on the screen of a device, received %(when)s.", when=date_time(at)),
        "alt": _("Signature of %(name)s", name=signed_by), "picture": "signature.png",
    }  # fmt: skip
    return pdf.render(
        "visits/sheet.typ", data, standards=pdf.PDF_UA, at=at, pictures={"signature.png": signature}
    )


def signed_sheet(audit: Audit, facts: dict[str, Any], **values) -> bytes:
    """`sheet`, where the signature came from outside. Raises BadSheet when it cannot be drawn."""
    import typst

    try:
        return sheet(audit, facts, **values)
    except typst.TypstError:
        raise BadSheet(_("The signature cannot be read: ask for it again.")) from None


def report(audit: Audit, content: dict[str, Any], *, at: datetime, draft: bool) -> bytes:
    """The report of `content` (see `content.of_audit`), with its photos."""
    shown = _photos(audit, content)
    data = _head(audit) | {
        "title": _("Technology audit"), "company": content["company"],
        "draft": _("DRAFT") if draft else "",
        "rows": _facts(audit, content),
        "parts": [[title, content[name]] for name, title in _parts() if content[name]],
        "areas": [_area(area) for area in content["areas"]],
        "scores": _scores(content), "score_note": benchmark_words(content["benchmark"]),
        "photos": [
            {"name": name, "caption": said, "alt": said or _("Photo of the visit")}
            for name, said, _data in shown
        ],
        "texts": {
            "areas": _("Improvement areas"), "none": _("No improvement area was found."),
            "scores": _("Innovation management"), "photos": _("Photos"), "page": _("page {page} of {pages}"),
            "confidential": _("Confidential: for the company and the district only"),
            "dimension": _("Dimension"), "points": _("Score (1–5)"), "median": _("Median of others"),
            "note": _("Note"),
        },
    }  # fmt: skip
    pictures = {name: picture for name, _said, picture in shown}
    return pdf.render("visits/report.typ", data, standards=pdf.PDF_UA, at=at, pictures=pictures)


def answer(document: bytes, audit: Audit):
    """The response that sends a report: to be saved, kept by nobody on the way."""
    name = f"audit-{slugify(audits.standing_company(audit).name)}.pdf"
    response = send_file(
        BytesIO(document), mimetype="application/pdf", as_attachment=True, download_name=name
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _head(audit: Audit) -> dict[str, Any]:
    return {
        "language": language(), "district": translated(audit.district, "name"),
        "body": audit.district.managing_body,
    }  # fmt: skip


def _parts() -> list[tuple[str, str]]:
    return [("summary", _("In short")), ("strengths", _("Strengths")), ("weaknesses", _("Weaknesses"))]


def _facts(audit: Audit, content: dict[str, Any]) -> list[list[str]]:
    met = [f"{p.name}, {p.role}" if p.role else p.name for p in audit.people]
    rows = [
        [_("Address of the plant"), content["site"]],
        [_("Day of the visit"), _in_full(content["visited_on"])],
        [_("For the district"), content["auditor"]],
        [_("People met"), "; ".join(met)],
        [_("Departments seen"), _departments(content["departments"])],
    ]  # fmt: skip
    return [row for row in rows if row[1]]


def _in_full(day: str) -> str:
    return long_date(date.fromisoformat(day)) if day else ""


def _departments(values: list[str]) -> str:
    return ", ".join(str(DEPARTMENTS[Department(value)]) for value in values)


def _area(area: dict[str, Any]) -> dict[str, Any]:
    rows = [
        [_("Proposed action"), area["proposed_action"]],
        [_("Expected result"), area["expected_result"]],
        [_("Qualified service"), area["service"]],
        [_("Call for applications"), area["call"]],
        [_("Laboratory"), area["laboratory"]],
        [_("Deadline"), _in_full(area["deadline"])],
    ]
    return {
        "title": area["title"], "description": area["description"],
        "kind": f"{AREA_TYPES[AreaType(area['type'])]}; {_('priority')} {PRIORITIES[area['priority']]}",
        "rows": [row for row in rows if row[1]],
    }  # fmt: skip


def _scores(content: dict[str, Any]) -> list[list[str]]:
    medians = (content["benchmark"] or {}).get("medians", {})
    return [
        [
            str(DIMENSIONS[Dimension(score["dimension"])]), str(score["points"]),
            number(medians[score["dimension"]], 1) if score["dimension"] in medians else "",
            score["note"],
        ]
        for score in content["scores"]
    ]  # fmt: skip


def benchmark_words(benchmark: dict[str, Any] | None) -> str:
    """With whom the scores are compared, or why with nobody."""
    if not benchmark or not benchmark["medians"]:
        return _("No comparison: fewer than five other audited companies were scored.")
    return {
        Among.SECTOR_AND_SIZE: _("Median of at least %(n)d other companies of the same sector and size."),
        Among.SECTOR: _("Median of at least %(n)d other companies of the same sector, of all sizes."),
        Among.ALL: _("Median of at least %(n)d other companies of all sectors."),
    }[Among(benchmark["among"])] % {"n": benchmark["at_least"]}


def _photos(audit: Audit, content: dict[str, Any]) -> list[tuple[str, str, bytes]]:
    """(file name, caption, content) of the photos that are still there and that can be drawn."""
    kept = {photo.id: photo for photo in queries.photos(audit)}
    found = []
    for one in content["photos"]:
        photo = kept.get(one["id"])
        if photo is None:
            continue
        try:
            picture = files.read(photo.file)
        except FileNotFoundError:
            continue
        place = str(DEPARTMENTS[Department(one["department"])]) if one["department"] else ""
        caption = ": ".join(part for part in (place, one["caption"]) if part)
        name = f"photo-{photo.id}.{photos.TYPES[photo.file.media_type]}"
        if _can_be_drawn(name, picture):
            found.append((name, caption, picture))
    return found


def _can_be_drawn(name: str, picture: bytes) -> bool:
    """Whether the maker of PDFs reads the picture: a broken photo is no reason to have no report."""
    import typst

    try:
        pdf.render("visits/picture.typ", {"name": name}, pictures={name: picture})
    except typst.TypstError:
        return False
    return True
