"""From the decision to send to the moment in which it begins: undo, a later moment, quiet hours, holding.

Nothing leaves for a minute after "send": until then, or until the moment that was chosen, the decision can be
undone and the issue is a draft again. When the moment comes the issue is made and checked anew: what was
cancelled or changed meanwhile holds it, and whoever decided is told.
"""

from datetime import datetime, timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from dissemination.delivery import outbox
from dissemination.delivery import queries as delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters import approving, history, notices, preflight, quiet, readers, sending
from dissemination.newsletters.dispatches import Dispatch, What
from dissemination.newsletters.findings import Level
from dissemination.newsletters.models import Issue
from dissemination.newsletters.preflight import Draft
from dissemination.people.accounts import Account
from dissemination.people.actions import ChangedMeanwhile

UNDO = timedelta(seconds=60)
FURTHEST = timedelta(days=366)
LATE = timedelta(hours=24)  # a moment missed by more is nobody's wish any more


class ScheduledAlready(Refusal):
    """A decision to send it waits for its moment."""

    message = _l("This issue is about to go out already.")


class InThePast(Refusal):
    """The moment is over, or years away."""

    status = 422
    field = "day"
    message = _l("Choose a moment in the future, at most a year from now.")


class TooLate(Refusal):
    """The sending began, or somebody undid it before."""

    message = _l("It is too late to take it back: the sending has begun, or somebody took it back already.")


def decide(
    issue: Issue, draft: Draft, *, version: int, by: Account, at: datetime | None = None,
    anyhow: bool = False, per_second: int | None = None, counts: readers.Counts | None = None,
) -> Dispatch:  # fmt: skip
    """Decide that `issue` goes out at `at` (aware), or in a minute; moved out of quiet hours unless `anyhow`.

    `counts` are those that the sender was shown, counted outside of the transaction.

    Raises AlreadySent, ChangedMeanwhile, NotReady, NobodyToSendTo, NeedsApproval, InThePast,
    ScheduledAlready (also for the second of a double submit).
    """
    db.session.refresh(issue, with_for_update={"of": Issue})
    if issue.sent_at is not None:
        raise sending.AlreadySent
    if history.open_dispatch(issue) is not None:
        raise ScheduledAlready
    if issue.version != version or draft.version != version:
        raise ChangedMeanwhile
    persons = (counts or readers.counts(issue)).persons
    if not persons:
        raise sending.NobodyToSendTo
    if not draft.is_ready:
        raise sending.NotReady
    if approving.is_needed(issue, persons) and not approving.is_granted(issue):
        raise approving.NeedsApproval
    moment = now()
    if at is not None and not moment < at <= moment + FURTHEST:
        raise InThePast
    starts_at = goes_at(issue, at, anyhow=anyhow)
    dispatch = Dispatch(
        issue_id=issue.id, version=version, persons=persons, at=moment, by=by.id, starts_at=starts_at,
        scheduled=at is not None, anyhow=anyhow, per_second=per_second,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(dispatch)
    except IntegrityError:
        raise ScheduledAlready from None
    readers.freeze(issue)
    history.note(issue, What.SCHEDULED, by=by, words=starts_at.isoformat(timespec="seconds"))
    db.session.flush()
    return dispatch


def goes_at(issue: Issue, at: datetime | None, *, anyhow: bool) -> datetime:
    """When an issue whose sending is decided now, for `at` or at once, begins to leave."""
    earliest = now() + UNDO
    wanted = max(at or earliest, earliest)
    return wanted if anyhow else quiet.first_allowed(wanted, history.quiet_of(issue.district))


def undo(issue: Issue, *, by: Account) -> None:
    """Take the decision back: the issue is a draft again. Raises TooLate."""
    dispatch = history.open_dispatch(issue)
    if dispatch is None or not _close(dispatch, undone_at=now(), undone_by=by.id):
        raise TooLate
    readers.thaw(issue)
    history.note(issue, What.UNDONE, by=by)


def _close(dispatch: Dispatch, **values) -> bool:
    """Write how `dispatch` ended, unless it ended before."""
    changed = rows_changed(
        update(Dispatch)
        .where(
            Dispatch.id == dispatch.id, Dispatch.undone_at.is_(None), Dispatch.held_at.is_(None),
            Dispatch.begun_at.is_(None),
        )
        .values(**values)
    )  # fmt: skip
    db.session.expire(dispatch)
    return changed == 1


def made(dispatch: Dispatch) -> Draft:
    """The issue of a decision as it would go out now. Outside write transactions."""
    decider = dispatch.decided_by
    with force_locale(decider.language if decider else "it"):
        return preflight.final(dispatch.issue, preflight.check(dispatch.issue))


def begin(dispatch: Dispatch, draft: Draft) -> bool:
    """Begin the sending whose moment has come; whether it began. What stands against it holds it."""
    issue, moment = dispatch.issue, now()
    if not dispatch.anyhow:
        allowed = quiet.first_allowed(moment, history.quiet_of(issue.district))
        if allowed > moment:  # the worker was late, or quiet hours were changed
            dispatch.starts_at = allowed
            return False
    if not _close(dispatch, begun_at=moment):
        return False
    try:
        with db.session.begin_nested():
            counts = _check(dispatch, draft)
            sending.send(
                issue, draft, version=dispatch.version, by=dispatch.decided_by, dispatch=dispatch,
                counts=counts,
            )  # fmt: skip
    except Refusal as refusal:
        _hold(dispatch, draft, refusal)
        return False
    return True


def _check(dispatch: Dispatch, draft: Draft) -> readers.Counts:
    """Who gets it now. Raises Refusal when the moment is long over, NeedsApproval."""
    if now() - dispatch.starts_at > LATE:
        raise Refusal(_("Its moment passed by more than a day ago, while nothing could be sent."))
    counts = readers.counts(dispatch.issue)
    if (
        draft.is_ready
        and approving.is_needed(dispatch.issue, counts.persons)
        and not approving.is_granted(dispatch.issue)
    ):
        raise approving.NeedsApproval
    return counts


def _hold(dispatch: Dispatch, draft: Draft, refusal: Refusal) -> None:
    """Make the issue a draft again and tell who decided why it did not go."""
    decider = dispatch.decided_by
    issue = dispatch.issue
    with force_locale(decider.language if decider else "it"):
        because = str(refusal.message)
        if isinstance(refusal, sending.NotReady):
            because = " ".join(f.message for f in draft.findings if f.level is Level.BLOCKING)
    dispatch.begun_at, dispatch.held_at, dispatch.held_because = None, now(), because
    readers.thaw(issue)
    history.note(issue, What.HELD, by=None, words=because)
    if decider is not None:
        mail, recipient = notices.held(issue, decider, because=because)
        outbox.put(mail, recipient, about=dispatch)
    db.session.flush()


def keep_quiet_day(issue: Issue) -> bool:
    """Let a sending that is under way rest until the first allowed moment, on a Sunday or public holiday.

    Quiet hours of other days are kept by the outbox itself. Whether it rests longer now.
    """
    dispatch, rule = history.last_dispatch(issue), history.quiet_of(issue.district)
    steered = delivery.sending(issue)
    if steered is None or (dispatch is not None and dispatch.anyhow) or not rule.days:
        return False
    moment = now()
    if not quiet.is_quiet(moment, quiet.Quiet(rule.zone, None, days=True)):
        return False
    until = quiet.first_allowed(moment, rule)
    if steered.starts_at is not None and steered.starts_at >= until:
        return False
    return outbox.start_at(issue, until)
