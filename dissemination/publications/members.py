"""Readers from member companies: known by a link mailed to their address, as long as the company is a member.

No password and no account: whoever reads the mailbox of a member company's contact may read what is for
members. The link holds a few days; what it opens holds until the browser is closed, and is checked against
the registry at each file.
"""

from flask import session
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel import clock, links
from dissemination.kernel.database import db
from dissemination.people import queries as people
from dissemination.people.models import Contact
from dissemination.publications.models import Publication

PURPOSE = "publications for members"
DAYS = 7
KEPT = "publication_readers"  # in the session: district id -> contact id


def by_address(district: District, email: str) -> Contact | None:
    """The contact of a member company with that address, today; None for everybody else."""
    contact = people.contact_by_email(district.id, email.strip().lower())
    return contact if contact is not None and _is_of_member(district, contact.id) else None


def token_for(contact: Contact, publication: Publication | None) -> str:
    """What the mailed link holds: who may read, and which page to go on to."""
    return links.sign_for_a_while(
        PURPOSE, [contact.district_id, contact.id, publication.id if publication else 0]
    )


def read(district: District, token: str) -> tuple[Contact, Publication | None] | None:
    """Whose link it is and where it leads; None when it is forged, old, of another district, or when the
    company is a member no more."""
    told = links.read_recent(PURPOSE, token, max_age=DAYS * 86400)
    if not (isinstance(told, list) and len(told) == 3 and told[0] == district.id):
        return None
    if not _is_of_member(district, told[1]):
        return None
    query = select(Publication).where(Publication.district_id == district.id, Publication.id == told[2])
    return db.session.get_one(Contact, told[1]), db.session.scalar(query)


def enter(contact: Contact) -> None:
    """Remember in this browser, until it is closed, that its reader is this contact."""
    session[KEPT] = {**session.get(KEPT, {}), str(contact.district_id): contact.id}


def leave(district: District) -> None:
    """Forget it."""
    session[KEPT] = {k: v for k, v in session.get(KEPT, {}).items() if k != str(district.id)}


def current(district: District) -> Contact | None:
    """The contact who reads in this browser, if the company is a member today."""
    contact_id = session.get(KEPT, {}).get(str(district.id))
    if contact_id is None or not _is_of_member(district, contact_id):
        return None
    return db.session.get(Contact, contact_id)


def _is_of_member(district: District, contact_id: int) -> bool:
    members = people.member_ids(district.id, clock.today(district.zone))
    query = select(Contact.id).where(
        Contact.id == contact_id, Contact.district_id == district.id, Contact.erased_at.is_(None),
        Contact.company_id.in_(members),
    )  # fmt: skip
    return db.session.scalar(query) is not None
