"""`flask publications import FILE --district D`."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.plan import queries as plans
from dissemination.publications import actions, reindexing
from dissemination.publications.importing import preview

publications = AppGroup("publications", help="Publications of a district.")


@publications.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--district", "slug", required=True, help="The district's name in addresses, such as moda.")
@click.option("--dry-run", is_flag=True, help="Read and compare only; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--publish", is_flag=True, help="Publish at once instead of keeping drafts.")
@click.option("--line", default="b", show_default=True, help="Code of the activity line of the plan.")
@click.option("--language", default="it", show_default=True, help="Of entries that do not say theirs.")
def import_(file, slug, dry_run, as_json, publish, line, language):
    """Import the new records of FILE (BibTeX, RIS, JSON, CSV), all or none; duplicates are left out."""
    district = db.session.scalar(select(District).where(District.slug == slug))
    if district is None:
        raise click.ClickException(f"There is no district “{slug}”.")
    found = preview(district.id, file.read_bytes(), language=language)
    records = [row.found.record for row in found.new]
    if records and not dry_run:
        lines = {x.code: x.id for x in plans.lines(district.id)}
        if line not in lines:
            raise click.ClickException(
                f"The plan has no activity line “{line}”: {', '.join(lines) or 'none'}."
            )
        with transaction():
            actions.add_all(district, records, by=None, published=publish, activity_line_id=lines[line])
    result = {
        "records": len(found.lines),
        "duplicates": len(found.duplicates),
        "problems": [{"line": p.line, "message": str(p.message)} for p in found.problems],
    }
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _in_words(result, dry_run))


@publications.command("reindex")
@click.option("--files", is_flag=True, help="Let the worker read the PDF files again, too.")
def reindex_(files):
    """Make the full-text index of all publications anew."""
    click.echo(f"{reindexing.reindex(files=files)} publications indexed")


def _in_words(result: dict, dry_run: bool) -> str:
    new = result["records"] - result["duplicates"]
    lines = [f"{p['line']}: {p['message']}" for p in result["problems"]]
    done = "would be imported" if dry_run else "imported"
    lines.append(f"{result['records']} records, {result['duplicates']} duplicates, {new} {done}")
    return "\n".join(lines)


commands = (publications,)
