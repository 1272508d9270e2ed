"""The public pages of workshops, kept rendered in front of Flask and checked by one query each time.

What a page says of its workshop (texts, hours, state, seats left) is always true: an answer is kept only
as long as the row's version and what `slots.marks` watches stay the same. What the page borrows from
elsewhere (the district's name, a sector's, free seats on other dates) may be up to a minute old. Only
visitors without any cookie but the language get kept answers; everybody else is served by the view.
"""

import re
import time
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple

from sqlalchemy import Engine, Select, bindparam, select
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime, reading_engine
from dissemination.kernel.languages import LANGUAGES
from dissemination.workshops import slots
from dissemination.workshops.models import Closing, Series, Workshop

PAGE = re.compile(r"/([a-z0-9-]+)/workshops/([a-z0-9-]+)")
MOST = 500  # answers in one process
SECONDS = 60


class Answer(NamedTuple):
    """A whole answer, what was true when it was made, and until when it may be used."""

    state: tuple
    until: float
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def holds(self, state: tuple) -> bool:
        """Whether it may still be given, now that things stand like `state`."""
        return self.state == state and self.until > time.monotonic()

    @property
    def is_for_everybody(self) -> bool:
        """Whether it is a page, and of no one browser."""
        personal = any(name.lower() == "set-cookie" for name, _ in self.headers)
        return self.status.startswith("200") and not personal


def ask(inner, environ, state: tuple) -> Answer:
    """The view's answer. `state` was read before, so a change in between makes it ask again."""
    told: list = []
    parts = inner(environ, lambda status, headers, *_error: told.append((status, headers)))
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = told[-1]
    return Answer(state, time.monotonic() + SECONDS, status, headers, body)


def keep(answers: dict[tuple, Answer], key: tuple, answer: Answer) -> None:
    """Put `answer` among `answers`; of too many the oldest goes."""
    while len(answers) >= MOST:
        answers.pop(next(iter(answers)), None)
    answers[key] = answer


class KeptPages:
    """WSGI in front of the application (PEP 3333): answers what it has, asks `inner` for the rest."""

    def __init__(self, app, inner):
        self.app, self.inner = app, inner
        self.engine: Engine | None = None
        self.marks: tuple | None = None
        self.query: Select | None = None
        self.answers: dict[tuple, Answer] = {}

    def __call__(self, environ, start_response):
        """Serve one request."""
        key = _key(environ)
        state = self._state(key) if key else None
        if state is None:  # not ours, or nothing to see
            return self.inner(environ, start_response)
        answer = self.answers.get(key)
        if answer is None or not answer.holds(state):
            answer = ask(self.inner, environ, state)
            if answer.is_for_everybody and b"csrf_token" not in answer.body:
                keep(self.answers, key, answer)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _state(self, key) -> tuple | None:
        """Everything of the workshop that the page depends on; None for a draft or no workshop."""
        marks = slots.marks()
        if marks is None:
            return None
        if self.query is None or marks is not self.marks:
            self.marks, self.query = marks, _query(marks)
        if self.engine is None:
            with self.app.app_context():
                self.engine = reading_engine()
        with self.engine.connect() as connection:
            row = connection.execute(self.query, {"district_slug": key[0], "workshop_slug": key[1]}).first()
        return None if row is None else tuple(row)


def _key(environ) -> tuple | None:
    """(district, workshop, language, scheme) of a request for a public page by an unknown visitor."""
    found = PAGE.fullmatch(environ["PATH_INFO"])
    if found is None or environ["REQUEST_METHOD"] != "GET":
        return None
    if environ.get("QUERY_STRING") or environ.get("SCRIPT_NAME") or environ.get("HTTP_AUTHORIZATION"):
        return None
    language = _language(environ.get("HTTP_COOKIE", ""), environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    scheme = environ.get("HTTP_X_FORWARDED_PROTO") or environ.get("wsgi.url_scheme")
    return (*found.groups(), language, scheme) if language else None


@lru_cache(1000)
def _language(cookies: str, accepted: str) -> str | None:
    """The language as `languages.select_language` chooses it; None when there are other cookies."""
    try:
        known = SimpleCookie(cookies)
    except CookieError:
        return None
    if set(known) - {"lang"} or (cookies and not known):
        return None
    if "lang" in known and known["lang"].value in LANGUAGES:
        return known["lang"].value
    return parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES) or "it"


def _query(marks):
    moment = bindparam(None, callable_=now, type_=UtcDateTime())
    closed = select(Closing.at).where(Closing.workshop_id == Workshop.id).scalar_subquery()
    series = select(Series.touched).where(Series.id == Workshop.series_id).scalar_subquery()
    return (
        select(
            Workshop.version,
            Workshop.revision,
            Workshop.touched,
            series,
            Workshop.ends_at <= moment,
            closed,
            *marks,
        )
        .select_from(Workshop)
        .join(District, District.id == Workshop.district_id)
        .where(
            District.slug == bindparam("district_slug"),
            Workshop.slug == bindparam("workshop_slug"),
            Workshop.published_at.is_not(None),
            ~Workshop.is_private,  # those are answered to their guests only, each time anew
        )
    )
