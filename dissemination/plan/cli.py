"""`flask figures`: the figures of a district on the command line."""

import json
import sys

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.plan import queries, splits
from dissemination.plan.figures import disagreements, figures_for
from dissemination.plan.periods import UnknownPeriod


@click.command("figures")
@click.option("--district", "slug", required=True, help="The district's name in the URL, such as moda.")
@click.option("--period", default="plan", help="2026, 2026-H1, 2026-Q2, 2026-05 or plan (the default).")
@click.option("--json", "as_json", is_flag=True, help="JSON, the same shape as figures.json.")
@click.option("--check", is_flag=True, help="Compare the kept totals with a count over the whole log.")
@with_appcontext
def figures(slug, period, as_json, check):
    """Print target and actual of every indicator of a district's plan for a period."""
    district = db.session.scalar(select(District).where(District.slug == slug))
    if district is None:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    plan = queries.current_plan(district.id)
    if plan is None:
        raise click.ClickException(f"{slug} has no plan yet")
    if check:
        _check(plan)
        return
    try:
        found = figures_for(plan, period)
    except UnknownPeriod:
        raise click.BadParameter(
            f"{period!r} is not 2026, 2026-H1, 2026-Q2, 2026-05 or plan", param_hint="--period"
        ) from None
    if as_json:
        json.dump(found, sys.stdout, indent=2)
        click.echo()
        return
    for code, f in found.items():
        actual, target = (("-" if f[k] is None else f[k]) for k in ("actual", "target"))
        click.echo(f"{code:8} {actual!s:>12} / {target!s:<10} {f['unit']:14} "
                   f"{f['counted']} counted, {f['not_counted']} not counted")  # fmt: skip


def _check(plan):
    wrong, classes = disagreements(plan), splits.disagreements(plan)
    for code, period in wrong:
        click.echo(f"{code} {period}: the kept total and the log disagree")
    for code, period, attribute in classes:
        click.echo(f"{code} {period} by {attribute}: the kept classes and the log disagree")
    if wrong or classes:
        sys.exit(1)
    click.echo("kept totals and the log agree")


commands = (figures,)
