"""The last half-year that was over is signed off and sent; later two forgotten audits are entered."""

from datetime import date, datetime

from dissemination.reporting import actions, checklist, delivered
from dissemination.reporting.checklist import Weight
from dissemination.reporting.models import ReportingPeriod
from dissemination.reporting.queries import calendar_period
from dissemination.sample.audits import ENTERED, last_over
from dissemination.sample.dates import DAY, at
from dissemination.sample.world import World

SIGNED, SENT = ENTERED - 4, ENTERED - 5  # days before today
DESPITE = "Le evidenze mancanti sono state chieste e seguiranno (dati di esempio)."


def schedule(world: World) -> None:
    """Put the report on the line of events."""
    world.then(_day(world, ENTERED - 2), lambda: _review(world))
    world.then(_day(world, SIGNED), lambda: _sign(world))
    world.then(_day(world, SENT), lambda: _send(world))


def _day(world: World, before: int) -> datetime:
    return at(world.today - before * DAY, "11:00")


def _review(world: World) -> None:
    due: date = world.today - (SIGNED - 6) * DAY
    period = actions.open_period(world.plan, last_over(world).code, due_on=due, by=world.ada)
    actions.start_review(period, by=world.ada)


def _period(world: World) -> ReportingPeriod:
    return ReportingPeriod.query.filter_by(plan_id=world.plan.id).one()


def _sign(world: World) -> None:
    period = _period(world)
    actions.seal(period)
    frozen = delivered.draft(period.plan, calendar_period(period)).frozen
    points = checklist.points(period, frozen)
    despite = DESPITE if any(p.weight is Weight.OPEN for p in points) else ""
    actions.sign_off(period, frozen, points=points, despite=despite, by=world.bice)


def _send(world: World) -> None:
    actions.mark_sent(
        _period(world), recipient="Regione Toscana", protocol=f"ESEMPIO/{world.today.year}/0001", note="",
        sent_on=world.today - SENT * DAY, by=world.bice,
    )  # fmt: skip
