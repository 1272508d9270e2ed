"""The figures of the overview: who joined and left each month, by topic and source; the rows behind."""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import and_, case, exists, func, or_, select

from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import like
from dissemination.people.models import Consent, Contact, Purpose
from dissemination.subscriptions import queries
from dissemination.subscriptions.models import Subscription, Topic

MONTHS = 12


@dataclass(frozen=True)
class Month:
    """A calendar month on the district's wall clock."""

    first: date
    since: datetime
    until: datetime

    @property
    def code(self) -> str:
        """As addresses name it: 2026-03."""
        return f"{self.first:%Y-%m}"


def month(district: District, code: str) -> Month | None:
    """The month that `code` names, None when it names none."""
    try:
        first = date.fromisoformat(f"{code}-01")
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        return None
    since, until = (datetime.combine(d, time(), tzinfo=district.zone) for d in (first, following))
    return Month(first, since, until)


def months(district: District) -> list[Month]:
    """The last twelve months, this one first."""
    found, day = [], today(district.zone).replace(day=1)
    for _n in range(MONTHS):
        made = month(district, f"{day:%Y-%m}")
        if made is not None:
            found.append(made)
        day = date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)
    return found


def _within(column, period: Month):
    return and_(column >= period.since, column < period.until)


def by_month(district: District) -> list[tuple[Month, int, int]]:
    """(month, subscriptions joined, left) of the last twelve months: one statement.

    As the subscriptions stand: who left and joined again counts where she joined last.
    """
    periods = months(district)
    columns = [
        func.sum(case((_within(column, period), 1), else_=0))
        for period in periods
        for column in (Subscription.confirmed_at, Subscription.ended_at)
    ]
    query = select(*columns).join(Topic, Topic.id == Subscription.topic_id)
    lately = or_(Subscription.confirmed_at >= periods[-1].since, Subscription.ended_at >= periods[-1].since)
    row = db.session.execute(query.where(Topic.district_id == district.id, lately)).one()
    values = [int(v or 0) for v in row]
    return [(period, values[2 * n], values[2 * n + 1]) for n, period in enumerate(periods)]


def by_source(district: District) -> list[tuple[str, int, int]]:
    """(source, lines that say yes, that say no) of the consent ledger about newsletters, most first."""
    yes = func.sum(case((Consent.given, 1), else_=0))
    query = (
        select(Consent.source, yes, func.count() - yes)
        .where(Consent.district_id == district.id, Consent.purpose == Purpose.NEWSLETTER)
        .group_by(Consent.source)
    )
    return sorted(
        ((source, int(said or 0), int(no or 0)) for source, said, no in db.session.execute(query)),
        key=lambda row: (-(row[1] + row[2]), row[0]),
    )


@dataclass(frozen=True)
class Asked:
    """Which subscribers are asked for; what is empty does not narrow."""

    topic_id: int | None = None
    month: Month | None = None
    left: bool = False  # those who left in the month instead of those who joined
    search: str = ""


def people(district: District, asked: Asked, *, after: str | None = None) -> Page:
    """One page of the subscribers by name."""
    hers = [Subscription.contact_id == Contact.id]
    if asked.topic_id:
        hers.append(Subscription.topic_id == asked.topic_id)
    if asked.month is not None:
        column = Subscription.ended_at if asked.left else Subscription.confirmed_at
        hers.append(_within(column, asked.month))
    else:
        hers.append(queries.is_live())
    query = select(Contact).where(Contact.district_id == district.id, exists().where(*hers))
    if asked.search.strip():
        pattern = like(asked.search)
        query = query.where(
            or_(Contact.name_folded.like(pattern, escape="\\"), Contact.email.like(pattern, escape="\\"))
        )
    return page(query, columns=(Contact.name_folded, Contact.id), after=after)
