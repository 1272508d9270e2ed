"""When a rule writes: its time, how long it stays open, and what it waits for. No database.

A rule is open from its time on: who reaches its state later still gets the mail until it closes. Before
the start (or end) it closes with that moment; afterwards `WINDOW` later.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dissemination.followups.models import Anchor, MailRule
from dissemination.workshops.models import LONGEST, State, Workshop

DAY = 24 * 60  # minutes
MOST_DAYS = 200  # before or after
WINDOW = timedelta(days=30)
LATE = timedelta(hours=24)  # older when it was activated: not sent in retrospect
REACH = LONGEST + timedelta(days=MOST_DAYS) + WINDOW  # a workshop that began earlier has no open rule


class Stage(StrEnum):
    """Where a rule stands."""

    PAUSED = "paused"
    OFF = "off"  # the workshop was cancelled
    DRAFT = "draft"  # the workshop is not published
    MISSED = "missed"  # its time had passed when it was activated
    COMING = "coming"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True)
class Times:
    """When a rule's time comes, when it closes, and where it stands."""

    due: datetime
    closes: datetime
    stage: Stage


def moment_of(*, anchor: Anchor, minutes: int, start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """`minutes` from the start or end; whole days keep the hour on the wall clock of `zone`.

    "Two days before" means the same hour, also when clocks change in between.
    """
    base = start if anchor is Anchor.START else end
    if minutes % DAY:
        return base + timedelta(minutes=minutes)
    local = base.astimezone(zone).replace(tzinfo=None) + timedelta(minutes=minutes)
    return datetime.fromtimestamp(local.replace(tzinfo=zone).timestamp(), tz=base.tzinfo)


def times(rule: MailRule, workshop: Workshop, at: datetime) -> Times:
    """When `rule` of `workshop` writes, as things stand `at` that moment."""
    due = moment_of(
        anchor=rule.anchor, minutes=rule.minutes, start=workshop.starts_at, end=workshop.ends_at,
        zone=workshop.district.zone,
    )  # fmt: skip
    base = workshop.starts_at if rule.anchor is Anchor.START else workshop.ends_at
    closes = base if rule.minutes < 0 else due + WINDOW
    if rule.forced_at is not None:
        closes = max(closes, rule.forced_at + WINDOW)
    return Times(due, closes, _stage(rule, workshop, due, closes, at))


def _stage(rule: MailRule, workshop: Workshop, due: datetime, closes: datetime, at: datetime) -> Stage:
    state = workshop.state
    if state is State.CANCELLED:
        return Stage.OFF
    if state is State.DRAFT:
        return Stage.DRAFT
    if not rule.active:
        return Stage.PAUSED
    if rule.forced_at is None and due + LATE < (rule.activated_at or rule.created_at):
        return Stage.OVER if rule.minutes < 0 and at >= closes else Stage.MISSED
    if at < due and rule.forced_at is None:
        return Stage.COMING
    return Stage.OPEN if at < closes else Stage.OVER
