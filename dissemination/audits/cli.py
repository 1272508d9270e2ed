"""`flask audits import FILE --district D`: past audits from the command line."""

import json
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from dissemination.audits import importing
from dissemination.districts.queries import by_slug
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.pastyears.reading import MOST_BYTES

audits = AppGroup("audits", help="Technology audits.")
commands = (audits,)


@audits.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--district", "slug", required=True, help="The district's name in the URL, such as moda.")
@click.option("--dry-run", is_flag=True, help="Look at every line, enter nothing.")
@click.option("--json", "as_json", is_flag=True, help="JSON: records, duplicates, problems.")
def import_command(file, slug, dry_run, as_json):
    """Import past audits from CSV or XLSX: all of them, or nothing while a line is wrong. Exit 1 then."""
    district = by_slug(slug)
    if district is None:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    with file.open("rb") as source:
        report = importing.read(source.read(MOST_BYTES + 1), district)
    importing.check(report, district)
    if not dry_run and not report.problems:
        report.added = report.duplicates = 0
        try:
            with transaction():
                importing.enter(report, district, source=file.name, by=None)
        except Refusal as refusal:
            raise click.ClickException(str(refusal.message)) from None
    _say(file, report, dry_run=dry_run, as_json=as_json)
    sys.exit(1 if report.problems else 0)


def _say(file: Path, report: importing.Report, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        problems = [{"line": p.line, "message": p.message} for p in report.problems]
        found = {"records": report.added, "duplicates": report.duplicates, "problems": problems}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for problem in report.problems:
        click.echo(f"{file.name}:{problem.line}: {problem.message}", err=True)
    did = "would be entered" if dry_run or report.problems else "entered"
    click.echo(f"{report.added} {did}, {report.duplicates} there already, {len(report.problems)} problems")
