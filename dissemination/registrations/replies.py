"""Calendars' answers to our invitations: what each does, decided once and stored once per Message-ID.

An invitation is found by its UID, 128 random bits that only its calendar knows, never by From: Google
answers from its own address, macOS from other accounts. Accepted and tentative are intentions (R3), noted
and nothing more. A declined one gives the seat back only when our own mail server vouches that it comes
from the person who was invited; else one mail asks her, at most once for each version of the invitation.
Of a workshop on several dates, declining one date is noted; declining all of them gives the seat back.
What needs judgement (an unknown attendee, another proposal, a delegation, something unreadable) waits for a
person at the desk. Nothing is ever answered to an automatic message.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dissemination.delivery import inbound
from dissemination.delivery.inbound import Incoming, Kind, Outcome
from dissemination.delivery.models import Delivery
from dissemination.districts.models import District
from dissemination.kernel.clock import ROME, local, now
from dissemination.kernel.database import db, insert_once
from dissemination.kernel.refusals import Refusal
from dissemination.registrations import actions, history, invitations, mails
from dissemination.registrations.models import (
    Answer,
    By,
    Effect,
    Invitation,
    Registration,
    Reply,
    Room,
    Standing,
    What,
)

# Google's calendar answers from these for the account that was invited; google.com signs them.
SERVICES = frozenset({"calendar-notification@google.com"})
NOTE = 500
MOST_UNKNOWN = 100  # open answers without an invitation in a district; more are left in the mailbox
MOST_OPEN = 20  # open answers to one invitation; more are left in the mailbox


@dataclass(frozen=True)
class Decision:
    """What a reply does, and why, in a few English words kept with it (`note`; see calendars.NOTES)."""

    effect: Effect
    note: str = ""
    district_id: int | None = None
    invitation: Invitation | None = None


def receive(incoming: Incoming, *, dry: bool) -> Outcome:
    """Act on a calendar's answer, once; an answer to somebody else's invitation is left to people."""
    known = db.session.scalar(select(Reply).where(Reply.message_id == incoming.key))
    if known is not None:
        return Outcome(known.effect.value, known.note, kept=True, more={"repeated": True})
    invitation = _named(incoming)
    if invitation is not None and not dry:
        _hold(invitation)
    decision = decide(incoming, invitation)
    if decision is None or _is_too_much(decision):
        return Outcome()
    if not dry and not _store(incoming, decision):
        return Outcome(decision.effect.value, decision.note, kept=True, more={"repeated": True})
    return Outcome(decision.effect.value, decision.note, kept=True)


def _named(incoming: Incoming) -> Invitation | None:
    """The invitation that the answer names by its UID."""
    if incoming.answer is None:
        return None
    return db.session.scalar(
        select(Invitation)
        .where(Invitation.uid == incoming.answer.uid[:120])
        .options(joinedload(Invitation.registration).joinedload(Registration.contact))
    )


def _hold(invitation: Invitation) -> None:
    """Hold the room, then the registration, as everybody does who changes a standing; read what stands."""
    workshop_id = invitation.registration.workshop_id
    rooms = select(Room.attends).where(Room.workshop_id == workshop_id).order_by(Room.attends)
    db.session.execute(rooms.with_for_update())
    db.session.refresh(invitation.registration, with_for_update={"of": Registration})
    db.session.refresh(invitation)


def decide(incoming: Incoming, invitation: Invitation | None) -> Decision | None:
    """What the answer does to `invitation`, changing nothing; None when it is no answer to us."""
    if invitation is None:
        return _without_invitation(incoming)
    answer = incoming.answer
    assert answer is not None  # noqa: S101 (the invitation was found by it)
    district_id = invitation.registration.workshop.district_id

    def so(effect: Effect, note: str = "") -> Decision:
        return Decision(effect, note, district_id, invitation)

    if answer.method == "COUNTER":
        return so(Effect.FOR_A_PERSON, "counter")
    if answer.attendee != invitation.registration.contact.email.lower():
        return so(Effect.FOR_A_PERSON, "attendee")
    if answer.partstat not in list(Answer):
        return so(Effect.FOR_A_PERSON, "delegated" if answer.partstat == "DELEGATED" else "partstat")
    if answer.sequence < invitation.sequence and not _after_withdrawal(answer, invitation):
        return so(Effect.STALE, "old_date")
    if _is_older(answer, invitation):
        return so(Effect.STALE, "older")
    effect, note = _of_partstat(incoming, invitation)
    return so(effect, note)


def _without_invitation(incoming: Incoming) -> Decision | None:
    """An answer whose UID we do not know, or that cannot be read: ours only if something else says so."""
    registration = _by_traces(incoming)
    why = f"unreadable: {incoming.unreadable}" if incoming.unreadable else "unknown_uid"
    if registration is not None:
        first = next(iter(registration.invitations), None)
        return Decision(Effect.FOR_A_PERSON, why, registration.workshop.district_id, first)
    district = _district(incoming)
    uid = incoming.answer.uid if incoming.answer else ""
    ours = district is not None and uid.endswith(f"@{district.mailbox_address.rpartition('@')[2].lower()}")
    if uid.startswith("rehearsal-") or not ours or _is_flooded(district):
        return None
    return Decision(Effect.FOR_A_PERSON, why, district.id if district else None)


def _is_flooded(district: District | None) -> bool:
    """Whether so many such answers wait already that somebody must be making them up."""
    mine = Reply.district_id == (district.id if district else None)
    return _open(mine, Reply.invitation_id.is_(None)) >= MOST_UNKNOWN


def _is_too_much(decision: Decision) -> bool:
    """Whether so many answers to this invitation wait for a person that one more tells nothing."""
    if decision.effect is not Effect.FOR_A_PERSON or decision.invitation is None:
        return False
    return _open(Reply.invitation_id == decision.invitation.id) >= MOST_OPEN


def _open(*conditions) -> int:
    waiting = select(func.count(Reply.id)).where(
        Reply.effect == Effect.FOR_A_PERSON, Reply.handled_at.is_(None), *conditions
    )
    return db.session.scalar(waiting) or 0


def _by_traces(incoming: Incoming) -> Registration | None:
    """The registration whose mail it answers: by our signed return address, or our Message-ID."""
    found = None
    if incoming.deliveries:
        found = db.session.get(Delivery, incoming.deliveries[0])
    elif incoming.answers_to:
        found = db.session.scalar(
            select(Delivery).where(Delivery.message_id.in_(incoming.answers_to)).limit(1)
        )
    if found is None or found.subject_kind != Registration.__tablename__:
        return None
    return db.session.get(Registration, found.subject_id)


def _district(incoming: Incoming) -> District | None:
    plain = {_without_plus(address) for address in incoming.to}
    rows = db.session.scalars(select(District).order_by(District.id))
    return next((d for d in rows if d.mailbox_address.lower() in plain), None)


def _without_plus(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _after_withdrawal(answer, invitation: Invitation) -> bool:
    """Whether somebody says yes to a date that was taken out of her calendar since: she counts on it."""
    return (
        invitation.method == "CANCEL" and answer.partstat != Answer.DECLINED
        and answer.stamp is not None and answer.stamp > invitation.stamp
    )  # fmt: skip


def _is_older(answer, invitation: Invitation) -> bool:
    """Whether a newer answer to the same or a later version is known (RFC 5546 §2.1.5)."""
    if invitation.answered_sequence is None or answer.sequence > invitation.answered_sequence:
        return False
    if answer.sequence < invitation.answered_sequence:
        return True
    stamp = invitation.answered_stamp
    return answer.stamp is not None and stamp is not None and answer.stamp < stamp


def _of_partstat(incoming: Incoming, invitation: Invitation) -> tuple[Effect, str]:
    registration = invitation.registration
    workshop, answer = registration.workshop, Answer(incoming.answer.partstat)  # type: ignore[union-attr]
    if invitation.method == "CANCEL" and answer is not Answer.DECLINED:
        return Effect.FOR_A_PERSON, "counts_on_it"
    if answer is not Answer.DECLINED:
        return Effect.NOTED, ""
    if registration.standing is not Standing.CONFIRMED or workshop.cancellation is not None:
        return Effect.NOTED, "no_seat"
    if workshop.starts_at <= now():
        return Effect.NOTED, "begun"
    others = [i for i in registration.invitations if i.method == "REQUEST" and i is not invitation]
    if not all(_is_declined(other) for other in others):
        return Effect.NOTED, "one_date"
    if _is_hers(incoming, registration) and all(_was_hers(other) for other in others):
        return Effect.FREED, ""
    if incoming.automatic:
        return Effect.FOR_A_PERSON, "automatic"
    return Effect.ASKED, ""


def _is_declined(invitation: Invitation) -> bool:
    return invitation.answer is Answer.DECLINED and invitation.answered_sequence == invitation.sequence


def _is_hers(incoming: Incoming, registration: Registration) -> bool:
    """Whether our mail server vouches that the invited person, or her calendar service, sent it."""
    return incoming.authentic and incoming.sender in {registration.contact.email.lower(), *SERVICES}


def _was_hers(invitation: Invitation) -> bool:
    """Whether the last "no" to another date was vouched for."""
    last = (
        select(Reply.authenticated)
        .where(Reply.invitation_id == invitation.id, Reply.partstat == Answer.DECLINED.value,
               Reply.effect.in_((Effect.NOTED, Effect.ASKED)))
        .order_by(Reply.id.desc())
        .limit(1)
    )  # fmt: skip
    return bool(db.session.scalar(last))


def _store(incoming: Incoming, decision: Decision) -> bool:
    """Keep the reply and do what was decided; False when the same message was faster."""
    answer, invitation = incoming.answer, decision.invitation
    hers = invitation is not None and _is_hers(incoming, invitation.registration)
    zone = invitation.registration.workshop.district.zone if invitation is not None else ROME
    detail = _detail(incoming, zone)
    reply = insert_once(
        Reply, district_id=decision.district_id, message_id=incoming.key, received_at=now(),
        invitation_id=invitation.id if invitation else None, address=incoming.sender,
        method=answer.method[:20] if answer else "", partstat=answer.partstat if answer else "",
        sequence=answer.sequence if answer else None, stamp=answer.stamp if answer else None,
        authenticated=hers, effect=decision.effect,
        note=f"{decision.note}{': ' if detail and decision.note else ''}{detail}"[:NOTE],
    )  # fmt: skip
    if reply is None:
        return False
    if invitation is None:
        return True
    if decision.effect is Effect.FREED:
        try:
            actions.cancel(invitation.registration, who=By.CALENDAR)
        except Refusal:  # closed in between: the answer stands, the seat stays
            reply.effect, reply.note = Effect.NOTED, "begun"
    elif decision.effect is Effect.ASKED:
        distinct = f"declined {invitation.day}.{invitation.sequence}"
        invitations.put(
            mails.decline_asked(invitation.registration, invitation), invitation.registration, distinct
        )
    _note(answer, invitation, decision)
    db.session.flush()
    return True


def _detail(incoming: Incoming, zone) -> str:
    """What the person at the desk needs besides: her words, and the time proposed on the clock of `zone`."""
    answer = incoming.answer
    if answer is None:
        return ""
    parts = [answer.comment]
    if answer.method == "COUNTER" and answer.proposed:
        parts.append(f"{local(answer.proposed, zone):%d/%m/%Y %H:%M}")
    return " · ".join(p for p in parts if p)


def _note(answer, invitation: Invitation, decision: Decision) -> None:
    """Keep the answer on the invitation unless a newer one is known, and in the registration's history."""
    if decision.effect is Effect.FOR_A_PERSON or decision.note == "older" or _is_older(answer, invitation):
        return
    before = invitation.answer
    invitation.answer, invitation.answered_at = Answer(answer.partstat), now()
    invitation.answered_sequence, invitation.answered_stamp = answer.sequence, answer.stamp
    history.note(
        invitation.registration, What.ANSWERED, By.CALENDAR,
        details={
            "answer": [before.value if before else None, answer.partstat], "day": [None, invitation.day],
        },
    )  # fmt: skip


def handle(reply: Reply, *, by) -> None:
    """A person looked at the reply and did what was to be done. Twice is once."""
    if reply.handled_at is None:
        reply.handled_at, reply.handled_by = now(), by.id
        db.session.flush()


inbound.register(Kind.REPLY, receive)
