"""Finding guests: by the link in their mail, the list with its counts, and people to choose from."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from dissemination.delivery import suppressed as known
from dissemination.delivery.models import Delivery, Fate, Suppression
from dissemination.guests.models import Guest, Reaction
from dissemination.kernel import links
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import like
from dissemination.people import queries as people
from dissemination.people.models import Company, Contact
from dissemination.workshops.models import State, Workshop

PURPOSE = "guest"  # of the signed links below /g/ and in ?g=
BETWEEN_MAILS = timedelta(hours=20)  # nobody is written to twice a day


class Stand(StrEnum):
    """What the list is narrowed by."""

    NEW = "new"  # not written to yet
    OPEN = "open"  # written to, no answer
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


def token(guest: Guest) -> str:
    """What stands in the personal links `/g/<token>` and `?g=<token>`."""
    return links.sign(PURPOSE, guest.public_id)


def by_token(text: str | None) -> Guest | None:
    """The guest of a link; None when it was cut or forged, or the guest was removed or purged."""
    public_id = links.read(PURPOSE, text) if text else None
    if not isinstance(public_id, str):
        return None
    return db.session.scalar(
        select(Guest)
        .where(Guest.public_id == public_id, Guest.purged_at.is_(None))
        .options(joinedload(Guest.workshop), joinedload(Guest.company), joinedload(Guest.contact))
    )


def holds(guest: Guest) -> bool:
    """Whether the invitation still opens its workshop: not withdrawn, and the workshop has not begun."""
    workshop = guest.workshop
    return (
        guest.withdrawn_at is None
        and workshop.starts_at > now()
        and workshop.published_at is not None
    )  # fmt: skip


def may_see(workshop: Workshop, text: str | None) -> bool:
    """Whether the link `text` opens the page of that (private) workshop."""
    guest = by_token(text)
    return guest is not None and guest.workshop_id == workshop.id and holds(guest)


def may_invite(workshop: Workshop) -> bool:
    """Whether mails can go to the guests now."""
    return workshop.state is State.PUBLISHED and workshop.starts_at > now()


def in_workshop(workshop: Workshop, guest_id: int) -> Guest:
    """The guest with that id, if she is one of `workshop`. Raises NotFound (404)."""
    found = db.session.scalar(select(Guest).where(Guest.id == guest_id, Guest.workshop_id == workshop.id))
    if found is None or found.purged_at is not None:
        raise NotFound
    return found


def by_email(workshop_id: int, email: str) -> Guest | None:
    """The guest of a workshop with that address whose invitation was not withdrawn."""
    return db.session.scalar(
        select(Guest).where(
            Guest.workshop_id == workshop_id, Guest.email == email.strip().lower(),
            Guest.withdrawn_at.is_(None),
        )
    )  # fmt: skip


def _in_stand(stand: Stand):
    """The condition for `stand`; every guest is in exactly one."""
    if stand is Stand.WITHDRAWN:
        return (Guest.withdrawn_at.is_not(None),)
    valid = Guest.withdrawn_at.is_(None)
    if stand is Stand.NEW:
        return valid, Guest.reaction == Reaction.OPEN, Guest.invited_at.is_(None)
    if stand is Stand.OPEN:
        return valid, Guest.reaction == Reaction.OPEN, Guest.invited_at.is_not(None)
    return valid, Guest.reaction == Reaction(stand.value)


def stand_of(guest: Guest) -> Stand:
    """Where a guest stands."""
    if guest.withdrawn_at is not None:
        return Stand.WITHDRAWN
    if guest.reaction is Reaction.OPEN:
        return Stand.NEW if guest.invited_at is None else Stand.OPEN
    return Stand(guest.reaction.value)


def listed(
    workshop: Workshop, *, stand: Stand | None = None, text: str = "", after: str | None = None
) -> Page:
    """One page of the guests by name."""
    query = select(Guest).where(Guest.workshop_id == workshop.id).options(joinedload(Guest.company))
    if stand is not None:
        query = query.where(*_in_stand(stand))
    if text.strip():
        query = query.where(Guest.folded.like(like(text), escape="\\"))
    return page(query, columns=(Guest.folded, Guest.id), after=after)


def counts(workshop: Workshop) -> dict[Stand, int]:
    """How many guests stand where, with one query."""
    rows = db.session.execute(
        select(
            Guest.withdrawn_at.is_not(None), Guest.invited_at.is_(None), Guest.reaction, func.count()
        )
        .where(Guest.workshop_id == workshop.id)
        .group_by(Guest.withdrawn_at.is_not(None), Guest.invited_at.is_(None), Guest.reaction)
    )  # fmt: skip
    found = dict.fromkeys(Stand, 0)
    for withdrawn, unwritten, reaction, n in rows:
        if withdrawn:
            stand = Stand.WITHDRAWN
        elif reaction is Reaction.OPEN:
            stand = Stand.NEW if unwritten else Stand.OPEN
        else:
            stand = Stand(reaction.value)
        found[stand] += n
    return found


def to_invite(workshop: Workshop) -> Select:
    """Guests who were never written to."""
    return select(Guest).where(
        Guest.workshop_id == workshop.id, Guest.purged_at.is_(None), *_in_stand(Stand.NEW)
    )


def to_remind(workshop: Workshop) -> Select:
    """Guests who were written to, have not answered, and got nothing from us today."""
    return select(Guest).where(
        Guest.workshop_id == workshop.id, Guest.purged_at.is_(None), *_in_stand(Stand.OPEN),
        Guest.invited_at <= now() - BETWEEN_MAILS,
    )  # fmt: skip


def by_language(query: Select) -> dict[str, int]:
    """How many of `query` (of guests) read which language."""
    inner = query.subquery()
    return dict(db.session.execute(select(inner.c.language, func.count()).group_by(inner.c.language)).all())


def progress(workshop: Workshop) -> dict[Fate, int]:
    """The fates of all mails to the guests of `workshop`, with one query."""
    ids = select(Guest.id).where(Guest.workshop_id == workshop.id)
    rows = db.session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.subject_kind == Guest.__tablename__, Delivery.subject_id.in_(ids))
        .group_by(Delivery.state)
    )
    return dict(rows.all())


def last_mails(guest_ids: list[int]) -> dict[int, Delivery]:
    """The last mail to each guest, in one query: guest id -> its delivery."""
    latest = (
        select(func.max(Delivery.id))
        .where(Delivery.subject_kind == Guest.__tablename__, Delivery.subject_id.in_(guest_ids))
        .group_by(Delivery.subject_id)
    )
    rows = db.session.scalars(select(Delivery).where(Delivery.id.in_(latest)))
    return {row.subject_id: row for row in rows}


# People to choose from.


@dataclass(frozen=True)
class Wanted:
    """What the contacts are narrowed by. `member` None: members and others."""

    text: str = ""  # name or address
    company: str = ""
    sector_id: int | None = None
    member: bool | None = None


def _contacts(workshop: Workshop, wanted: Wanted) -> Select:
    """Those who are not on the list yet."""
    guests = select(Guest.email).where(Guest.workshop_id == workshop.id)
    query = (
        select(Contact)
        .outerjoin(Contact.company)
        .where(
            Contact.district_id == workshop.district_id, Contact.erased_at.is_(None),
            Contact.email.not_in(guests),
        )
    )  # fmt: skip
    if wanted.text.strip():
        pattern = like(wanted.text)
        query = query.where(
            Contact.name_folded.like(pattern, escape="\\") | Contact.email.like(pattern, escape="\\")
        )
    if wanted.company.strip():
        query = query.where(Company.name_folded.like(like(wanted.company), escape="\\"))
    if wanted.sector_id is not None:
        query = query.where(Company.sector_id == wanted.sector_id)
    if wanted.member is not None:
        members = people.member_ids(workshop.district_id, today(workshop.district.zone))
        is_member = func.coalesce(Contact.company_id, 0).in_(members)
        query = query.where(is_member if wanted.member else ~is_member)
    return query


def contacts(workshop: Workshop, wanted: Wanted, *, after: str | None = None) -> Page:
    """One page of the contacts that are not guests yet, by family name, with their company."""
    query = _contacts(workshop, wanted).options(joinedload(Contact.company))
    return page(query, columns=(Contact.name_folded, Contact.id), after=after)


def count_contacts(workshop: Workshop, wanted: Wanted) -> int:
    """How many contacts the filter finds."""
    return db.session.scalar(select(func.count()).select_from(_contacts(workshop, wanted).subquery())) or 0


def all_contacts(workshop: Workshop, wanted: Wanted, *, most: int) -> list[Contact]:
    """The contacts that the filter finds, at most `most`."""
    return list(db.session.scalars(_contacts(workshop, wanted).order_by(Contact.id).limit(most)))


def some_contacts(workshop: Workshop, ids) -> list[Contact]:
    """The contacts of the district with those ids that are not guests yet."""
    query = _contacts(workshop, Wanted()).where(Contact.id.in_(list(ids)))
    return list(db.session.scalars(query.order_by(Contact.id)))


def suppressed(district_id: int, emails: list[str]) -> dict[str, str]:
    """Those of the (lower-case) addresses that must not be written to: address -> reason."""
    marks = {known.keyed(known.BOUNCED, email): email for email in emails}
    rows = db.session.execute(
        select(Suppression.address, Suppression.reason).where(
            Suppression.district_id == district_id, Suppression.address.in_([*emails, *marks])
        )
    )
    return {marks.get(address, address): reason or _("mail came back") for address, reason in rows}
