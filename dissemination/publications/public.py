"""What everybody sees: the list, a publication with what programs read of it, its files, and exports."""

import json
from functools import partial

from flask import Blueprint, Response, render_template, request, url_for

from dissemination.bibliography import formats
from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import main_text
from dissemination.kernel.clock import now
from dissemination.publications import hooks, landing, queries, reading
from dissemination.publications.access import effective
from dissemination.publications.described import described
from dissemination.publications.downloads import absolute
from dissemination.publications.forms import filter_from
from dissemination.publications.models import Publication
from dissemination.publications.queries import Filter
from dissemination.publications.texts import ACCESSES, KINDS, language_name, licence_address

public = Blueprint("publications", __name__, url_prefix="/<district>")
BATCH = 200


@public.get("/publications/")
def index(district):
    """The district's publications, newest first, narrowed by search and facets."""
    wanted = filter_from(request.args, district, public=True)
    return render_template(
        "publications/index.html", wanted=wanted, KINDS=KINDS, ACCESSES=ACCESSES, main_text=main_text,
        page=queries.listed(district.id, wanted=wanted, public=True, after=request.args.get("after")),
        facets=queries.facets(district.id, wanted=wanted, public=True),
        years=queries.years(district.id, public=True), narrowed=wanted != Filter(), narrowing=_narrowing(),
        Access=Access, access_of=partial(effective, at=now()),
    )  # fmt: skip


@public.get("/publications/<slug>")
def show(district, slug):
    """One publication, for readers and for the programs that index it."""
    publication = reading.public_one(district, slug)
    hooks.seen(publication)
    about = described(publication, now())
    page = render_template(
        "publications/show.html", publication=publication, KINDS=KINDS,
        citation=formats.citation(publication), main_text=main_text,
        language_name=language_name, licence_address=licence_address, language_shown=reading.language_shown,
        **landing.head(publication, about), **reading.shown(publication),
    )  # fmt: skip
    return landing.signposted(publication, about, page)


@public.get("/publications/<slug>.bib")
def show_bib(district, slug):
    """One publication as BibTeX."""
    publication = reading.public_one(district, slug)
    return _file(formats.bibtex([publication]), "application/x-bibtex", f"{slug}.bib")


@public.get("/publications/<slug>.ris")
def show_ris(district, slug):
    """One publication as RIS."""
    publication = reading.public_one(district, slug)
    return _file(formats.ris([publication]), "application/x-research-info-systems", f"{slug}.ris")


@public.get("/publications/<slug>/files/<int:file_id>")
def show_file(district, slug, file_id):
    """Download a file of a published publication."""
    publication = reading.public_one(district, slug)
    file = queries.file_of(publication, file_id)
    hooks.seen(publication, file)
    return reading.download(publication, file)


@public.get("/publications.bib")
@public.get("/publications/.bib")
def index_bib(district):
    """The list, as narrowed, as BibTeX."""
    return _whole(formats.bibtex_parts(all_listed(district)), "application/x-bibtex", f"{district.slug}.bib")


@public.get("/publications.ris")
@public.get("/publications/.ris")
def index_ris(district):
    """The list, as narrowed, as RIS."""
    parts = (formats.ris([publication]) for publication in all_listed(district))
    return _whole(parts, "application/x-research-info-systems", f"{district.slug}.ris")


@public.get("/publications.json")
@public.get("/publications/.json")
def index_json(district):
    """The list, as narrowed, as CSL-JSON."""

    def parts():
        glue = "["
        for publication in all_listed(district):
            yield glue + json.dumps(_csl(publication), ensure_ascii=False)
            glue = ",\n"
        yield "[]" if glue == "[" else "]"

    return _whole(parts(), "application/vnd.citationstyles.csl+json")


def address(publication: Publication) -> str:
    """The absolute address of the publication's page."""
    return absolute(url_for("publications.show", district=publication.district, slug=publication.slug))


def _csl(publication: Publication) -> dict:
    item = formats.csl(publication)
    return {"URL": address(publication)} | item


def all_listed(district):
    """Every public publication that the query string leaves, batch after batch."""
    wanted, after = filter_from(request.args, district, public=True), None
    while True:
        page = queries.listed(district.id, wanted=wanted, public=True, after=after, size=BATCH)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _narrowing() -> dict[str, str]:
    names = ("q", "kind", "year", "sector", "access")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _whole(parts, kind: str, file: str = ""):
    """All parts in one answer: a stream would outlive the request's database session."""
    return _file("".join(parts), kind, file)


def _file(body: str, kind: str, file: str = ""):
    response = _named(Response(body, content_type=f"{kind}; charset=utf-8"), file)
    response.add_etag()
    return response.make_conditional(request)


def _named(response: Response, file: str) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    if file:
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
