"""Why a contact is held, and what becomes of her when nothing speaks for it any more.

Either the row is emptied in place, and everything that counted her counts on; or, when she has another
reason to stay (she reads the newsletter), the registrations that were purged move to an empty contact of
their own, and so do the lines of the activity log about them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select, update

from dissemination.delivery import suppressed
from dissemination.delivery.models import Delivery
from dissemination.guests.models import Guest
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, rows_changed
from dissemination.people.accounts import Account
from dissemination.people.models import Consent, Contact, Purpose
from dissemination.plan import activity
from dissemination.plan.log import Activity
from dissemination.privacy import encounters, wiping
from dissemination.privacy.models import ErasureRequest
from dissemination.privacy.terms import GONE, IDLE_MONTHS, erased_address, months_later
from dissemination.registrations.models import ContactFeed, Group, Registration, Reply
from dissemination.subscriptions.models import (
    Exclusion,
    ImportLine,
    ReaderChoice,
    SubscriberImport,
    Subscription,
    SubscriptionRequest,
)
from dissemination.workshops.models import Profile, Workshop

AT_ONCE = timedelta(seconds=10)  # a contact made so near to a registration came by it, not by the desk


def reasons(contacts: Sequence[Contact]) -> dict[int, set[str]]:
    """Why each of `contacts` is held, by id, as codes of `texts.REASONS`; {} of nothing: none."""
    ids, found = [c.id for c in contacts], defaultdict(set)

    def note(code: str, query) -> None:
        for contact_id in db.session.scalars(query):
            found[contact_id].add(code)

    held = Registration.purged_at.is_(None)
    note("registration", select(Registration.contact_id).where(Registration.contact_id.in_(ids), held))
    note("registration", select(Group.contact_id).join(Group.members).where(Group.contact_id.in_(ids), held))
    guest = select(Guest.contact_id).where(Guest.contact_id.in_(ids), Guest.purged_at.is_(None))
    note("guest", guest)
    live = Subscription.confirmed_at.is_not(None), Subscription.ended_at.is_(None)
    note("newsletter", select(Subscription.contact_id).where(Subscription.contact_id.in_(ids), *live))
    note("consent", _consenting(ids))
    same = Contact.id.in_(ids), func.lower(Account.email) == Contact.email
    note("account", select(Contact.id).join(Account, and_(*same)).where(Account.active))
    profile = and_(Profile.district_id == Contact.district_id, func.lower(Profile.email) == Contact.email)
    note("speaker", select(Contact.id).join(Profile, profile).where(Contact.id.in_(ids)))
    for code, queries in encounters.reasons(ids).items():
        for query in queries:
            note(code, query)
    last, by_herself = last_traces(ids), _came_by_herself(contacts)
    idle = months_later(now(), -IDLE_MONTHS)
    for contact in contacts:
        if (
            contact.id not in by_herself
            and max(contact.created_at, last.get(contact.id, contact.created_at)) > idle
        ):
            found[contact.id].add("desk")
    return found


def _consenting(ids: list[int]):
    """Who said yes to being told of opportunities, and has not taken it back."""
    latest = (
        select(func.max(Consent.id))
        .where(Consent.contact_id.in_(ids), Consent.purpose == Purpose.OPPORTUNITIES)
        .group_by(Consent.contact_id)
    )
    return select(Consent.contact_id).where(Consent.id.in_(latest), Consent.given)


def last_traces(ids: Sequence[int]) -> dict[int, datetime]:
    """When something last happened with each contact: a workshop's end, a consent, a subscription."""
    found: dict[int, datetime] = {}
    queries = (
        select(Registration.contact_id, func.max(Workshop.ends_at))
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .group_by(Registration.contact_id).where(Registration.contact_id.in_(ids)),
        select(Group.contact_id, func.max(Workshop.ends_at))
        .join(Workshop, Workshop.id == Group.workshop_id)
        .group_by(Group.contact_id).where(Group.contact_id.in_(ids)),
        select(Consent.contact_id, func.max(Consent.at))
        .group_by(Consent.contact_id).where(Consent.contact_id.in_(ids)),
        select(Subscription.contact_id, func.max(func.coalesce(Subscription.ended_at, Subscription.asked_at)))
        .group_by(Subscription.contact_id).where(Subscription.contact_id.in_(ids)),
        select(Guest.contact_id, func.max(Guest.added_at))
        .group_by(Guest.contact_id).where(Guest.contact_id.in_(ids)),
    )  # fmt: skip
    for query in queries:
        for contact_id, moment in db.session.execute(query):
            if contact_id is None:
                continue
            found[contact_id] = max(moment, found.get(contact_id, moment))
    return found


def _came_by_herself(contacts: Sequence[Contact]) -> set[int]:
    """The contacts that a registration or subscription made, not somebody at the desk."""
    made, ids = {c.id: c.created_at for c in contacts}, [c.id for c in contacts]
    first = (
        select(Registration.contact_id, func.min(Registration.created_at))
        .where(Registration.contact_id.in_(ids)).group_by(Registration.contact_id),
        select(Group.contact_id, func.min(Group.created_at))
        .where(Group.contact_id.in_(ids)).group_by(Group.contact_id),
        select(Consent.contact_id, func.min(Consent.at))
        .where(Consent.contact_id.in_(ids)).group_by(Consent.contact_id),
    )  # fmt: skip
    return {
        contact_id
        for query in first
        for contact_id, moment in db.session.execute(query)
        if abs(moment - made[contact_id]) < AT_ONCE
    }


def erase(contacts: Sequence[Contact]) -> Counter:
    """Empty these contacts in place, with all that names them and is not a registration; counts.

    Their registrations are to be stripped before. Whatever counted them counts on.
    """
    counts = Counter(contacts=len(contacts))
    if not contacts:
        return counts
    ids, emails = [c.id for c in contacts], [c.email for c in contacts]
    district_id = contacts[0].district_id
    for contact in contacts:  # while they say where they work
        counts += encounters.forget(contact, sorted(wiping.names_of([contact]), key=len, reverse=True))
    for condition in (Delivery.contact_id.in_(ids), Delivery.address.in_(emails)):
        wiping.wipe_deliveries(Delivery.district_id == district_id, condition)
    guests = Guest.contact_id.in_(ids) | Guest.email.in_(emails)
    mine = select(Guest).join(Guest.workshop).where(Workshop.district_id == district_id, guests)
    counts["guests"] = wiping.strip_guests(db.session.scalars(mine).all())
    asked = SubscriptionRequest.district_id == district_id
    db.session.execute(delete(SubscriptionRequest).where(asked, SubscriptionRequest.contact_id.in_(ids)))
    db.session.execute(delete(SubscriptionRequest).where(asked, SubscriptionRequest.email.in_(emails)))
    _forget_choices(district_id, ids, emails)
    db.session.execute(delete(ErasureRequest).where(ErasureRequest.contact_id.in_(ids)))
    db.session.execute(delete(ContactFeed).where(ContactFeed.contact_id.in_(ids)))
    counts["consents"] = rows_changed(update(Consent).where(Consent.contact_id.in_(ids)).values(proof=""))
    for email in emails:  # "From" as it was written: with a name, in any case
        wiping.wipe_replies(
            Reply.district_id == district_id, Reply.address.ilike(f"%{like_of(email)}%", escape="\\")
        )
    suppressed.hide(district_id, emails)
    for contact in contacts:
        _empty(contact)
    db.session.flush()
    return counts


def _forget_choices(district_id: int, ids: list[int], emails: list[str]) -> None:
    """How she wanted her newsletters, who left her out and why, and the lines that imported her."""
    imports = select(SubscriberImport.id).where(SubscriberImport.district_id == district_id)
    for gone in (
        delete(ReaderChoice).where(ReaderChoice.contact_id.in_(ids)),
        delete(Exclusion).where(Exclusion.contact_id.in_(ids)),
        delete(ImportLine).where(ImportLine.email.in_(emails), ImportLine.import_id.in_(imports)),
    ):
        db.session.execute(gone)


def like_of(text: str) -> str:
    """`text` for a LIKE pattern with the escape character backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _empty(contact: Contact) -> None:
    contact.email, contact.erased_at = erased_address(), now()
    contact.given_name = contact.family_name = contact.name_folded = ""
    contact.phone = contact.job_title = ""
    contact.company_id = contact.proven_at = None
    contact.version += 1


def was_purged():
    """The condition of contacts who registered, or booked for colleagues, what was purged since."""
    gone = Registration.contact_id == Contact.id, Registration.purged_at.is_not(None)
    return or_(select(1).where(*gone).exists(), select(1).where(_purged_groups(Contact.id)).exists())


def _purged_groups(contact_id):
    """The condition of groups that this contact booked and of whose members none is known any more."""
    known = select(1).where(Registration.group_id == Group.id, Registration.purged_at.is_(None))
    return and_(Group.contact_id == contact_id, ~known.correlate(Group).exists())


def unlink(contact: Contact) -> Contact | None:
    """Move what was purged of `contact`, who stays (registrations, groups that she booked), to an empty
    contact; None: there is nothing."""
    purged = db.session.scalars(
        select(Registration).where(Registration.contact_id == contact.id, Registration.purged_at.is_not(None))
    ).all()
    groups = db.session.scalars(select(Group).where(_purged_groups(contact.id))).all()
    if not purged and not groups:
        return None
    moment = now()
    nobody = Contact(
        district_id=contact.district_id, email=erased_address(), given_name="", family_name="",
        name_folded="", created_at=moment, erased_at=moment,
    )  # fmt: skip
    db.session.add(nobody)
    db.session.flush()
    ids, workshops = [r.id for r in purged], {r.workshop_id for r in purged} | {g.workshop_id for g in groups}
    for registration in purged:
        registration.contact_id = nobody.id
    db.session.flush()
    _move(Group, Group.workshop_id.in_(workshops), contact, nobody)
    told = {*ids, *(member.id for group in groups for member in group.members)}
    _move(Delivery, and_(*wiping.deliveries_about(Registration.__tablename__, told)), contact, nobody)
    for workshop_id in workshops:
        for kind, parts in wiping.parts_of(workshop_id, ids):
            about = and_(Delivery.subject_kind == kind, Delivery.subject_id.in_(parts))
            _move(Delivery, about, contact, nobody)
    hers = (select(kind.id).where(kind.contact_id == contact.id).limit(1) for kind in (Registration, Group))
    if not any(db.session.scalar(query) for query in hers):
        _move(Consent, Consent.purpose == Purpose.REGISTRATION, contact, nobody)
    _move_log(contact, nobody, workshops, ids)
    return nobody


def _move(model, condition, contact: Contact, nobody: Contact) -> None:
    statement = update(model).where(model.contact_id == contact.id, condition).values(contact_id=nobody.id)
    db.session.execute(statement.execution_options(synchronize_session=False))


def _move_log(contact: Contact, nobody: Contact, workshop_ids: Iterable[int], ids: list[int]) -> None:
    """The log's lines about these workshops name the empty contact; kept totals follow."""
    about = or_(
        and_(Activity.subject_kind == Workshop.__tablename__, Activity.subject_id.in_(list(workshop_ids))),
        and_(Activity.subject_kind == Registration.__tablename__, Activity.subject_id.in_(ids)),
    )
    rows = list(db.session.scalars(select(Activity.id).where(Activity.contact_id == contact.id, about)))
    activity.part_from_person(contact.district_id, rows, nobody.id)


def is_held():
    """The condition of contacts that are persons still."""
    return Contact.erased_at.is_(None), Contact.email.not_like(f"%{GONE}")
