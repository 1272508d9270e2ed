"""An audit's steps, one after the other, each with its day; and back by one, with the reason."""

from datetime import date, time

from dissemination.audits import hooks, logged, states
from dissemination.audits.models import Audit, AuditStep, State
from dissemination.audits.refusals import OutOfOrder, ReasonMissing, WrongDay
from dissemination.audits.texts import later_than
from dissemination.bibliography.records import one_line
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.people.accounts import Account


def contacted(audit: Audit, *, on: date, by: Account | None, note: str = "") -> None:
    """The company was spoken to. Raises OutOfOrder, WrongDay."""
    enter(audit, State.CONTACTED, on=on, by=by, note=note)


def visited(
    audit: Audit, *, on: date, by: Account | None, starts: time | None = None, ends: time | None = None,
    note: str = "",
) -> None:  # fmt: skip
    """The visit took place on that day; `starts`, `ends` on the district's clock.

    It counts from the moment that its visit sheet is on file too (`actions.sheet_on_file`). Raises
    OutOfOrder, WrongDay.
    """
    _hold(audit)
    _allow(audit, State.VISITED, on)
    audit.visited_on = on
    audit.visited_from, audit.visited_until = starts or audit.visited_from, ends or audit.visited_until
    _enter(audit, State.VISITED, on, by, note)


def drafted(audit: Audit, *, on: date, by: Account | None, note: str = "") -> None:
    """The report is written. Raises OutOfOrder, WrongDay."""
    enter(audit, State.DRAFTED, on=on, by=by, note=note)


def shared(audit: Audit, *, on: date, by: Account | None, note: str = "") -> None:
    """The company has the report. Raises OutOfOrder, WrongDay."""
    enter(audit, State.SHARED, on=on, by=by, note=note)


def closed(audit: Audit, *, on: date, by: Account | None, reason: str = "") -> None:
    """Nothing more is to be done. Raises OutOfOrder, WrongDay, ReasonMissing where no report was shared."""
    _hold(audit)
    _allow(audit, State.CLOSED, on)
    if audit.state is not State.SHARED and not reason.strip():
        raise ReasonMissing
    _enter(audit, State.CLOSED, on, by, reason)


def declined(audit: Audit, *, on: date, by: Account | None, reason: str) -> None:
    """The company does not want it, before the visit. Raises OutOfOrder, WrongDay, ReasonMissing."""
    _hold(audit)
    _allow(audit, State.DECLINED, on)
    if not reason.strip():
        raise ReasonMissing
    _enter(audit, State.DECLINED, on, by, reason)


def back(audit: Audit, *, by: Account | None, reason: str) -> State:
    """Go back by one step; the state that holds again. What was logged and holds no more is taken back.

    Raises OutOfOrder for an audit that is only planned, ReasonMissing.
    """
    _hold(audit)
    held = states.standing(audit.steps)
    if len(held) < 2:
        raise OutOfOrder
    if not reason.strip():
        raise ReasonMissing
    former = held[-2].state
    if former not in states.FROM_THE_VISIT:
        audit.visited_on = None
    _enter(audit, former, clock.today(audit.district.zone), by, reason)
    return former


def enter(audit: Audit, state: State, *, on: date, by: Account | None, note: str = "") -> None:
    """Come into the state that is next. Raises OutOfOrder, WrongDay."""
    _hold(audit)
    _allow(audit, state, on)
    _enter(audit, state, on, by, note)


def _hold(audit: Audit) -> None:
    db.session.flush()
    db.session.refresh(audit, with_for_update={"of": Audit})


def _allow(audit: Audit, state: State, on: date) -> None:
    if state not in states.AFTER[audit.state]:
        raise OutOfOrder
    if on > clock.today(audit.district.zone):
        raise WrongDay(later_than(state, None))
    before = states.standing(audit.steps)
    # The day of planning is the day it was entered, also for what was agreed long before.
    former = next((step for step in reversed(before) if step.state is not State.PLANNED), None)
    if former is not None and on < former.on:
        raise WrongDay(later_than(former.state, former.on))


def _enter(audit: Audit, state: State, on: date, by: Account | None, note: str) -> None:
    audit.state = state
    audit.steps.append(
        AuditStep(state=state, on=on, at=clock.now(), by=by.id if by else None, note=one_line(note)[:300])
    )
    db.session.flush()
    logged.say(audit, by)
    hooks.came(audit)
