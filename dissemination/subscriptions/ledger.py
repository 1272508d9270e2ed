"""The consent ledger of a district: lines found by person and time, and written out whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import like
from dissemination.people.models import Consent, Contact, Purpose
from dissemination.people.texts import PURPOSES

BATCH = 5000


@dataclass(frozen=True)
class Wanted:
    """Which lines: of whom (name or address, or one contact), from when until when (not included);
    given where, and whether it says yes."""

    search: str = ""
    contact_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    source: str = ""
    given: bool | None = None


def _query(district_id: int, wanted: Wanted) -> Select:
    query = select(Consent).where(Consent.district_id == district_id)
    if wanted.contact_id:
        query = query.where(Consent.contact_id == wanted.contact_id)
    if wanted.search.strip():
        pattern = like(wanted.search)
        named = or_(Contact.name_folded.like(pattern, escape="\\"), Contact.email.like(pattern, escape="\\"))
        query = query.where(Consent.contact_id.in_(select(Contact.id).where(
            Contact.district_id == district_id, named
        )))  # fmt: skip
    if wanted.source:
        query = query.where(Consent.source == wanted.source, Consent.purpose == Purpose.NEWSLETTER)
    if wanted.given is not None:
        query = query.where(Consent.given == wanted.given)
    if wanted.since:
        query = query.where(Consent.at >= wanted.since)
    if wanted.until:
        query = query.where(Consent.at < wanted.until)
    return query


def lines(district_id: int, wanted: Wanted, *, after: str | None = None) -> Page:
    """One page of the lines, newest first, each with its person."""
    query = _query(district_id, wanted).options(joinedload(Consent.contact))
    return page(query, columns=(Consent.id,), after=after, descending=True)


def head() -> list[str]:
    """The columns of the export."""
    return [
        _("Line"), _("When (UTC)"), _("E-mail address"), _("Given name"), _("Family name"), _("For"),
        _("Answer"), _("Text as shown"), _("Version of the text"), _("Where it was given"),
        _("How it was confirmed"),
    ]  # fmt: skip


def rows(district_id: int, wanted: Wanted) -> Iterator[list]:
    """Every line as cells, oldest first, read in batches."""
    columns = (
        Consent.id, Consent.at, Contact.email, Contact.given_name, Contact.family_name, Consent.purpose,
        Consent.given, Consent.text, Consent.version, Consent.source, Consent.proof,
    )  # fmt: skip
    query = _query(district_id, wanted).join(Contact, Contact.id == Consent.contact_id)
    query = query.with_only_columns(*columns).order_by(Consent.id).limit(BATCH)
    last = 0
    while found := db.session.execute(query.where(Consent.id > last)).all():
        for r in found:
            yield [
                r.id, r.at.strftime("%Y-%m-%d %H:%M:%S"), r.email, r.given_name, r.family_name,
                str(PURPOSES[r.purpose.value]), _("Yes") if r.given else _("No"), r.text, r.version,
                r.source, r.proof,
            ]  # fmt: skip
        last = found[-1].id
