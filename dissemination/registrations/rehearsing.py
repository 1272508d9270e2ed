"""The mail rehearsal: the whole sequence of a workshop's mails as values, for one reader's own address.

Nobody is registered and no seat moves: the mails are made of stand-ins that no database knows. Subjects
and calendar entries say that it is a rehearsal, the entries have UIDs of their own, and the last mails of
the sequence take them out of the calendar again. Links lead to the page of the rehearsal.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.delivery import outbox
from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.registrations import mails, mails_of_seats, pairing, posts
from dissemination.registrations.models import Attends, Standing
from dissemination.registrations.posts import Post
from dissemination.workshops.models import Mode, Workshop

DATES = 2  # of a workshop on many dates, these stand for all
PAUSE = timedelta(seconds=4)  # between two mails, so that calendars get them in order


@dataclass(frozen=True)
class Reader:
    """Who rehearses: the organiser herself."""

    email: str
    name: str
    id: None = None

    @property
    def given_name(self) -> str:
        """What a greeting would use."""
        return self.name.split(" ")[0]


@dataclass
class Rehearsed:
    """What a mail reads of a registration."""

    workshop: Workshop
    contact: Reader
    language: str
    attends: Attends
    standing: Standing = Standing.CONFIRMED
    public_id: str = "rehearsal"
    group: None = None
    proof_due: datetime | None = None
    offer_until: datetime | None = None
    confirmed_at: datetime = field(default_factory=now)
    cancelled_by: None = None


@dataclass
class Date:
    """What a mail reads of an invitation."""

    uid: str
    facts: pairing.Facts
    method: str = "REQUEST"
    sequence: int = 0
    stamp: datetime = field(default_factory=now)

    def __getattr__(self, name: str):
        return getattr(self.facts, name)


@dataclass(frozen=True)
class Stage:
    """One mail of the sequence. `name` tells it apart in addresses."""

    name: str
    title: Any
    post: Post


@dataclass(frozen=True)
class Subject:
    """What the deliveries of a rehearsal are about; `id` is the workshop's."""

    id: int
    __tablename__ = "rehearsals"


TITLES = {
    "confirm_address": _l("Confirm your address"),
    "approval_asked": _l("The request was received"),
    "confirmation": _l("Confirmation with the invitation"),
    "further_date": _l("Invitation to the second date"),
    "changed": _l("The workshop has changed"),
    "switched": _l("From the room to online, or back"),
    "reminder": _l("Reminder"),
    "still_coming": _l("Still coming?"),
    "withdrawn": _l("One person's registration is cancelled"),
    "waiting": _l("On the waiting list"),
    "offer": _l("A seat is offered from the waiting list"),
    "promoted": _l("A seat from the waiting list"),
    "called_off": _l("The whole workshop is cancelled"),
}


class _Sequence:
    """Makes the mails one after the other, with the calendar objects as they would then stand."""

    def __init__(self, workshop: Workshop, reader: Reader, language: str, attends: Attends):
        self.registration = Rehearsed(workshop, reader, language, posts.way(workshop, attends))
        host = mails.sender(workshop).domain
        self.dates = [
            Date(f"rehearsal-{secrets.token_hex(16)}@{host}", facts)
            for facts in self._facts()[:DATES]
        ]  # fmt: skip

    def _facts(self) -> list[pairing.Facts]:
        r = self.registration
        return pairing.facts_now(r.workshop, r.language, r.attends)

    def __iter__(self) -> Iterator[tuple[str, Post]]:
        r, soon = self.registration, now() + timedelta(days=2)
        r.proof_due, r.offer_until = soon, soon
        if r.workshop.needs_approval:
            yield "approval_asked", self._plain(mails_of_seats.approval_asked, Standing.REQUESTED)
        yield "confirm_address", self._plain(mails_of_seats.confirm_address)
        r.proof_due = None
        yield from self._invited("confirmation", mails.confirmation)
        yield "changed", self._moved()
        if r.workshop.mode is Mode.MIXED:
            yield "switched", self._switched()
        yield "reminder", mails.reminder(r, self.dates[0])
        yield "still_coming", mails.still_coming(r)
        r.standing = Standing.CANCELLED
        yield from self._taken_out("withdrawn", mails.withdrawn)
        yield "waiting", self._plain(lambda r: mails.waiting(r, 1), Standing.WAITING)
        yield "offer", self._plain(lambda r: mails_of_seats.offer(r, 1), Standing.OFFERED)
        r.standing = Standing.CONFIRMED
        yield from self._invited("promoted", mails.promoted)
        yield from self._taken_out("called_off", mails.called_off)

    def _plain(self, make: Callable[..., Post], standing: Standing = Standing.CONFIRMED) -> Post:
        self.registration.standing = standing
        return make(self.registration)

    def _next(self, date: Date, method: str) -> Date:
        if date.method == "CANCEL" or method == "CANCEL":
            date.sequence += 1
        date.method = method
        return date

    def _invited(self, name: str, first: Callable[..., Post]):
        for number, date in enumerate(self.dates):
            make = mails.further_date if number else first
            yield ("further_date" if number else name), make(self.registration, self._next(date, "REQUEST"))

    def _taken_out(self, name: str, make: Callable[..., Post]):
        for date in self.dates:
            yield name, make(self.registration, self._next(date, "CANCEL"))

    def _moved(self) -> Post:
        date, hour = self.dates[0], timedelta(hours=1)
        later = replace(date.facts, starts_at=date.starts_at + hour, ends_at=date.ends_at + hour)
        told, made = date.facts, self._updated(later, mails.changed)
        date.facts = told  # the mails after it speak of the real time again
        first, *rest = made.mail.shared["dates"]
        hours = {k: v for k, v in self._times(later).items() if k in first}
        return replace(made, mail=replace(made.mail, shared={**made.mail.shared, "dates": [hours, *rest]}))

    def _times(self, facts: pairing.Facts) -> dict:
        with force_locale(self.registration.language):
            return posts.times(self.registration.workshop, facts.starts_at, facts.ends_at)

    def _switched(self) -> Post:
        r = self.registration
        r.attends = Attends.ROOM if r.attends is Attends.ONLINE else Attends.ONLINE
        found = self._updated(replace(self._facts()[0], starts_at=self.dates[0].starts_at,
                                      ends_at=self.dates[0].ends_at), mails.switched)  # fmt: skip
        r.attends = Attends.ROOM if r.attends is Attends.ONLINE else Attends.ONLINE
        return found

    def _updated(self, facts: pairing.Facts, make: Callable[..., Post]) -> Post:
        date, r = self.dates[0], self.registration
        with force_locale(r.language):
            changes = pairing.changes(r.workshop, date, facts)  # type: ignore[arg-type]
        date.facts, date.sequence = facts, date.sequence + 1
        return make(r, date, changes)


def sequence(
    workshop: Workshop, reader: Reader, *, language: str, attends: Attends, page: str
) -> list[Stage]:
    """All mails of `workshop` in order, to `reader`, marked as a rehearsal; links lead to `page`."""
    found, times = [], Counter[str]()
    for name, made in _Sequence(workshop, reader, language, attends):
        times[name] += 1
        key = f"{name}.{times[name]}" if times[name] > 1 else name
        found.append(Stage(key, TITLES[name], _marked(made, workshop, page)))
    return found


def _marked(made: Post, workshop: Workshop, page: str) -> Post:
    """The mail with "[Prova]" before its subject and title in the calendar, and harmless links."""
    with force_locale(made.mail.language):
        mark, reason = _("[Rehearsal]"), _("(here stands the reason that you give)")
    shared = dict(made.mail.shared)
    if "reason" in shared:
        shared["reason"] = reason
    if workshop.published_at is None:
        shared["page_url"] = page
    mail = replace(made.mail, subject=f"{mark} {made.mail.subject}"[: posts.SUBJECT], shared=shared)
    merge = {k: page if k.endswith("_url") else v for k, v in made.recipient.merge.items()}
    calendar = made.calendar and replace(made.calendar, summary=f"{mark} {made.calendar.summary}")
    return Post(mail, replace(made.recipient, merge=merge), calendar)


def send(workshop: Workshop, stages: list[Stage]) -> int:
    """Queue the sequence, some seconds apart; how many mails. Twice within a minute is once."""
    moment = now()
    for number, stage in enumerate(stages):
        delivery: Delivery = outbox.put(
            stage.post.mail, stage.post.recipient, about=Subject(workshop.id), calendar=stage.post.calendar,
            idempotency=f"{moment:%Y%m%d%H%M} {number:02d}",
        )  # fmt: skip
        if delivery.attempts == 0 and delivery.created_at >= moment:
            delivery.next_at = moment + number * PAUSE
    return len(stages)
