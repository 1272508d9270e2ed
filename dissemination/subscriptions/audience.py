"""Who gets a newsletter: a rule, the counts before it is sent, who is left out and why, and the recipients.

A rule never widens consent: it begins with the live subscriptions to its topics and only takes away. Each
person is left out for one reason, the first of REASONS that holds. Everything is evaluated in SQL, a fixed
number of statements whatever the size.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, distinct, exists, func, or_, select, true

from dissemination.delivery.models import Delivery, Fate, Sending
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import mailbox_of
from dissemination.people.models import Contact
from dissemination.subscriptions import doubles as same
from dissemination.subscriptions import suppression
from dissemination.subscriptions.conditions import Scope, holds
from dissemination.subscriptions.models import (
    AudienceSettings,
    Cadence,
    Exclusion,
    ReaderChoice,
    Segment,
    Subscription,
    SubscriptionRequest,
)

BATCH = 2000
COUNTED = 10_000  # subscribers that are counted at a time
MOST_SHOWN = 500  # unconfirmed requests on a page
REASONS = ("erased", "suppressed", "paused", "excluded", "segment", "digest", "guard")
UNCONFIRMED = "unconfirmed"
TOLD = (Fate.ACCEPTED, Fate.UNCERTAIN)
HELD = (Fate.QUEUED, Fate.IN_DATA, Fate.DEFERRED, Fate.ACCEPTED, Fate.UNCERTAIN)  # may have reached her


@dataclass(frozen=True)
class Audience:
    """The rule, as it is kept (JSON) with an issue.

    `topics`: ids; a live subscription to one of them is needed. `segment`: id of a segment that the person
    must be in; `conditions`: those that it had when the issue was decided on, None: as it stands now.
    `issue`: id of the issue, for the exclusions of that issue only, and so that it does not count against
    itself. `guarded`: whether the frequency guard holds. `until`: who joined later is left out.
    `told`: (id of an earlier issue, ids of its letters): only who got one of these, of a correction.
    """

    topics: tuple[int, ...]
    segment: int | None = None
    issue: int | None = None
    guarded: bool = True
    until: datetime | None = None
    told: tuple[int, tuple[int, ...]] | None = None
    conditions: tuple[dict, ...] | None = field(default=None, hash=False)

    def to_json(self) -> dict:
        """The rule as JSON-able data."""
        frozen = {} if self.conditions is None else {"conditions": list(self.conditions)}
        return frozen | {
            "topics": sorted(self.topics), "segment": self.segment, "issue": self.issue,
            "guarded": self.guarded, "until": self.until.isoformat() if self.until else None,
            "told": [self.told[0], list(self.told[1])] if self.told else None,
        }  # fmt: skip

    @classmethod
    def of(cls, rule: "Audience | dict") -> "Audience":
        """The rule that `to_json` made; what is missing has its default. Raises ValueError, TypeError."""
        if isinstance(rule, Audience):
            return rule
        segment, issue, until = rule.get("segment"), rule.get("issue"), rule.get("until")
        told, conditions = rule.get("told"), rule.get("conditions")
        return cls(
            topics=tuple(int(t) for t in rule.get("topics") or ()), segment=int(segment) if segment else None,
            conditions=None if conditions is None else tuple(conditions),
            issue=int(issue) if issue else None, guarded=bool(rule.get("guarded", True)),
            until=datetime.fromisoformat(until) if until else None,
            told=(int(told[0]), tuple(int(i) for i in told[1])) if told else None,
        )  # fmt: skip


Rule = Audience | dict


@dataclass(frozen=True)
class Counts:
    """What a rule gives before it is sent."""

    languages: dict[str, int]  # persons by language
    companies: int  # distinct
    left_out: dict[str, int]  # reason of REASONS or UNCONFIRMED -> persons
    doubles: dict[str, int] = field(default_factory=dict)  # "address", "name" -> persons too many

    @property
    def persons(self) -> int:
        """How many persons would get it."""
        return sum(self.languages.values())


@dataclass(frozen=True)
class Guard:
    """At most `most` newsletters in `days` days to one person."""

    most: int
    days: int


def guard(district_id: int) -> Guard | None:
    """The district's frequency guard; None: there is none."""
    found = db.session.get(AudienceSettings, district_id)
    return Guard(found.most, found.days) if found is not None and found.most and found.days else None


# Conditions on `Contact`.


def subscribed(rule: Audience) -> ColumnElement[bool]:
    """A live subscription to one of the topics."""
    parts = [
        Subscription.contact_id == Contact.id, Subscription.topic_id.in_(rule.topics),
        Subscription.confirmed_at.is_not(None), Subscription.ended_at.is_(None),
    ]  # fmt: skip
    if rule.until is not None:
        parts.append(Subscription.confirmed_at <= rule.until)
    live = exists().where(*parts)
    return live if rule.told is None else and_(live, _was_told(*rule.told))


def _was_told(issue_id: int, letters: Iterable[int]) -> ColumnElement[bool]:
    return exists().where(
        Delivery.contact_id == Contact.id, Delivery.subject_kind == "issues", Delivery.subject_id == issue_id,
        Delivery.letter_id.in_(letters), Delivery.state.in_(TOLD),
    )  # fmt: skip


def _paused() -> ColumnElement[bool]:
    return exists().where(ReaderChoice.contact_id == Contact.id, ReaderChoice.paused_until > now())


def _monthly() -> ColumnElement[bool]:
    return exists().where(ReaderChoice.contact_id == Contact.id, ReaderChoice.cadence == Cadence.MONTHLY)


def _excluded(district_id: int, rule: Audience) -> ColumnElement[bool]:
    of_issue: ColumnElement[bool] = Exclusion.issue_id.is_(None)
    if rule.issue is not None:
        of_issue = or_(of_issue, Exclusion.issue_id == rule.issue)
    stands = and_(Exclusion.district_id == district_id, Exclusion.ended_at.is_(None), of_issue)
    return or_(
        exists().where(Exclusion.contact_id == Contact.id, stands),
        exists().where(Exclusion.company_id == Contact.company_id, stands),
    )


def _received(district_id: int, rule: Audience, days: int):
    """How many newsletters the contact got, or is about to get, in so many days.

    Only the index of the contact serves here: the sums keep SQLite, which knows nothing of how many rows a
    subject has, from reading all mail of all newsletters for each contact.
    """
    query = (
        select(func.count(distinct(Delivery.subject_id)))
        .where(
            Delivery.contact_id == Contact.id,
            Delivery.subject_kind + "" == "issues",
            Delivery.state.in_(HELD),
            Delivery.created_at >= now() - timedelta(days=days),
            Delivery.district_id + 0 == district_id,
        )
        .correlate(Contact)
    )
    if rule.issue is not None:
        query = query.where(Delivery.subject_id + 0 != rule.issue)
    return query.scalar_subquery()


def _guarded(district_id: int, rule: Audience) -> ColumnElement[bool] | None:
    """The condition of the guard; None when it leaves nobody out, too few newsletters having been sent."""
    limit = guard(district_id) if rule.guarded else None
    if limit is None or _sent(district_id, rule, limit.days) < limit.most:
        return None
    return _received(district_id, rule, limit.days) >= limit.most


def _sent(district_id: int, rule: Audience, days: int) -> int:
    """How many newsletters of the district somebody may have got, or be about to get, in so many days."""
    since = now() - timedelta(days=days + 1)  # rows may be a little younger than the note that all are there
    written = func.coalesce(Sending.expanded_at, Sending.cancelled_at)  # none: rows are still to come
    query = select(func.count()).where(
        Sending.district_id == district_id, Sending.subject_kind == "issues",
        Sending.subject_id != (rule.issue or 0), or_(written.is_(None), written >= since),
    )  # fmt: skip
    return db.session.scalar(query) or 0


def _inside(district_id: int, rule: Audience) -> ColumnElement[bool] | None:
    """The condition of the segment; None without one. A segment of another district selects nobody."""
    if rule.segment is None:
        return None
    conditions = rule.conditions
    if conditions is None:
        conditions = db.session.scalar(
            select(Segment.conditions).where(Segment.id == rule.segment, Segment.district_id == district_id)
        )
    if conditions is None:
        return ~true()
    return holds(Scope.of(db.session.get_one(District, district_id)), conditions)


def _obstacles(district_id: int, rule: Audience) -> list[tuple[str, ColumnElement[bool]]]:
    """(reason, condition) in the order of REASONS."""
    found: list[tuple[str, ColumnElement[bool]]] = [
        ("erased", Contact.erased_at.is_not(None)),
        ("suppressed", suppression.is_suppressed()),
        ("paused", _paused()),
        ("excluded", _excluded(district_id, rule)),
    ]
    inside, guarded = _inside(district_id, rule), _guarded(district_id, rule)
    if inside is not None:
        found.append(("segment", ~inside))
    found.append(("digest", _monthly()))
    if guarded is not None:
        found.append(("guard", guarded))
    return found


def _reason(district_id: int, rule: Audience):
    """The first of the reasons that hold for a contact, "" when none does."""
    return case(*((condition, name) for name, condition in _obstacles(district_id, rule)), else_="")


def _judged(district_id: int, rule: Audience, *more) -> Select[Any]:
    """Every subscriber of the topics with the reason that leaves her out ("" for nobody's)."""
    reason = _reason(district_id, rule)
    return select(
        Contact.language, Contact.company_id, Contact.email, Contact.name_folded, reason.label("reason")
    ).where(Contact.district_id == district_id, subscribed(rule), *more)  # fmt: skip


# What is asked.


def count(district_id: int, rule: Rule) -> Counts:
    """How many persons would get it, by language and of how many companies; who is left out and why.

    One statement judges every subscriber once; what is counted of them is counted here, many at a time.
    """
    rule = Audience.of(rule)
    languages: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    mailboxes: set[str] = set()
    names: set[tuple[int, str]] = set()
    companies: set[int | None] = set()
    named = 0
    for rows in db.session.execute(_judged(district_id, rule)).partitions(COUNTED):
        left_out.update(reason for *_facts, reason in rows if reason)
        reached = [row for row in rows if not row[-1]]
        languages.update(language for language, *_rest in reached)
        companies.update(company for _l, company, *_rest in reached)
        mailboxes.update(mailbox_of(email) for _l, _c, email, *_rest in reached)
        some = [(company, name) for _l, company, _e, name, _r in reached if company is not None and name]
        named += len(some)
        names.update(some)
    left_out[UNCONFIRMED] = sum(1 for _request in _unconfirmed(district_id, rule))
    ordered = {name: left_out[name] for name in (*REASONS, UNCONFIRMED) if left_out[name]}
    twice = {same.ADDRESS: languages.total() - len(mailboxes), same.NAME: named - len(names)}
    twice = {kind: n for kind, n in twice.items() if n}
    return Counts(dict(languages), len(companies - {None}), ordered, twice)


def size(district_id: int, rule: Rule, language: str) -> int:
    """How many persons of one language would get it."""
    query = select(func.count()).select_from(Contact).where(
        Contact.district_id == district_id, Contact.language == language, is_reached(district_id, rule)
    )  # fmt: skip
    return db.session.scalar(query) or 0


def recipients(
    district_id: int, rule: Rule, language: str | None = None, *, after: int = 0, batch: int = BATCH
) -> Iterator:
    """(id, email, given_name, family_name, language) of who gets it, by id behind `after`, in batches.

    `language` "en" means those who chose English, "it" all others, None everybody.
    """
    rule, last = Audience.of(rule), after
    # The sum keeps SQLite to the primary key: else it would sort the whole district for each batch.
    query = select(
        Contact.id, Contact.email, Contact.given_name, Contact.family_name, Contact.language
    ).where(Contact.district_id + 0 == district_id, is_reached(district_id, rule))
    if language is not None:
        query = query.where((Contact.language == "en") == (language == "en"))
    query = query.order_by(Contact.id).limit(batch)
    while rows := db.session.execute(query.where(Contact.id > last)).all():
        yield from rows
        last = rows[-1].id


def is_reached(district_id: int, rule: Rule) -> ColumnElement[bool]:
    """The condition that a contact gets it."""
    rule = Audience.of(rule)
    return and_(subscribed(rule), *(~condition for _name, condition in _obstacles(district_id, rule)))


def is_digested(district_id: int, rule: Rule) -> ColumnElement[bool]:
    """The condition that a contact gets it in the monthly mail: as `is_reached`, of those who chose that.

    The frequency guard does not hold: one mail a month is what she asked for.
    """
    rule = Audience.of(rule)
    others = [c for name, c in _obstacles(district_id, rule) if name not in ("digest", "guard")]
    return and_(subscribed(rule), _monthly(), *(~condition for condition in others))


def _unconfirmed(district_id: int, rule: Audience) -> Iterable[SubscriptionRequest]:
    rows = db.session.scalars(
        select(SubscriptionRequest)
        .where(SubscriptionRequest.district_id == district_id, SubscriptionRequest.confirmed_at.is_(None))
        .order_by(SubscriptionRequest.id.desc())
    )
    return (r for r in rows if set(r.topic_ids) & set(rule.topics))


def doubles(district_id: int, rule: Rule, kind: str, *, after: str = "") -> tuple[list[same.Double], str]:
    """Who would get it twice, group by group, of `kind` "address" or "name"; and the key to go on with."""
    return same.rows(district_id, is_reached(district_id, rule), kind, after=after)


@dataclass(frozen=True)
class LeftOut:
    """Somebody who does not get it, and the particulars of the reason. Without `contact_id`: a request."""

    name: str
    email: str
    contact_id: int | None = None
    said: str = ""  # why, in the words of who decided it
    at: datetime | None = None  # of the reason: paused until, excluded on, asked on


def left_out(district_id: int, rule: Rule, reason: str, *, after: str | None = None) -> Page:
    """One page of `LeftOut` for one of REASONS or UNCONFIRMED."""
    rule = Audience.of(rule)
    if reason == UNCONFIRMED:
        return Page([_asked(r) for r in list(_unconfirmed(district_id, rule))[:MOST_SHOWN]], None)
    # By the index of names, and no further than the page: most reasons have their fifty soon.
    query = select(Contact).where(
        Contact.district_id == district_id, subscribed(rule), _reason(district_id, rule) == reason
    )
    found = page(query, columns=(Contact.name_folded, Contact.id), after=after)
    return Page(_explained(district_id, rule, reason, found.rows), found.next)


def reached(district_id: int, rule: Rule, *, language: str = "", after: str | None = None) -> Page:
    """One page of the contacts who get it, by name; of one language when it is given."""
    query = select(Contact).where(Contact.district_id == district_id, is_reached(district_id, rule))
    if language:
        query = query.where(Contact.language == language)
    return page(query, columns=(Contact.name_folded, Contact.id), after=after)


def _asked(request: SubscriptionRequest) -> LeftOut:
    return LeftOut(f"{request.given_name} {request.family_name}".strip(), request.email, at=request.asked_at)


def _explained(district_id: int, rule: Audience, reason: str, contacts: list[Contact]) -> list[LeftOut]:
    """The contacts with the particulars of their reason: one query more, whatever the number."""
    told: dict[int, tuple[str, datetime | None]] = {}
    ids = [c.id for c in contacts]
    if reason == "suppressed":
        why = suppression.reasons(district_id, [c.email.lower() for c in contacts])
        told = {c.id: (why.get(c.email.lower(), ""), None) for c in contacts}
    elif reason == "paused":
        rows = db.session.scalars(select(ReaderChoice).where(ReaderChoice.contact_id.in_(ids)))
        told = {row.contact_id: ("", row.paused_until) for row in rows}
    elif reason == "excluded":
        told = _exclusions(district_id, rule, contacts)
    return [LeftOut(c.name, c.email, c.id, *told.get(c.id, ("", None))) for c in contacts]


def _exclusions(district_id: int, rule: Audience, contacts: list[Contact]) -> dict:
    query = select(Exclusion).where(
        Exclusion.district_id == district_id, Exclusion.ended_at.is_(None),
        or_(Exclusion.issue_id.is_(None), Exclusion.issue_id == (rule.issue or 0)),
        or_(
            Exclusion.contact_id.in_([c.id for c in contacts]),
            Exclusion.company_id.in_([c.company_id for c in contacts if c.company_id]),
        ),
    )  # fmt: skip
    rows = list(db.session.scalars(query))
    persons = {r.contact_id: r for r in rows if r.contact_id}
    companies = {r.company_id: r for r in rows if r.company_id}
    found = {c.id: persons.get(c.id) or companies.get(c.company_id or 0) for c in contacts}
    return {contact_id: (row.reason, row.at) for contact_id, row in found.items() if row is not None}
