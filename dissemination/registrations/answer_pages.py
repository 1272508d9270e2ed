"""Files that people sent as answers: for organisers, and each for the person herself. Always downloads."""

from flask import Response, g
from werkzeug.exceptions import NotFound

from dissemination.kernel import files
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import answers, queries
from dissemination.registrations.form_desk import desk
from dissemination.registrations.models import AnswerFile
from dissemination.registrations.public import public
from dissemination.workshops import queries as workshops


@desk.get("/files/<int:file_id>")
@requires(Role.VIEWER)
def show_file(district, slug, file_id):
    """A file that somebody registered for this workshop sent."""
    found = answers.file_of(workshops.by_slug(district, slug), file_id)
    return _download(found)


@public.get("/r/<token>/answers/<int:question_id>")
def my_file(token, question_id):
    """The file that she sent herself."""
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    value = registration.answers.get(str(question_id))
    found = answers.file_of(registration.workshop, value["file"]) if isinstance(value, dict) else None
    return _download(found if found is not None and found.registration_id == registration.id else None)


@desk.app_template_global()
def answer_words(question, value) -> str:
    """An answer in words, in the language of the page."""
    return answers.shown(question, value)


def _download(found: AnswerFile | None) -> Response:
    if found is None:
        raise NotFound
    try:
        body = files.read(found.file)
    except FileNotFoundError:
        raise NotFound from None
    response = Response(body, content_type=found.file.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=found.file.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
