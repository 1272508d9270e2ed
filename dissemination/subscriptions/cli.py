"""`flask subscriptions import`."""

import json
import sys

import click
from flask.cli import AppGroup

from dissemination.districts.queries import by_slug
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.subscriptions import import_queries, importing, queries
from dissemination.subscriptions.formats import MOST_BYTES, Upload
from dissemination.subscriptions.models import ImportState, SubscriberImport, Verdict

subscriptions = AppGroup("subscriptions", help="Subscribers of newsletters.")
commands = (subscriptions,)


@subscriptions.command("import")
@click.argument("files", type=click.File("rb"), nargs=-1, required=True)
@click.option("--district", "slug", required=True)
@click.option(
    "--topic", "codes", multiple=True, help="Code of a topic; may be given again. Default: all offered."
)
@click.option("--basis", default="", help="The legal basis, in words; needed unless --dry-run.")
@click.option("--language", type=click.Choice(["it", "en"]), default="it", help="Where the file says none.")
@click.option(
    "--refusals", type=click.File("rb"), multiple=True, help="A file of people not to be written to."
)
@click.option("--leave-out-wrong", is_flag=True, help="Enter the rest although some lines cannot be used.")
@click.option("--dry-run", is_flag=True, help="Look only, enter nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_files(files, slug, codes, basis, language, refusals, leave_out_wrong, dry_run, as_json):
    """Enter the subscribers of FILES (CSV, listmonk's export, Mailchimp's ZIP or CSV): all of it or nothing.

    At most 10 MB and 100,000 lines. Exit code 1 when nothing was entered.
    """
    district = by_slug(slug)
    if district is None:
        raise click.BadParameter(f"there is no district {slug!r}", param_hint="--district")
    if not basis.strip() and not dry_run:
        raise click.UsageError("Give --basis: on which legal basis may these people be written to?")
    offered = queries.topics(district.id)
    unknown = set(codes) - {t.code for t in offered}
    if unknown:
        raise click.BadParameter(f"no such topic: {', '.join(sorted(unknown))}", param_hint="--topic")
    uploads = [
        Upload(f.name.rsplit("/", 1)[-1], f.read(MOST_BYTES + 1), refuses)
        for group, refuses in ((files, False), (refusals, True))
        for f in group
    ]
    try:
        with transaction():
            row = importing.upload(
                district, uploads, topics=[t for t in offered if not codes or t.code in codes],
                language=language, basis=basis or "dry run", by=None,
            )  # fmt: skip
            import_id = row.id
    except Refusal as refusal:
        raise click.ClickException(str(refusal.message)) from None
    importing.go_on(import_id)
    row = _row(import_id)
    found = {
        "lines": row.lines, "counts": row.counts, "format": row.format,
        "problems": _problems(row), "entered": False,
    }  # fmt: skip
    if not dry_run and row.state is ImportState.READ:
        found["entered"] = _enter(row, leave_out_wrong)
    elif row.state is ImportState.READ:
        with transaction():
            importing.drop(row)
    _say(found, as_json)
    sys.exit(0 if found["entered"] or (dry_run and not found["problems"]) else 1)


def _row(import_id: int) -> SubscriberImport:
    return db.session.get_one(SubscriberImport, import_id, populate_existing=True)


def _problems(row: SubscriberImport) -> list[dict]:
    names = [one["name"] for one in row.files]
    found = [
        {"file": names[r.file], "line": r.line, "message": r.message}
        for r in import_queries.every_line(row)
        if r.verdict is Verdict.WRONG
    ]
    return [*found, {"file": row.name, "line": 0, "message": row.trouble}] if row.trouble else found


def _enter(row: SubscriberImport, leave_out_wrong: bool) -> bool:
    try:
        with transaction():
            importing.approve(row, leaves_out_wrong=leave_out_wrong)
            import_id = row.id
    except importing.HasProblems:
        with transaction():
            importing.drop(row)
        return False
    importing.go_on(import_id)
    return _row(import_id).state is ImportState.DONE


def _say(found: dict, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for problem in found["problems"]:
        click.echo(f"{problem['file']}:{problem['line']}: {problem['message']}", err=True)
    counts = ", ".join(f"{name} {number}" for name, number in sorted(found["counts"].items()))
    click.echo(f"{'entered' if found['entered'] else 'nothing entered'}: {found['lines']} lines: {counts}")
