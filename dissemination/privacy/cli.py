"""`flask privacy purge`: forget whose time is over, now; or say what would be forgotten."""

import json
import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.privacy import actions

privacy = AppGroup("privacy", help="Personal data: how long they are kept.")


@privacy.command("purge")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what is due.")
@click.option("--json", "as_json", is_flag=True, help="JSON by district.")
def purge(dry_run, as_json):
    """Forget every person whose time is over, and take the traces out of the files."""
    found = {}
    for district in db.session.scalars(select(District).order_by(District.slug)).all():
        slug = district.slug
        found[slug] = actions.forecast(district) if dry_run else dict(actions.run(district))
    swept = None if dry_run else actions.sweep()
    if as_json:
        json.dump(found, sys.stdout, indent=2)
        click.echo()
    else:
        for slug, counts in found.items():
            click.echo(f"{slug}: {_words(counts)}")
    if swept is False:
        raise click.ClickException("readers kept the database file busy: run it again to remove the traces")


def _words(counts: dict) -> str:
    numbers = {k: len(v) if isinstance(v, list) else v for k, v in counts.items()}
    return ", ".join(f"{n} {kind}" for kind, n in sorted(numbers.items()) if n) or "nothing is due"


commands = (privacy,)
