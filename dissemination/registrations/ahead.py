"""The empty form and its thanks, given in front of Flask's views and checked by one query each time.

They are what every registration begins and ends with, and the same for everybody but for the marks that
`kept` leaves in them. The view is asked for each page once and again when the workshop changed (its
version, whether seats are left, whether one may register) or after `workshops.kept.SECONDS`; here the
marks are filled: the number of seats, tokens for this visit. Who is signed in, came by a personal link or
has anything told to this browser alone is served by the view.
"""

import re

from flask import current_app, request, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from dissemination.kernel.database import reading_engine
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.registrations import kept, registering
from dissemination.registrations.entering import check_open
from dissemination.registrations.fullness import Door, door_at
from dissemination.workshops.kept import Answer, ask, keep

PAGE = re.compile(r"/([a-z0-9-]+)/workshops/([a-z0-9-]+)/registrations(?:/([\w.-]+))?", re.ASCII)
FORM = len(("district", "workshop", "language", "scheme"))  # of the key; thanks add what is said


class ReadyForms:
    """WSGI in front of the application (PEP 3333): answers what it has, asks `inner` for the rest."""

    def __init__(self, app, inner):
        self.app, self.inner = app, inner
        self.engine: Engine | None = None
        self.answers: dict[tuple, Answer] = {}

    def __call__(self, environ, start_response):
        """Serve one request."""
        asked = _asked(environ)
        if asked is None:
            return self.inner(environ, start_response)
        with self.app.request_context(environ):
            found = self._found(environ, *asked)
            page = self._page(*found) if found else None
        if page is None and found and self._learn(environ, *found):
            with self.app.request_context(environ):
                page = self._page(*found)
        if page is None:
            return self.inner(environ, start_response)
        start_response(page.status, [*page.headers, ("Content-Length", str(len(page.body)))])
        return [page.body]

    def _found(self, environ, district: str, slug: str, token: str | None) -> tuple | None:
        """(key, state, door) of the page; None when the view has to answer."""
        if not _is_anybody():
            return None
        said = registering.said_to(slug, token) if token else None
        if token and said is None:
            return None
        door = self._door(district, slug)
        if door is None:
            return None
        scheme = environ.get("HTTP_X_FORWARDED_PROTO") or environ.get("wsgi.url_scheme")
        where = (district, slug, language(), scheme)
        if said is not None:
            return (*where, *said), (door.version,), door
        if door.is_private or not _is_open(door):
            return None
        return where, (door.version, *(door.seats_of(way).left > 0 for way in door.ways)), door

    def _door(self, district: str, slug: str) -> Door | None:
        if self.engine is None:
            self.engine = reading_engine()
        with self.engine.connect() as connection:
            return door_at(connection, district, slug)

    def _page(self, key: tuple, state: tuple, door: Door) -> Answer | None:
        """The kept page with its marks filled and this visit's session, if there is one that still holds."""
        answer = self.answers.get(key)
        if answer is None or not answer.holds(state):
            return None
        if len(key) != FORM:
            return answer
        body = kept.filled(answer.body.decode(), registering.marks(door, generate_csrf)).encode()
        session.setdefault("_fresh", False)  # or Flask-Login does, and the cookie is sent once more
        visit = Response()
        self.app.session_interface.save_session(self.app, session, visit)
        cookies = [("Set-Cookie", cookie) for cookie in visit.headers.getlist("Set-Cookie")]
        return answer._replace(headers=[*answer.headers, *cookies], body=body)

    def _learn(self, environ, key: tuple, state: tuple, _door: Door) -> bool:
        """Ask the view as somebody without any cookie would, and keep what it says."""
        plain = {k: v for k, v in environ.items() if k != "HTTP_COOKIE"}
        answer = ask(self.inner, plain | {"HTTP_ACCEPT_LANGUAGE": key[2], kept.MARKED: True}, state)
        if not answer.is_for_everybody:
            return False
        headers = [header for header in answer.headers if header[0] != "Content-Length"]
        keep(self.answers, key, answer._replace(headers=headers))
        return True


def _asked(environ) -> tuple | None:
    """(district, slug, token of the thanks or None) of a request for one of the two pages."""
    found = PAGE.fullmatch(environ["PATH_INFO"])
    if found is None or environ["REQUEST_METHOD"] != "GET":
        return None
    if environ.get("QUERY_STRING") or environ.get("SCRIPT_NAME") or environ.get("HTTP_AUTHORIZATION"):
        return None
    return found.groups()


def _is_anybody() -> bool:
    """Whether the browser brings nothing that the page may depend on but the language.

    Flask-Login notes in every session that it is not `_fresh`; without a user that says nothing.
    """
    cookies = {"lang", current_app.config["SESSION_COOKIE_NAME"]}
    return request.cookies.keys() <= cookies and session.keys() <= {"csrf_token", "_fresh"}


def _is_open(door: Door) -> bool:
    try:
        check_open(door)
    except Refusal:
        return False
    return True
