"""Letters: a mail compiled once, then filled for each recipient by joining pieces (mail.md §1-3).

Compiling renders the templates with a marker in the place of each merge field, encodes what lies between
the markers, and keeps a list of pieces: octets, and slots that name what goes between them. The markers
hold a random nonce, so nothing that somebody typed can be one. Filling costs microseconds; what it
yields depends on the delivery row alone, so the desk can show each message again exactly as it went.
"""

import json
import re
import secrets
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from html import escape
from quopri import decodestring
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from flask import current_app
from flask_babel import force_locale
from jinja2 import Undefined

from dissemination.delivery import mjml
from dissemination.delivery.calendar import CalendarObject, render
from dissemination.delivery.encoding import (
    HARMLESS_ADDRESS,
    SOFT,
    envelope_address,
    harmless_piece,
    mailbox,
    quoted_printable,
    unstructured,
    value_piece,
)
from dissemination.delivery.mail import Mail, one_line
from dissemination.delivery.transport import SHORT

EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
IN_BRACKETS = re.compile(r"\([^\s@<>()/:]+@[^\s@<>()/:]+\)[;,]?")  # in a list of people
HARMLESS_TOKEN = re.compile(r"[A-Za-z0-9_.~-]+")  # nothing that a URL has to escape
BARE_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2,})")
TEXT_HEADER = (
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
)
HTML_HEADER = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"


class LetterProblem(ValueError):
    """A letter whose templates or data cannot be made into a mail."""


@dataclass(frozen=True)
class Rendered:
    """A mail as one recipient sees it: the HTML, the text, and the octets of the whole message."""

    html: str
    text: str
    raw: bytes


@dataclass(frozen=True)
class Letter:
    """A compiled mail: `text` and `html` are lists of octets (even places) and merge fields (odd places)."""

    headers: bytes  # those that are the same for everybody
    text: list
    html: list
    boundary: str
    unsubscribe: str = ""  # the merge field with the one-click address; "" when not bulk
    unsubscribe_mail: str = ""

    @cached_property
    def plan(self) -> "Plan":
        """How it is filled; made once."""
        return Plan.of(self)

    def dump(self) -> bytes:
        """The letter as it is stored."""
        return json.dumps([
            self.headers.decode("ascii"), _as_text(self.text), _as_text(self.html), self.boundary,
            self.unsubscribe, self.unsubscribe_mail,
        ]).encode()  # fmt: skip

    @classmethod
    def load(cls, data: bytes) -> "Letter":
        """What `dump` wrote."""
        headers, text, html, *rest = json.loads(data)
        return cls(headers.encode("ascii"), _as_pieces(text), _as_pieces(html), *rest)


def _as_text(pieces: list) -> list[str]:
    return [p.decode("ascii") if isinstance(p, bytes) else p for p in pieces]


def _as_pieces(texts: list[str]) -> list:
    return [t if i % 2 else t.encode("ascii") for i, t in enumerate(texts)]


class _Missing(Undefined):
    """Data that no template was given: empty in a condition, an error when written out."""

    def __str__(self) -> str:
        self._fail_with_undefined_error()
        return ""

    __html__ = __str__


class _Markers:
    """What templates see as `merge`: each field is a marker that survives Jinja, mrml and css-inline."""

    def __init__(self):
        self._nonce = f"merge{secrets.token_hex(16)}"
        self._pattern = re.compile(rf"{self._nonce}x([0-9a-f]*)z")

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return f"{self._nonce}x{name.encode().hex()}z"

    __getitem__ = __getattr__

    def split(self, text: str) -> list[str]:
        """Text (even places) and field names (odd places)."""
        found = self._pattern.split(text)
        found[1::2] = [bytes.fromhex(name).decode() for name in found[1::2]]
        return found


def _environment():
    """Flask's own templates, escaping in .mjml and refusing what is missing."""
    key = "mail_templates"
    if key not in current_app.extensions:
        current_app.extensions[key] = current_app.jinja_env.overlay(
            autoescape=lambda name: bool(name) and name.endswith(".mjml"), undefined=_Missing
        )
    return current_app.extensions[key]


def _hosts() -> frozenset[str]:
    return frozenset({urlsplit(current_app.config["SETTINGS"].public_url).hostname or ""})


def render_parts(mail: Mail, merge) -> tuple[str, str]:
    """The text and HTML of `mail` with `merge` as its merge values. Raises LetterProblem, MjmlProblem."""
    environment = _environment()
    with force_locale(mail.language):
        values = {**mail.shared, "language": mail.language, "subject": mail.subject, "merge": merge}
        text = environment.get_template(f"mail/{mail.template}.txt").render(values)
        source = environment.get_template(f"mail/{mail.template}.mjml").render(values)
    text = re.sub(r"\n{3,}", "\n\n", text.replace("\r\n", "\n")).strip() + "\n"
    # MJML that a person wrote renders in a child process with a time limit.
    render = mjml.render_draft if mail.shared.get("own_mjml") else mjml.render
    return text, render(source, language=mail.language, hosts=_hosts())


def compile_letter(mail: Mail, *, seed: str) -> Letter:
    """`mail` as a letter. `seed` (its content hash) makes the boundaries. Raises MjmlProblem."""
    markers = _Markers()
    text, html = render_parts(mail, markers)
    bulk = mail.bulk
    return Letter(
        headers=_headers(mail),
        text=_encoded(markers.split(text)),
        html=_encoded(markers.split(html)),
        boundary=f"=_{sha256(seed.encode()).hexdigest()[:24]}",  # "=_" cannot occur in quoted-printable
        unsubscribe=bulk.unsubscribe if bulk else "",
        unsubscribe_mail=envelope_address(mail.sender.address) if bulk else "",
    )


def _encoded(pieces: list[str]) -> list:
    """The pieces in octets; around a merge field each ends and begins with a soft line break."""
    last = len(pieces) - 1
    found: list = []
    for i, piece in enumerate(pieces):
        if i % 2:
            found.append(piece)
        else:
            found.append((SOFT if i else b"") + quoted_printable(piece) + (SOFT if i < last else b""))
    return found


def _headers(mail: Mail) -> bytes:
    """The headers that all recipients share, each value checked (no CR, no LF) and encoded."""
    address = envelope_address(mail.sender.address)
    sender = mailbox(mail.sender.name, address)
    lines = [
        f"From: {sender}", f"Reply-To: {sender}", f"Subject: {unstructured(mail.subject, column=9)}",
        "MIME-Version: 1.0", f"Content-Language: {mail.language}",
    ]  # fmt: skip
    bulk = mail.bulk
    if bulk is None:
        lines.append("Auto-Submitted: auto-generated")
    else:
        list_id = _address(bulk.list_id)
        name = mailbox(bulk.list_name, list_id) if one_line(bulk.list_name) else f"<{list_id}>"
        lines += [
            f"List-Id: {name}", f"List-Archive: <{_address(bulk.archive_url)}>",
            f"List-Help: <{_address(bulk.help_url or bulk.archive_url)}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Precedence: bulk",
        ]  # fmt: skip
        if bulk.feedback_id:
            lines.append(f"Feedback-ID: {_address(bulk.feedback_id)[:60]}")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _address(url: str) -> str:
    """A URL for a header in angle brackets."""
    if HARMLESS_ADDRESS.fullmatch(url):
        return url
    return "".join(c if "!" <= c <= "~" and c not in '<>"' else "" for c in url)


def is_address(field: str) -> bool:
    """Whether a merge field holds a web address: its name says so (`url`, `manage_url`)."""
    return field == "url" or field.endswith("_url")


def defused(field: str, value: str) -> str:
    """A merge value on one line; what a person typed does not become a link in a mail program."""
    value = one_line(value)
    if is_address(field):
        return _address(value) if value.startswith(("https://", "http://", "mailto:")) else "#"
    if EMAIL.fullmatch(value):
        return value
    words = value.replace("://", ": //").split(" ")
    return " ".join(w if IN_BRACKETS.fullmatch(w) else BARE_DOMAIN.sub(". ", w) for w in words)


def _joined(pieces: list, values: Mapping[str, bytes]) -> bytes:
    if len(pieces) == 1:
        return pieces[0]
    filled = pieces.copy()
    try:
        filled[1::2] = [values[name] for name in pieces[1::2]]
    except KeyError as missing:
        raise LetterProblem(f"no value for the merge field {missing}") from None
    return b"".join(filled)


class Slip(NamedTuple):
    """What one message needs beyond its letter: the facts of a delivery row."""

    address: str
    name: str
    merge: Mapping[str, str]
    calendar: dict | None
    message_id: str
    date: datetime | str  # a string as SQLite stores it, in UTC
    envelope: str = ""  # the address as `envelope_address` writes it, when that is known


def fill(letter: Letter, slip: Slip) -> bytes:
    """The whole message for one recipient, CRLF, ready for DATA (no line starts with a dot).

    Raises LetterProblem for a missing merge value and BadAddress.
    """
    return b"".join(fill_pieces(letter, slip))


def fill_pieces(letter: Letter, slip: Slip) -> list[bytes]:
    """`fill` in pieces: those of the letter are shared by all messages, so nothing long is copied."""
    plan, merge = letter.plan, slip.merge
    filled = plan.pieces.copy()
    for name, address, places in plan.fields:
        try:
            value = merge[name]
        except KeyError:
            raise LetterProblem(f"no value for the merge field {name}") from None
        piece = harmless_piece(value, address=address)
        if piece is not None:
            for place in places:
                filled[place] = piece
            continue
        plain = defused(name, value)
        in_html = value_piece(escape(plain))
        in_text = value_piece(plain)
        for place in places:
            filled[place] = in_text if place < plan.html_from else in_html
    own = _own_headers(letter, slip)
    if slip.calendar is not None:
        item = CalendarObject.from_json(slip.calendar)
        return [letter.headers, own, _with_calendar(letter.boundary.encode(), filled[1:-1], item)]
    filled[0] = own + plan.head
    return [b"".join(filled)] if plan.is_short else filled


@dataclass(frozen=True, slots=True)
class Plan:
    """A letter as one list of octets with a place for every value: filling is copying and joining.

    The first place is for the headers of one recipient and `head`, the last piece ends the alternatives;
    `fields` says of each merge field its name, whether it is a web address, and its places; from `html_from`
    on the places are in the HTML part.
    """

    head: bytes
    pieces: list[bytes]
    fields: tuple[tuple[str, bool, tuple[int, ...]], ...]
    html_from: int
    is_short: bool  # better as one piece

    @classmethod
    def of(cls, letter: Letter) -> "Plan":
        """The plan of a letter that has no calendar object."""
        boundary = letter.boundary.encode()
        head = (
            letter.headers + b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n\r\n'
        )
        text, html = letter.text.copy(), letter.html.copy()
        places: dict[str, list[int]] = defaultdict(list)
        for first, part in ((1, text), (1 + len(text), html)):
            for i in range(1, len(part), 2):
                places[part[i]].append(first + i)
                part[i] = b""
        text[0] = b"--" + boundary + b"\r\n" + TEXT_HEADER + text[0]
        text[-1] += b"\r\n--" + boundary + b"\r\n" + HTML_HEADER
        html[-1] += b"\r\n"
        pieces = [b"", *text, *html, b"--" + boundary + b"--\r\n"]
        fields = tuple((name, is_address(name), tuple(found)) for name, found in sorted(places.items()))
        return cls(head, pieces, fields, 1 + len(text), is_short=sum(map(len, pieces)) < SHORT)


@lru_cache(maxsize=256)
def _date(moment: datetime | str) -> str:
    """A moment as RFC 5322 writes it; the messages of one batch share theirs.

    A string is what SQLite stores: UTC.
    """
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return format_datetime(moment.astimezone(UTC))


def _own_headers(letter: Letter, slip: Slip) -> bytes:
    to = mailbox(slip.name, slip.envelope or envelope_address(slip.address))
    moment = slip.date[:19] if isinstance(slip.date, str) else slip.date
    own = f"To: {to}\r\nDate: {_date(moment)}\r\nMessage-ID: {slip.message_id}\r\n"
    if letter.unsubscribe:
        try:
            url = _address(slip.merge[letter.unsubscribe])
        except KeyError as missing:
            raise LetterProblem(f"no value for the merge field {missing}") from None
        token = url.rstrip("/").rpartition("/")[2]
        if not HARMLESS_TOKEN.fullmatch(token):
            token = quote(token, safe="")
        own += (
            f"List-Unsubscribe: <{url}>,\r\n <mailto:{letter.unsubscribe_mail}"
            f"?subject=unsubscribe%20{token}>\r\n"
        )
    return own.encode()  # beyond ASCII only in an address that needs SMTPUTF8 (RFC 6532)


def _with_calendar(boundary: bytes, parts: list[bytes], item: CalendarObject) -> bytes:
    """The body with the calendar last among the alternatives, and again as a file (mail.md §2.1)."""
    octets, method = render(item), item.method.encode("ascii")
    outer = boundary + b"m"
    encoded = b64encode(octets)
    lines = [encoded[i : i + 76] for i in range(0, len(encoded), 76)]
    return b"".join((
        b'Content-Type: multipart/mixed;\r\n boundary="', outer, b'"\r\n\r\n--', outer,
        b'\r\nContent-Type: multipart/alternative;\r\n boundary="', boundary, b'"\r\n\r\n', *parts,
        b"--", boundary, b"\r\nContent-Type: text/calendar; charset=UTF-8; method=", method,
        b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", quoted_printable(octets.decode()),
        b"\r\n--", boundary, b"--\r\n\r\n--", outer,
        b'\r\nContent-Type: application/ics; name="invite.ics"\r\n'
        b'Content-Disposition: attachment; filename="invite.ics"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n",
        b"\r\n".join(lines), b"\r\n--", outer, b"--\r\n",
    ))  # fmt: skip


def preview(mail: Mail, merge: Mapping[str, str], calendar: CalendarObject | None = None) -> Rendered:
    """`mail` with sample merge values, as a recipient would get it.

    Raises MjmlProblem (with line and column), LetterProblem and Jinja's errors.
    """
    letter = compile_letter(mail, seed="preview")
    merge = {name: str(value) for name, value in merge.items()}
    address = calendar.attendee_address if calendar else "anteprima@example.org"
    slip = Slip(
        address=address, name="", merge=merge, calendar=calendar.to_json() if calendar else None,
        message_id=f"<preview@{mail.sender.domain}>", date=datetime(2000, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return Rendered(html=shown(letter.html, merge, html=True), text=shown(letter.text, merge, html=False),
                    raw=fill(letter, slip))  # fmt: skip


def shown(pieces: list, merge: Mapping[str, str], *, html: bool) -> str:
    """A part of a letter as its reader sees it."""
    plain = {k: defused(k, str(v)) for k, v in merge.items()}
    values = {k: value_piece(escape(v) if html else v) for k, v in plain.items()}
    return decodestring(_joined(pieces, values)).decode().replace("\r\n", "\n")
