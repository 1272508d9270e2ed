"""What the pages of this package share: their blueprints, framed documents, sums of fates."""

from dataclasses import dataclass

from flask import Blueprint, Response, redirect, url_for
from flask_babel import lazy_gettext as _l

from dissemination.delivery import outbox
from dissemination.delivery.models import Fate
from dissemination.newsletters.dispatches import What
from dissemination.newsletters.models import Issue

public = Blueprint("newsletters", __name__)
desk = Blueprint("newsletters_desk", __name__, url_prefix="/<district>/desk/newsletters")

FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'; sandbox"
)
WAITING = (Fate.QUEUED, Fate.IN_DATA, Fate.DEFERRED)
FATES = {
    "accepted": (_l("accepted"), "success"),
    "waiting": (_l("waiting"), "primary"),
    "refused": (_l("refused"), "danger"),
    "uncertain": (_l("uncertain"), "warning"),
    "skipped": (_l("skipped"), "secondary"),
    "cancelled": (_l("called back"), "secondary"),
}
NEXT_STEPS = {
    "accepted": _l("The recipient's mail server took it."),
    "waiting": _l("It will be sent as soon as the mail server answers; nothing is to be done."),
    "refused": _l("The mail server said no. Check the address with the company and correct the contact."),
    "uncertain": _l("The connection broke at the end: it may have arrived. It is not sent again by itself."),
    "skipped": _l("The person left, or the address must not be written to. Nothing was sent."),
    "cancelled": _l("You called it back before it was sent."),
}
EVENTS = {
    What.ASKED: _l("asked for approval"),
    What.APPROVED: _l("approved it"),
    What.REFUSED: _l("did not approve"),
    What.SCHEDULED: _l("decided to send it"),
    What.UNDONE: _l("took it back before anything left"),
    What.HELD: _l("held it back"),
    What.BEGUN: _l("began the sending"),
    What.PAUSED: _l("paused the sending"),
    What.RESUMED: _l("went on"),
    What.PACED: _l("changed the pace"),
    What.STOPPED: _l("called back what waited"),
    What.RETRIED: _l("sent again"),
    What.FINISHED: _l("closed the books"),
    What.REHEARSED: _l("rehearsed"),
    What.WITHHELD: _l("kept out of the archive"),
    What.SHOWN: _l("shown in the archive again"),
}


def framed(html: str, *, popups: bool = False) -> Response:
    """A document for a sandboxed `<iframe>`: no script, nothing loaded, shown by our pages only.

    `popups` lets its links open a page of their own; without it they do nothing.
    """
    policy = FRAME_POLICY
    if popups:
        policy += " allow-popups allow-popups-to-escape-sandbox"
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@dataclass(frozen=True)
class Tally:
    """How many recipients of an issue stand where, by the words of FATES."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All recipients."""
        return sum(self.counts.values())

    @property
    def settled(self) -> int:
        """Those whose fate is final."""
        return self.total - self.counts["waiting"]


def word_for(fate: Fate) -> str:
    """The word of FATES for a state of a delivery."""
    return "waiting" if fate in WAITING else fate.value


def tally(issue: Issue) -> Tally:
    """Where the recipients of `issue` stand now."""
    counts = dict.fromkeys(FATES, 0)
    for fate, count in outbox.progress(issue).items():
        counts[word_for(fate)] += count
    return Tally(counts)


def to_issue(issue: Issue):
    """To the page of an issue, whatever state it is in."""
    return redirect(url_for("newsletters_desk.show", district=issue.district, issue_id=issue.id), 303)
