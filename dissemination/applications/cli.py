"""`flask applications import FILE --district D`: past applications from the command line."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from dissemination.applications import importing
from dissemination.applications.bringing import run
from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.pastyears import reading

applications = AppGroup("applications", help="Applications for funding.")
commands = (applications,)


@applications.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--district", "slug", required=True, help="The district's name in the URL, such as moda.")
@click.option("--sheet", default="", help="The sheet of an XLSX; the first one by default.")
@click.option("--dry-run", is_flag=True, help="Look at every line, enter nothing.")
@click.option("--json", "as_json", is_flag=True, help="JSON: added, same, problems.")
def import_command(file, slug, sheet, dry_run, as_json):
    """Import past applications from CSV or XLSX: all of it, or nothing while a line is wrong. Exit 1 then."""
    district = db.session.scalar(select(District).where(District.slug == slug))
    if district is None:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    try:
        report = run(district, file.read_bytes(), by=None, only_check=dry_run, sheet=sheet)
    except reading.NotReadable as why:
        raise click.ClickException(str(why)) from None
    _say(file.name, report, dry_run=dry_run, as_json=as_json)
    sys.exit(1 if report.problems else 0)


def _say(name: str, report: importing.Report, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
        return
    for problem in report.problems:
        click.echo(f"{name}:{problem.line} {problem.message}")
    did = "would be entered" if dry_run or report.problems else "entered"
    click.echo(f"{report.added} {did}, {report.same} there already, {len(report.problems)} wrong")
