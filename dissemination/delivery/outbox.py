"""The outbox: a mail becomes rows in the transaction of the fact that it tells of; the worker sends it.

Putting is cheap: nothing is rendered and no network is touched. Equal mails share one letter. The
unique constraint on (subject, letter, address, idempotency) makes putting the same mail twice harmless.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

from sqlalchemy import CursorResult, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dissemination.delivery.calendar import CalendarObject
from dissemination.delivery.letters import Rendered, preview
from dissemination.delivery.mail import Mail, Recipient, content_hash, one_line
from dissemination.delivery.models import Delivery, Fate, Letter
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once, writing
from dissemination.kernel.subjects import kind_of

__all__ = [
    "Rendered", "cancel", "deliveries_of", "preview", "progress", "put", "put_many", "send_again",
    "skip_queued",
]  # fmt: skip

DEADLINE = timedelta(days=3)  # how long a deferred mail is tried
BATCH = 1000
WAITING = (Fate.QUEUED, Fate.DEFERRED)  # not yet handed to a server
KEY = ("subject_kind", "subject_id", "letter_id", "address", "idempotency")


_BY_HASH = select(Letter.id).where(Letter.content_hash == bindparam("hash"))


def _insert(model):
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[db.session.get_bind().dialect.name]
    return dialect.insert(model.__table__).on_conflict_do_nothing()


def _require_transaction() -> None:
    if not db.session().info.get("writing"):
        raise RuntimeError("outbox needs transaction(): a mail is put together with the fact it tells of")


def _letter_id(mail: Mail) -> int:
    """The id of the letter for `mail`, made when no equal one exists."""
    source = mail.source()
    digest = content_hash(source)
    letter_id = writing().scalar(_BY_HASH, {"hash": digest})
    if letter_id is None:
        db.session.execute(
            _insert(Letter).values(
                district_id=mail.district_id, content_hash=digest, template=mail.template,
                language=mail.language, subject=one_line(mail.subject)[:300], source=source, created_at=now(),
            )
        )  # fmt: skip
        letter_id = db.session.scalars(_BY_HASH, {"hash": digest}).one()
    return letter_id


def _subject(about) -> tuple[str, int]:
    if about.id is None:
        db.session.flush()
    return kind_of(about), about.id


def _row(mail: Mail, letter_id: int, subject: tuple[str, int], recipient: Recipient, **more) -> dict:
    moment = now()
    return {
        "district_id": mail.district_id, "letter_id": letter_id, "address": recipient.address.strip()[:254],
        "name": one_line(recipient.name)[:201], "contact_id": recipient.contact_id,
        "merge": {k: str(v) for k, v in recipient.merge.items()}, "calendar": None,
        "subject_kind": subject[0], "subject_id": subject[1], "idempotency": "",
        "message_id": f"<{secrets.token_hex(16)}@{mail.sender.domain[-80:]}>", "state": Fate.QUEUED,
        "bulk": False, "reason": "", "attempts": 0, "next_at": moment, "deadline": moment + DEADLINE,
        "last_reply": "", "created_at": moment, **more,
    }  # fmt: skip


def put(
    mail: Mail, recipient: Recipient, *, about, calendar: CalendarObject | None = None, idempotency: str = ""
) -> Delivery:
    """Queue `mail` for `recipient`; the delivery row, the one that stood when it was put before.

    `about` is the model row that the mail is about. `idempotency` (at most 40 characters) makes a second
    sending of an equal mail distinct. Raises RuntimeError outside transaction().
    """
    _require_transaction()
    row = _row(
        mail, _letter_id(mail), _subject(about), recipient,
        calendar=calendar.to_json() if calendar else None, idempotency=idempotency,
    )  # fmt: skip
    added = insert_once(Delivery, **row)
    if added is not None:
        return added
    return db.session.scalars(
        select(Delivery).where(*(getattr(Delivery, name) == row[name] for name in KEY))
    ).one()


def put_many(mail: Mail, recipients: Iterable[Recipient], *, about) -> int:
    """Queue `mail` for each of `recipients`; how many rows were new. Holds one batch in memory."""
    _require_transaction()
    letter_id, subject, count = _letter_id(mail), _subject(about), 0
    recipients = iter(recipients)
    while batch := list(islice(recipients, BATCH)):
        rows = [_row(mail, letter_id, subject, recipient, bulk=True) for recipient in batch]
        result: CursorResult = db.session.execute(
            _insert(Delivery), rows, execution_options={"preserve_rowcount": True}
        )  # type: ignore[assignment]
        count += result.rowcount
    return count


def _finish(condition, state: Fate, reason: str) -> int:
    _require_transaction()
    changed: CursorResult = db.session.execute(
        update(Delivery)
        .where(Delivery.state.in_(WAITING), *condition)
        .values(state=state, reason=one_line(reason)[:300], finished_at=now(), lease_owner=None),
        execution_options={"synchronize_session": "fetch"},
    )  # type: ignore[assignment]
    return changed.rowcount


def skip_queued(
    *, about_kind: str, reason: str, contact_id: int | None = None, address: str | None = None,
    about_id: int | None = None,
) -> int:  # fmt: skip
    """Skip what waits for a contact or an address (give one) about subjects of a kind; how many rows.

    `about_id` narrows it to one subject.

    What a worker is sending at this moment cannot be called back any more.
    """
    if (contact_id is None) == (address is None):
        raise ValueError("give contact_id or address, one of them")
    whom = (
        Delivery.contact_id == contact_id
        if address is None
        else func.lower(Delivery.address) == address.strip().lower()
    )
    which = [Delivery.subject_kind == about_kind, whom]
    if about_id is not None:
        which.append(Delivery.subject_id == about_id)
    return _finish(which, Fate.SKIPPED, reason)


def _about(about) -> tuple:
    kind, subject_id = _subject(about)
    return Delivery.subject_kind == kind, Delivery.subject_id == subject_id


def cancel(about, reason: str) -> int:
    """Call back every mail about `about` that has not been handed to a server; how many rows."""
    return _finish(_about(about), Fate.CANCELLED, reason)


def send_again(delivery: Delivery) -> bool:
    """Queue once more what was refused or whose fate is uncertain; False when it stands otherwise.

    A person decides this, never the machine: an uncertain message may arrive twice.
    """
    _require_transaction()
    moment = now()
    changed: CursorResult = db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.state.in_((Fate.UNCERTAIN, Fate.REFUSED)))
        .values(state=Fate.QUEUED, reason="", next_at=moment, deadline=moment + DEADLINE, finished_at=None)
    )  # type: ignore[assignment]
    return changed.rowcount == 1


def progress(about) -> dict[Fate, int]:
    """How many deliveries about `about` stand where; fates that nobody has are left out."""
    rows = db.session.execute(
        select(Delivery.state, func.count()).where(*_about(about)).group_by(Delivery.state)
    )
    return dict(rows.all())


def deliveries_of(about):
    """A query of the deliveries about `about`, oldest first."""
    return select(Delivery).where(*_about(about)).order_by(Delivery.id)
