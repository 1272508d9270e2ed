"""How text becomes octets on the wire: quoted-printable bodies and encoded header values.

Written out here because letters are encoded in pieces: each piece starts at column 0, ends with a soft
line break, and no line of any piece is longer than 76 or starts with a dot, so that pieces can be joined
for each recipient without looking at them again.
"""

import re
from base64 import b64encode

from dissemination.delivery.mail import CONTROL, one_line
from dissemination.kernel.text import ascii_domain

SOFT = b"=\r\n"
WIDTH = 75  # a line has at most 76 (RFC 2045 §6.7), and a soft line break may follow
UNSAFE = re.compile(rb"[^ -<>-~]")
PLAIN_VALUE = re.compile(r"[!-<>-~](?:[ -<>-~]{0,68}[!-<>-~])?")  # written as it is, on one line
# Values that are the same in text and HTML, and no link: most names, numbers and dates.
HARMLESS = re.compile(r"(?!From )[^\W_](?:[A-Za-z0-9 ,()/+_-]{0,70}[A-Za-z0-9,)])?", re.ASCII)
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f"
# Names with accents: written alike too, only not in ASCII.
ACCENTED = re.compile(rf"(?!From )[A-Za-z](?:[0-9 ,()/+{_LETTER}-]{{0,40}}[0-9{_LETTER}])?")
_ENCODED = {code: "".join(f"={octet:02X}" for octet in chr(code).encode()) for code in range(0xC0, 0x180)}
HARMLESS_ADDRESS = re.compile(r"https?://[A-Za-z0-9./:_~%?#+,-]{1,200}")
ATOM_TEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
# One addr-spec without comments (RFC 5321 §4.1.2): atoms, also beyond ASCII (RFC 6531), or a quoted string.
_ATOM = r"[^\x00-\x20\x7f-\xa0\"(),.:;<>@\[\\\]\u2000-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff]+"
ADDRESS = re.compile(
    rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[ !#-\[\]-~]|\\[ -~])+")@'
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)

PLAIN_ADDRESS = re.compile(
    r"[a-z0-9]+(?:[._-][a-z0-9]+){0,5}@[a-z0-9]+(?:[.-][a-z0-9]+)+", re.IGNORECASE | re.ASCII
)


class BadAddress(ValueError):
    """An address that cannot be written to."""


def quoted_printable(text: str) -> bytes:
    """`text` as quoted-printable (RFC 2045 §6.7), CRLF, lines of at most 76, none starting with a dot."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_encoded_line(line.encode("utf-8", "replace")) for line in lines)


def _encoded_line(line: bytes) -> bytes:
    if line.endswith((b" ", b"\t")):
        line, tail = line[:-1], b"=%02X" % line[-1]
    else:
        tail = b""
    text = UNSAFE.sub(lambda m: b"=%02X" % m[0][0], line) + tail
    if len(text) <= WIDTH and not text.startswith((b".", b"From ")):
        return text
    pieces = []
    while text:
        text = _safe_start(text)
        end = len(text) if len(text) <= WIDTH else _cut(text)
        pieces.append(text[:end])
        text = text[end:]
    return SOFT.join(pieces)


def _safe_start(text: bytes) -> bytes:
    """A dot would be doubled by SMTP and "From " be quoted by mailboxes: encode their first letter."""
    return b"=%02X%b" % (text[0], text[1:]) if text.startswith((b".", b"From ")) else text


def _cut(text: bytes) -> int:
    """Where a piece of at most WIDTH ends without splitting an =XX."""
    end = WIDTH
    if text[end - 1] == 0x3D:
        return end - 1
    return end - 2 if text[end - 2] == 0x3D else end


def harmless_piece(text: str, *, address: bool) -> bytes | None:
    """The piece of a value that is written alike in text and HTML; None when that must be looked at."""
    if not address:
        if "  " in text:
            return None
        if text.isascii():
            return text.encode() if HARMLESS.fullmatch(text) else None
        octets = text.translate(_ENCODED).encode() if ACCENTED.fullmatch(text) else b""
        return octets if 0 < len(octets) <= WIDTH else None
    if not HARMLESS_ADDRESS.fullmatch(text):
        return None
    octets = text.encode("ascii")
    if len(octets) <= WIDTH:
        return octets
    parts = [octets[i : i + WIDTH] for i in range(0, len(octets), WIDTH)]
    return None if any(part.startswith(b".") for part in parts) else SOFT.join(parts)


def value_piece(text: str) -> bytes:
    """A merge value as a piece of its own between soft line breaks."""
    if PLAIN_VALUE.fullmatch(text) and not text.startswith((".", "From ")):
        return text.encode("ascii")
    return quoted_printable(text)


def words(text: str) -> list[str]:
    """`text` as RFC 2047 encoded words of at most 64 characters, none splitting a character."""
    found, chunk = [], b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(chunk) + len(octets) > 39:  # 64 characters, so that a header's name fits before
            found.append(chunk)
            chunk = b""
        chunk += octets
    found.append(chunk)
    return [f"=?utf-8?b?{b64encode(part).decode()}?=" for part in found if part]


def phrase(name: str) -> str:
    """A display name as RFC 5322 wants it: an atom, a quoted string, or encoded words on folded lines."""
    name = one_line(name)
    if not name.isascii() or len(name) > 60 or "=?" in name:  # longer ones have to be folded
        return "\r\n ".join(words(name))
    if ATOM_TEXT.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unstructured(text: str, *, column: int) -> str:
    """A header text such as a subject, folded; `column` is how far its name reaches into the first line."""
    text = one_line(text)
    if text.isascii() and "=?" not in text and max(map(len, text.split() or [""])) < 60:
        return _folded(text, column)
    return "\r\n ".join(words(text))


def _folded(text: str, column: int) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and column + len(line) + 1 + len(word) > 76:
            lines.append(line)
            line, column = word, 1
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def envelope_address(address: str) -> str:
    """`address` for the envelope, its domain in IDNA. Raises BadAddress.

    ASCII but for a local part that is not: such a message needs a server with SMTPUTF8 (RFC 6531). A quoted
    local part is kept as it is, and loses its quotes where it needs none.
    """
    if len(address) <= 64 and PLAIN_ADDRESS.fullmatch(address):
        return address
    if CONTROL.search(address):
        raise BadAddress(address)
    local, _, domain = address.strip().rpartition("@")
    if local[:1] == '"' and re.fullmatch(r'"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"', local):
        local = local[1:-1]
    try:
        plain = f"{local}@{ascii_domain(domain)}"
    except UnicodeError:
        raise BadAddress(address) from None
    if (
        len(plain.encode()) > 254
        or len(local.encode("utf-8", "replace")) > 64
        or not ADDRESS.fullmatch(plain)
    ):
        raise BadAddress(address)
    return plain


def mailbox(name: str, address: str) -> str:
    """`name <address>` for a header, folded when long. `address` is already ASCII."""
    written = phrase(name) if name else ""
    if not written:
        return address
    last = written.rsplit("\r\n", 1)[-1]
    return f"{written}{' ' if len(last) + len(address) < 68 else chr(13) + chr(10) + ' '}<{address}>"
