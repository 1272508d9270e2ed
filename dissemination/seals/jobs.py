"""What the worker does for the log: seal new rows, verify when asked and each night, mail heads."""

from sqlalchemy import func, select

from dissemination.districts.models import District
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from dissemination.seals import actions, queries
from dissemination.seals.models import LogCheck, LogTip, Place
from dissemination.seals.sealing import BATCH, seal
from dissemination.seals.verifying import verify

NIGHT = range(1, 5)  # hours of the district's clock


def seal_new() -> int:
    """Seal new rows of each district, some at a time so that nobody waits for long; how many."""
    newest: dict[int, int | None] = dict(db.session.execute(
        select(District.id, select(func.max(Activity.id)).where(Activity.district_id == District.id)
               .scalar_subquery())
    ).all())  # fmt: skip
    tips = {t.district_id: (t.activity_id, t.position) for t in db.session.scalars(select(LogTip))}
    done = 0
    for district_id, last in newest.items():
        sealed, position = tips.get(district_id, (0, 0))
        while last and last > sealed:
            with transaction():
                head = seal(district_id, limit=BATCH)
            if head.position == position:
                break
            done += head.position - position
            sealed, position = head.activity_id, head.position
    return done


def verify_asked() -> int:
    """Verify the logs for which somebody asked; how many."""
    done = 0
    for check in queries.waiting_checks():
        district = db.session.get_one(District, check.district_id)
        check_id, rows = check.id, queries.rows_sealed(district.id)
        found = verify(district)  # reads for long: not in a transaction
        with transaction():
            check = db.session.get_one(LogCheck, check_id)
            actions.note_check(check, district, found, position=rows)
        done += 1
    return done


def ask_each_night() -> int:
    """Ask for the nightly verification of each district whose night it is, once; how many."""
    asked = 0
    for district in db.session.scalars(select(District).order_by(District.id)).all():
        moment = local(now(), district.zone)
        last = max((local(c.asked_at, district.zone).date() for c in queries.checks(district.id, 5)
                    if c.asked_by is None), default=None)  # fmt: skip
        if moment.hour in NIGHT and last != moment.date() and queries.rows_sealed(district.id):
            with transaction():
                actions.ask_check(district.id, by=None)
            asked += 1
    return asked


def mail_heads() -> int:
    """Mail the head of each district's log in the first days of a month; how many.

    Not in the month in which the log began: there is a month to prove first.
    """
    done = 0
    for district in db.session.scalars(select(District).order_by(District.id)).all():
        began = queries.began_at(district.id)
        last = queries.last_told(district.id, Place.MAIL) or began
        if last is None or _month(last, district) == _month(now(), district):
            continue
        with transaction():
            actions.mail_head(district)
        done += 1
    return done


def _month(moment, district):
    day = local(moment, district.zone)
    return day.year, day.month


JOBS = [(30, seal_new), (30, verify_asked), (1200, ask_each_night), (3600, mail_heads)]
