"""`flask districts add`: the first step of an installation."""

import click
from flask.cli import AppGroup

from dissemination.districts import actions
from dissemination.districts import queries as find
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal

districts = AppGroup("districts", help="The districts of this installation.")


@districts.command()
@click.argument("slug")
@click.option("--name", "name_it", required=True, help="Name in Italian.")
@click.option("--name-en", default="", help="Name in English; the Italian one when left out.")
@click.option("--managing-body", required=True, help="The soggetto gestore.")
@click.option("--mailbox", "mailbox_address", required=True, help="The address that writes and is read.")
@click.option("--place", default="")
def add(slug, name_it, name_en, managing_body, mailbox_address, place):
    """Add the district SLUG (its word in every address, such as moda)."""
    try:
        with transaction():
            actions.add(
                slug=slug, name_it=name_it, name_en=name_en or name_it, managing_body=managing_body,
                mailbox_name=name_it[:120], mailbox_address=mailbox_address, place=place,
            )  # fmt: skip
    except Refusal as refusal:
        raise click.ClickException(str(refusal.message)) from None
    click.echo(f"/{slug}/ is there. Next: flask accounts add EMAIL --role manager --district {slug}")


@districts.command("list")
def every():
    """One line per district."""
    for district in find.every():
        click.echo(f"{district.slug}\t{district.name_it}")


commands = (districts,)
