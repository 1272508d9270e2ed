"""The issues that are decided to go out: what the forecast of the figures asks."""

from datetime import date, datetime

from sqlalchemy import func, or_, select

from dissemination.districts.models import District
from dissemination.forecast.sources import Ahead, Calendar, night_after
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.newsletters.dispatches import Dispatch
from dissemination.newsletters.models import Issue


def ahead(district: District, after: date, until: date, as_of: datetime | None = None) -> Ahead:
    """The issues whose sending was decided by `as_of` (default now) for a day after one and up to another.

    Now, those whose sending has begun and is not finished are still ahead: nothing of them is counted.
    """
    moment = as_of or clock.now()
    late = Dispatch.starts_at >= night_after(district, after)
    if as_of is None:
        late = or_(late, Issue.finished_at.is_(None))
    query = (
        select(func.count(Issue.id.distinct()))
        .join(Dispatch, Dispatch.issue_id == Issue.id)
        .where(Issue.district_id == district.id, Dispatch.at <= moment, late)
        .where(Dispatch.starts_at < night_after(district, until))
        .where(or_(Dispatch.undone_at.is_(None), Dispatch.undone_at > moment))
        .where(or_(Dispatch.held_at.is_(None), Dispatch.held_at > moment))
        .where(or_(Issue.finished_at.is_(None), Issue.finished_at > moment))
    )
    number = db.session.scalar(query) or 0
    return Ahead(number, float(number))


CALENDAR = Calendar("newsletter.sent", frozenset({"newsletter.sent", "newsletter.reached"}), ahead)
