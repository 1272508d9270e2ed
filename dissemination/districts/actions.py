"""The verbs of districts and their sectors."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from dissemination.districts import queries
from dissemination.districts.models import District, Sector
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import slugify


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

    Raises ChangedMeanwhile, BadMailbox, UnknownZone.
    """
    _check({"mailbox_address": district.mailbox_address, **facts})
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
