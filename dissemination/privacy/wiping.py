"""Taking persons out of rows that stay: deliveries, letters, histories, registrations, guests.

Rows are kept, because figures, logs and other people's pages count them; what names somebody goes. All
functions need a transaction and act on rows that their caller names.
"""

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import String, bindparam, cast, literal, null, or_, select, update

from dissemination.attendance.models import Scan
from dissemination.certificates.models import Certificate
from dissemination.delivery.models import Delivery, Fate
from dissemination.delivery.models import Letter as StoredLetter
from dissemination.delivery.outbox import WAITING
from dissemination.feedback.models import FeedbackAnswer, FeedbackForm
from dissemination.followups.models import MailRule
from dissemination.guests.models import Guest
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, rows_changed
from dissemination.people.models import Contact
from dissemination.privacy.terms import GONE, erased_address
from dissemination.registrations import answers, history
from dissemination.registrations.models import By, Event, Group, Invitation, Registration, Reply, What

VEIL = "…"
ERASED = "erased"  # the reason of a delivery that was called back by an erasure
SHORTEST = 5  # a name of fewer letters is looked for only with its address
deliveries = Delivery.__table__


def names_of(contacts: Iterable[Contact | Guest]) -> set[str]:
    """The texts by which these people are found in free text: addresses and full names, both ways round."""
    found = set()
    for person in contacts:
        given, family = person.given_name.strip(), person.family_name.strip()
        found.add(person.email)
        if given and family:
            found |= {f"{given} {family}", f"{family} {given}"}
        elif len(given or family) >= SHORTEST:
            found.add(given or family)
    return {text for text in found if text and not text.endswith(GONE)}


def former_names(contact: Contact) -> set[str]:
    """The names and addresses under which she was written to: her own may have changed since."""
    rows = db.session.execute(
        select(Delivery.name, Delivery.address).where(*is_of(contact), Delivery.address.not_like(f"%{GONE}"))
    )
    return {text for row in rows for text in row if len(text) >= SHORTEST}


def veiled(value, names: Sequence[str]):
    """`value` (JSON-able) with each of `names` replaced where it stands as whole words; the same object when
    none occurs. Of web addresses only mail addresses are taken out: a link must go on working."""
    if isinstance(value, str):
        return _veiled_text(value, [name for name in names if name in value])
    if isinstance(value, dict):
        return {key: veiled(v, names) for key, v in value.items()}
    if isinstance(value, list):
        return [veiled(v, names) for v in value]
    return value


def _veiled_text(text: str, names: Sequence[str]) -> str:
    if not names:
        return text
    addresses = [re.escape(name) for name in names if "@" in name]
    if addresses:
        text = re.sub(rf"(?<!\w)(?:{'|'.join(addresses)})(?!\w)", VEIL, text)
    words = "|".join(re.escape(name) for name in names if "@" not in name)
    if not words:
        return text
    return re.sub(rf"(https?://[^\s\"'<>]+)|(?<!\w)(?:{words})(?!\w)", lambda m: m[1] or VEIL, text)


# Mail.


def parts_of(workshop_id: int, registration_ids: list[int]) -> list[tuple[str, Any]]:
    """(kind, ids) of what hangs on a workshop and its registrations and may be the subject of a mail."""
    certificates = select(Certificate.id).where(Certificate.registration_id.in_(registration_ids))
    return [
        (MailRule.__tablename__, select(MailRule.id).where(MailRule.workshop_id == workshop_id)),
        (FeedbackForm.__tablename__, select(FeedbackForm.id).where(FeedbackForm.workshop_id == workshop_id)),
        (Guest.__tablename__, select(Guest.id).where(Guest.workshop_id == workshop_id)),
        (Group.__tablename__, select(Group.id).where(Group.workshop_id == workshop_id)),
        (Certificate.__tablename__, certificates),
        ("workshops", [workshop_id]),
    ]


def deliveries_about(kind: str, ids: Iterable[int]):
    """The condition of deliveries about subjects of a kind."""
    return Delivery.subject_kind == kind, Delivery.subject_id.in_(list(ids))


def wipe_deliveries(*condition) -> set[int]:
    """Take address, name, merge values and calendar attendee out of deliveries; the ids of their letters.

    What has not left is called back. The rows keep their fate, their moments and their subject.
    """
    db.session.execute(
        update(Delivery)
        .where(*condition, Delivery.state.in_(WAITING))
        .values(state=Fate.CANCELLED, reason=ERASED, finished_at=now())
        .execution_options(synchronize_session=False)
    )
    rows = db.session.execute(
        select(Delivery.id, Delivery.letter_id, Delivery.merge, Delivery.reason)
        .where(*condition, Delivery.address.not_like(f"%{GONE}"))
    ).all()  # fmt: skip
    if rows:
        statement = (
            update(deliveries)
            .where(deliveries.c.id == bindparam("b_id"))
            .values(
                address=literal("erased-") + cast(deliveries.c.id, String) + literal(GONE), name="",
                merge=bindparam("b_merge"), calendar=null(), last_reply="", reason=bindparam("b_reason"),
            )
        )  # fmt: skip
        db.session.connection().execute(
            statement,
            [
                {"b_id": r.id, "b_merge": dict.fromkeys(r.merge or {}, VEIL), "b_reason": _reason(r.reason)}
                for r in rows
            ],
        )
    return {r.letter_id for r in rows}


def _reason(reason: str) -> str:
    """A delivery's reason, without what a mail server wrote: that may name the address."""
    return "suppressed: " if reason.startswith("suppressed: ") else "" if "@" in reason else reason


def veil_letters(letter_ids: Iterable[int], names: Sequence[str]) -> int:
    """Take names out of letters that told one person of others; how many letters changed.

    Newsletters stay as they went: they name nobody for the sake of a reader, and the others still get them.
    Of the rest only the words change, never what says how the letter is made.
    """
    count = 0
    for batch in _batches(sorted(letter_ids), 200):
        query = select(StoredLetter.id, StoredLetter.subject, StoredLetter.source)
        for letter in db.session.execute(query.where(StoredLetter.id.in_(batch))).all():
            if letter.source.get("bulk"):
                continue
            words = {key: veiled(letter.source.get(key), names) for key in ("subject", "shared")}
            subject, source = veiled(letter.subject, names), {**letter.source, **words}
            if subject != letter.subject or source != letter.source:
                count += rows_changed(
                    update(StoredLetter)
                    .where(StoredLetter.id == letter.id)
                    # No later mail may be taken for an equal of this one any more.
                    .values(subject=subject, source=source, segments=None, content_hash=secrets.token_hex(32))
                )
    return count


def veil_others(workshop_ids: Iterable[int], names: Sequence[str]) -> Counter:
    """Take names out of what other people of the same workshops were written, and out of histories."""
    counts: Counter = Counter()
    for workshop_id in workshop_ids:
        mine = select(Registration.id).where(Registration.workshop_id == workshop_id)
        about = Delivery.subject_kind == Registration.__tablename__, Delivery.subject_id.in_(mine)
        letters = set(db.session.scalars(select(Delivery.letter_id).where(*about).distinct()))
        counts["letters"] += veil_letters(letters, names)
        for row in db.session.execute(select(Delivery.id, Delivery.merge).where(*about)).all():
            merge = veiled(row.merge, names)
            if merge != row.merge:
                changed = update(Delivery).where(Delivery.id == row.id).values(merge=merge)
                counts["deliveries"] += rows_changed(changed)
        for event in db.session.scalars(select(Event).where(Event.registration_id.in_(mine))).all():
            event.reason, event.details = veiled(event.reason, names), veiled(event.details, names)
        db.session.flush()
    return counts


def _batches(items: list, size: int):
    return (items[start : start + size] for start in range(0, len(items), size))


# Registrations.


def strip(registrations: Sequence[Registration], *, account=None) -> Counter:
    """Take everything personal out of registrations; the rows count on. Deliveries are wiped apart.

    Their links open nothing afterwards. Files that were sent as answers are deleted.
    """
    ids = [r.id for r in registrations]
    counts = Counter(registrations=len(ids), answers=sum(bool(r.answers) for r in registrations))
    moment = now()
    for registration in registrations:
        answers.forget_files(registration)
        registration.answers, registration.job_title, registration.form_mark = {}, "", None
        registration.public_id, registration.purged_at = secrets.token_hex(16), moment
    db.session.flush()
    _empty(Event, Event.registration_id.in_(ids), reason="", details={})
    mine = select(Invitation.id).where(Invitation.registration_id.in_(ids))
    wipe_replies(Reply.invitation_id.in_(mine))
    _empty(Scan, Scan.registration_id.in_(ids), device="")
    certified = Certificate.registration_id.in_(ids)
    counts["certificates"] = _empty(Certificate, certified, name="", withdrawn_reason="")
    counts["feedback"] = _unsign_feedback(ids)
    groups = {r.group_id for r in registrations if r.group_id}
    _empty(Group, Group.id.in_(groups), form_mark=None)
    by = By.ORGANISER if account is not None else By.SYSTEM
    for registration in registrations:
        history.note(registration, What.PURGED, by, account=account)
    db.session.flush()
    return counts


def wipe_replies(*condition) -> int:
    """Take who wrote out of calendars' answers; how many. What an answer did stays."""
    rows = db.session.scalars(select(Reply).where(*condition, Reply.message_id.not_like(f"%{GONE}>"))).all()
    for reply in rows:
        reply.address, reply.note, reply.message_id = "", "", f"<{erased_address()}>"
    db.session.flush()
    return len(rows)


def _empty(model, condition, **values) -> int:
    return rows_changed(update(model).where(condition).values(**values))


def _unsign_feedback(registration_ids: list[int]) -> int:
    """Answers to a form that was not anonymous lose their person and their free texts; scores stay."""
    given = db.session.scalars(
        select(FeedbackAnswer).where(FeedbackAnswer.registration_id.in_(registration_ids))
    ).all()
    for answer in given:
        form = db.session.get_one(FeedbackForm, answer.form_id)
        free = {q["key"] for q in form.questions if q.get("kind") == "text"}
        answer.answers = {key: value for key, value in answer.answers.items() if key not in free}
        answer.registration_id = None
    return len(given)


def drop_answers(registrations: Sequence[Registration], question_ids: set[int]) -> int:
    """Delete the answers to some questions, files and former answers too; how many answers."""
    count, keys = 0, {str(i) for i in question_ids}
    _drop_former([r.id for r in registrations], keys)
    for registration in registrations:
        kept = {key: value for key, value in registration.answers.items() if key not in keys}
        if len(kept) < len(registration.answers):
            count += len(registration.answers) - len(kept)
            registration.answers = kept
            answers.claim(registration)  # lets go of files that no answer names any more
            history.note(registration, What.PURGED, By.SYSTEM)
    db.session.flush()
    return count


def _drop_former(registration_ids: list[int], keys: set[str]) -> None:
    """Take the answers to some questions out of the histories: what was said before, and what instead."""
    query = select(Event).where(Event.registration_id.in_(registration_ids), Event.what == What.REVISED)
    for event in db.session.scalars(query):
        sides = event.details.get("answers")
        if sides and keys & {key for side in sides for key in side}:
            left = [{key: value for key, value in side.items() if key not in keys} for side in sides]
            rest = {name: pair for name, pair in event.details.items() if name != "answers"}
            event.details = rest | ({"answers": left} if any(left) else {})


def strip_guests(guests: Sequence[Guest]) -> int:
    """Take the persons out of rows of guest lists; how many rows."""
    for guest in guests:
        guest.email, guest.given_name, guest.family_name = erased_address(), "", ""
        guest.company_name, guest.folded, guest.public_id = "", "", secrets.token_hex(16)
        guest.contact_id, guest.purged_at = None, now()
    db.session.flush()
    return len(guests)


def is_of(contact: Contact):
    """The condition of deliveries to a contact, whatever they are about."""
    address = contact.email.lower()
    return (
        Delivery.district_id == contact.district_id,
        or_(Delivery.contact_id == contact.id, Delivery.address == address),
    )  # fmt: skip
