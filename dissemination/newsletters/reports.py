"""What the pages of a sent issue show: fates, how fast, how long still, what holds it, what happened."""

from dissemination.delivery import queries as delivery
from dissemination.newsletters import history
from dissemination.newsletters.common import EVENTS, FATES, tally
from dissemination.newsletters.models import Issue


def progress_of(issue: Issue) -> dict:
    """What `_progress.html` shows."""
    return {
        "tally": tally(issue), "fates": FATES, "rate": delivery.rate(issue),
        "steered": delivery.sending(issue), "relay": delivery.relay_trouble(),
        "stopped": delivery.is_mail_stopped(),
        "resting": delivery.resting_domains(),
    }  # fmt: skip


def sent_page(issue: Issue) -> dict:
    """What `desk_sent.html` shows."""
    return {**progress_of(issue), "events": history.events(issue), "event_words": EVENTS}
