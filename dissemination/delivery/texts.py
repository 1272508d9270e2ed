"""What fates are called, how they look, and why a delivery stands where it stands."""

from dataclasses import replace

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from dissemination.delivery.lint import Problem
from dissemination.delivery.models import Fate

REASONS = {
    "bad_address": _l("The address cannot be written to."),
    "letter_broken": _l(
        "The message could not be put together. It is tried again; tell who looks after the system."
    ),
    "deadline": _l("The server put it off until it was too late."),
    "worker_died": _l("The program was stopped while the message was being handed over."),
    "bounced": _l("It was accepted first and came back later."),
    "too_big": _l("The message is larger than the server takes."),
    "needs_utf8": _l("The server takes no addresses with letters beyond ASCII."),
    "unsubscribed": _l("The person has unsubscribed."),
    "paused": _l("The person has paused the newsletters."),
    "stopped by the sender": _l("Stopped by the sender."),
}  # fmt: skip
FATES = {
    Fate.QUEUED: (_l("waiting"), "secondary"),
    Fate.IN_DATA: (_l("being sent"), "primary"),
    Fate.DEFERRED: (_l("tried, will be tried again"), "warning"),
    Fate.ACCEPTED: (_l("accepted"), "success"),
    Fate.REFUSED: (_l("refused"), "danger"),
    Fate.UNCERTAIN: (_l("uncertain"), "warning"),
    Fate.SKIPPED: (_l("skipped"), "secondary"),
    Fate.CANCELLED: (_l("called back"), "secondary"),
}
SUPPRESSED = _l("This address is not written to any more: %(reason)s")


def explain(reason: str) -> str:
    """A delivery's `reason` for a reader: our codes as sentences, what others wrote as it is."""
    if reason.startswith("suppressed: "):
        return SUPPRESSED % {"reason": reason.removeprefix("suppressed: ")}
    return str(REASONS.get(reason, reason))


def said(problem: Problem) -> Problem:
    """`problem` of a source in the language of whoever reads it."""
    if not problem.text:
        return problem
    return replace(problem, message=gettext(problem.text, **dict(problem.values)))
