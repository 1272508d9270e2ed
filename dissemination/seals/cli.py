"""`flask log verify` and `flask log head`."""

import json
import sys
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.seals import actions, queries
from dissemination.seals.models import Place
from dissemination.seals.sealing import seal
from dissemination.seals.verifying import LIMIT, verify

log = AppGroup("log", help="The activity log's chain: verify it, print its head.")
commands = (log,)


@log.command("verify")
@click.option("--district", "slug", help="One district (needed with heads); else each of them.")
@click.option("--head", "given", multiple=True, help="A head from paper or mail: 1204-9f3c-… (repeatable).")
@click.option("--heads", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A text file with one head per line.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="JSON: {district: {position, rows, findings}}.")
def verify_command(slug, given, file, as_json):
    """Find what was changed, deleted, inserted, swapped or cut off in the log. Exit 1 when anything was.

    Without heads from outside, a log that was rewritten with all its seals and heads cannot be told from
    another: keep printed or mailed heads, and give them here.
    """
    heads = [*given, *(_lines(file) if file else [])]
    districts = _districts(slug)
    if heads and slug is None:
        raise click.BadParameter("a head is of one district: say which", param_hint="--district")
    wrong = [text for text in heads if queries.read_head(text) is None]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not a head like 1204-9f3c-…", param_hint="--head")
    found = {d: verify(d, heads) for d in districts}
    if as_json:
        click.echo(json.dumps({
            d.slug: {"position": queries.rows_sealed(d.id), "findings": [f.as_json() for f in findings]}
            for d, findings in found.items()
        }, indent=2))  # fmt: skip
    else:
        for district, findings in found.items():
            _tell(district, findings)
    if any(found.values()):
        sys.exit(1)


@log.command("head")
@click.option("--district", "slug", required=True, help="The district's name in the URL, such as moda.")
def head_command(slug):
    """Seal what is new, print the head, and remember that it was told."""
    district = _districts(slug)[0]
    with transaction():
        head = seal(district.id)
        actions.publish(head, where=Place.COMMAND)
    click.echo(head.printed)


def _districts(slug) -> list[District]:
    query = select(District).order_by(District.slug)
    found = list(db.session.scalars(query.where(District.slug == slug) if slug else query))
    if slug and not found:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    return found


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]


def _tell(district: District, findings) -> None:
    name = district.slug
    for f in findings:
        at = ", ".join(
            [f"position {f.position}"] * bool(f.position) + [f"row {f.activity_id}"] * bool(f.activity_id)
        )
        click.echo(f"{name}: {f.kind}{f' ({at})' if at else ''}: {f.what} {f.detail}".rstrip())
    if len(findings) >= LIMIT:
        click.echo(f"{name}: and perhaps more: the first {LIMIT} are shown")
    if findings:
        return
    head, began = queries.head(district.id), queries.began_at(district.id)
    if head is None:
        click.echo(f"{name}: nothing is sealed yet")
        return
    click.echo(f"{name}: as written. {head.position} rows, head {head.printed}")
    click.echo(f"{name}: sealed since {began:%Y-%m-%d %H:%M} UTC; earlier rows as they were found then")
