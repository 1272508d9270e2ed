"""The deadline board: what comes next, who aims at it, how many days are left, what is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask_babel import gettext as _

from dissemination.applications import queries
from dissemination.applications.models import Application
from dissemination.applications.stages import BEFORE_SUBMISSION
from dissemination.calls import queries as calls
from dissemination.calls.models import CutOff
from dissemination.calls.moments import days_left, is_in_time, written
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.people.models import Company
from dissemination.people.queries import survivors


@dataclass(frozen=True)
class Aimed:
    """An application that aims at a deadline."""

    application: Application
    company: Company
    is_open: bool  # not submitted yet
    lacks: list[str]


@dataclass(frozen=True)
class Deadline:
    """A deadline with those that aim at it."""

    cutoff: CutOff
    when: str
    days: int
    is_over: bool
    aimed: list[Aimed]

    @property
    def waiting(self) -> int:
        """How many are not submitted yet."""
        return sum(one.is_open for one in self.aimed)


def deadlines(district: District, start: datetime, end: datetime) -> list[Deadline]:
    """The deadlines from `start` until `end`; one that is over only while an application still aims at it."""
    cutoffs, at = calls.cutoffs_between(district.id, start, end), now()
    aimed = queries.aimed_at([c.id for c in cutoffs])
    today = survivors(a.company for group in aimed.values() for a in group)
    found = []
    for cutoff in cutoffs:
        rows = [_aimed(a, today[a.company_id]) for a in aimed.get(cutoff.id, [])]
        over = not is_in_time(at, cutoff.closes_at)
        if over and not any(row.is_open for row in rows):
            continue
        left = days_left(cutoff.closes_at, at, district.zone)
        found.append(Deadline(cutoff, written(cutoff.closes_at, district.zone), left, over, rows))
    return found


def loose(district: District) -> list[Aimed]:
    """The applications not submitted yet that aim at no deadline."""
    rows = queries.without_deadline(district.id)
    today = survivors(a.company for a in rows)
    return [_aimed(a, today[a.company_id]) for a in rows]


def _aimed(application: Application, company: Company) -> Aimed:
    is_open = application.stage in BEFORE_SUBMISSION
    return Aimed(application, company, is_open, lacks(application) if is_open else [])


def lacks(application: Application) -> list[str]:
    """What is missing before the application can be submitted, in words."""
    found = []
    if application.call.services and not application.services:
        found.append(_("the service"))
    if application.cost is None:
        found.append(_("the cost"))
    if application.requested is None:
        found.append(_("the contribution requested"))
    if application.call.cutoffs and application.cutoff_id is None:
        found.append(_("the deadline that it aims at"))
    return found


def warnings(application: Application) -> list[str]:
    """What does not fit the call, as far as the registry knows: a person looks at it."""
    call, company = application.call, application.company
    found = []
    if call.sizes and company.size is not None and company.size.value not in call.sizes:
        found.append(_("The call does not admit companies of this size."))
    if call.sectors and company.sector is not None and company.sector.code not in call.sectors:
        found.append(_("The call does not admit companies of this sector."))
    return found


def written_for(district: District) -> Callable[[datetime], str]:
    """How deadlines are written in the district's zone."""
    return partial(written, zone=district.zone)
