"""Commands of delivery: `outbox deliver`, `work`, `mjml check`, `mjml render`."""

import logging
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from dissemination.delivery import mjml as renderer
from dissemination.delivery import queries, sending, worker
from dissemination.delivery.models import OPEN, Delivery
from dissemination.kernel.database import db


@click.group()
def outbox():
    """Outgoing mail."""


@outbox.command()
@with_appcontext
def deliver():
    """Send what is due, then stop. Tries also while sending is paused because the server was down."""
    tried = sending.deliver_due(force=True)
    db.session.rollback()
    waiting: Counter = Counter(
        dict(
            db.session.execute(
                select(Delivery.state, func.count()).where(Delivery.state.in_(OPEN)).group_by(Delivery.state)
            ).all()
        )
    )
    still = ", ".join(f"{n} {state}" for state, n in sorted(waiting.items())) or "nothing"
    click.echo(f"{tried} messages tried; waiting: {still}")
    trouble = queries.relay_trouble()
    if trouble:
        raise click.ClickException(f"the mail server does not take messages: {trouble}")


@click.command()
@with_appcontext
def work():
    """Send mail and run the periodic jobs until stopped (SIGTERM or Ctrl-C finish what is under way)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("huey").setLevel(logging.WARNING)
    click.echo("worker: sending mail and running jobs; Ctrl-C stops it", err=True)
    worker.run()


@click.group()
def mjml():
    """MJML files: check and render."""


def _source(file: str) -> str:
    try:
        return Path(file).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file}:1:1: not UTF-8 (octet {error.start})") from None


def _hosts() -> frozenset[str]:
    return frozenset({urlsplit(current_app.config["SETTINGS"].public_url).hostname or ""})


def _fail(file: str, problems) -> None:
    for problem in problems:
        warning = "" if problem.serious else "warning: "
        click.echo(f"{file}:{problem.line}:{problem.column}: {warning}{problem.message}", err=False)
    if any(problem.serious for problem in problems):
        sys.exit(1)


@mjml.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@with_appcontext
def check(file):
    """Say what is wrong with FILE: exit 0, or 1 with FILE:line:column: message."""
    _fail(file, renderer.check(_source(file), hosts=_hosts()))


@mjml.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@with_appcontext
def render(file):
    """Write FILE as HTML to standard output."""
    try:
        click.echo(renderer.render_draft(_source(file), hosts=_hosts()))
    except renderer.MjmlProblem as problem:
        for one in problem.problems:
            click.echo(f"{file}:{one.line}:{one.column}: {one.message}", err=True)
        sys.exit(1)


commands = (outbox, work, mjml)
