"""How a call stands at a moment: draft, opens soon, open, closed, withdrawn."""

from datetime import datetime
from enum import StrEnum

from dissemination.calls.models import Call, CutOff
from dissemination.calls.moments import is_in_time


class Standing(StrEnum):
    """How a call stands."""

    DRAFT = "draft"
    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


def standing(call: Call, at: datetime) -> Standing:
    """How `call` stands at that moment. Without any deadline an open call stays open."""
    if call.withdrawn_at is not None:
        return Standing.WITHDRAWN
    if call.published_at is None:
        return Standing.DRAFT
    return in_its_time(call, at)


def in_its_time(call: Call, at: datetime) -> Standing:
    """Whether it opens soon, is open or closed at that moment, published or not."""
    if call.opens_at is not None and at < call.opens_at:
        return Standing.UPCOMING
    if call.cutoffs and next_cutoff(call, at) is None:
        return Standing.CLOSED
    return Standing.OPEN


def next_cutoff(call: Call, at: datetime) -> CutOff | None:
    """The first deadline that is not over at that moment."""
    return next((c for c in call.cutoffs if is_in_time(at, c.closes_at)), None)
