"""Addresses that are not written to: why, since when, by whose decision, and the way back.

Five ways in: a server or a bounce says that nobody is there, a reader complains, mail comes back for
passing reasons too often, a person decides it, an import brings another program's list. All go through
`suppress`; the only way out is `reinstate`, with a reason. Both are kept in a history that is only added to.

Soft bounces score: a full mailbox or a mail given up after three days adds 1, a refusal for good that does
not say why adds 2. The score halves every 30 days (HALF_LIFE) and suppresses at 4.5 (LIMIT): five in a week
do, one a month never does.

Addresses of erased persons are kept as keyed hashes: one can tell that an address is among them, not which
they are. The key is the installation's secret; a new secret forgets these rows.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from dissemination.delivery.mail import one_line
from dissemination.delivery.models import MailScore, Suppression, SuppressionEvent, SuppressionKind
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once
from dissemination.kernel.paging import Page, page
from dissemination.kernel.refusals import Refusal

HALF_LIFE = timedelta(days=30)
LIMIT = 4.5
FULL, UNCLEAR = 1.0, 2.0  # what a soft bounce and a refusal without a reason add
# A stronger reason takes the place of a weaker one.
STRENGTH = (
    SuppressionKind.IMPORTED, SuppressionKind.SOFT, SuppressionKind.MANUAL, SuppressionKind.UNSUBSCRIBED,
    SuppressionKind.BOUNCE, SuppressionKind.COMPLAINT, SuppressionKind.ERASED,
)  # fmt: skip
BOUNCED = "hash"  # no mail may go there
ERASED = "erased"  # she asked to be forgotten: no import brings her back; what she asks for herself is sent


def keyed(kind: str, address: str) -> str:
    """What stands for `address` in a suppression's row."""
    key = str(current_app.secret_key).encode()
    return f"{kind}:{hmac.new(key, address.strip().lower().encode(), 'sha256').hexdigest()}"


def forget(district_id: int, address: str) -> None:
    """Remember, as a hash only, that this person asked to be erased."""
    insert_once(
        Suppression,
        district_id=district_id,
        address=keyed(ERASED, address),
        reason="",
        at=now(),
        kind=SuppressionKind.ERASED,
    )


def forgotten(district_id: int, addresses: Iterable[str]) -> set[str]:
    """Those of `addresses` (lower case) whose persons asked to be erased; one query per 500."""
    marks = {keyed(ERASED, address): address for address in addresses}
    keys, found = list(marks), set()
    for start in range(0, len(keys), 500):
        query = select(Suppression.address).where(
            Suppression.district_id == district_id, Suppression.address.in_(keys[start : start + 500])
        )
        found |= {marks[key] for key in db.session.scalars(query)}
    return found


class NoReason(Refusal):
    """An address is written to again only when somebody says why."""

    status = 422
    message = _l("Say why this address may be written to again.")
    field = "reason"


class Erased(Refusal):
    """A person who asked to be forgotten is not brought back by the desk."""

    message = _l("This person asked to be erased: only they can ask to be written to again.")


def suppress(
    district_id: int, address: str, reason: str, *, kind: SuppressionKind, by: int | None = None,
    note: str = "", source: str = "", by_name: str = "", delivery_id: int | None = None,
) -> Suppression:  # fmt: skip
    """Never write to `address` again, for `reason` (at most 300 characters); its row.

    Known already: the row stays, unless the new kind is stronger. In either case the history tells of it.
    `source` says where it came from ("SMTP", "bounce", a file's name), `by` and `by_name` who decided it.
    Suppression is checked when rows are taken to be sent: it holds for what is queued too.
    """
    address, reason = address.strip().lower()[:254], one_line(reason)[:300]
    values = {
        "reason": reason, "at": now(), "kind": kind, "source": one_line(source)[:200], "note": note[:500],
        "by": by,
    }  # fmt: skip
    row = insert_once(Suppression, district_id=district_id, address=address, **values)
    if row is None:
        row = _row(district_id, address)
        assert row is not None  # noqa: S101 (nobody takes it out inside this transaction)
        if STRENGTH.index(kind) > STRENGTH.index(row.kind):
            for name, value in values.items():
                setattr(row, name, value)
    _note(
        district_id, address, "suppressed", kind=kind, reason=reason, by_name=by_name, delivery_id=delivery_id
    )
    db.session.flush()
    return row


def reinstate(suppression: Suppression, *, reason: str, by_name: str) -> None:
    """Let the address be written to again, because of `reason`; its score begins anew.

    Raises NoReason, and Erased for a person who asked to be forgotten.
    """
    if suppression.kind is SuppressionKind.ERASED or ":" in suppression.address.split("@")[0]:
        raise Erased
    if not one_line(reason):
        raise NoReason
    place = (suppression.district_id, suppression.address)
    _note(*place, "reinstated", kind=suppression.kind, reason=one_line(reason)[:300], by_name=by_name)
    score = _score_of(*place)
    if score is not None:
        db.session.delete(score)
    db.session.delete(suppression)
    db.session.flush()


def _row(district_id: int, address: str) -> Suppression | None:
    query = select(Suppression).where(Suppression.district_id == district_id, Suppression.address == address)
    return db.session.scalars(query).one_or_none()


def _rows(district_id: int, addresses: list[str]) -> dict[str, Suppression]:
    query = select(Suppression).where(
        Suppression.district_id == district_id, Suppression.address.in_(addresses)
    )
    return {row.address: row for row in db.session.scalars(query)}


def is_suppressed(district_id: int, address: str) -> Suppression | None:
    """The row that keeps `address` from being written to; None when nothing does."""
    marks = (address.strip().lower(), keyed(BOUNCED, address))
    query = select(Suppression).where(Suppression.district_id == district_id, Suppression.address.in_(marks))
    return db.session.scalars(query.limit(1)).first()


def listed(
    district_id: int, *, text: str = "", kind: SuppressionKind | None = None, after: str | None = None
) -> Page:
    """The suppressed addresses of a district, newest first; hashes of erased persons are left out."""
    query = select(Suppression).where(
        Suppression.district_id == district_id, ~Suppression.address.like("hash:%"),
        ~Suppression.address.like("erased:%"),
    )  # fmt: skip
    if kind is not None:
        query = query.where(Suppression.kind == kind)
    if text:
        escaped = text.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(Suppression.address.like(f"%{escaped}%", escape="\\"))
    return page(query, columns=[Suppression.id], after=after, descending=True)


def history(district_id: int, address: str) -> list[SuppressionEvent]:
    """All that happened to an address, oldest first: suppressed, came back, reinstated, with who and why."""
    query = select(SuppressionEvent).where(
        SuppressionEvent.district_id == district_id, SuppressionEvent.address == address.strip().lower()
    )
    return list(db.session.scalars(query.order_by(SuppressionEvent.id)))


@dataclass(frozen=True)
class Score:
    """How an address stands: at `limit` it is suppressed."""

    value: float
    limit: float
    last: str


def score(district_id: int, address: str) -> Score:
    """The soft-bounce score of an address now, decayed."""
    row = _score_of(district_id, address.strip().lower())
    return Score(_decayed(row, now()) if row else 0.0, LIMIT, row.last if row else "")


def soft(
    district_id: int, address: str, what: str, *, weight: float = FULL, delivery_id: int | None = None
) -> bool:
    """Note that mail to `address` came back for a passing reason; whether that was once too often."""
    address, moment = address.strip().lower()[:254], now()
    row = _score_of(district_id, address)
    if row is None:
        added = insert_once(
            MailScore, district_id=district_id, address=address, score=0.0, at=moment, last=""
        )
        row = added or _score_of(district_id, address)
        assert row is not None  # noqa: S101
    row.score, row.at, row.last = _decayed(row, moment) + weight, moment, one_line(what)[:300]
    reached = row.score
    _note(district_id, address, "soft", kind="", reason=one_line(what)[:300], delivery_id=delivery_id)
    db.session.flush()
    if reached < LIMIT:
        return False
    suppress(
        district_id, address, what, kind=SuppressionKind.SOFT, source="score", delivery_id=delivery_id,
        note=f"{reached:.1f} of {LIMIT:g}",
    )  # fmt: skip
    return True


def _decayed(row: MailScore, moment: datetime) -> float:
    """The score at `moment`; a clock that went back takes nothing off."""
    age = max(0.0, (moment - row.at) / HALF_LIFE)
    return row.score * 0.5**age


def _score_of(district_id: int, address: str) -> MailScore | None:
    query = select(MailScore).where(MailScore.district_id == district_id, MailScore.address == address)
    return db.session.scalars(query).one_or_none()


def _note(
    district_id: int, address: str, what: str, *, kind: str, reason: str, by_name: str = "",
    delivery_id: int | None = None,
) -> None:  # fmt: skip
    db.session.add(SuppressionEvent(
        district_id=district_id, address=address, what=what, kind=str(kind), reason=reason,
        by_name=one_line(by_name)[:200], delivery_id=delivery_id, at=now(),
    ))  # fmt: skip


def _hide(row: Suppression, hidden: dict[str, Suppression]) -> None:
    """Keep a row as a hash; of a person who was erased before, and came back, the stronger reason."""
    mark = keyed(BOUNCED, row.address)
    if former := hidden.get(mark):
        former.kind = max(former.kind, row.kind, key=STRENGTH.index)
        db.session.delete(row)
        return
    row.address, row.reason = mark, ""
    row.source = row.note = ""


def lift_departure(district_id: int, address: str) -> None:
    """She asked for newsletters herself, and proved it: an earlier departure holds no more, also one that is
    known by its hash only, because she was erased in between. What bounced stays suppressed."""
    address = address.strip().lower()
    row = _row(district_id, address)
    if row is not None and row.kind is SuppressionKind.UNSUBSCRIBED:
        reinstate(row, reason="asked for newsletters and confirmed it", by_name="")
    hidden = _row(district_id, keyed(BOUNCED, address))
    if hidden is not None and hidden.kind is SuppressionKind.UNSUBSCRIBED:
        db.session.delete(hidden)
        db.session.flush()


def hide(district_id: int, addresses: Iterable[str]) -> None:
    """Keep the suppressions of erased persons as keyed hashes only; their history and scores go."""
    known = sorted({address.strip().lower() for address in addresses})
    for start in range(0, len(known), 500):
        some = known[start : start + 500]
        rows = _rows(district_id, some)
        hidden = _rows(district_id, [keyed(BOUNCED, address) for address in rows])
        for row in rows.values():
            _hide(row, hidden)
        for model in (SuppressionEvent, MailScore):
            gone = delete(model).where(model.district_id == district_id, model.address.in_(some))
            db.session.execute(gone, execution_options={"synchronize_session": False})
    db.session.flush()
