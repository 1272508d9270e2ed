"""`flask report`: the files that go to the Region, written into a folder."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from dissemination.districts import queries as districts
from dissemination.plan import periods
from dissemination.plan import queries as plans
from dissemination.plan.periods import UnknownPeriod
from dissemination.reporting import delivered, queries


@click.command("report")
@click.option("--district", "slug", required=True, help="The district's name in the URL, such as moda.")
@click.option("--period", "code", required=True, help="2026, 2026-H1, 2026-Q2, 2026-05 or plan.")
@click.option("--out", "folder", required=True, type=click.Path(file_okay=False), help="Where the files go.")
@with_appcontext
def report(slug, code, folder):
    """Write PDF (Italian, English), XLSX, evidence, open data and their checksums.

    A period that is signed off gives what was signed; any other a draft of what is known now.
    """
    district = districts.by_slug(slug)
    if district is None:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    plan = plans.current_plan(district.id)
    if plan is None:
        raise click.ClickException(f"{slug} has no plan yet")
    try:
        period = periods.read(code, plan)
    except UnknownPeriod:
        raise click.BadParameter(
            f"{code!r} is not 2026, 2026-H1, 2026-Q2, 2026-05 or plan", param_hint="--period"
        ) from None
    signed = queries.signed(plan, code)
    made = delivered.signed_report(signed) if signed else delivered.draft(plan, period)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, content in delivered.files(made):
        (target / name).write_bytes(content)
        click.echo(f"{target / name}  {len(content)} bytes")
    if made.signature is None:
        click.echo("A draft: this period is not signed off.")
    elif not made.signature.intact:
        raise click.ClickException("what is stored is no longer what was signed")
    else:
        click.echo(
            f"As signed off on {made.signature.at:%Y-%m-%d %H:%M} UTC, sign-off {made.signature.number}."
        )


commands = (report,)
