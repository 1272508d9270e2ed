"""Rehearsals: an issue goes through the whole machine to its real audience, into the built-in sink.

Nothing leaves. When all is through, the report is kept and the rows of the recipients are taken away, but for
a few that can be looked at; these say that they were never sent.
"""

from collections import Counter
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update

from dissemination.delivery import outbox
from dissemination.delivery import queries as delivery
from dissemination.delivery.models import OPEN, Delivery, Fate, Sending
from dissemination.delivery.outbox import Part
from dissemination.delivery.texts import REASONS
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters import history, readers, sending
from dissemination.newsletters.dispatches import Rehearsal, What
from dissemination.newsletters.models import Issue
from dissemination.newsletters.preflight import Draft
from dissemination.people.accounts import Account

KIND = "issue_rehearsals"
SAMPLES, DOMAINS = 3, 15
NEVER_SENT = "rehearsal, never sent"
REASONS[NEVER_SENT] = _l("A rehearsal: it was never sent.")


class RehearsingAlready(Refusal):
    """The last rehearsal is not through."""

    message = _l("A rehearsal of this issue is under way.")


class NothingToRehearse(Refusal):
    """No letter could be made."""

    message = _l("The issue cannot be made: put right what is marked as blocking.")


def rehearse(issue: Issue, draft: Draft, *, by: Account) -> Rehearsal:
    """Put `issue` as `draft` has it into the sink, to everybody who would get it.

    Raises AlreadySent, NothingToRehearse, NobodyToSendTo, RehearsingAlready.
    """
    db.session.refresh(issue, with_for_update={"of": Issue})
    if issue.sent_at is not None:
        raise sending.AlreadySent
    last = history.last_rehearsal(issue)
    if last is not None and last.finished_at is None:
        raise RehearsingAlready
    if not draft.letters:
        raise NothingToRehearse
    counts = readers.counts(issue)
    if not counts.persons:
        raise sending.NobodyToSendTo
    moment = now()
    rehearsal = Rehearsal(
        issue_id=issue.id, version=issue.version, at=moment, by=by.id, persons=counts.persons
    )
    db.session.add(rehearsal)
    db.session.flush()
    several = len(draft.letters) > 1
    outbox.put_audience(
        [
            Part(
                letter.mail,
                sending.audience_of(
                    issue, letter.mail, language=letter.language if several else None, until=moment
                ),
            )
            for letter in draft.letters
        ],
        about=rehearsal, total=counts.persons, to_sink=True,
    )  # fmt: skip
    history.note(issue, What.REHEARSED, by=by, words=str(counts.persons))
    return rehearsal


def recipients_of(rehearsal_id: int, audience: dict, after: str):
    """(cursor, recipient) of the audience behind `after`: how the outbox lists those of rehearsals."""
    rehearsal = db.session.get_one(Rehearsal, rehearsal_id)
    yield from sending.listed(rehearsal.issue.district_id, audience, after)


def is_through(rehearsal: Rehearsal) -> bool:
    """Whether every recipient has a fate."""
    return not any(fate in OPEN for fate in outbox.progress(rehearsal))


def close(rehearsal: Rehearsal) -> bool:
    """Write the report and take the rows away; False when that was done before."""
    db.session.refresh(rehearsal, with_for_update={"of": Rehearsal})
    if rehearsal.finished_at is not None:
        return False
    steered = delivery.sending(rehearsal)
    mine = (Delivery.subject_kind == KIND, Delivery.subject_id == rehearsal.id)
    samples = list(
        db.session.scalars(
            select(Delivery.id).where(*mine, Delivery.state == Fate.ACCEPTED)
            .order_by(Delivery.id).limit(SAMPLES)
        )
    )  # fmt: skip
    progress = outbox.progress(rehearsal)
    last = db.session.scalar(select(func.max(Delivery.finished_at)).where(*mine)) or now()
    rehearsal.report = {
        "fates": {fate.value: n for fate, n in progress.items()},
        "octets": steered.sunk_octets if steered else 0,
        "largest": steered.sunk_largest if steered else 0,
        "seconds": round(max(0.0, (last - rehearsal.at).total_seconds()), 1),
        "domains": _domains(rehearsal),
        "reasons": _reasons(rehearsal),
        "samples": samples,
    }
    rehearsal.finished_at = now()
    _tidy(rehearsal, samples)
    return True


def _domains(rehearsal: Rehearsal) -> list[list]:
    """[domain, how many], the most frequent first; the rest together under ""."""
    found: Counter = Counter()
    query = select(Delivery.id, Delivery.address).where(
        Delivery.subject_kind == KIND, Delivery.subject_id == rehearsal.id
    )
    last = 0
    while rows := db.session.execute(query.where(Delivery.id > last).order_by(Delivery.id).limit(5000)).all():
        found.update(row.address.rpartition("@")[2].lower() for row in rows)
        last = rows[-1].id
    most = found.most_common(DOMAINS)
    rest = sum(found.values()) - sum(n for _domain, n in most)
    return [*([domain, n] for domain, n in most), *([["", rest]] if rest else [])]


def _reasons(rehearsal: Rehearsal) -> list[list]:
    """[fate, reason, how many] of those that were not taken."""
    query = (
        select(Delivery.state, Delivery.reason, func.count())
        .where(
            Delivery.subject_kind == KIND, Delivery.subject_id == rehearsal.id,
            Delivery.state != Fate.ACCEPTED,
        )
        .group_by(Delivery.state, Delivery.reason)
        .limit(20)
    )  # fmt: skip
    return [[fate.value, reason, n] for fate, reason, n in db.session.execute(query)]


def _tidy(rehearsal: Rehearsal, samples: list[int]) -> None:
    mine = (Delivery.subject_kind == KIND, Delivery.subject_id == rehearsal.id)
    for statement in (
        delete(Delivery).where(*mine, Delivery.id.not_in(samples)),
        delete(Sending).where(Sending.subject_kind == KIND, Sending.subject_id == rehearsal.id),
        update(Delivery).where(*mine).values(state=Fate.SKIPPED, reason=NEVER_SENT, last_reply=""),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))


def samples_of(rehearsal: Rehearsal) -> list[Delivery]:
    """The messages that were kept to look at."""
    query = select(Delivery).where(Delivery.subject_kind == KIND, Delivery.subject_id == rehearsal.id)
    if rehearsal.finished_at is None:
        return []
    return list(db.session.scalars(query.order_by(Delivery.id).limit(SAMPLES)))


def would_take(issue: Issue, persons: int) -> tuple[float, str] | None:
    """(seconds, where that is from) of the real sending: "paced" by the district's limit, "last" by the last
    issue's real rate; None when nothing is known."""
    pace = history.settings(issue.district).per_second
    if pace:
        return persons / pace, "paced"
    last = db.session.scalar(
        select(Issue).where(Issue.district_id == issue.district_id, Issue.finished_at.is_not(None))
        .order_by(Issue.finished_at.desc()).limit(1)
    )  # fmt: skip
    if last is None:
        return None
    query = select(func.count(), func.min(Delivery.finished_at), func.max(Delivery.finished_at)).where(
        Delivery.subject_kind == "issues", Delivery.subject_id == last.id, Delivery.state == Fate.ACCEPTED
    )
    n, first, end = db.session.execute(query).one()
    span = _span(first, end)
    return (persons * span / n, "last") if n > 1 and span else None


def _span(first: datetime | None, end: datetime | None) -> float:
    return (end - first).total_seconds() if first and end else 0.0
