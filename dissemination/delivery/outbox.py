"""The outbox: a mail becomes rows in the transaction of the fact that it tells of; the worker sends it.

Putting is cheap: nothing is rendered and no network is touched. Equal mails share one letter. The
unique constraint on (subject, letter, address, idempotency) makes putting the same mail twice harmless.

Three ways in:

- `put`: one mail to one person.
- `put_many`: one mail to persons that the caller lists; their rows are written at once.
- `put_audience`: mails to an audience that the caller *describes*. One row is written, whatever the size,
  and the worker writes those of the recipients in batches while the first messages leave already. Who puts
  so registers how to list such an audience once, at import:

      outbox.expanders["issues"] = recipients_of

      def recipients_of(subject_id: int, audience: dict, after: str) -> Iterator[tuple[str, Recipient]]:
          # (cursor, recipient) of those behind the cursor `after` ("" at the start), in order

  `audience` is the JSON that was given to `put_audience`. A cursor is at most 200 characters, and the same
  audience with `after=cursor` goes on behind that recipient: "the id of the contact" is a good one. It is
  called in the worker, outside of any write transaction, once per batch of EXPANSION recipients: ask the
  database for those behind the cursor only. Two rules keep "1,204 to send" true: leave out whoever joined
  after the sending was put (the audience says when that was), and leave out whoever may not be written to
  any more; these are counted as skipped. Suppression is checked again when a row is taken.

What was put to many about a subject is steered by its row of `sendings`: `pause`, `resume`, `cancel`,
`throttle`, `keep_quiet`, `start_at`, `retry`, `progress`, and `queries.rate`. With `to_sink` it is a
rehearsal: compiled, filled and paced like the real thing, but handed to a sink that only counts octets.
Give a rehearsal a subject of its own.
"""

import json
import secrets
import time as clocks
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from itertools import islice
from typing import NamedTuple

from sqlalchemy import CursorResult, bindparam, func, select, text, update

from dissemination.delivery import recall, sendings
from dissemination.delivery.calendar import CalendarObject
from dissemination.delivery.letters import Rendered, preview
from dissemination.delivery.mail import Mail, Recipient, content_hash, one_line
from dissemination.delivery.models import Delivery, Fate, Letter, Sending
from dissemination.delivery.sendings import (
    DEADLINE,
    WAITING,
    Window,
    keep_quiet,
    pause,
    require_transaction,
    resume,
    start_at,
    subject,
    throttle,
)  # fmt: skip
from dissemination.kernel.clock import now
from dissemination.kernel.database import as_stored, db, insert_into, insert_once, is_sqlite, writing

__all__ = [
    "Part", "Rendered", "cancel", "deliveries_of", "expanders", "keep_quiet", "keepers", "pause", "preview",
    "progress", "put", "put_audience", "put_many", "resume", "retry", "retry_now", "send_again",
    "skip_queued", "start_at", "throttle",
]  # fmt: skip

BATCH = 1000
EXPANSION = 500  # recipients whose rows are written in one transaction while messages leave
KEY = ("subject_kind", "subject_id", "letter_id", "address", "idempotency")

Expander = Callable[[int, dict, str], Iterable[tuple[str, Recipient]]]
expanders: dict[str, Expander] = {}  # by subject_kind
# By subject_kind, optional: those of the contacts (ids) who still belong to the audience. Asked in the
# transaction that writes their rows, because somebody may have left since they were listed.
keepers: dict[str, Callable[[int, dict, list[int]], set[int]]] = {}


class Part(NamedTuple):
    """A mail and whom it is for: `audience` is JSON that the expander of the subject's kind understands."""

    mail: Mail
    audience: dict


_BY_HASH = select(Letter.id).where(Letter.content_hash == bindparam("hash"))


def _insert(model):
    return insert_into(model.__table__).on_conflict_do_nothing()


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


def _row(mail: Mail, letter_id: int, what: tuple[str, int], recipient: Recipient, **more) -> dict:
    moment = now()
    return {
        "district_id": mail.district_id, "letter_id": letter_id, "address": recipient.address.strip()[:254],
        "name": one_line(recipient.name)[:201], "contact_id": recipient.contact_id,
        "merge": {k: str(v) for k, v in recipient.merge.items()}, "calendar": None,
        "subject_kind": what[0], "subject_id": what[1], "idempotency": "",
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
    require_transaction()
    row = _row(
        mail, _letter_id(mail), subject(about), recipient,
        calendar=calendar.to_json() if calendar else None, idempotency=idempotency,
    )  # fmt: skip
    added = insert_once(Delivery, **row)
    if added is not None:
        return added
    return db.session.scalars(
        select(Delivery).where(*(getattr(Delivery, name) == row[name] for name in KEY))
    ).one()


def put_many(
    mail: Mail, recipients: Iterable[Recipient], *, about, at: datetime | None = None,
    window: Window | None = None,
) -> int:  # fmt: skip
    """Queue `mail` for each of `recipients`; how many rows were new. Holds one batch in memory.

    They are due at `at` (aware), now when None. `window` are quiet hours: (from, until, name of the zone),
    wall-clock times between which nothing is sent. Raises ValueError for quiet hours that are none.
    """
    require_transaction()
    letter_id, count = _letter_id(mail), 0
    sendings.ensure(about, district_id=mail.district_id)
    recall.settle(*subject(about))
    recipients = iter(recipients)
    while batch := list(islice(recipients, BATCH)):
        count += insert_rows(mail, letter_id, subject(about), batch, at=at or now())
    steering = sendings.quiet(window) if window else {}
    if at is not None:
        steering["starts_at"] = at
    table = sendings.sendings.c
    recall.let_go_on(
        *subject(about), total=table.total + count, expanded=table.expanded + count, **steering
    )  # fmt: skip
    return count


def put_audience(
    parts: Iterable[Part], *, about, total: int, at: datetime | None = None, window: Window | None = None,
    per_second: int | None = None, domain_rates: dict[str, float] | None = None, to_sink: bool = False,
) -> Sending:  # fmt: skip
    """Queue each part's mail for everybody in its audience, whatever their number, by writing one row.

    `total` is how many there are by the caller's count; `at`, `window` as in `put_many`; `domain_rates` are
    messages per second by receiving domain ("*": each that is not named). Raises LookupError
    when nobody registered how to list the audiences of this kind of subject, ValueError when the subject
    has a sending already (one subject is sent once; make a new one) or the numbers make no sense.
    """
    require_transaction()
    parts = list(parts)
    kind, subject_id = subject(about)
    if kind not in expanders:
        raise LookupError(f"no expander is registered for {kind}")
    if not parts or total < 1:
        raise ValueError("an audience of nobody")
    if per_second is not None and per_second < 1:
        raise ValueError("at least one message per second")
    stored = [{"letter": _letter_id(part.mail), "audience": part.audience} for part in parts]
    added = insert_once(
        Sending, district_id=parts[0].mail.district_id, subject_kind=kind, subject_id=subject_id,
        created_at=now(), total=total, parts=stored, starts_at=at, per_second=per_second, to_sink=to_sink,
        domain_rates=domain_rates or {}, **sendings.quiet(window),
    )  # fmt: skip
    if added is None:
        raise ValueError(f"{kind} {subject_id} was put already")
    return added


_COLUMNS = """district_id, letter_id, subject_kind, subject_id, idempotency, state, bulk, reason, attempts,
 next_at, deadline, last_reply, created_at, address, name, contact_id, merge, message_id"""
_INSERT = "INSERT INTO deliveries ({columns}) SELECT {values} FROM {source} ON CONFLICT DO NOTHING"
_CONSTANT = """:district, :letter, :kind, :subject, '', 'queued', {true}, '', 0, {due}, {deadline}, '',
 {moment}, v.value ->> 0, v.value ->> 1, {contact}, v.value -> 3, v.value ->> 4"""


@cache
def _insertion(on_sqlite: bool):
    moments = ("due", "deadline", "moment")
    if on_sqlite:
        values = _CONSTANT.format(true="1", contact="v.value ->> 2", **{m: f":{m}" for m in moments})
        source = "json_each(:rows) AS v WHERE true"
    else:
        casts = {m: f"CAST(:{m} AS timestamptz)" for m in moments}
        values = _CONSTANT.format(true="true", contact="CAST(v.value ->> 2 AS integer)", **casts)
        source = "json_array_elements(CAST(:rows AS json)) AS v"
    return text(_INSERT.format(columns=_COLUMNS, values=values, source=source))


def insert_rows(
    mail: Mail, letter_id: int, what: tuple[str, int], batch: list[Recipient], *, at: datetime
) -> int:
    """Write the rows of `batch`, due at `at`, in one statement; how many were new.

    Their message ids begin with the time: random ones would touch a page of the index each.
    """
    moment = now()
    base = f"{clocks.time_ns() // 1000:014x}{secrets.token_hex(9)}"
    domain = mail.sender.domain[-80:]
    rows = [
        [
            one.address.strip()[:254], one_line(one.name)[:201], one.contact_id,
            {k: str(v) for k, v in one.merge.items()}, f"<{base}{i:x}@{domain}>",
        ]
        for i, one in enumerate(batch)
    ]  # fmt: skip
    result: CursorResult = db.session.execute(
        _insertion(is_sqlite()),
        {
            "district": mail.district_id, "letter": letter_id, "kind": what[0], "subject": what[1],
            "due": as_stored(at), "deadline": as_stored(at + DEADLINE), "moment": as_stored(moment),
            "rows": json.dumps(rows, ensure_ascii=False),
        },
    )  # type: ignore[assignment]  # fmt: skip
    return result.rowcount


def _finish(condition, state: Fate, reason: str) -> int:
    require_transaction()
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
    kind, subject_id = subject(about)
    return Delivery.subject_kind == kind, Delivery.subject_id == subject_id


def cancel(about, reason: str) -> int:
    """Call back every mail about `about` that has not been handed to a server; how many recipients.

    Those of a sending whose rows are still to be written are called back with it.
    """
    require_transaction()
    what, known = subject(about), sendings.of(about)
    count = recall.waiting(*what) + sendings.to_come(known)
    if known is not None:
        sendings.change(about, cancelled_at=now(), cancel_reason=sendings.reason_line(reason))
    recall.call_back(*what, reason, most=recall.AT_ONCE if known is not None else None)
    return count


def send_again(delivery: Delivery) -> bool:
    """Queue once more what was refused or whose fate is uncertain; False when it stands otherwise.

    A person decides this, never the machine: an uncertain message may arrive twice.
    """
    require_transaction()
    if delivery.bulk:
        recall.settle(delivery.subject_kind, delivery.subject_id)
    again = _requeue([Delivery.id == delivery.id], (Fate.UNCERTAIN, Fate.REFUSED)) == 1
    if again and delivery.bulk:
        recall.let_go_on(delivery.subject_kind, delivery.subject_id)
    return again


def retry(about, fates: Iterable[Fate], *, reason: str = "") -> int:
    """Send again whatever about `about` has one of `fates`: REFUSED, UNCERTAIN; how many rows.

    A person decides this: what was UNCERTAIN may arrive twice, and each row says so in its attempts.
    `reason` narrows it to rows with that reason ("deadline"). Raises ValueError for other fates.
    """
    require_transaction()
    wanted = tuple(fates)
    if not wanted or any(fate not in (Fate.REFUSED, Fate.UNCERTAIN) for fate in wanted):
        raise ValueError("only what was refused or is uncertain can be sent again")
    which = [*_about(about), *([Delivery.reason == reason] if reason else [])]
    recall.settle(*subject(about))
    count = _requeue(which, wanted)
    if count:
        recall.let_go_on(*subject(about))
    return count


def retry_now(about) -> int:
    """Let what waits for a later turn have it now: deferred, or queued by a clock that was wrong."""
    require_transaction()
    moment = now()
    changed: CursorResult = db.session.execute(
        update(Delivery)
        .where(*_about(about), Delivery.state.in_(WAITING), Delivery.next_at > moment)
        .values(next_at=moment),
        execution_options={"synchronize_session": "fetch"},
    )  # type: ignore[assignment]
    return changed.rowcount


def _requeue(which: list, fates: tuple[Fate, ...]) -> int:
    moment = now()
    changed: CursorResult = db.session.execute(
        update(Delivery)
        .where(*which, Delivery.state.in_(fates))
        .values(state=Fate.QUEUED, reason="", next_at=moment, deadline=moment + DEADLINE, finished_at=None),
        execution_options={"synchronize_session": "fetch"},
    )  # type: ignore[assignment]
    return changed.rowcount


def progress(about) -> dict[Fate, int]:
    """How many recipients of what is about `about` stand where; fates that nobody has are left out.

    Right from the first second: who has no row yet counts as queued (or cancelled, when it was), who left
    the audience before it was written as skipped.
    """
    rows = db.session.execute(
        select(Delivery.state, func.count()).where(*_about(about)).group_by(Delivery.state)
    )
    counts: dict[Fate, int] = dict(rows.all())
    known = sendings.of(about)
    if known is None:
        return counts
    if known.cancelled_at:  # the worker marks them one batch after the other
        called_back = sum(counts.pop(fate, 0) for fate in (*WAITING, Fate.CANCELLED))
        counts |= {Fate.CANCELLED: called_back} if called_back else {}
    unwritten = max(0, known.total - known.expanded - known.gone)
    standing = Fate.CANCELLED if known.cancelled_at or known.expanded_at else Fate.QUEUED
    for fate, count in ((standing, unwritten), (Fate.SKIPPED, known.gone)):
        if count:
            counts[fate] = counts.get(fate, 0) + count
    return counts


def deliveries_of(about):
    """A query of the deliveries about `about`, oldest first."""
    return select(Delivery).where(*_about(about)).order_by(Delivery.id)
