"""Pages below a personal link that change a place: confirm the address, take an offered seat, switch, send a
colleague. A GET never acts: mail scanners open links."""

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.registrations import actions, posts, queries, rooms
from dissemination.registrations.mine import is_open, may_pass_on
from dissemination.registrations.mine_forms import SubstituteForm
from dissemination.registrations.models import LIVING, Attends, Standing
from dissemination.registrations.public import private, public


def _mine(token):
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    return registration


def _to_mine(token):
    return redirect(url_for(".mine", token=token), 303)


def _page(name: str, token, registration, status: int = 200, **more):
    workshop = registration.workshop
    page = render_template(
        f"registrations/{name}.html", token=token, registration=registration, workshop=workshop,
        place=posts.place(workshop, registration.attends), **more,
    )  # fmt: skip
    return private(page, status)


@public.get("/r/<token>/proof")
def proof(token):
    """Ask her to confirm her address with one button."""
    registration = _mine(token)
    if registration.proof_due is None and registration.standing in LIVING:
        return _to_mine(token)
    return _page("mine_proof", token, registration)


@public.post("/r/<token>/proof")
def create_proof(token):
    """She confirms her address: the place is hers."""
    registration = _mine(token)
    with transaction():
        proven = actions.prove(registration)
    if proven:
        flash(_("Thank you: your address is confirmed. We have written to you."))
    elif registration.standing not in LIVING:
        flash(_("Your address is confirmed, but the place was no longer held for you."), "warning")
    return _to_mine(token)


@public.post("/r/<token>/proof/<int:other_id>")
def create_other_proof(token, other_id):
    """She also confirms another place held in her name."""
    registration = _mine(token)
    other = next((one for one in queries.unproven_of(registration) if one.id == other_id), None)
    if other is not None:
        with transaction():
            actions.prove(other)
        flash(_("Confirmed. We have written to you."))
    return _to_mine(token)


@public.get("/r/<token>/offer")
def offer(token):
    """The offered seat with two buttons."""
    registration = _mine(token)
    size = 1
    if registration.group is not None:
        size = sum(m.standing is Standing.OFFERED for m in queries.members(registration.group))
    return _page("mine_offer", token, registration, size=size)


@public.post("/r/<token>/offer")
def create_acceptance(token):
    """She takes the offered seat."""
    return _answer(token, actions.accept_offer, _("The seat is yours. The invitation is on its way."))


@public.post("/r/<token>/offer/refusal")
def create_refusal(token):
    """She leaves the offered seat to the next person."""
    return _answer(token, actions.refuse_offer, _("Thank you: the seat goes to the next person."))


def _answer(token, verb, words: str):
    registration = _mine(token)
    try:
        with transaction():
            verb(registration)
    except Refusal as refusal:
        flash(str(refusal.message), "warning")
    else:
        flash(words)
    return _to_mine(token)


@public.get("/r/<token>/way")
def way(token):
    """Ask before switching between the room and online."""
    registration = _mine(token)
    if not is_open(registration):
        return _to_mine(token)
    other = _other(registration)
    if not rooms.is_hybrid(registration.workshop):
        return _to_mine(token)
    seats = queries.seats(registration.workshop, other)
    return _page("mine_way", token, registration, other=other, seats=seats)


def _other(registration) -> Attends:
    return Attends.ONLINE if registration.attends is Attends.ROOM else Attends.ROOM


@public.post("/r/<token>/way")
def create_way(token):
    """She takes part the other way."""
    registration = _mine(token)
    if registration.proof_due is not None:
        return redirect(url_for(".proof", token=token), 303)
    other = _other(registration)
    words = {
        Attends.ONLINE: _("Done: you now take part online."),
        Attends.ROOM: _("Done: you now take part in the room."),
    }[other]
    return _answer(token, lambda found: actions.switch(found, other), words)


@public.get("/r/<token>/substitution")
def substitution(token):
    """Ask who comes instead."""
    registration = _mine(token)
    if not may_pass_on(registration):
        return _to_mine(token)
    return _page("mine_substitution", token, registration, form=SubstituteForm())


@public.post("/r/<token>/substitution")
def create_substitution(token):
    """Pass the place on to a colleague."""
    registration = _mine(token)
    if registration.proof_due is not None:
        return redirect(url_for(".proof", token=token), 303)
    form = SubstituteForm()
    if not form.validate():
        return _page("mine_substitution", token, registration, 422, form=form)
    try:
        with transaction():
            successor = actions.substitute(registration, **form.facts())
            name = successor.contact.name
    except Refusal as refusal:
        form.refuse(refusal)
        return _page("mine_substitution", token, _mine(token), refusal.status, form=form)
    flash(_("%(name)s comes instead of you. We have written to both of you.", name=name))
    return _to_mine(token)
