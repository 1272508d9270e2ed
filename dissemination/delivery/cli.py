"""Commands of delivery: `outbox deliver`, `work`, `mail receive` and `fetch`, `mjml check` and `render`."""

import json
import logging
import os
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from dissemination.delivery import imap, inbound, queries, receiving, sending, worker
from dissemination.delivery import mjml as renderer
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
    if trouble and queries.is_mail_stopped():
        raise click.ClickException(f"the mail server does not take messages: {trouble}")
    if trouble:
        click.echo(f"one mail server takes no messages, the others carry its share: {trouble}", err=True)


@click.command()
@with_appcontext
def work():
    """Send mail and run the periodic jobs until stopped (SIGTERM or Ctrl-C finish what is under way)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("huey").setLevel(logging.WARNING)
    click.echo("worker: sending mail and running jobs; Ctrl-C stops it", err=True)
    worker.run()


@click.group()
def mail():
    """Incoming mail."""


@mail.command()
@click.option("--explain", is_flag=True, help="Change nothing; print what would be done as JSON.")
@with_appcontext
def receive(explain):
    """Take in one message from standard input, as a mail server hands it over.

    Calendar answers to our invitations, bounces and complaints are acted on; all else is left to people,
    so hand this command a copy. Exit codes (sysexits.h): 0 read, also when nothing was to be done; 65
    refused for good, the message is over 5 MB; 75 not now, try again.
    """
    octets = sys.stdin.buffer.read(inbound.LIMIT + 1)
    try:
        incoming = inbound.read(octets)
    except inbound.TooLarge as why:
        click.echo(f"mail receive: refused: {why}.", err=True)
        sys.exit(os.EX_DATAERR)
    try:
        found = receiving.explain(incoming) if explain else receiving.take(incoming)
    except DBAPIError as trouble:
        click.echo(f"mail receive: the database does not answer, try again: {trouble.orig}", err=True)
        sys.exit(os.EX_TEMPFAIL)
    click.echo(json.dumps(found, ensure_ascii=False) if explain else receiving.in_words(found))


@mail.command()
@with_appcontext
def fetch():
    """Read the unseen messages of the IMAP mailbox once (the worker does it each minute)."""
    settings = current_app.config["SETTINGS"].imap
    if not settings.server:
        raise click.ClickException("no mailbox is configured: set IMAP_SERVER, IMAP_USERNAME, IMAP_PASSWORD")
    try:
        count = imap.fetch(settings, receiving.take_octets)
    except imap.Trouble as trouble:
        raise click.ClickException(str(trouble)) from None
    click.echo(f"{count.handled} handled, {count.left} left for people, {count.failed} to be tried again")


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


commands = (outbox, work, mail, mjml)
