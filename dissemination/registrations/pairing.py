"""What a calendar was told, against what stands: the same date, a moved one, one added, one removed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _

from dissemination.kernel.clock import local
from dissemination.kernel.languages import translated
from dissemination.registrations import posts
from dissemination.registrations.models import Attends, Invitation, Registration
from dissemination.workshops.models import Workshop


@dataclass(frozen=True)
class Facts:
    """What a calendar entry of one date shows; `online_url` is kept to see it change, never sent."""

    starts_at: datetime
    ends_at: datetime
    location: str
    online_url: str
    summary: str


def facts_now(workshop: Workshop, language: str, attends: Attends) -> list[Facts]:
    """What stands now for who attends so, one for each date of `workshop`, in order."""
    how = posts.way(workshop, attends)
    link = workshop.online_url if how is Attends.ONLINE else ""
    rest = (posts.place(workshop, how), link, translated(workshop, "title", language))
    return [Facts(start, end, *rest) for start, end in workshop.days.values()]


def facts_of(registration: Registration) -> list[Facts]:
    """What stands now for one person."""
    return facts_now(registration.workshop, registration.language, registration.attends)


def date_of(workshop: Workshop, moment: datetime) -> date:
    """The date of `moment` on the district's wall clock."""
    return local(moment, workshop.district.zone).date()


def by_date(workshop: Workshop, invitations: Iterable[Invitation]) -> dict[date, Invitation]:
    """The invitations by the date that they were told for."""
    return {date_of(workshop, i.starts_at): i for i in invitations}


def pair(
    workshop: Workshop, told: list[Invitation], stands: list[Facts]
) -> list[tuple[Invitation | None, Facts | None]]:
    """Pair what calendars were told with what stands: (invitation, facts), None where one is missing.

    A date that both know stays a pair; what is left over on both sides moved, in order; the rest was
    added or removed.
    """
    known = by_date(workshop, told)
    pairs: list[tuple[Invitation | None, Facts | None]] = []
    new = []
    for facts in stands:
        invitation = known.pop(date_of(workshop, facts.starts_at), None)
        if invitation is None:
            new.append(facts)
        else:
            pairs.append((invitation, facts))
    gone = sorted(known.values(), key=lambda i: i.starts_at)
    moved = min(len(gone), len(new))
    pairs += zip(gone, new, strict=False)
    pairs += [(None, facts) for facts in new[moved:]]
    pairs += [(invitation, None) for invitation in gone[moved:]]
    return sorted(pairs, key=lambda p: (p[1] or p[0]).starts_at)  # type: ignore[union-attr]


def changes(workshop: Workshop, invitation: Invitation, facts: Facts) -> list[dict]:
    """Old and new in the current language's words. The link of the meeting itself is not shown."""
    found = []

    def compare(what, old, new):
        if old != new:
            found.append({"what": what, "old": old, "new": new})

    compare(
        _("When"),
        posts.when(workshop, invitation.starts_at, invitation.ends_at),
        posts.when(workshop, facts.starts_at, facts.ends_at),
    )
    compare(_("Where"), invitation.location, facts.location)
    compare(_("Title"), invitation.summary, facts.summary)
    if invitation.online_url != facts.online_url:
        old = _("another link") if invitation.online_url else "–"
        new = _("your link in this message") if facts.online_url else "–"
        found.append({"what": _("Link to take part online"), "old": old, "new": new})
    return found
