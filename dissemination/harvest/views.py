"""`/oai`: where aggregators harvest (OAI-PMH 2.0); sitemaps, where search engines look."""

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import force_locale

from dissemination.harvest import answers, requests, sitemaps, verbs
from dissemination.harvest.refusals import BadArgument, Fault
from dissemination.kernel.clock import now
from dissemination.publications.downloads import absolute

harvest = Blueprint("harvest", __name__)
blueprints = (harvest,)
LARGEST = 16_384  # bytes of a request


@harvest.route("/oai", methods=["GET", "POST"])
def oai():
    """Answer a harvester. Errors of the protocol are answers too, with status 200 (§3.1.2)."""
    at, base, sent = now(), absolute(url_for(".oai")), []
    with force_locale("en"):  # for machines, and the same for all of them
        try:
            sent = requests.pairs(*_sent())
            asked = requests.read(sent)
            body = answers.answer(base, at=at, sent=dict(sent), body=verbs.answer(asked, base=base, at=at))
        except Fault as fault:
            body = answers.refusal(base, at=at, sent=dict(sent), fault=fault)
    return Response(body, content_type="text/xml; charset=utf-8")


def _sent() -> tuple[bytes, ...]:
    """Query string and, of a POST, the form (§3.1.1.2), as they came: nothing is left out or repaired."""
    if request.method != "POST":
        return (request.query_string,)
    if (request.content_length or 0) > LARGEST:
        raise BadArgument("The request is too long.")
    return request.query_string, request.stream.read(LARGEST)


@harvest.get("/sitemap.xml")
def sitemap():
    """The index of all sitemaps."""
    return _map(sitemaps.index_xml(sitemaps.index()))


@harvest.get("/<district>/sitemap.xml")
def district_sitemap(district):
    """The district's own pages and its workshops."""
    return _map(sitemaps.xml(sitemaps.pages(district)))


@harvest.get("/<district>/publications/sitemap-<int:part>.xml")
def publications_sitemap(district, part):
    """A part of the district's publications; 404 for one that holds none."""
    found = sitemaps.publications(district, part) if part < sitemaps.PARTS else []
    return _map(sitemaps.xml(found or abort(404)))


def _map(body: str) -> Response:
    return Response(body, content_type="application/xml; charset=utf-8")


csrf_exempt = (oai,)
