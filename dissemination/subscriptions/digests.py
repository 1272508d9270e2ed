"""The monthly mail: who chose it gets, on the first working day, one mail made of last month's newsletters.

One row per district and month sees to it that it is made once, one per reader that nobody gets two. Whoever
would find nothing in it gets none. Consent, pause, suppression and exclusions are those of the moment.
"""

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from flask import current_app
from sqlalchemy import exists, insert, select

from dissemination.delivery import outbox
from dissemination.delivery.mail import Recipient
from dissemination.delivery.models import Delivery
from dissemination.districts.models import District
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db, insert_once
from dissemination.people.models import Contact
from dissemination.registrations.hours import is_working_day
from dissemination.subscriptions import audience, hooks, mails
from dissemination.subscriptions.audience import HELD, Audience
from dissemination.subscriptions.hooks import Newsletter
from dissemination.subscriptions.models import Digest, DigestReader, Subscription

FROM = 8  # o'clock on the district's wall clock


def month_due(district: District) -> date | None:
    """The month (its first day) whose digest is to be made now; None: made, or its day has not come."""
    here = local(now(), district.zone)
    first = here.date().replace(day=1)
    start = first
    while not is_working_day(start):
        start += timedelta(days=1)
    if here.date() < start or (here.date() == start and here.hour < FROM):
        return None
    month = (first - timedelta(days=1)).replace(day=1)
    made = select(Digest.id).where(Digest.district_id == district.id, Digest.month == month)
    return None if db.session.scalar(made) else month


def make(district: District, month: date) -> Digest | None:
    """Make the digest of `month` and queue its mails; None when it was made before. Needs a transaction."""
    digest = insert_once(Digest, district_id=district.id, month=month, issues=[], persons=0, made_at=now())
    if digest is None:
        return None
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    since, until = (datetime.combine(d, time(), tzinfo=district.zone) for d in (month, following))
    newsletters = hooks.sent_between(district.id, since, until)
    wanted = _wanted(district.id, newsletters)
    digest.issues = [n.id for n in newsletters]
    digest.persons = len(wanted)
    db.session.flush()
    if wanted:
        _queue(district, digest, newsletters, wanted)
    return digest


def _wanted(district_id: int, newsletters: list[Newsletter]) -> dict[int, tuple[int, ...]]:
    """For each reader of the digest the ids of the newsletters in hers; none that she got already."""
    found: dict[int, list[int]] = defaultdict(list)
    for newsletter in newsletters:
        rule = newsletter.rule or Audience(tuple(newsletter.topic_ids), issue=newsletter.id)
        got = exists().where(
            Delivery.contact_id == Contact.id, Delivery.subject_kind == "issues",
            Delivery.subject_id == newsletter.id, Delivery.state.in_(HELD),
        )  # fmt: skip
        query = select(Contact.id).where(
            Contact.district_id == district_id, audience.is_digested(district_id, rule), ~got
        )
        for contact_id in db.session.scalars(query.order_by(Contact.id)):
            found[contact_id].append(newsletter.id)
    return {contact_id: tuple(ids) for contact_id, ids in found.items()}


def _queue(district: District, digest: Digest, newsletters: list[Newsletter], wanted: dict) -> None:
    """A letter for each choice of newsletters and language, and its readers."""
    by_id = {n.id: n for n in newsletters}
    public_url = current_app.config["SETTINGS"].public_url
    groups: dict[tuple, list[Recipient]] = defaultdict(list)
    for contact in _contacts(wanted):
        merge = mails.merge_for(mails.token_for(contact.id), contact.email, public_url)
        groups[wanted[contact.id], contact.language].append(
            Recipient(address=contact.email, name=contact.name, contact_id=contact.id, merge=merge)
        )
    topics = _topics(wanted, by_id)
    rows = [{"digest_id": digest.id, "contact_id": c, "topic_ids": sorted(topics[c])} for c in wanted]
    db.session.execute(insert(DigestReader), rows)
    for (ids, language), recipients in groups.items():
        mail = mails.digest(district, digest.month, [by_id[i] for i in ids], language)
        outbox.put_many(mail, recipients, about=digest)


def _contacts(wanted: dict):
    ids = sorted(wanted)
    for start in range(0, len(ids), 1000):
        yield from db.session.scalars(select(Contact).where(Contact.id.in_(ids[start : start + 1000])))


def _topics(wanted: dict, by_id: dict[int, Newsletter]) -> dict[int, set[int]]:
    """For each reader her topics that brought the newsletters in her mail."""
    ids, found = sorted(wanted), defaultdict(set)
    for start in range(0, len(ids), 1000):
        query = select(Subscription.contact_id, Subscription.topic_id).where(
            Subscription.contact_id.in_(ids[start : start + 1000]), Subscription.ended_at.is_(None)
        )
        for contact_id, topic_id in db.session.execute(query):
            if any(topic_id in by_id[i].topic_ids for i in wanted[contact_id]):
                found[contact_id].add(topic_id)
    return found
