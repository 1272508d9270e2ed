"""Each night the forecasts of all plans that run are made anew."""

from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.forecast import actions, queries
from dissemination.kernel.database import db, transaction
from dissemination.plan import periods
from dissemination.plan import queries as plans
from dissemination.plan.figures import district_today


def make_forecasts() -> int:
    """Make what was not made today; returns for how many plans. Counting happens before the write."""
    done = 0
    for district in list(db.session.scalars(select(District).order_by(District.id))):
        plan = plans.current_plan(district.id)
        if plan is None or not plan.starts_on <= district_today(plan) <= plan.ends_on:
            continue
        made = queries.of_plan(plan, periods.PLAN)
        if made and all(f.made_on == district_today(plan) for f in made.values()):
            continue
        rows = actions.make(district, plan)
        with transaction():
            actions.keep(plan, rows)
        done += 1
    return done


JOBS = [(3600, make_forecasts)]
