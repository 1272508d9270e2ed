"""What this package tells lower floors."""

from dissemination.kernel import subjects
from dissemination.plan import holders
from dissemination.research import answers, proving
from dissemination.research.models import Meeting


def init_app(_app) -> None:
    """Say what proves a meeting and an agreement, and that mails about meetings say what they are about."""
    subjects.keep_confidential(Meeting.__tablename__)
    for holder in proving.HOLDERS:
        holders.register(holder)


__all__ = ["answers", "init_app"]  # importing `answers` lets it hear of calendars' replies
