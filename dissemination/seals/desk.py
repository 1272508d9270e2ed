"""The log at the desk: its head, the heads told to others, what was verified, what was corrected."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.seals import actions, queries, texts
from dissemination.seals.models import Place
from dissemination.seals.sealing import seal

desk = Blueprint("seals_desk", __name__, url_prefix="/<district>/desk/plan/log")


@desk.get("")
@requires(Role.VIEWER)
def index(district):
    """How far the log is sealed, and what proves it."""
    asked = request.args.get("head", "").strip()
    heads, checks = queries.heads(district.id), queries.checks(district.id)
    corrections = queries.corrections(district.id)
    people = {h.by for h in heads} | {c.asked_by for c in checks} | {r.recorded_by for r in corrections}
    return render_template(
        "seals/log.html", head=queries.head(district.id), began_at=queries.began_at(district.id), heads=heads,
        checks=checks, corrections=corrections, asked=asked, texts=texts,
        holds=queries.holds(district.id, asked) if asked else None, head_of=queries.head_of,
        names=queries.names(people),
    )  # fmt: skip


@desk.post("/heads")
@requires(Role.ORGANISER)
def create_head(district):
    """Seal what is new and tell the head: a page to print and keep."""
    with transaction():
        row = actions.publish(seal(district.id), where=Place.PAGE, by=current_user)
        head_id = row.id
    return redirect(url_for(".head", district=district, head_id=head_id), 303)


@desk.get("/heads/<int:head_id>")
@requires(Role.VIEWER)
def head(district, head_id):
    """One head for printing."""
    row = queries.published(district.id, head_id) or abort(404)
    return render_template("seals/head.html", row=row, head=queries.head_of(row), texts=texts)


@desk.post("/checks")
@requires(Role.ORGANISER)
def create_check(district):
    """Have the whole log verified by the worker."""
    with transaction():
        actions.ask_check(district.id, by=current_user)
    flash(_("The log is being verified. The result will stand on this page."))
    return redirect(url_for(".index", district=district, _anchor="checks"), 303)
