"""The plan to be saved: PDF and Word, Italian or English, as it stands or as a version had it."""

from flask import Response, abort, request

from dissemination.editions import document, printing, queries, word
from dissemination.editions.desk import desk, plan_of
from dissemination.kernel.rights import Role, requires
from dissemination.kernel.text import slugify


def _asked(district, plan_id, lang):
    plan = plan_of(district, plan_id)
    number = request.args.get("version", type=int)
    version = None
    if number is not None:
        version = queries.version(plan, number) or abort(404)
    return printing.edition(plan, lang, version)


def _file(data: bytes, media_type: str, name: str) -> Response:
    response = Response(data, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@desk.get("/document-<any('it', 'en'):lang>.pdf")
@requires(Role.VIEWER)
def document_pdf(district, plan_id, lang):
    """The whole plan as one accessible PDF in the decree's order."""
    edition = _asked(district, plan_id, lang)
    name = f"{slugify(edition.content['title'])}-{lang}.pdf"
    return _file(document.render_pdf(edition, district, lang), "application/pdf", name)


@desk.get("/document-<any('it', 'en'):lang>.docx")
@requires(Role.VIEWER)
def document_docx(district, plan_id, lang):
    """The whole plan as a Word document in the decree's order."""
    edition = _asked(district, plan_id, lang)
    name = f"{slugify(edition.content['title'])}-{lang}.docx"
    return _file(word.render(edition, district, lang), word.MEDIA_TYPE, name)
