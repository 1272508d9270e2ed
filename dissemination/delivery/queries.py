"""What the desk shows of the mail: lists, one message with its parts rebuilt exactly, the server's health."""

from dataclasses import dataclass
from typing import NamedTuple

from flask import current_app
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import joinedload

from dissemination.delivery import sendings
from dissemination.delivery.calendar import CalendarObject, render
from dissemination.delivery.letters import Letter, Slip, compile_letter, fill, shown
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery, Fate, MailDomain, Relay, Sending
from dissemination.delivery.models import Letter as StoredLetter
from dissemination.delivery.transport import FOLDER
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, is_sqlite
from dissemination.kernel.paging import Page, page

NOT_BULK = {True: "bulk = 0 AND state IN ('queued', 'deferred')"}  # as the partial index has it
NOT_BULK[False] = NOT_BULK[True].replace("bulk = 0", "NOT bulk")


@dataclass(frozen=True)
class Parts:
    """A message as its reader sees it, and the octets that went over the wire."""

    html: str
    text: str
    calendar: str  # "" when there is none
    raw: bytes


def recent(district_id: int, *, state: Fate | None = None, text: str = "", after: str | None = None) -> Page:
    """Deliveries of a district, newest first; `text` is looked for in address, name and subject."""
    query = select(Delivery).where(Delivery.district_id == district_id).options(joinedload(Delivery.letter))
    if state is not None:
        query = query.where(Delivery.state == state)
    if text:
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        subjects = select(StoredLetter.id).where(StoredLetter.subject.ilike(f"%{escaped}%", escape="\\"))
        query = query.where(
            or_(
                Delivery.address.ilike(f"%{escaped}%", escape="\\"),
                Delivery.name.ilike(f"%{escaped}%", escape="\\"),
                Delivery.letter_id.in_(subjects),
            )
        )
    return page(query, columns=[Delivery.id], after=after, descending=True)


def delivery(district_id: int, delivery_id: int) -> Delivery | None:
    """One delivery of the district; None for those of others."""
    return db.session.scalars(
        select(Delivery).where(Delivery.id == delivery_id, Delivery.district_id == district_id)
    ).one_or_none()


def parts(delivery: Delivery) -> Parts:
    """The message of a delivery, octet for octet what is or was sent.

    A letter that no worker has compiled yet is compiled here, not stored. Raises what compiling raises.
    """
    stored = delivery.letter
    if stored.segments is not None:
        letter = Letter.load(stored.segments)
    else:
        letter = compile_letter(Mail.from_source(stored.source), seed=stored.content_hash)
    slip = Slip(delivery.address, delivery.name, delivery.merge, delivery.calendar, delivery.message_id,
                delivery.created_at)  # fmt: skip
    calendar = render(CalendarObject.from_json(delivery.calendar)).decode() if delivery.calendar else ""
    return Parts(
        html=shown(letter.html, delivery.merge, html=True),
        text=shown(letter.text, delivery.merge, html=False), calendar=calendar, raw=fill(letter, slip),
    )  # fmt: skip


def relay_trouble() -> str | None:
    """What the mail servers that are down said when last tried; None when all are well."""
    said = select(Relay.last_error).where(Relay.failures > 0, Relay.name.in_(_servers()))
    return "; ".join(db.session.scalars(said.order_by(Relay.name))) or None


def is_mail_stopped() -> bool:
    """Whether every mail server is down, so that nothing leaves: one of several leaves others its share."""
    down = select(func.count()).where(Relay.failures > 0, Relay.name.in_(_servers()))
    return db.session.scalar(down) == len(_servers())


def _servers() -> set[str]:
    return {server.name for server in current_app.config["SETTINGS"].mail.servers} or {FOLDER}


def resting_domains() -> list[MailDomain]:
    """Receiving domains that are left alone for a while because they asked for fewer messages."""
    resting = select(MailDomain).where(MailDomain.paused_until > now()).order_by(MailDomain.domain)
    return list(db.session.scalars(resting))


class Rate(NamedTuple):
    """How fast a sending goes."""

    per_second: float  # 0.0 when nothing left lately
    eta_seconds: float | None  # None: unknown, because nothing leaves; 0.0: nothing is left to be done


def rate(about) -> Rate:
    """How fast the mail about `about` leaves now, as the workers reckoned it, and how long the rest takes."""
    known, left = sendings.of(about), sendings.remaining(about)
    if not left:
        return Rate(0.0, 0.0)
    if known is None or known.mark_at is None or abs(now() - known.mark_at) > sendings.STALE:
        return Rate(0.0, None)
    if known.seen_rate:
        return Rate(known.seen_rate, left / known.seen_rate)
    age = (now() - known.mark_at).total_seconds()
    early = (known.done - known.mark_done) / max(age, 1.0)  # in its first two seconds
    return Rate(early, left / early if early else None)


def sending(about) -> Sending | None:
    """The row that steers the mail about `about`: what was put, paused, throttled; None when nothing was."""
    return sendings.of(about)


def waiting_since(district_id: int) -> float:
    """Seconds for which the oldest single message that is due waits; 0 when none does."""
    oldest = db.session.scalar(
        select(Delivery.next_at)
        .where(
            Delivery.district_id == district_id,
            Delivery.state == Fate.QUEUED,
            Delivery.next_at <= now(),
            text(NOT_BULK[is_sqlite()]),
        )
        .order_by(Delivery.next_at)
        .limit(1)
    )
    return max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0
