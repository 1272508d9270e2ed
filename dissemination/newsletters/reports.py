"""What the pages of a sent issue show: fates, how fast, how long still, what holds it, what happened."""

from dissemination.delivery import queries as delivery
from dissemination.kernel.clock import now
from dissemination.newsletters import history
from dissemination.newsletters.common import EVENTS, FATES, tally
from dissemination.newsletters.models import Issue


def progress_of(issue: Issue) -> dict:
    """What `_progress.html` shows."""
    steered = delivery.sending(issue)
    starts_at = steered.starts_at if steered else None
    return {
        "tally": tally(issue), "fates": FATES, "rate": delivery.rate(issue), "steered": steered,
        "rests_until": starts_at if starts_at and starts_at > now() else None,
        "relay": delivery.relay_trouble(), "stopped": delivery.is_mail_stopped(),
        "resting": delivery.resting_domains(),
    }  # fmt: skip


def sent_page(issue: Issue) -> dict:
    """What `desk_sent.html` shows."""
    return {**progress_of(issue), "events": history.events(issue), "event_words": EVENTS}
