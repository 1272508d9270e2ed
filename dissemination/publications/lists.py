"""Lists of publications to take along: the district's as PDF, and a reader's own reading list.

A reading list lies in the reader's own session; its address with `p` shows it to anybody.
"""

import json
import re
from contextlib import contextmanager
from threading import Lock

from flask import Response, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dissemination.bibliography import citing, formats
from dissemination.bibliography.records import main_text
from dissemination.kernel import pdf
from dissemination.kernel.clock import now
from dissemination.kernel.languages import language, long_date, translated
from dissemination.kernel.refusals import Refusal
from dissemination.publications import queries
from dissemination.publications.public import address, all_listed, public
from dissemination.publications.texts import KINDS

MOST = 100  # publications in a reading list: they lie in a cookie
PATIENCE = 5  # seconds that a reader waits for her turn
_making = Lock()
_IDS = re.compile(r"\d{1,9}(\.\d{1,9})*")
TYPES = {
    "bib": "application/x-bibtex", "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json", "pdf": "application/pdf",
}  # fmt: skip


@public.get("/publications.pdf")
def index_pdf(district):
    """The district's whole list, as narrowed, as PDF."""
    title = _("Publications of %(district)s", district=translated(district, "name"))
    with _one_at_a_time():
        return _as_pdf(district, all_listed(district), title, f"{district.slug}.pdf")


class Busy(Refusal):
    """Another whole list is being made."""

    status = 503
    message = _l("Another long list is being made. Try again in a minute.")


@contextmanager
def _one_at_a_time():
    """Anybody may ask for a whole list, and of 10,000 works it takes many seconds. Raises Busy."""
    if not _making.acquire(timeout=PATIENCE):
        raise Busy
    try:
        yield
    finally:
        _making.release()


@public.get("/publications/reading-list")
def reading_list(district):
    """The reader's list, or the one that the address names."""
    rows = _rows(district)
    ids = ".".join(str(row.id) for row in rows)
    return render_template(
        "publications/reading_list.html", rows=rows, ids=ids, own="p" not in request.args, KINDS=KINDS,
        main_text=main_text, most=MOST,
    )  # fmt: skip


@public.get("/publications/reading-list.<any(bib, ris, json, pdf):format>")
def reading_list_file(district, format):
    """The same, in a format."""
    rows = _rows(district)
    name = f"{district.slug}-{_('reading-list')}.{format}"
    if format == "pdf":
        return _as_pdf(district, rows, _("Reading list"), name)
    if format == "json":
        body = json.dumps([{"URL": address(row)} | formats.csl(row) for row in rows], ensure_ascii=False)
    else:
        body = formats.bibtex(rows) if format == "bib" else formats.ris(rows)
    return _file(body, TYPES[format], name)


@public.post("/publications/<slug>/reading-list")
def change_reading_list(district, slug):
    """Put a publication on the reader's list, or take it off."""
    publication = queries.by_slug(district, slug, public=True)
    ids = [n for n in _kept(district) if n != publication.id]
    if "remove" in request.form:
        flash(_("Taken off your reading list."))
    elif len(ids) >= MOST:
        flash(_("A reading list holds at most %(n)d publications.", n=MOST), "warning")
    else:
        ids.append(publication.id)
        flash(_("On your reading list."))
    session["reading"] = {**session.get("reading", {}), district.slug: ids}
    if "remove" in request.form:
        return redirect(url_for(".reading_list", district=district), 303)
    return redirect(url_for(".show", district=district, slug=slug), 303)


def _kept(district) -> list[int]:
    return [n for n in session.get("reading", {}).get(district.slug, []) if isinstance(n, int)]


def _rows(district) -> list:
    """The public ones of the list, in its order. 404 for an address that names none."""
    written = request.args.get("p")
    if written is None:
        ids = _kept(district)
    else:
        if not _IDS.fullmatch(written):
            abort(404)
        ids = [int(n) for n in written.split(".")][:MOST]
    found = {row.id: row for row in queries.public_ones(district.id, ids)}
    return [found[n] for n in dict.fromkeys(ids) if n in found]


def _as_pdf(district, rows, title: str, name: str) -> Response:
    rows = list(rows)
    lang = language()
    years: dict[int, list] = {}
    for row in rows:
        runs = [{"text": run.text, "italic": run.italic} for run in citing.cite(row, "apa", lang)]
        years.setdefault(row.issued.year, []).append({"runs": runs, "note": str(KINDS[row.kind])})
    said = ngettext("%(num)d publication", "%(num)d publications", len(rows))
    data = {
        "title": title, "district": translated(district, "name"), "language": lang,
        "said": f"{said}, {long_date(now().astimezone(district.zone).date())}",
        "page": _("page {page} of {pages}"),
        "years": [{"name": str(year), "entries": years[year]} for year in sorted(years, reverse=True)],
    }  # fmt: skip
    return _file(pdf.render("publications/list.typ", data, standards=pdf.PDF_UA), "application/pdf", name)


def _file(body: str | bytes, kind: str, name: str) -> Response:
    charset = "" if isinstance(body, bytes) else "; charset=utf-8"
    response = Response(body, content_type=f"{kind}{charset}")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
