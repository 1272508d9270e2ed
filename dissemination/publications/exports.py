"""A publication as programs take it: CSL-JSON, JSON-LD, DataCite, Dublin Core, and its files by name."""

import json

from flask import Response, abort, request

from dissemination.bibliography import datacite, dublincore, formats
from dissemination.kernel.clock import now
from dissemination.publications import queries, reading, signposting
from dissemination.publications.described import described, file_name
from dissemination.publications.jsonld import json_ld
from dissemination.publications.public import public, show_file
from dissemination.publications.related import page_of


@public.get("/publications/<slug>.json")
def show_csl(district, slug):
    """One publication as CSL-JSON."""
    publication = reading.public_one(district, slug)
    item = {"URL": page_of(publication)} | formats.csl(publication)
    return _described(json.dumps([item], ensure_ascii=False), "csl")


@public.get("/publications/<slug>.jsonld")
def show_jsonld(district, slug):
    """One publication as JSON-LD with the terms of schema.org."""
    publication = reading.public_one(district, slug)
    return _described(
        json.dumps(json_ld(publication, described(publication, now())), ensure_ascii=False), "jsonld"
    )


@public.get("/publications/<slug>.datacite.xml")
def show_datacite(district, slug):
    """One publication as DataCite XML 4.5."""
    publication = reading.public_one(district, slug)
    return _described(datacite.xml(publication, **described(publication, now()).arguments), "datacite")


@public.get("/publications/<slug>.dc.xml")
def show_dc(district, slug):
    """One publication as simple Dublin Core."""
    publication = reading.public_one(district, slug)
    return _described(dublincore.oai_dc(publication, **described(publication, now()).arguments), "dc")


@public.get("/publications/<slug>/files/<int:file_id>/<name>")
def show_named_file(district, slug, file_id, name):
    """A file at an address that ends as the file does: Google Scholar takes a PDF only from such a one."""
    publication = reading.public_one(district, slug)
    if name != file_name(queries.file_of(publication, file_id).file):
        abort(404)
    return show_file(district, slug, file_id)


def _described(body: str | bytes, name: str):
    kind, _end, _name, _profile = signposting.FORMATS[name]
    response = Response(body, content_type=f"{kind}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)


FILES = ("file", "named_file")


@public.after_request
def _point_back(response: Response) -> Response:
    """Files and descriptions say whose they are."""
    name = (request.endpoint or "").removeprefix("publications.show_")
    if response.status_code != 200 or name not in (*signposting.FORMATS, *FILES):
        return response
    values = request.view_args or {}
    publication = queries.by_slug(values["district"], values["slug"], public=True)
    page = page_of(publication)
    is_file = name in FILES
    links = signposting.of_file(publication, page) if is_file else signposting.of_description(page)
    response.headers["Link"] = signposting.header(links)
    return response
