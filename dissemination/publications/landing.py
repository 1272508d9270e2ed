"""The head of a publication's page, and the headers of its answer: all that programs read of it."""

from flask import Response, make_response

from dissemination.publications import metadata, signposting
from dissemination.publications.described import Described
from dissemination.publications.jsonld import json_ld
from dissemination.publications.models import Publication


def head(publication: Publication, about: Described) -> dict:
    """What `publications/_head.html` shows."""
    return {
        "page": about.page, "highwire": metadata.highwire(publication, about),
        "dublin_core": metadata.dublin_core(publication, about), "json_ld": json_ld(publication, about),
        "formats": signposting.FORMATS.values(),
    }  # fmt: skip


def signposted(publication: Publication, about: Described, body: str) -> Response:
    """The page with the links of its header."""
    answer = make_response(body)
    answer.headers["Link"] = signposting.header(signposting.of_page(publication, about))
    return answer
