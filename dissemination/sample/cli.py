"""`flask --app app sample load`."""

import time

import click
from flask.cli import AppGroup

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.sample.actions import load
from dissemination.sample.people import CAST, PASSWORD

sample = AppGroup("sample", help="Invented districts for a first look.")
commands = (sample,)


@sample.command("load")
def load_command():
    """Load the sample districts; refused when they are there already."""
    began = time.monotonic()
    try:
        with transaction():
            made = load()
    except Refusal as refusal:
        raise click.ClickException(str(refusal.message)) from None
    counts = ", ".join(f"{count} {name}" for name, count in made.items())
    click.echo(f"Loaded in {time.monotonic() - began:.0f} s: {counts}.")
    click.echo(f"Password for all: {PASSWORD}")
    for person in CAST:
        click.echo(f"  {person.email:24} {person.about}")
