"""The calls at the desk: write down, change, publish, withdraw, remove."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.calls import actions, hooks, queries
from dissemination.calls.forms import CallForm, values_of_call
from dissemination.calls.models import Call
from dissemination.calls.public import WORDS
from dissemination.kernel import subjects
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires

desk = Blueprint("calls_desk", __name__, url_prefix="/<district>/desk/calls")


def desk_url(call_id: int) -> str | None:
    """Where the desk shows a call."""
    row = db.session.get(Call, call_id)
    return row and url_for("calls_desk.show", district=row.district, slug=row.slug)


subjects.register("calls", desk_url)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """All calls, newest first."""
    page = queries.listed(district.id, after=request.args.get("after"))
    return render_template("calls/desk_index.html", page=page, at=now(), **WORDS)


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Write a call down: a draft that nobody else sees."""
    form = CallForm().of(district)
    if form.validate_on_submit():
        try:
            with transaction():
                call = actions.add_call(district, by=current_user, **form.facts())
            flash(_("The draft is saved. Nobody sees it until it is published."))
            return redirect(url_for(".show", district=district, slug=call.slug), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, None)


@desk.get("/<slug>")
@requires(Role.VIEWER)
def show(district, slug):
    """A call as it stands, the one next step, and what higher floors say of it."""
    call = queries.by_slug(district, slug)
    return render_template(
        "calls/desk_show.html", call=call, at=now(), sections=hooks.sections(call), **WORDS
    )


@desk.route("/<slug>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug):
    """Change a call; its address stays."""
    call = queries.by_slug(district, slug)
    form = CallForm(data=None if request.method == "POST" else values_of_call(call)).of(district, call)
    if form.validate_on_submit():
        try:
            with transaction():
                actions.revise_call(call, version=version_of(form), **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".show", district=district, slug=slug), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, call)


def version_of(form) -> int:
    """The version that was read, as the form sent it back; 0 fits none."""
    sent = form.version.data or ""
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0


@desk.post("/<slug>/publication")
@requires(Role.ORGANISER)
def create_publication(district, slug):
    """Show it to the public."""
    call = queries.by_slug(district, slug)
    with transaction():
        actions.publish(call)
    flash(_("The call is public."))
    return redirect(url_for(".show", district=district, slug=slug), 303)


@desk.post("/<slug>/withdrawal")
@requires(Role.ORGANISER)
def create_withdrawal(district, slug):
    """Say that its body took it back."""
    call = queries.by_slug(district, slug)
    with transaction():
        actions.withdraw(call)
    flash(_("The call is withdrawn; its page says so."))
    return redirect(url_for(".show", district=district, slug=slug), 303)


@desk.post("/<slug>/removal")
@requires(Role.ORGANISER)
def create_removal(district, slug):
    """Remove a draft."""
    call = queries.by_slug(district, slug)
    with transaction():
        actions.remove_call(call)
    flash(_("The draft is removed."))
    return redirect(url_for(".index", district=district), 303)


def _form_page(form, call):
    page = render_template("calls/form.html", form=form, call=call)
    return page, 422 if form.errors else 200
