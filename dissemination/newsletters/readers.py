"""Who gets an issue. The one place where issues meet subscriptions: another way of choosing an audience is
put in here and nowhere else.

An audience is described by data (`described`), so that the worker can list it later, batch by batch, and ask
again whether somebody still belongs to it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

from dissemination.delivery.models import Suppression
from dissemination.kernel.database import db
from dissemination.newsletters import corrections
from dissemination.newsletters.models import Issue
from dissemination.people.models import Contact
from dissemination.subscriptions import queries as subscriptions
from dissemination.subscriptions.models import Subscription

BATCH = 1000
MOST_DOUBLES = 20  # shown by name


@dataclass(frozen=True)
class Counts:
    """An audience in numbers: persons by language, companies, who is left out and why, who gets two."""

    languages: dict[str, int]
    persons: int
    companies: int
    left_out: dict[str, int]  # by a word of texts.LEFT_OUT
    doubles: int  # persons beyond the first under what looks like one name and mailbox

    @property
    def english(self) -> int:
        """How many chose English."""
        return self.languages.get("en", 0)


def described(issue: Issue, *, language: str | None, until: datetime | None) -> dict[str, Any]:
    """The audience of `issue` as JSON: topics, the rule beyond them, a language, and until when one must
    have subscribed.

    `language` "en" means those who chose English, "it" all others, None everybody. A correction is for those
    alone who were told the wrong dates (see corrections).
    """
    return {
        "topics": sorted(t.id for t in issue.topics), "rule": issue.audience_rule or {}, "language": language,
        "until": until.isoformat() if until else None,
        "correction": issue.id if issue.corrects_id is not None else None,
    }  # fmt: skip


def _live(audience: dict) -> ColumnElement[bool]:
    condition = (
        (Subscription.contact_id == Contact.id) & Subscription.topic_id.in_(audience["topics"])
        & subscriptions.is_live()
    )  # fmt: skip
    if audience.get("until"):
        condition &= Subscription.confirmed_at <= datetime.fromisoformat(audience["until"])
    return exists().where(condition)


def _suppressed() -> ColumnElement[bool]:
    return exists().where(
        Suppression.district_id == Contact.district_id, Suppression.address == func.lower(Contact.email)
    )


def _members(district_id: int, audience: dict) -> list[ColumnElement[bool]]:
    """The conditions on Contact, suppression left aside."""
    found = [Contact.district_id == district_id, Contact.erased_at.is_(None), _live(audience)]
    if audience.get("correction") is not None:
        told = corrections.audience_of(db.session.get_one(Issue, audience["correction"]))
        if told is not None:
            found.append(Contact.id.in_(told))
    if audience.get("language"):
        found.append((Contact.language == "en") == (audience["language"] == "en"))
    return found


def _query(district_id: int, audience: dict, *columns) -> Select:
    return select(*columns).where(*_members(district_id, audience), ~_suppressed())


def counts(issue: Issue) -> Counts:
    """The audience of `issue` as it stands now."""
    audience = described(issue, language=None, until=None)
    languages: dict[str, int] = dict(
        db.session.execute(
            _query(issue.district_id, audience, Contact.language, func.count()).group_by(Contact.language)
        ).all()  # type: ignore[arg-type]
    )
    companies = db.session.scalar(
        _query(issue.district_id, audience, func.count(func.distinct(Contact.company_id)))
    )
    suppressed = db.session.scalar(
        select(func.count()).select_from(Contact).where(*_members(issue.district_id, audience), _suppressed())
    )
    asked = subscriptions.audience(issue.district_id, audience["topics"]).unconfirmed
    out = {"suppressed": suppressed or 0, "unconfirmed": asked if audience["correction"] is None else 0}
    return Counts(
        languages=languages, persons=sum(languages.values()), companies=companies or 0,
        left_out={reason: n for reason, n in out.items() if n},
        doubles=sum(n - 1 for n in _twins(issue).values()),
    )  # fmt: skip


def left_out(issue: Issue, *, limit: int = 50) -> list[tuple[Contact, Suppression]]:
    """Subscribers whose address must not be written to, with the reason."""
    audience = described(issue, language=None, until=None)
    query = (
        select(Contact, Suppression)
        .join(
            Suppression,
            (Suppression.district_id == Contact.district_id)
            & (Suppression.address == func.lower(Contact.email)),
        )
        .where(*_members(issue.district_id, audience))
        .order_by(Contact.name_folded, Contact.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def mailbox(address: str) -> str:
    """What looks like the same mailbox: without case and `+tag`, for Google also without dots."""
    local, _at, domain = address.strip().lower().rpartition("@")
    local = local.partition("+")[0]
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _twins(issue: Issue) -> Counter:
    """Mailboxes that stand more than once in the audience, and how often."""
    audience = described(issue, language=None, until=None)
    addresses = db.session.scalars(_query(issue.district_id, audience, Contact.email))
    found = Counter(map(mailbox, addresses))
    return Counter({key: n for key, n in found.items() if n > 1})


def doubles(issue: Issue, *, limit: int = MOST_DOUBLES) -> list[list[Contact]]:
    """Groups of contacts that would get a copy each in what looks like one mailbox."""
    wanted = set(sorted(_twins(issue))[:limit])
    if not wanted:
        return []
    audience = described(issue, language=None, until=None)
    names = {re.split(r"[+@]", key)[0][:1] for key in wanted}
    groups: dict[str, list[Contact]] = {}
    starts = func.lower(func.substr(Contact.email, 1, 1)).in_(names)
    for contact in db.session.scalars(_query(issue.district_id, audience, Contact).where(starts)):
        if (key := mailbox(contact.email)) in wanted:
            groups.setdefault(key, []).append(contact)
    return [groups[key] for key in sorted(groups)]


def listed(district_id: int, audience: dict, after: int = 0) -> Iterator:
    """(id, email, given name, family name) of the audience behind the contact `after`, by id, in batches."""
    query = _query(
        district_id, audience, Contact.id, Contact.email, Contact.given_name, Contact.family_name
    ).order_by(Contact.id).limit(BATCH)  # fmt: skip
    while rows := db.session.execute(query.where(Contact.id > after)).all():
        yield from rows
        after = rows[-1].id


def still(district_id: int, audience: dict, ids: Iterable[int]) -> set[int]:
    """Those of `ids` who belong to the audience now, their subscriptions held until the transaction ends:
    whoever leaves meanwhile waits, and then finds the mail to call back. SQLite has one writer at a time."""
    wanted = list(ids)
    held(wanted, audience["topics"])
    return set(db.session.scalars(_query(district_id, audience, Contact.id).where(Contact.id.in_(wanted))))


def held(contact_ids: list[int], topic_ids: list[int]) -> None:
    """Hold the subscriptions of these contacts to these topics until the transaction ends."""
    query = select(Subscription.id).where(
        Subscription.contact_id.in_(contact_ids), Subscription.topic_id.in_(topic_ids)
    )
    db.session.execute(query.order_by(Subscription.id).with_for_update(read=True)).all()
