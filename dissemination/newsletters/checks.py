"""Checks of an issue's finished HTML, its words and its links: findings without a place in the database.

External addresses are looked at by their shape only; nothing here uses the network. Links of our own are
opened inside this process, without a cookie, as a reader's first visit would be.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from contextvars import Context
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from werkzeug.test import EnvironBuilder, run_wsgi_app

from dissemination.newsletters import markup
from dissemination.newsletters.findings import Finding, Level

SUBJECT_CUT = 70  # characters: telephones show about 40, wide windows about 70
INVISIBLE = 1.5  # a contrast below which nobody reads anything
VAGUE = re.compile(
    r"^(clicca(te|re)?( qui| su questo link)?|qui|leggi( qui)?|link|(click|read|more|tap) ?here|here|more|"
    r"read more|click|leggi tutto|continua|scopri( di più)?|info|altro)$",
    re.IGNORECASE,
)
SHORTENERS = frozenset(
    {
        "bit.ly",
        "tinyurl.com",
        "t.co",
        "goo.gl",
        "ow.ly",
        "is.gd",
        "buff.ly",
        "cutt.ly",
        "rebrand.ly",
        "lnkd.in",
    }
)
URGENT = re.compile(
    r"\b(gratis!|urgente!|100 ?% gratis|guadagn\w+ subito|ultima occasione|offerta irripetibile|hai vinto|"
    r"act now|free!!+|winner|risk[- ]free|100 ?% free|limited time only)",
    re.IGNORECASE,
)
NEVER_OPENED = frozenset({"static", "security.static", "publications.show_file"})  # opening counts downloads
MOST_OPENED = 60  # own links; an issue with more is not an issue


def blocking(code: str, message: str) -> Finding:
    """A finding that stops the sending and stands in no single block."""
    return Finding(Level.BLOCKING, code, message)


def warning(code: str, message: str) -> Finding:
    """A finding that does not stop the sending and stands in no single block."""
    return Finding(Level.WARNING, code, message)


# ---- the HTML ------------------------------------------------------------------------------------


def of_html(html: str, language: str) -> Iterator[Finding]:
    """Pictures without alt, pale texts, headings that skip a level, links that do not say where they lead."""
    found = markup.read(html)
    yield from _pictures(found, language)
    for pale in found.pale:
        level = Level.BLOCKING if pale.ratio < INVISIBLE else Level.WARNING
        message = _(
            "“%(words)s” (%(ink)s on %(paper)s) has a contrast of %(ratio)s:1; %(needed)s:1 is needed "
            "to be read.",
            words=pale.words, ink=pale.ink, paper=pale.paper, ratio=pale.ratio, needed=pale.needed,
        )  # fmt: skip
        yield Finding(level, "contrast", message)
    yield from _headings(found)
    for words in sorted({link.words for link in found.links if _is_vague(link.words)}):
        yield warning(
            "vague_link",
            _(
                "The link “%(words)s” does not say where it leads to those who hear the page read.",
                words=words,
            ),
        )
    if any(not link.words for link in found.links):
        yield blocking("empty_link", _("A link has no words: nobody can see or hear where it leads."))


def _is_vague(words: str) -> bool:
    return bool(VAGUE.match(words.strip(" .:*→›»…")))


def _pictures(found: markup.Found, language: str) -> Iterator[Finding]:
    lost = [
        src.rsplit("/", 1)[-1][:60] or "?" for src, alt in found.pictures if alt is None or not alt.strip()
    ]
    for name in dict.fromkeys(lost):
        yield blocking(
            "no_alt",
            _("The picture %(name)s (%(language)s) has no text for those who do not see it.",
              name=name, language=language),
        )  # fmt: skip
    if found.pictures and found.words < 200:
        yield warning(
            "mostly_pictures",
            _("There is little text beside the pictures: with pictures off nearly nothing is left."),
        )


def _headings(found: markup.Found) -> Iterator[Finding]:
    for before, level, words in markup.skipped_headings(found.headings):
        yield warning(
            "headings",
            _("The heading “%(words)s” is of level %(level)d after one of level %(before)d: a level is left "
              "out.",
              words=words[:60], level=level, before=before),
        )  # fmt: skip
    if any(not words for _level, words in found.headings):
        yield warning("headings", _("A heading is empty."))


# ---- words ---------------------------------------------------------------------------------------


def of_subject(subject: str, language: str) -> Iterator[Finding]:
    """A subject that mail programs cut off, that shouts, or that says nothing."""
    letters = [c for c in subject if c.isalpha()]
    if not letters:
        yield blocking(
            "subject_without_words", _("The subject (%(language)s) has no words.", language=language)
        )
        return
    if len(subject) > SUBJECT_CUT:
        yield warning(
            "subject_long",
            _("The subject (%(language)s) has %(n)d characters: after about %(most)d most programs cut "
              "it off.", language=language, n=len(subject), most=SUBJECT_CUT),
        )  # fmt: skip
    loud = [word for word in re.findall(r"[^\W\d_]{4,}", subject) if word.isupper()]  # not short names
    if len(loud) > 1 and sum(c.isupper() for c in letters) > 0.7 * len(letters):
        yield warning(
            "subject_shouts",
            _("The subject (%(language)s) is written in capitals: it reads as shouting, and filters agree.",
              language=language),
        )  # fmt: skip
    if _looks_like_spam(subject):
        yield warning(
            "subject_spam",
            _("The subject (%(language)s) looks like advertising: exclamation marks and words of that "
              "kind make filters suspicious.", language=language),
        )  # fmt: skip


def _looks_like_spam(subject: str) -> bool:
    symbols = sum(unicodedata.category(c) == "So" for c in subject)
    return (
        subject.count("!") > 1
        or "€€" in subject
        or "$$" in subject
        or symbols > 2
        or bool(URGENT.search(subject))
    )


def of_text(text: str, language: str) -> Iterator[Finding]:
    """The text part must say something itself."""
    if len(text.split()) < 5:
        yield blocking("no_text", _("The text part (%(language)s) is empty.", language=language))


# ---- links ---------------------------------------------------------------------------------------


def of_links(htmls: Iterable[str], *, own: str) -> list[Finding]:
    """Findings on every address that the letters lead to: ours opened in this process, others by shape.

    `own` is the address that the issue itself will have, which is not there yet.
    """
    urls: dict[str, str] = {}
    for html in htmls:
        for link in markup.read(html).links:
            urls.setdefault(link.url, link.words)
    ours = current_app.config["SETTINGS"].public_url
    found: list[Finding] = []
    for url, words in urls.items():
        if url.partition("?")[0] == own:
            continue
        if url.startswith(f"{ours}/") or url == ours:
            path = url.removeprefix(ours) or "/"
            if len(found) < MOST_OPENED and (status := opened(path)) >= 400:
                found.append(blocking(
                    "dead_link",
                    _("The link “%(words)s” leads to a page that is not there (%(status)d): %(path)s",
                      words=words[:60], status=status, path=path[:120]),
                ))  # fmt: skip
        elif message := _shape(url):
            found.append(
                warning(
                    "odd_link", _("“%(words)s”: %(trouble)s", words=words[:60] or url[:60], trouble=message)
                )
            )
    return found


def opened(path: str) -> int:
    """The status with which this application answers a stranger's GET of `path`; 200 where opening counts."""
    try:
        endpoint, _values = current_app.url_map.bind("localhost").match(
            path.partition("?")[0].partition("#")[0]
        )
    except Exception as problem:  # werkzeug's NotFound, RequestRedirect …: the answer says it
        code = getattr(problem, "code", None)
        return int(code) if code else 404
    if endpoint in NEVER_OPENED or endpoint.startswith("security."):
        return 200
    builder = EnvironBuilder(path=path.partition("#")[0], method="GET")
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    # A context of its own: else the visit would share `g`, the reader's session and the database session.
    body, status, _headers = Context().run(run_wsgi_app, app.wsgi_app, builder.get_environ(), True)
    close = getattr(body, "close", None)
    if close:
        close()
    return int(status.split()[0])


def _shape(url: str) -> str | None:
    """What is odd about an address of others, without opening it; None when nothing is."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return _("this is no address.")
    if parts.scheme == "mailto":
        return (
            None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", parts.path) else _("this is no e-mail address.")
        )
    if parts.scheme in ("tel", "sms"):
        return None
    if parts.scheme not in ("http", "https"):
        return _("links of this kind (%(scheme)s) do not work in mails.", scheme=parts.scheme or "–")
    return _odd_host(host, parts.scheme)


def _odd_host(host: str, scheme: str) -> str | None:
    if host.removeprefix("www.") in SHORTENERS:
        return _("shortened addresses hide where they lead, and filters distrust them.")
    with suppress(ValueError):
        ip_address(host)
        return _("a number instead of a name makes filters suspicious.")
    if "." not in host or ".." in host or host.endswith(".local"):
        return _("the host %(host)s cannot be reached from outside.", host=host or "–")
    return _("the address is not encrypted (http): use https.") if scheme == "http" else None
