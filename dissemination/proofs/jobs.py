"""What the worker does by itself: keep up what is proven, ask the disk, remind the organisers."""

from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db, transaction
from dissemination.proofs import actions, judging, reminding

OFFICE = range(8, 18)  # hours in which a person may be reminded


def judge_new() -> int:
    """Look at the evidence of what is new or was not complete; how many districts had any."""
    done = 0
    for district_id in db.session.scalars(select(District.id).order_by(District.id)).all():
        if judging.to_judge(district_id):  # without the write lock to find out
            with transaction():
                actions.judge_district(district_id)
            done += 1
    return done


def judge_all() -> None:
    """Look at all evidence anew: a fact that proved something may be gone."""
    for district_id in db.session.scalars(select(District.id).order_by(District.id)).all():
        with transaction():
            actions.judge_district(district_id, everything=True)


def check_files() -> int:
    """Compare stored files with their hashes, those first that were checked longest ago; how many."""
    found = actions.check_next()
    if found:
        with transaction():
            actions.note_conditions(found)
    return len(found)


def remind() -> int:
    """Remind organisers of missing evidence, on working days in office hours; how many mails."""
    sent = 0
    for district in db.session.scalars(select(District).order_by(District.id)).all():
        moment = local(now(), district.zone)
        if moment.hour not in OFFICE or moment.weekday() > 4 or not reminding.due(district, moment.date()):
            continue
        with transaction():
            sent += reminding.remind(district, moment.date())
    return sent


JOBS = [(300, judge_new), (86400, judge_all), (3600, check_files), (3600, remind)]
