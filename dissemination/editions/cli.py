"""Plans as files, from the command line."""

import json
from datetime import date, datetime

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from dissemination.districts import queries as districts
from dissemination.editions import content, reading, transfer
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.plan import queries as plans

plan = AppGroup("plan", help="Plans as JSON files.")
DAY = click.DateTime(["%Y-%m-%d"])


def _district(slug: str):
    found = districts.by_slug(slug)
    if found is None:
        raise click.UsageError(f"there is no district {slug!r}")
    return found


@plan.command("export")
@click.option("--district", required=True)
@click.option("--plan", "plan_id", type=int, help="The plan's number; the one in force by default.")
def export_plan(district: str, plan_id: int | None):
    """Print a plan as JSON."""
    owner = _district(district)
    found = plans.current_plan(owner.id)
    if plan_id is not None:
        found = next((p for p in plans.plans(owner.id) if p.id == plan_id), None)
    if found is None:
        raise click.UsageError("there is no such plan")
    click.echo(reading.written(content.snapshot(found)).decode(), nl=False)


@plan.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--district", required=True)
@click.option("--title")
@click.option("--starts-on", type=DAY)
@click.option("--ends-on", type=DAY)
@click.option("--dry-run", is_flag=True, help="Only say what is wrong with the file.")
@click.option("--json", "as_json", is_flag=True)
def import_plan(file, district: str, title, starts_on, ends_on, dry_run: bool, as_json: bool):
    """Make a plan from a JSON file. Exit 1 when the file is no plan."""
    owner = _district(district)
    left_out: list[str] = []
    problems: list[str] = []
    with force_locale("en"):
        try:
            found = reading.read(file.read(reading.BIGGEST + 1))
            if not dry_run:
                with transaction():
                    _made, left_out = transfer.take_in(
                        owner, found, title=title or found["title"],
                        starts_on=_day(starts_on, found["starts_on"]),
                        ends_on=_day(ends_on, found["ends_on"]), by=None,
                    )  # fmt: skip
        except reading.Unreadable as error:
            problems = error.problems
        except Refusal as refusal:
            problems = [str(refusal.message)]
    if as_json:
        click.echo(json.dumps({"problems": problems, "left_out": left_out}, ensure_ascii=False))
    else:
        for line in problems or left_out:
            click.echo(line)
    raise SystemExit(1 if problems else 0)


def _day(given: datetime | None, written: str) -> date:
    return given.date() if given else date.fromisoformat(written)


commands = [plan]
