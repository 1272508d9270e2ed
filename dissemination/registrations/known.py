"""Who comes with a mailed link: a guest of the workshop, or somebody whom we know.

The link that we mail to somebody who was with us before fills in the form and proves the address. It
holds for a day, for one contact of one district, and only as long as the contact's address stays the one
to which it went. It names nobody: without our database it says nothing.
"""

from dataclasses import dataclass
from hashlib import sha256

from flask import request

from dissemination.guests import queries as guests
from dissemination.guests.models import Guest
from dissemination.kernel import links
from dissemination.kernel.database import db
from dissemination.people.models import Company, Contact
from dissemination.registrations.models import Registration

PURPOSE = "recognised"
HOURS = 24


def token(contact: Contact) -> str:
    """What stands in `?me=`."""
    return links.sign_for_a_while(PURPOSE, [contact.id, _mark(contact.email)])


def contact_of(text: str, district_id: int) -> Contact | None:
    """Whom a link was mailed to; None when it was cut, forged, is a day old, or her address changed."""
    told = links.read_recent(PURPOSE, text, max_age=HOURS * 3600) if text else None
    if not isinstance(told, list) or len(told) != 2 or not isinstance(told[0], int):
        return None
    contact = db.session.get(Contact, told[0])
    if contact is None or contact.district_id != district_id or contact.erased_at is not None:
        return None
    return contact if _mark(contact.email) == told[1] else None


def _mark(email: str) -> str:
    return sha256(email.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Visit:
    """By which links somebody came to the form, and who they say she is."""

    guest: Guest | None = None
    contact: Contact | None = None
    g: str = ""
    me: str = ""

    @property
    def is_personal(self) -> bool:
        """Whether the page shows what only she may see."""
        return self.guest is not None or self.contact is not None

    @property
    def has_expired(self) -> bool:
        """Whether a link was followed that fills in nothing any more."""
        return bool(self.me) and self.contact is None

    def proves(self, email: str) -> bool:
        """Whether a link was mailed to `email`."""
        address = email.strip().lower()
        return address in {who.email for who in (self.guest, self.contact) if who is not None}

    def values(self) -> dict:
        """What the form is filled in with."""
        if self.contact is not None:
            return {
                **_person(self.contact),
                "job_title": self.contact.job_title,
                **_company(self.contact.company),
            }
        if self.guest is not None:
            name = {"company_name": self.guest.company_name} if self.guest.company is None else {}
            return {**_person(self.guest), **(_company(self.guest.company) if self.guest.company else name)}
        return {}


def visit(district_id: int, workshop_id: int) -> Visit:
    """Who comes, told by `?g=` and `?me=` (or the same in the form that was sent)."""
    g, me = request.values.get("g", "")[:400], request.values.get("me", "")[:400]
    guest = guests.by_token(g) if g else None
    if guest is not None and (guest.workshop_id != workshop_id or not guests.holds(guest)):
        guest = None
    return Visit(guest=guest, contact=contact_of(me, district_id), g=g if guest else "", me=me)


def invitation_of(registration: Registration) -> str | None:
    """What stands in `?g=` of the links to the form for the guest who made `registration`; None when she is
    none, or her invitation was withdrawn."""
    guest = db.session.get(Guest, registration.guest_id) if registration.guest_id is not None else None
    return guests.token(guest) if guest is not None and guests.holds(guest) else None


def _person(who: Guest | Contact) -> dict:
    return {name: getattr(who, name) for name in ("given_name", "family_name", "email")}


def _company(company: Company | None) -> dict:
    if company is None:
        return {"private": True}
    return {
        "organisation_type": company.type.value, "tax_id": company.tax_id or "", "company_name": company.name,
        "province": company.province, "size": company.size.value if company.size else "",
        "sector_id": company.sector_id or 0,
    }  # fmt: skip
