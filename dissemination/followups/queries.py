"""Finding rules, whom they are for, and what became of their mails."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import aliased, joinedload
from werkzeug.exceptions import NotFound

from dissemination.attendance.models import Presence
from dissemination.delivery.models import Delivery, Fate
from dissemination.delivery.outbox import WAITING
from dissemination.districts.models import District
from dissemination.followups import timing
from dissemination.followups.models import MailRule, MailRuleSending, State
from dissemination.followups.timing import Stage, Times
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.people.models import Contact
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.models import Cancellation, Closing, Material, Workshop


def rules(workshop: Workshop) -> list[MailRule]:
    """The rules of a workshop, in the order in which they write."""
    found = list(db.session.scalars(select(MailRule).where(MailRule.workshop_id == workshop.id)))
    moment = now()
    return sorted(found, key=lambda rule: (timing.times(rule, workshop, moment).due, rule.id))


def rule(workshop: Workshop, rule_id: int) -> MailRule:
    """The rule with that id, if it is one of `workshop`. Raises NotFound (404)."""
    found = db.session.scalar(
        select(MailRule).where(MailRule.id == rule_id, MailRule.workshop_id == workshop.id)
    )
    if found is None:
        raise NotFound
    return found


def with_rules(district: District, *, but: Workshop, most: int = 100) -> list[tuple[Workshop, int]]:
    """The district's workshops that have rules, latest first, and how many each has."""
    counted = (
        select(Workshop, func.count(MailRule.id))
        .join(MailRule, MailRule.workshop_id == Workshop.id)
        .where(Workshop.district_id == district.id, Workshop.id != but.id)
        .group_by(Workshop.id)
        .order_by(Workshop.starts_at.desc(), Workshop.id.desc())
        .limit(most)
    )
    return [(workshop, n) for workshop, n in db.session.execute(counted)]


# Who is meant.


def in_states(states: Iterable[str], *, is_closed: bool):
    """The condition for registrations that are in one of `states`.

    Nobody is absent before the books are closed: until then a missing tick may only be late.
    """
    seated = Registration.standing == Standing.CONFIRMED
    present = select(1).where(Presence.registration_id == Registration.id).exists()
    meant = {
        State.CONFIRMED: seated,
        State.WAITING: Registration.standing == Standing.WAITING,
        State.ATTENDED: and_(seated, present),
        State.ABSENT: and_(seated, ~present) if is_closed else false(),
    }
    return or_(false(), *(meant[State(state)] for state in states))


def _may_be_written_to():
    return (
        Registration.purged_at.is_(None), Registration.proof_due.is_(None), Contact.erased_at.is_(None),
    )  # fmt: skip


def next_people(rule: MailRule, *, is_closed: bool, most: int) -> list[Registration]:
    """Up to `most` people whom `rule` means and has never written to, contacts loaded."""
    earlier = aliased(Registration)
    told = (
        select(1)
        .select_from(MailRuleSending)
        .join(earlier, earlier.id == MailRuleSending.registration_id)
        .where(MailRuleSending.rule_id == rule.id, earlier.contact_id == Registration.contact_id)
    )
    query = (
        select(Registration)
        .join(Registration.contact)
        .where(
            Registration.workshop_id == rule.workshop_id, *_may_be_written_to(),
            in_states(rule.states, is_closed=is_closed), ~told.exists(),
        )
        .options(joinedload(Registration.contact), joinedload(Registration.workshop))
        .order_by(Registration.id)
        .limit(most)
    )  # fmt: skip
    return list(db.session.scalars(query))


@dataclass
class Overview:
    """How a rule stands: its times, how many wait for it now, how many it wrote to, and with which fate."""

    rule: MailRule
    times: Times
    meant: int = 0
    written: int = 0
    last_at: datetime | None = None
    fates: dict[Fate, int] = field(default_factory=dict)

    @property
    def is_for_attendance(self) -> bool:
        """Whether nobody is known to be meant yet, because presence is recorded only on the day."""
        known_later = {State.ATTENDED.value, State.ABSENT.value}
        return not self.meant and not self.written and set(self.rule.states) <= known_later


def overview(workshop: Workshop, found: list[MailRule]) -> list[Overview]:
    """How each of the rules `found` of `workshop` stands; the same four queries for any number of them."""
    people = _people(workshop)
    told, last = _told(found)
    fates = _fates(found)
    moment = now()
    return [
        Overview(
            rule, timing.times(rule, workshop, moment), fates=fates.get(rule.id, {}),
            meant=len({c for c, states in people if states & set(rule.states)} - told[rule.id]),
            written=len(told[rule.id]), last_at=last.get(rule.id),
        )
        for rule in found
    ]  # fmt: skip


def _people(workshop: Workshop) -> list[tuple[int, set[str]]]:
    """Each person who may be written to, with the states that she is in."""
    is_closed = workshop.closing is not None
    query = (
        select(Registration.contact_id, Registration.standing, Presence.registration_id)
        .join(Registration.contact)
        .outerjoin(Presence, Presence.registration_id == Registration.id)
        .where(
            Registration.workshop_id == workshop.id, *_may_be_written_to(),
            Registration.standing.in_((Standing.CONFIRMED, Standing.WAITING)),
        )
    )  # fmt: skip
    return [(c, _states(standing, there, is_closed)) for c, standing, there in db.session.execute(query)]


def _states(standing: Standing, there: int | None, is_closed: bool) -> set[str]:
    if standing is Standing.WAITING:
        return {State.WAITING.value}
    if there is not None:
        return {State.CONFIRMED.value, State.ATTENDED.value}
    return {State.CONFIRMED.value, State.ABSENT.value} if is_closed else {State.CONFIRMED.value}


def _told(found: list[MailRule]) -> tuple[dict[int, set[int]], dict[int, datetime]]:
    told: dict[int, set[int]] = defaultdict(set)
    last: dict[int, datetime] = {}
    query = (
        select(MailRuleSending.rule_id, Registration.contact_id, MailRuleSending.at)
        .join(MailRuleSending.registration)
        .where(MailRuleSending.rule_id.in_([r.id for r in found]))
    )
    for rule_id, contact_id, at in db.session.execute(query):
        told[rule_id].add(contact_id)
        last[rule_id] = max(at, last.get(rule_id, at))
    return told, last


def _fates(found: list[MailRule]) -> dict[int, dict[Fate, int]]:
    fates: dict[int, dict[Fate, int]] = defaultdict(dict)
    query = (
        select(Delivery.subject_id, Delivery.state, func.count())
        .where(
            Delivery.subject_kind == MailRule.__tablename__, Delivery.subject_id.in_([r.id for r in found]),
            Delivery.contact_id.is_not(None),  # not the tests
        )
        .group_by(Delivery.subject_id, Delivery.state)
    )  # fmt: skip
    for rule_id, fate, n in db.session.execute(query):
        fates[rule_id][fate] = n
    return fates


def sendings(rule: MailRule, *, after: str | None = None) -> tuple[Page, dict[int, Delivery]]:
    """One page of whom `rule` wrote to, and the last message to each by contact id."""
    query = (
        select(MailRuleSending)
        .where(MailRuleSending.rule_id == rule.id)
        .options(joinedload(MailRuleSending.registration).joinedload(Registration.contact))
    )
    found = page(query, columns=[MailRuleSending.registration_id], after=after)
    contacts = [s.registration.contact_id for s in found.rows]
    rows = db.session.scalars(
        select(Delivery)
        .where(
            Delivery.subject_kind == MailRule.__tablename__, Delivery.subject_id == rule.id,
            Delivery.contact_id.in_(contacts),
        )
        .order_by(Delivery.id)
    )  # fmt: skip
    return found, {row.contact_id: row for row in rows if row.contact_id is not None}


def materials(workshop: Workshop) -> list[Material]:
    """The materials that participants may open now, in order."""
    over = workshop.ends_at <= now()
    return [m for m in workshop.materials if over or not m.after_end]


# What the worker asks.


def open_ids() -> list[int]:
    """The ids of rules whose time has come, of all districts.

    Looks at the workshops of the last and the next months only, by the index of their dates: as quick
    with ten thousand old workshops as with none.
    """
    moment = now()
    nearest = moment - timing.REACH, moment + timing.REACH
    rows = (
        select(MailRule)
        .join(MailRule.workshop)
        .outerjoin(Cancellation, Cancellation.workshop_id == Workshop.id)
        .where(
            Workshop.district_id.in_(list(db.session.scalars(select(District.id)))),
            Workshop.starts_at.between(*nearest), Workshop.published_at.is_not(None),
            Cancellation.workshop_id.is_(None), MailRule.active,
        )
        .options(
            joinedload(MailRule.workshop).joinedload(Workshop.district),
            joinedload(MailRule.workshop).joinedload(Workshop.closing),
            joinedload(MailRule.workshop).joinedload(Workshop.cancellation),
        )
        .order_by(MailRule.id)
    )  # fmt: skip
    found = db.session.scalars(rows)
    return [r.id for r in found if timing.times(r, r.workshop, moment).stage is Stage.OPEN]


def has_people(rule_id: int) -> bool:
    """Whether an open rule has somebody to write to; asked without a write transaction."""
    found = db.session.get(MailRule, rule_id)
    if found is None:
        return False
    return bool(next_people(found, is_closed=is_closed(found.workshop_id), most=1))


def is_closed(workshop_id: int) -> bool:
    """Whether the books of the workshop are closed."""
    return (
        db.session.scalar(select(Closing.workshop_id).where(Closing.workshop_id == workshop_id)) is not None
    )


def called_off_ids() -> list[int]:
    """Rules of cancelled workshops with messages that have not left."""
    query = (
        select(Delivery.subject_id)
        .join(MailRule, MailRule.id == Delivery.subject_id)
        .join(Cancellation, Cancellation.workshop_id == MailRule.workshop_id)
        .where(Delivery.subject_kind == MailRule.__tablename__, Delivery.state.in_(WAITING))
        .distinct()
    )
    return list(db.session.scalars(query))
