"""The page of a group's booker below /rg/: all her colleagues, each with her state, to cancel or replace."""

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.registrations import actions, posts, queries
from dissemination.registrations.mine import is_open, may_pass_on
from dissemination.registrations.mine_forms import SubstituteForm
from dissemination.registrations.models import LIVING, By
from dissemination.registrations.public import private, public
from dissemination.registrations.texts import STANDINGS


def _group(token):
    group = queries.by_group_token(token)
    members = queries.members(group)
    g.district = members[0].workshop.district
    return group, members


def _one(token, registration_id):
    group, members = _group(token)
    registration = next((m for m in members if m.id == registration_id), None)
    if registration is None:
        raise NotFound
    return group, registration


def _to_group(token):
    return redirect(url_for(".group", token=token), 303)


@public.get("/rg/<token>")
def group(token):
    """My colleagues: how each stands, and what I can do for her."""
    found, members = _group(token)
    workshop = members[0].workshop
    page = render_template(
        "registrations/mine_group.html", token=token, group=found, members=members, workshop=workshop,
        standings=STANDINGS, place=posts.place(workshop, members[0].attends), is_open=is_open,
        may_pass_on=may_pass_on, unproven=any(m.proof_due and m.standing in LIVING for m in members),
    )  # fmt: skip
    return private(page)


@public.get("/rg/<token>/proof")
def group_proof(token):
    """Ask the booker to confirm her address with one button."""
    found, members = _group(token)
    if not any(m.proof_due is not None for m in members):
        return _to_group(token)
    page = render_template(
        "registrations/mine_group_proof.html", token=token, group=found, members=members,
        workshop=members[0].workshop,
    )  # fmt: skip
    return private(page)


@public.post("/rg/<token>/proof")
def create_group_proof(token):
    """The booker confirms her address: the places of all are theirs."""
    found, _members = _group(token)
    with transaction():
        proven = actions.prove_group(found)
    if proven:
        flash(_("Thank you: your address is confirmed. We have written to you and to your colleagues."))
    else:
        flash(_("Your address is confirmed, but the places were no longer held."), "warning")
    return _to_group(token)


@public.get("/rg/<token>/<int:registration_id>/cancellation")
def group_cancellation(token, registration_id):
    """Ask before cancelling a colleague's registration."""
    _found, registration = _one(token, registration_id)
    if registration.standing not in LIVING:
        return _to_group(token)
    page = render_template(
        "registrations/mine_group_cancellation.html", token=token, registration=registration,
        workshop=registration.workshop,
    )  # fmt: skip
    return private(page)


@public.post("/rg/<token>/<int:registration_id>/cancellation")
def create_group_cancellation(token, registration_id):
    """Cancel a colleague's registration."""
    found, registration = _one(token, registration_id)
    try:
        with transaction():
            actions.acted_for(found)
            actions.cancel(registration, who=By.COLLEAGUE)
    except Refusal as refusal:
        flash(str(refusal.message), "warning")
    else:
        flash(_("The registration of %(name)s is cancelled.", name=registration.contact.name))
    return _to_group(token)


@public.get("/rg/<token>/<int:registration_id>/substitution")
def group_substitution(token, registration_id):
    """Ask who comes instead of a colleague."""
    _found, registration = _one(token, registration_id)
    if not may_pass_on(registration):
        return _to_group(token)
    return _substitution_page(token, registration, SubstituteForm())


def _substitution_page(token, registration, form, status: int = 200):
    page = render_template(
        "registrations/mine_group_substitution.html", token=token, registration=registration, form=form,
        workshop=registration.workshop,
    )  # fmt: skip
    return private(page, status)


@public.post("/rg/<token>/<int:registration_id>/substitution")
def create_group_substitution(token, registration_id):
    """Pass a colleague's place on to another one."""
    found, registration = _one(token, registration_id)
    if not may_pass_on(registration):
        return _to_group(token)
    form = SubstituteForm()
    if not form.validate():
        return _substitution_page(token, registration, form, 422)
    try:
        with transaction():
            actions.acted_for(found)
            successor = actions.substitute(registration, **form.facts(), who=By.COLLEAGUE)
            name = successor.contact.name
    except Refusal as refusal:
        form.refuse(refusal)
        return _substitution_page(token, registration, form, refusal.status)
    flash(_("%(name)s comes instead. We have written to both.", name=name))
    return _to_group(token)
