"""The verbs of districts and their sectors."""

import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from dissemination.districts import queries
from dissemination.districts.models import District, Sector
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import ascii_domain, slugify


class BadSlug(Refusal):
    """The short name cannot stand in an address."""

    status = 422
    message = _l("Use small letters, digits and hyphens, and no word that our addresses begin with.")
    field = "slug"


class SlugTaken(Refusal):
    """Another district has that short name."""

    message = _l("There is already a district of this short name.")
    field = "slug"


class BadMailbox(Refusal):
    """The district's mailbox is not an address."""

    status = 422
    message = _l("The district needs a complete e-mail address that somebody reads.")
    field = "mailbox_address"


class UnknownZone(Refusal):
    """No such time zone."""

    status = 422
    message = _l("This time zone is not known. Write it as Europe/Rome.")
    field = "timezone"


class OfficeHoursEndFirst(Refusal):
    """The office closes before it opens."""

    status = 422
    message = _l("Office hours end after they begin: from 0 to 23, until 1 to 24.")
    field = "office_until"


class BadOrigin(Refusal):
    """A line that is not the origin of a site."""

    status = 422
    field = "embed_origins"

    def __init__(self, number: int, line: str):
        super().__init__(
            _(
                "Line %(number)d is not an address such as https://www.example.org, without a path: %(line)s",
                number=number, line=line[:100],
            )
        )  # fmt: skip


class TooManyOrigins(Refusal):
    """More sites than a header line bears."""

    status = 422
    message = _l("At most 20 sites.")
    field = "embed_origins"


class SectorExists(Refusal):
    """Another sector of the district has that code."""

    message = _l("The district already has a sector with this code.")
    field = "code"


class ChangedMeanwhile(Refusal):
    """Somebody else saved since the form was opened."""

    message = _l(
        "Somebody else changed this while you were writing. Nothing was overwritten: "
        "open the page again in another window and compare."
    )


def _reserved() -> set[str]:
    """The first words of our own addresses: a district of that name would hide behind them."""
    return {rule.rule.strip("/").split("/")[0] for rule in current_app.url_map.iter_rules()}


def _check(facts: dict) -> None:
    try:
        validate_email(facts["mailbox_address"], check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise BadMailbox from None
    try:
        ZoneInfo(facts.get("timezone", "Europe/Rome"))
    except (ZoneInfoNotFoundError, ValueError):
        raise UnknownZone from None


MOST_ORIGINS = 20
HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")


def _check_office(district: District, facts: dict) -> None:
    opens = facts.get("office_from", district.office_from)
    closes = facts.get("office_until", district.office_until)
    if not 0 <= opens < closes <= 24:
        raise OfficeHoursEndFirst


def origins(text: str) -> list[str]:
    """The origins in `text`, one a line, as CSP's frame-ancestors takes them (W3C CSP3 §6.4.2).

    https only, a host and at most a port; no wildcard, path or user. International names become ASCII.
    Raises BadOrigin with the line at fault, TooManyOrigins.
    """
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > MOST_ORIGINS:
        raise TooManyOrigins
    return list(dict.fromkeys(_origin(n, line) for n, line in lines))


def _origin(number: int, line: str) -> str:
    try:
        parts = urlsplit(line)
        host = ascii_domain(parts.hostname or "")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # UnicodeError is one
        raise BadOrigin(number, line) from None
    plain = parts.scheme == "https" and parts.path in ("", "/") and not (parts.query or parts.fragment)
    if not plain or "@" in parts.netloc or len(host) > 253 or not HOST.fullmatch(host):
        raise BadOrigin(number, line)
    return f"https://{host}{port}"


def add(
    *, slug: str, name_it: str, name_en: str, managing_body: str, mailbox_name: str, mailbox_address: str,
    **facts,
) -> District:  # fmt: skip
    """Add a district. `slug` is its word in every address and does not change later.

    Raises BadSlug, SlugTaken, BadMailbox, UnknownZone.
    """
    if slug != slugify(slug) or slug in _reserved():
        raise BadSlug
    if queries.by_slug(slug) is not None:
        raise SlugTaken
    facts |= {
        "name_it": name_it, "name_en": name_en, "managing_body": managing_body,
        "mailbox_name": mailbox_name, "mailbox_address": mailbox_address,
    }  # fmt: skip
    _check(facts)
    district = District(slug=slug, **facts)
    try:
        with db.session.begin_nested():
            db.session.add(district)
    except IntegrityError:
        raise SlugTaken from None
    return district


def revise(district: District, *, version: int, **facts) -> District:
    """Change a district's settings. A changed privacy text gets the next version number by itself.

    Raises ChangedMeanwhile, BadMailbox, UnknownZone, OfficeHoursEndFirst, BadOrigin, TooManyOrigins.
    """
    _check({"mailbox_address": district.mailbox_address, **facts})
    _check_office(district, facts)
    if "embed_origins" in facts:
        facts["embed_origins"] = "\n".join(origins(facts["embed_origins"]))
    if district.version != version:
        raise ChangedMeanwhile
    changed = any(
        name in facts and _words(facts[name]) != _words(getattr(district, name))
        for name in ("privacy_it", "privacy_en")
    )
    for name, value in facts.items():
        setattr(district, name, value)
    if changed:
        district.privacy_version = _next(district.privacy_version)
    district.version += 1
    db.session.flush()
    return district


def _words(text: str) -> list[str]:
    return text.split()  # other line ends and spaces are no new text


def _next(version: str) -> str:
    return str(int(version) + 1) if version.isdigit() else f"{version}.1"[:20]


def add_sector(district: District, *, name_it: str, name_en: str, code: str = "", place: str = "") -> Sector:
    """Add a sector at the end. Without `code` the name gives it. Raises SectorExists."""
    code = slugify(code or name_it, limit=40)
    if any(s.code == code for s in district.sectors):
        raise SectorExists
    position = max((s.position for s in district.sectors), default=-1) + 1
    sector = Sector(
        district_id=district.id, code=code, name_it=name_it, name_en=name_en, place=place, position=position
    )
    try:
        with db.session.begin_nested():
            db.session.add(sector)
    except IntegrityError:
        raise SectorExists from None
    db.session.expire(district, ["sectors"])
    return sector


def revise_sector(sector: Sector, *, name_it: str, name_en: str, place: str, position: int) -> Sector:
    """Change a sector's names, place and order. Its code stays: the log knows it by that."""
    sector.name_it, sector.name_en, sector.place, sector.position = name_it, name_en, place, position
    db.session.flush()
    db.session.expire(sector.district, ["sectors"])
    return sector
