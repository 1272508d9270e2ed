"""What the desk shows of the mail: lists, one message with its parts rebuilt exactly, the server's health."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from dissemination.delivery.calendar import CalendarObject, render
from dissemination.delivery.letters import Letter, Slip, compile_letter, fill, shown
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery, Fate, Relay
from dissemination.delivery.models import Letter as StoredLetter
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page


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
    """What the mail server said when it was last found down; None when it is well."""
    return db.session.scalar(select(Relay.last_error).where(Relay.id == 1, Relay.failures > 0))


def waiting_since(district_id: int) -> float:
    """Seconds for which the oldest message that is due waits; 0 when none does."""
    oldest = db.session.scalar(
        select(Delivery.next_at)
        .where(Delivery.district_id == district_id, Delivery.state == Fate.QUEUED, Delivery.next_at <= now())
        .order_by(Delivery.next_at)
        .limit(1)
    )
    return max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0
