"""Counting: hours that are over become figures of their month, months that are over go into the log."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import selectinload

from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db, insert_into
from dissemination.publications.models import Publication
from dissemination.usage import counting, logged
from dissemination.usage.counting import DOUBLE_CLICK, Hit
from dissemination.usage.models import UsageHit, UsageMonth, UsageSalt, What

BATCH = 500
COLUMNS = ("publication_id", "what", "file_id", "visitor", "at")
FIGURES = ("views", "unique_views", "downloads", "unique_downloads")


def fold() -> int:
    """Count the hits of the hours that are over, and delete them with the salts of days that are over.

    Returns how many hits were deleted. Deleting is what makes them ours: of two at once each counts its own.
    """
    until = counting.hour_of(clock.now() - DOUBLE_CLICK)
    columns = [getattr(UsageHit, name) for name in COLUMNS]
    gone = delete(UsageHit).where(UsageHit.at < until).returning(*columns)
    mine = [Hit(**row._mapping) for row in db.session.execute(gone)]
    db.session.execute(delete(UsageSalt).where(UsageSalt.day < until.date()))
    if not mine:
        return 0
    ahead = select(*columns).where(UsageHit.at >= until, UsageHit.at <= until + DOUBLE_CLICK)
    following = [Hit(**row._mapping) for row in db.session.execute(ahead)]
    _add(counting.counted([*mine, *following], until=until))
    return len(mine)


def _add(found: list[counting.Counted]) -> None:
    ids = {c.hit.publication_id for c in found}
    places = dict(db.session.execute(
        select(Publication.id, Publication.district_id).where(Publication.id.in_(ids))
    ).all())  # fmt: skip
    zones = {
        d.id: d.zone for d in db.session.scalars(select(District).where(District.id.in_(places.values())))
    }
    totals: dict[tuple[int, date], dict[str, int]] = defaultdict(lambda: dict.fromkeys(FIGURES, 0))
    for c in found:
        day = clock.local(c.hit.at, zones[places[c.hit.publication_id]]).date()
        name = "downloads" if c.hit.what is What.DOWNLOAD else "views"
        figures = totals[c.hit.publication_id, day.replace(day=1)]
        figures[name] += 1
        figures[f"unique_{name}"] += c.unique
    for (publication_id, month), figures in sorted(totals.items()):
        key = {"publication_id": publication_id, "month": month, "district_id": places[publication_id]}
        fresh = insert_into(UsageMonth).values(**key, **figures, logged=0)
        more = {name: getattr(UsageMonth, name) + n for name, n in figures.items()}
        db.session.execute(fresh.on_conflict_do_update(index_elements=["publication_id", "month"], set_=more))


def log_months(district: District) -> int:
    """Write the unique downloads of months that are over and wholly counted into the log; how many rows.

    A later count of such a month adds a row of its own (R5: increments). At most BATCH rows at a time.
    """
    first = clock.today(district.zone).replace(day=1)
    if _uncounted_before(datetime.combine(first, datetime.min.time(), tzinfo=district.zone)):
        return 0
    query = (
        select(UsageMonth)
        .where(UsageMonth.district_id == district.id, UsageMonth.month < first)
        .where(UsageMonth.unique_downloads > UsageMonth.logged)
        .order_by(UsageMonth.month, UsageMonth.publication_id).limit(BATCH).with_for_update(of=UsageMonth)
        .options(
            selectinload(UsageMonth.publication).selectinload(Publication.sector),
            selectinload(UsageMonth.publication).selectinload(Publication.macro_area),
        )
    )  # fmt: skip
    months: dict[date, list[UsageMonth]] = defaultdict(list)
    for row in db.session.scalars(query):
        months[row.month].append(row)
    return sum(logged.say(rows, on=_last_day(month)) for month, rows in months.items())


def _uncounted_before(moment: datetime) -> bool:
    return bool(db.session.scalar(select(func.count()).where(UsageHit.at < moment)))


def _last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
