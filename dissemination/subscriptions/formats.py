"""Files of subscribers that other programs wrote: what stands in a line, whoever wrote it. Writes nothing.

Read are plain CSV with our own column names (Italian or English), listmonk's export (uuid, email, name,
attributes, status, created_at, updated_at) and Mailchimp's audience export: a ZIP or its CSV files, one
each for subscribed, unsubscribed, cleaned and non-subscribed people. Which it is, is seen in the header and,
for Mailchimp, in the name of the file. Columns that are not known are left aside: exports have dozens.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from dissemination.kernel.text import fold

MOST_BYTES, MOST_LINES, MOST_FILES = 10 * 1024 * 1024, 100_000, 20
COLUMNS = {
    "email": ("email", "e-mail", "email address", "e-mail address", "mail", "indirizzo email",
              "indirizzo e-mail", "indirizzo di posta elettronica", "posta elettronica"),
    "given_name": ("given name", "first name", "nome", "fname"),
    "family_name": ("family name", "last name", "surname", "cognome", "lname"),
    "name": ("name", "full name", "nome completo", "nominativo", "nome e cognome"),
    "language": ("language", "lingua", "lang", "locale"),
    "status": ("status", "stato", "subscription status", "member status"),
    "joined": ("optin time", "opt-in time", "created at", "data iscrizione", "iscritto il", "joined"),
    "confirmed": ("confirm time", "confirmed at", "data conferma", "confermato il"),
    "unsubscribed": ("unsub time", "data disiscrizione", "data cancellazione"),
    "cleaned": ("clean time", "data pulizia"),
    "attributes": ("attributes", "attribs"),
}  # fmt: skip
UNSUBSCRIBED, CLEANED, BLOCKED, COMPLAINED = "unsubscribed", "cleaned", "blocklisted", "complained"
REFUSALS = (UNSUBSCRIBED, CLEANED, BLOCKED, COMPLAINED)
NEVER = "never"
STATUSES = {
    UNSUBSCRIBED: ("unsubscribed", "disiscritto", "disiscritta", "cancellato", "cancellata", "opted-out"),
    CLEANED: ("cleaned", "pulito", "bounced", "bounce", "invalid", "archived"),
    BLOCKED: ("blocklisted", "blacklisted", "blocked", "bloccato"),
    COMPLAINED: ("complained", "complaint", "spam", "abuse"),
    NEVER: ("nonsubscribed", "non-subscribed", "non iscritto", "transactional", "pending", "unconfirmed",
            "disabled", "in attesa"),
    "": ("", "subscribed", "enabled", "confirmed", "active", "iscritto", "iscritta", "attivo", "confermato"),
}  # fmt: skip
STATUS_OF = {word: status for status, words in STATUSES.items() for word in words}
# What most addresses are; all others are asked of a library that takes its time.
PLAIN = re.compile(r"[a-z0-9_]+(?:[.+'_-][a-z0-9_]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
MOMENTS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
           "%d/%m/%Y", "%m/%d/%y %I:%M%p")  # fmt: skip


class NotReadable(ValueError):
    """The file is none that can be read; the text says why."""


@dataclass(frozen=True)
class Upload:
    """A file as it was sent. `refuses`: its addresses must all not be written to."""

    name: str
    data: bytes
    refuses: bool = False


@dataclass(slots=True)
class Line:
    """A line as it was understood. `status`: "" wants to subscribe, one of REFUSALS, or NEVER."""

    number: int
    email: str = ""
    given_name: str = ""
    family_name: str = ""
    language: str = ""
    status: str = ""
    joined_at: datetime | None = None
    confirmed_at: datetime | None = None
    problem: str = ""


@dataclass
class Sheet:
    """A file that was opened: its text, its columns, and what its name says of all its lines."""

    name: str
    text: str
    delimiter: str = ","
    format: str = "csv"
    status: str = ""  # of every line, when the file is of one kind
    header: list[str | None] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines there are below the header, at most."""
        return max(0, self.text.count("\n") + (not self.text.endswith("\n")) - 1)


def unpacked(upload: Upload) -> list[Upload]:
    """The CSV files in an upload: itself, or those in the ZIP. Raises NotReadable."""
    if not upload.data.startswith(b"PK\x03\x04"):
        return [upload]
    found, left = [], MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(upload.data)) as archive:
            names = [i for i in archive.infolist() if i.filename.lower().endswith((".csv", ".txt"))]
            for info in names[: MOST_FILES + 1]:
                with archive.open(info) as member:
                    data = member.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise NotReadable(_("The files are larger than 10 MB together. Split them."))
                found.append(Upload(info.filename.rsplit("/", 1)[-1][:255], data, upload.refuses))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        raise NotReadable(_("This ZIP file is broken or has a password.")) from None
    if not found:
        raise NotReadable(_("There is no CSV file in this ZIP."))
    if len(found) > MOST_FILES:
        raise NotReadable(_("There are more than %(n)d files in this ZIP.", n=MOST_FILES))
    return found


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16, or what Windows writes (CP1252). Raises NotReadable."""
    if len(data) > MOST_BYTES:
        raise NotReadable(_("The files are larger than 10 MB together. Split them."))
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise NotReadable(_("This is not a CSV file."))


def opened(upload: Upload) -> Sheet:
    """The file with its columns. Raises NotReadable."""
    text = decode(upload.data)
    first = text.split("\n", 1)[0]
    sheet = Sheet(upload.name, text, delimiter=max(",;\t", key=first.count))
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=sheet.delimiter), [])
    except csv.Error as error:
        raise NotReadable(_("The line cannot be read as CSV: %(error)s", error=str(error))) from None
    names = {alias: name for name, aliases in COLUMNS.items() for alias in aliases}
    sheet.header = [names.get(fold(cell).replace("_", " ")) for cell in cells]
    sheet.unknown = [
        cell for cell, name in zip(cells, sheet.header, strict=True) if not name and cell.strip()
    ]
    if "email" not in sheet.header:
        raise NotReadable(_("No column holds e-mail addresses: the first line has to name one “email”."))
    shown = {fold(cell) for cell in cells}
    if {"uuid", "attributes", "status"} <= shown:
        sheet.format = "listmonk"
    elif {"member_rating", "leid", "euid"} & shown or {"optin_time", "confirm_time"} <= shown:
        sheet.format = "mailchimp"
    sheet.status = BLOCKED if upload.refuses else _status_of_file(sheet)
    return sheet


def _status_of_file(sheet: Sheet) -> str:
    """What Mailchimp's names of files say: nonsubscribed…, unsubscribed…, cleaned…; else the columns."""
    name = fold(sheet.name).replace("-", "").replace("_", "")
    if sheet.format == "mailchimp":
        for word, status in (("nonsubscribed", NEVER), ("unsubscribed", UNSUBSCRIBED), ("cleaned", CLEANED)):
            if name.startswith(word) or f"/{word}" in name:
                return status
    return next((s for s in (UNSUBSCRIBED, CLEANED) if s in sheet.header), "")


def lines(sheet: Sheet) -> Iterator[Line]:
    """The lines below the header, numbered as an editor does (1 is the header); empty ones left out.

    A line that cannot be used has a `problem`. A broken quote ends the file with one.
    """
    reader = csv.reader(io.StringIO(sheet.text, newline=""), delimiter=sheet.delimiter, strict=True)
    number = 1
    try:
        next(reader, None)
        number = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _line(sheet, number, cells)
            number = reader.line_num + 1
    except csv.Error as error:
        problem = _("The line cannot be read as CSV: %(error)s", error=str(error))
        yield Line(number, problem=problem)


def _line(sheet: Sheet, number: int, cells: list[str]) -> Line:
    if len(cells) > len(sheet.header):
        return Line(number, problem=_("There are more cells than columns."))
    said: dict[str, str] = {}
    for name, cell in zip(sheet.header, cells, strict=False):
        if name and not said.get(name):
            said[name] = " ".join(cell.split())
    line = Line(number, *_named(said), language=_language(said), status=sheet.status)
    line.joined_at, line.confirmed_at = moment(said.get("joined", "")), moment(said.get("confirmed", ""))
    email = address(said.get("email", ""))
    if email is None:
        shown = said.get("email", "")[:100]
        line.problem = _("“%(value)s” is not a complete e-mail address.", value=shown)
        return line
    line.email = email
    if not line.status:
        word = fold(said.get("status", ""))
        if word not in STATUS_OF:
            line.problem = _("The status “%(value)s” is not known.", value=said["status"][:50])
        line.status = STATUS_OF.get(word, NEVER)
    if not line.status and (said.get("unsubscribed") or said.get("cleaned")):
        line.status = UNSUBSCRIBED if said.get("unsubscribed") else CLEANED
    return line


def _named(said: dict[str, str]) -> tuple[str, str, str]:
    """("", given name, family name); of a whole name the last word is the family's."""
    given, family = said.get("given_name", ""), said.get("family_name", "")
    if not given and not family and said.get("name") and "@" not in said["name"]:
        given, _space, family = said["name"].rpartition(" ")
        given, family = (given, family) if given else (family, "")
    return "", given[:100], family[:100]


def _language(said: dict[str, str]) -> str:
    """The line's language; listmonk keeps it among the attributes. "" when nothing is said."""
    word = said.get("language", "")
    if not word and said.get("attributes", "").startswith("{"):
        try:
            kept = json.loads(said["attributes"])
        except (ValueError, RecursionError):
            kept = {}
        word = str(next((kept[k] for k in ("language", "lang", "lingua", "locale") if kept.get(k)), ""))
    short = fold(word)[:2]
    return short if short in ("it", "en") else ""


def address(text: str) -> str | None:
    """The address in lower case; None when it is none. Nothing is looked up on the network."""
    lower = text.strip().lower()
    plain = len(lower) <= 254 and PLAIN.fullmatch(lower) and lower.index("@") <= 64
    if plain and "xn--" not in lower:  # which stands for letters: kept in one spelling
        return lower
    try:
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    email = found.normalized.lower()
    return email if found.local_part.isascii() and len(email) <= 254 else None


def moment(text: str) -> datetime | None:
    """A time as exports write it, as UTC; None when there is none, or one that cannot be."""
    if not text:
        return None
    text = re.sub(r"(\.\d+)?( [+-]\d{4})?( [A-Z]{3,4}| [+-]\d{4})?$", "", text.strip())
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
        return _plausible(found if found.tzinfo else found.replace(tzinfo=UTC))
    for pattern in MOMENTS:
        with suppress(ValueError):
            return _plausible(datetime.strptime(text, pattern).replace(tzinfo=UTC))
    return None


def _plausible(found: datetime) -> datetime | None:
    return found if 1995 <= found.year <= 2100 else None
