"""The verbs of mail rules: write, pause, take from another workshop, send.

A person is noted in `mail_rule_sendings` in the transaction that puts her mail into the outbox, while the
rule's row is held: of two workers one writes to her, and after a crash either both rows stand or neither.
"""

from collections import defaultdict
from secrets import token_hex

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from dissemination.delivery import outbox
from dissemination.followups import mails, queries, timing
from dissemination.followups.models import Anchor, MailRule, MailRuleSending
from dissemination.followups.ready import READY
from dissemination.followups.timing import Stage
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.people.actions import check_version
from dissemination.registrations.models import Registration
from dissemination.workshops.models import Workshop

BATCH = 200
TEXTS = ("subject_it", "subject_en", "body_it", "body_en")
COPIED = ("anchor", "minutes", "states", *TEXTS)
WHEN = ("anchor", "minutes", "states")


class NotLate(Refusal):
    """The rule sends by itself, or nothing can be sent any more."""

    message = _l("There is nothing to send by hand: look at how the mail stands now.")


class HasRules(Refusal):
    """The ready set is for a workshop without mails."""

    message = _l("This workshop has mails already: add or change them one by one.")


def add(
    workshop: Workshop, *, by: Account | None, anchor: Anchor, minutes: int, states: list, **texts: str
) -> MailRule:
    """A new rule. It is active; what lay more than a day back is not sent (see `send_now`)."""
    rule = MailRule(
        workshop_id=workshop.id, anchor=anchor, minutes=minutes, states=_plain(states), created_at=now(),
        created_by=by.id if by else None, **texts,
    )  # fmt: skip
    db.session.add(rule)
    db.session.flush()
    return rule


def _plain(states: list) -> list[str]:
    return [str(state) for state in states]


def revise(rule: MailRule, *, version: int, states: list, **facts) -> MailRule:
    """Change a rule; whoever got it does not get it again. A new time or state begins anew as if added now.

    Raises ChangedMeanwhile.
    """
    _hold(rule)
    check_version(rule, version)
    facts["states"] = _plain(states)
    if any(getattr(rule, name) != facts[name] for name in WHEN):
        rule.activated_at, rule.forced_at = now(), None
    for name, value in facts.items():
        setattr(rule, name, value)
    db.session.flush()
    return rule


def pause(rule: MailRule) -> None:
    """Send nothing more until it is resumed. What is in the outbox already goes its way."""
    _hold(rule)
    rule.active = False
    rule.version += 1
    db.session.flush()


def resume(rule: MailRule) -> None:
    """Send again. What fell due more than a day ago meanwhile is not sent in retrospect."""
    _hold(rule)
    if not rule.active:
        rule.active, rule.activated_at, rule.forced_at = True, now(), None
        rule.version += 1
    db.session.flush()


def remove(rule: MailRule) -> None:
    """Take a rule out; its messages that have not left are called back, the others stay at the mail desk."""
    _hold(rule)
    outbox.cancel(rule, "stopped by the sender")
    db.session.delete(rule)
    db.session.flush()


def send_now(rule: MailRule, *, by: Account) -> None:
    """Send although its time had passed when it was activated: a person decides this. Raises NotLate."""
    _hold(rule)
    stage = timing.times(rule, rule.workshop, now()).stage
    if stage is not Stage.MISSED or rule.workshop.starts_at < now() - timing.REACH:
        raise NotLate
    rule.forced_at, rule.forced_by = now(), by.id
    db.session.flush()


def add_ready(workshop: Workshop, *, by: Account | None) -> list[MailRule]:
    """The mails that most workshops want. Raises HasRules."""
    if queries.rules(workshop):
        raise HasRules
    return [add(workshop, by=by, **facts) for facts in READY]  # type: ignore[arg-type]


def take_from(other: Workshop, workshop: Workshop, *, by: Account | None) -> int:
    """Add the rules of `other` to `workshop`, but for those that it has already; how many were added."""
    there = [_what(rule) for rule in queries.rules(workshop)]
    wanted = [what for rule in queries.rules(other) if (what := _what(rule)) not in there]
    for facts in wanted:
        add(workshop, by=by, **facts)
    return len(wanted)


def _what(rule: MailRule) -> dict:
    return {name: getattr(rule, name) for name in COPIED}


def send_test(workshop: Workshop, texts: mails.Texts, *, to: Account, note: str, about=None) -> int:
    """Send the mail in each language in which it is written to an organiser alone; how many messages."""
    languages = {mails.language_for(texts, wanted) for wanted in ("it", "en")}
    for language in sorted(languages):
        mail = mails.mail(texts, workshop, language=language, online=True, note=note)
        person = mails.sample(workshop, to.email, to.name)
        outbox.put(mail, person, about=about or workshop, idempotency=f"test {token_hex(12)}")
    return len(languages)


def send_batch(rule_id: int, *, most: int = BATCH) -> int:
    """Write to up to `most` people whom an open rule has not written to; how many. 0: nobody is left."""
    held = select(MailRule).where(MailRule.id == rule_id).with_for_update(of=MailRule)
    rule = db.session.scalar(held.execution_options(populate_existing=True))
    if rule is None or timing.times(rule, rule.workshop, now()).stage is not Stage.OPEN:
        return 0
    people = queries.next_people(rule, is_closed=queries.is_closed(rule.workshop_id), most=most)
    new = _note(rule, people)
    letters: dict[tuple[str, bool], list[Registration]] = defaultdict(list)
    for registration in people:
        if registration.id in new:
            key = mails.language_for(rule, registration.language), mails.is_online(registration)
            letters[key].append(registration)
    for (language, online), readers in sorted(letters.items()):
        mail = mails.mail(rule, rule.workshop, language=language, online=online)
        outbox.put_many(mail, [mails.recipient(r) for r in readers], about=rule)
    return len(new)


def _note(rule: MailRule, people: list[Registration]) -> set[int]:
    """Write down that these people are being written to; the ids of those that nobody wrote to before."""
    if not people:
        return set()
    insert = insert_into(MailRuleSending)
    rows = [{"rule_id": rule.id, "registration_id": r.id, "at": now()} for r in people]
    statement = insert.values(rows).on_conflict_do_nothing().returning(MailRuleSending.registration_id)
    return set(db.session.scalars(statement))


def call_back(rule_id: int) -> int:
    """Call back what has not left of a rule whose workshop was cancelled; how many messages."""
    rule = db.session.get(MailRule, rule_id)
    return outbox.cancel(rule, "stopped by the sender") if rule is not None else 0


def _hold(rule: MailRule) -> None:
    """Hold the row, so that nobody sends, pauses or edits at the same moment."""
    db.session.refresh(rule, with_for_update={"of": MailRule})
