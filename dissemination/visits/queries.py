"""Finding what devices sent, photos, reports, and with whom they are shared."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from dissemination.audits import queries as audits
from dissemination.audits.models import Audit, State
from dissemination.kernel import links
from dissemination.kernel.database import db
from dissemination.people.models import Company, Contact
from dissemination.visits.models import Photo, Remark, Report, Sharing, VisitSheet

PURPOSE = "audit_report"
READABLE = (State.SHARED, State.CLOSED)


# What devices sent.


def sheet_by_key(audit: Audit, key: str) -> VisitSheet | None:
    """The sheet that came with that key."""
    query = select(VisitSheet).where(VisitSheet.audit_id == audit.id, VisitSheet.key == key)
    return db.session.scalar(query)


def sheets(audit: Audit) -> list[VisitSheet]:
    """All sheets of an audit, the newest first."""
    query = select(VisitSheet).where(VisitSheet.audit_id == audit.id)
    query = query.options(joinedload(VisitSheet.sender), joinedload(VisitSheet.file))
    return list(db.session.scalars(query.order_by(VisitSheet.id.desc())))


def sheet(audit: Audit, sheet_id: int) -> VisitSheet | None:
    """The audit's sheet with that id."""
    query = select(VisitSheet).where(VisitSheet.audit_id == audit.id, VisitSheet.id == sheet_id)
    return db.session.scalar(query.options(joinedload(VisitSheet.sender), joinedload(VisitSheet.file)))


def contacts(audit: Audit) -> list[Contact]:
    """People of the company (and of what was merged with it) whom the registry knows, by name."""
    family = audits.family(audit.district_id, [audit.company_id])
    query = select(Contact).where(
        Contact.district_id == audit.district_id, Contact.company_id.in_(family),
        Contact.erased_at.is_(None),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Contact.name_folded, Contact.id).limit(200)))


def photos(audit: Audit) -> list[Photo]:
    """The photos of an audit, in the order in which they came."""
    query = select(Photo).where(Photo.audit_id == audit.id).options(joinedload(Photo.file))
    return list(db.session.scalars(query.order_by(Photo.id)))


def count_photos(audit: Audit) -> int:
    """How many photos the audit has."""
    return db.session.scalar(select(func.count()).where(Photo.audit_id == audit.id)) or 0


def photo(audit: Audit, photo_id: int) -> Photo | None:
    """The audit's photo with that id."""
    query = select(Photo).where(Photo.audit_id == audit.id, Photo.id == photo_id)
    return db.session.scalar(query.options(joinedload(Photo.file)))


def photo_by_key(audit: Audit, key: str) -> Photo | None:
    """The photo that came with that key."""
    return db.session.scalar(select(Photo).where(Photo.audit_id == audit.id, Photo.key == key))


# The report and its readers.


def last_report(audit: Audit) -> Report | None:
    """The report as it was shared last; None before."""
    query = select(Report).where(Report.audit_id == audit.id).order_by(Report.number.desc())
    return db.session.scalars(query.limit(1)).first()


def sharings(audit: Audit) -> list[Sharing]:
    """With whom the report was shared, those whose link was withdrawn too."""
    query = select(Sharing).where(Sharing.audit_id == audit.id).options(joinedload(Sharing.contact))
    return list(db.session.scalars(query.order_by(Sharing.id)))


def sharing(audit: Audit, sharing_id: int) -> Sharing | None:
    """The audit's sharing with that id."""
    query = select(Sharing).where(Sharing.audit_id == audit.id, Sharing.id == sharing_id)
    return db.session.scalar(query.options(joinedload(Sharing.contact)))


def token_for(sharing: Sharing) -> str:
    """What the mailed link holds."""
    return links.sign(PURPOSE, [sharing.id, sharing.mark])


def by_token(token: str) -> Sharing | None:
    """The sharing that a link opens now; None: forged, withdrawn, or its reader left the company."""
    told = links.read(PURPOSE, token)
    if not (isinstance(told, list) and len(told) == 2 and isinstance(told[0], int)):
        return None
    found = db.session.get(Sharing, told[0])
    return found if found is not None and found.mark == told[1] and may_read(found) else None


def may_read(sharing: Sharing) -> bool:
    """Whether its reader may open the report now."""
    return (
        sharing.revoked_at is None
        and sharing.audit.state in READABLE
        and belongs(sharing.audit, sharing.contact)
    )


def belongs(audit: Audit, contact: Contact) -> bool:
    """Whether she is there and belongs to the audited company."""
    if contact.erased_at is not None or contact.company_id is None:
        return False
    return contact.company_id in audits.family(audit.district_id, [audit.company_id])


def remarks(audit: Audit) -> list[Remark]:
    """What was said of the report, by both sides, the oldest first."""
    query = select(Remark).where(Remark.audit_id == audit.id)
    query = query.options(joinedload(Remark.contact), joinedload(Remark.account))
    return list(db.session.scalars(query.order_by(Remark.id)))


def remarks_by(contact: Contact, *, since: datetime) -> int:
    """How many comments somebody of a company wrote since a moment."""
    query = select(func.count()).where(Remark.contact_id == contact.id, Remark.at >= since)
    return db.session.scalar(query) or 0


def untold(*, quiet_since: datetime, waiting_since: datetime, most: int = 100) -> list[Audit]:
    """Audits with comments that nobody was told of: written to the end, or waiting for long."""
    query = (
        select(Audit)
        .join(Remark, Remark.audit_id == Audit.id)
        .where(Remark.told_at.is_(None))
        .group_by(Audit.id)
        .having((func.max(Remark.at) <= quiet_since) | (func.min(Remark.at) <= waiting_since))
        .order_by(Audit.id)
    )
    return list(db.session.scalars(query.limit(most)))


def unread(*, shared_before: datetime, most: int = 100) -> list[Sharing]:
    """Sharings of which nobody said since the mail that the report was read, and nobody was reminded; without
    those who left the company, who would stand in the way of the others for ever."""
    hers, audited = aliased(Company), aliased(Company)
    query = (
        select(Sharing)
        .join(Sharing.audit)
        .join(audited, audited.id == Audit.company_id)
        .join(Sharing.contact)
        .join(hers, hers.id == Contact.company_id)
        .where(
            Contact.erased_at.is_(None),
            func.coalesce(hers.merged_into_id, hers.id) == func.coalesce(audited.merged_into_id, audited.id),
            Sharing.read_at.is_(None), Sharing.reminded_at.is_(None), Sharing.revoked_at.is_(None),
            Sharing.shared_at <= shared_before, Audit.state == State.SHARED,
        )
        .options(joinedload(Sharing.contact), joinedload(Sharing.audit))
        .order_by(Sharing.id)
    )  # fmt: skip
    return list(db.session.scalars(query.limit(most)))
