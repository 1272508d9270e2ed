"""`flask accounts`, `flask companies`, `flask contacts`."""

import sys

import click
from flask.cli import AppGroup

from dissemination.districts.models import District
from dissemination.districts.queries import by_slug
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role
from dissemination.people import access, imports, mails

accounts = AppGroup("accounts", help="Those who sign in.")
companies = AppGroup("companies", help="The registry of companies.")
contacts = AppGroup("contacts", help="The people of the registry.")
commands = (accounts, companies, contacts)


def _district(slug: str) -> District:
    district = by_slug(slug)
    if district is None:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    return district


@accounts.command()
@click.argument("email")
@click.option("--name", default="")
@click.option("--role", type=click.Choice([r.value for r in Role]), required=True)
@click.option("--district", "slug", help="Left out for an observer, who reads all districts.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email, name, role, slug, password_stdin):
    """Give EMAIL an account and a role. Without a password, prints the link to set one."""
    if (slug is None) != (role == Role.OBSERVER):
        raise click.UsageError("Give --district for every role but observer, and only for those.")
    district = _district(slug) if slug else None
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    try:
        with transaction():
            account = access.add_account(email=email, name=name, password=password)
            access.appoint(account, Role(role), district)
    except Refusal as refusal:
        raise click.ClickException(str(refusal.message)) from None
    click.echo(f"{account.email}: {role}" + (f" of {slug}" if slug else ""))
    if not account.password:
        click.echo(mails.abroad("people_account.accept", token=access.invitation_token(account)))


def _import(kind: str, file, slug: str, *, dry_run: bool) -> None:
    district = _district(slug)
    report = imports.read(file.read(), kind)
    if dry_run and not report.problems:
        imports.check(report, kind, district)
    elif not dry_run:
        with transaction():
            imports.carry_out(report, kind, district)
    for problem in report.problems:
        click.echo(f"{file.name}:{problem.line}: {problem.message}", err=True)
    if report.problems:
        raise click.ClickException(f"{len(report.problems)} problems, nothing was written.")
    click.echo(f"{'would add' if dry_run else 'added'} {report.added}, already there {report.existing}")


@companies.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--district", "slug", required=True)
@click.option("--dry-run", is_flag=True, help="Check only, write nothing.")
def import_companies(file, slug, dry_run):
    """Add the companies of a CSV FILE (at most 5,000 rows, 1 MB, UTF-8): all of them or none."""
    _import("companies", file, slug, dry_run=dry_run)


@contacts.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--district", "slug", required=True)
@click.option("--dry-run", is_flag=True, help="Check only, write nothing.")
def import_contacts(file, slug, dry_run):
    """Add the contacts of a CSV FILE (at most 5,000 rows, 1 MB, UTF-8): all of them or none."""
    _import("contacts", file, slug, dry_run=dry_run)
