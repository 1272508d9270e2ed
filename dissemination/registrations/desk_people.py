"""One registration at the desk: how it stands, what happened to it, and what an organiser can do with it."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.texts import FATES
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import actions, queries, rooms, rows
from dissemination.registrations.desk import desk
from dissemination.registrations.desk_forms import CancelForm, PlaceForm, ReasonForm
from dissemination.registrations.export_rows import WHATS, WHOS, changes
from dissemination.registrations.mine_forms import SubstituteForm
from dissemination.registrations.models import LIVING, Attends
from dissemination.registrations.texts import STANDINGS, WAYS
from dissemination.workshops import queries as workshops


def _found(district, slug, registration_id):
    workshop = workshops.by_slug(district, slug)
    return workshop, queries.in_workshop(workshop, registration_id)


def _to(registration):
    workshop = registration.workshop
    return redirect(
        url_for(".show", district=workshop.district, slug=workshop.slug, registration_id=registration.id), 303
    )


def _form(name: str, **more):
    """One of the forms of the page; each has names of its own."""
    return (PlaceForm if name == "place_form" else ReasonForm)(prefix=f"{name}-", **more)


def _page(workshop, registration, status: int = 200, **forms):
    events = queries.history(registration)
    group = registration.group
    other = Attends.ONLINE if registration.attends is Attends.ROOM else Attends.ROOM
    forms = {
        "place_form": None, "seat_form": None, "way_form": None, "refusal_form": None, **forms,
    }  # fmt: skip
    forms = {name: made or _form(name, formdata=None) for name, made in forms.items()}
    page = render_template(
        "registrations/desk_show.html", workshop=workshop, registration=registration, events=events,
        accounts=rows.names_of_accounts(e.account_id for e in events), whats=WHATS, whos=WHOS,
        changes=changes(workshop),
        standings=STANDINGS, way_words=WAYS, position=queries.position(registration),
        members=queries.members(group) if group else [], living=registration.standing in LIVING,
        other=other if rooms.is_hybrid(workshop) else None, fates=FATES,
        mail=queries.last_mails([registration.id]).get(registration.id),
        begun=workshop.starts_at <= now(),
        may_organise=current_user.may(Role.ORGANISER, workshop.district), **forms,
    )  # fmt: skip
    return page, status


@desk.get("/<int:registration_id>")
@requires(Role.VIEWER)
def show(district, slug, registration_id):
    """How a registration stands, its history, and what can be done."""
    return _page(*_found(district, slug, registration_id))


def _do(registration, verb, words: str, **facts):
    """One verb; what it refuses is said on the page of the registration."""
    try:
        with transaction():
            verb(registration, by=current_user, **facts)
    except Refusal as refusal:
        flash(str(refusal.message), "error")
    else:
        flash(words)
    return _to(registration)


def _do_with(name: str, found, verb, words: str, **facts):
    """The same with a form; what is wrong is said at its field."""
    (workshop, registration), form = found, _form(name)
    if not form.validate():
        return _page(workshop, registration, 422, **{name: form})
    given = {field.short_name: field.data for field in form if field.short_name != "csrf_token"}
    try:
        with transaction():
            verb(registration, by=current_user, **given, **facts)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(registration.workshop, registration, refusal.status, **{name: form})
    flash(words)
    return _to(registration)


def _again(registration):
    return registration.workshop, registration


@desk.post("/<int:registration_id>/approval")
@requires(Role.ORGANISER)
def create_approval(district, slug, registration_id):
    """Say yes: a seat, or a place in the waiting list."""
    _workshop, registration = _found(district, slug, registration_id)
    return _do(registration, actions.approve, _("Approved. The person has been told."))


@desk.post("/<int:registration_id>/refusal")
@requires(Role.ORGANISER)
def create_refusal(district, slug, registration_id):
    """Say no, with a reason that the person is told."""
    found = _found(district, slug, registration_id)
    return _do_with("refusal_form", found, actions.refuse, _("Refused. The person has been told."))


@desk.get("/<int:registration_id>/cancellation")
@requires(Role.ORGANISER)
def cancellation(district, slug, registration_id):
    """Ask before taking a person out."""
    return _cancel_page(*_found(district, slug, registration_id), CancelForm(formdata=None))


def _cancel_page(workshop, registration, form, status: int = 200):
    page = render_template(
        "registrations/desk_cancellation.html", workshop=workshop, registration=registration, form=form,
        seats=queries.seats(workshop, registration.attends),
    )  # fmt: skip
    return page, status


@desk.post("/<int:registration_id>/cancellation")
@requires(Role.ORGANISER)
def create_cancellation(district, slug, registration_id):
    """Take a person out; whoever is next and fits gets the seat."""
    workshop, registration = _found(district, slug, registration_id)
    form = CancelForm()
    if not form.validate():
        return _cancel_page(workshop, registration, form, 422)
    name = registration.contact.name
    words = _("The registration of %(name)s is cancelled.", name=name)
    return _do(registration, actions.cancel, words, reason=form.reason.data or "")


@desk.post("/<int:registration_id>/restoration")
@requires(Role.ORGANISER)
def create_restoration(district, slug, registration_id):
    """Take a cancellation, a refusal or an expired offer back."""
    _workshop, registration = _found(district, slug, registration_id)
    return _do(registration, actions.restore, _("Restored. The person has been told how she stands now."))


@desk.post("/<int:registration_id>/proof")
@requires(Role.ORGANISER)
def create_proof(district, slug, registration_id):
    """Vouch for a person who has not confirmed her address."""
    _workshop, registration = _found(district, slug, registration_id)
    return _do(registration, actions.vouch, _("The place stands. The person has been told."))


@desk.post("/<int:registration_id>/offer")
@requires(Role.ORGANISER)
def create_acceptance(district, slug, registration_id):
    """She took the offered seat by telephone."""
    _workshop, registration = _found(district, slug, registration_id)
    return _do(registration, actions.accept_offer, _("The seat is hers. The invitation is on its way."))


@desk.post("/<int:registration_id>/place")
@requires(Role.ORGANISER)
def create_place(district, slug, registration_id):
    """Move her within the waiting list, with a reason."""
    found = _found(district, slug, registration_id)
    return _do_with("place_form", found, actions.move, _("Moved. The reason stands in the history."))


@desk.post("/<int:registration_id>/seat")
@requires(Role.ORGANISER)
def create_seat(district, slug, registration_id):
    """Give her a free seat out of order, with a reason."""
    found = _found(district, slug, registration_id)
    return _do_with(
        "seat_form",
        found,
        actions.give_seat,
        _("The seat is hers. The invitation is on its way."),
    )


@desk.post("/<int:registration_id>/way")
@requires(Role.ORGANISER)
def create_way(district, slug, registration_id):
    """Let her take part the other way, with a reason."""
    found = _found(district, slug, registration_id)
    other = Attends.ONLINE if found[1].attends is Attends.ROOM else Attends.ROOM
    return _do_with(
        "way_form",
        found,
        actions.switch,
        _("Changed. The person has been told."),
        attends=other,
    )


@desk.post("/<int:registration_id>/link")
@requires(Role.ORGANISER)
def create_link(district, slug, registration_id):
    """Send her personal link again."""
    _workshop, registration = _found(district, slug, registration_id)
    with transaction():
        actions.send_link(registration)
    flash(_("The personal link goes out by e-mail, once a day at most."))
    return _to(registration)


@desk.get("/<int:registration_id>/substitution")
@requires(Role.ORGANISER)
def substitution(district, slug, registration_id):
    """Ask who comes instead."""
    workshop, registration = _found(district, slug, registration_id)
    if registration.standing not in LIVING:
        return _to(registration)
    return _substitution_page(workshop, registration, SubstituteForm(formdata=None))


def _substitution_page(workshop, registration, form, status: int = 200):
    page = render_template(
        "registrations/desk_substitution.html", workshop=workshop, registration=registration, form=form
    )
    return page, status


@desk.post("/<int:registration_id>/substitution")
@requires(Role.ORGANISER)
def create_substitution(district, slug, registration_id):
    """Give the place to somebody else."""
    workshop, registration = _found(district, slug, registration_id)
    form = SubstituteForm()
    if not form.validate():
        return _substitution_page(workshop, registration, form, 422)
    try:
        with transaction():
            successor = actions.substitute(registration, **form.facts(), by=current_user)
            name = successor.contact.name
    except Refusal as refusal:
        form.refuse(refusal)
        return _substitution_page(*_again(registration), form, refusal.status)
    flash(_("%(name)s comes instead. We have written to both.", name=name))
    return _to(successor)
