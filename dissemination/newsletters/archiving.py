"""Which issues stand in the public archive: all that were sent, but for those withheld with a reason."""

from dissemination.kernel.clock import now
from dissemination.newsletters import history
from dissemination.newsletters.dispatches import What
from dissemination.newsletters.models import Issue
from dissemination.people.accounts import Account


def withhold(issue: Issue, *, reason: str, by: Account) -> None:
    """Keep `issue` out of the public archive from now on. Its evidence stays."""
    issue.withheld_at, issue.withheld_by, issue.withheld_because = now(), by.id, reason[:300]
    history.note(issue, What.WITHHELD, by=by, words=reason)


def show(issue: Issue, *, by: Account) -> None:
    """Show `issue` in the public archive again."""
    if issue.withheld_at is None:
        return
    issue.withheld_at, issue.withheld_by, issue.withheld_because = None, None, ""
    history.note(issue, What.SHOWN, by=by)
