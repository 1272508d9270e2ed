"""`flask activities import FILE --district D`: past activities from the command line."""

import json
import sys
from itertools import islice
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.pastyears import actions, mapping, reading, texts
from dissemination.pastyears.judging import Judge
from dissemination.pastyears.models import PastImport, State, Verdict

activities = AppGroup("activities", help="Activities of past years.")
commands = (activities,)


@activities.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--district", "slug", required=True, help="The district's name in the URL, such as moda.")
@click.option("--sheet", default="", help="The sheet of an XLSX; the first one by default.")
@click.option("--kind", default="", help=f"Of all lines without their own: {', '.join(texts.VERBS)}.")
@click.option("--line", default="", help="The plan's activity line of all lines without their own.")
@click.option(
    "--column", "given", multiple=True, help="HEADER=FIELD, where the header does not say it itself."
)
@click.option("--dry-run", is_flag=True, help="Look at every line, enter nothing.")
@click.option("--json", "as_json", is_flag=True, help="JSON: new, same, wrong, problems.")
def import_command(file, slug, sheet, kind, line, given, dry_run, as_json):
    """Import activities from CSV or XLSX: all of it, or nothing while a line is wrong. Exit 1 then."""
    district = db.session.scalar(select(District).where(District.slug == slug))
    if district is None:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    if kind and kind not in texts.VERBS:
        raise click.BadParameter(f"{kind!r} cannot be imported", param_hint="--kind")
    try:
        counts, problems = _run(district, file, sheet, (kind, line, given), dry_run=dry_run)
    except (Refusal, reading.NotReadable) as why:
        raise click.ClickException(str(getattr(why, "message", why))) from None
    if as_json:
        click.echo(json.dumps({**counts, "problems": problems}, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            click.echo(f"{file.name}:{problem['line']} {problem['cell']}: {problem['message']}")
        did = "would be entered" if dry_run or problems else "entered"
        click.echo(f"{counts['new']} {did}, {counts['same']} there already, {counts['wrong']} wrong")
    sys.exit(1 if problems else 0)


def _run(district, file: Path, sheet: str, said, *, dry_run: bool):
    data = file.read_bytes()
    first = next(reading.lines(data, sheet or reading.sheets(data)[0]), None)
    header = [cell.text[:80] for cell in first.cells] if first else []
    found = _mapped(header, *said)
    row = PastImport(district_id=district.id, mapping=found, sheet=sheet)
    judge = Judge(row, district)
    judged = [judge.row(one) for one in islice(reading.lines(data, sheet), 1, None)]
    counts = {v.value: sum(one["verdict"] is v for one in judged) for v in Verdict}
    problems = [
        {"line": one["line"], "cell": one["cell"], "message": one["message"]}
        for one in judged if one["verdict"] is Verdict.WRONG
    ]  # fmt: skip
    if not dry_run and not problems and counts["new"]:
        _enter(district, file, data, found, sheet)
    return counts, problems


def _mapped(header: list[str], kind: str, line: str, given) -> dict:
    found = mapping.guess(header)
    for text in given:
        title, _equals, field = text.partition("=")
        if title not in header or field not in {value for value, _words in texts.targets()}:
            raise click.BadParameter(f"{text!r} is not HEADER=FIELD", param_hint="--column")
        found["columns"][str(header.index(title))] = field
    found |= {"verb": kind, "line": line}
    if mapping.twice(found["columns"]):
        raise actions.SaidTwice
    if mapping.missing(found):
        raise actions.NotMapped
    return found


def _enter(district, file: Path, data: bytes, found: dict, sheet: str) -> None:
    with transaction():
        row = actions.upload(district, file.name, data, by=None)
        row.sheet = sheet
        import_id = row.id
    steps = {
        State.MAPPING: lambda row: actions.map_columns(
            row, found["columns"], verb=found["verb"], line=found["line"]
        ),
        State.JUDGED: lambda row: actions.approve(row, leaves_out_wrong=False, by=None),
    }  # fmt: skip
    for state in (State.OPENING, State.MAPPING, State.JUDGED):
        if state in steps:
            with transaction():
                steps[state](db.session.get_one(PastImport, import_id))
        actions.go_on(import_id)
