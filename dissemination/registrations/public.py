"""What registrants see: the panel on the workshop's page, the form, and the personal page below /r/."""

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import NotFound

from dissemination.kernel import links
from dissemination.kernel.database import transaction
from dissemination.kernel.http import form_token
from dissemination.kernel.refusals import Refusal
from dissemination.registrations import actions, forms, kept, mails, queries
from dissemination.registrations.models import Standing
from dissemination.registrations.refusals import AlreadyRegistered
from dissemination.workshops.models import Workshop

public = Blueprint("registrations", __name__)
THANKS = "registered"


def panel(workshop: Workshop) -> str:
    """How to register, on the workshop's page: free seats, the deadline, or why it is not possible."""
    return render_template("registrations/_panel.html", workshop=workshop, **openness(workshop))


def openness(workshop: Workshop) -> dict:
    """What the panel and the pages say of seats and of why one cannot register."""
    refusal = None
    try:
        actions.check_open(workshop)
    except Refusal as why:
        refusal = why
    return {"seats": queries.seats(workshop), "refusal": refusal, "issue": forms.issue_id()}


@public.get("/<district>/workshops/<slug>/registrations")
def new(district, slug):
    """The form, kept ready: only tokens and the number of free seats differ from visit to visit."""
    door = queries.door(district, slug)
    if not _is_open(door):
        return _form_page(door, forms.public_form(door, district))
    return kept.page(
        (door.version, door.seats.left > 0),
        lambda: _form_page(door, forms.public_form(door, district), marked=True),
        csrf=generate_csrf, form_mark=form_token, seats=lambda: _seats_in_words(door.seats),
    )  # fmt: skip


def _is_open(door) -> bool:
    try:
        actions.check_open(door)
    except Refusal:
        return False
    return True


def _seats_in_words(seats) -> str:
    if seats.left:
        return ngettext("%(num)d seat left", "%(num)d seats left", seats.left)
    return _(
        "All seats are taken: you will be on the waiting list, and get a seat as soon as your turn comes."
    )


@public.post("/<district>/workshops/<slug>/registrations")
def create(district, slug):
    """Register. The answer is the same whether the person was registered before or not."""
    door = queries.door(district, slug)
    form = forms.public_form(door, district)
    if not form.validate():
        return _form_page(door, form), 422
    facts = form.facts()
    try:
        with transaction():
            standing = actions.register(queries.workshop_of(door), **facts).standing
    except AlreadyRegistered as refusal:
        standing = _write_to_her(door, refusal.registration_id)
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(door, form), refusal.status
    token = links.sign(THANKS, [slug, standing.value])
    return redirect(f"{request.path}/{token}", 303)


def _write_to_her(door, registration_id: int) -> Standing:
    """Send who is registered her link; what somebody new would have got, so that strangers learn nothing."""
    with transaction():
        workshop = queries.workshop_of(door)
        actions.send_link(queries.in_workshop(workshop, registration_id))
        return Standing.CONFIRMED if queries.seats_left(workshop) else Standing.WAITING


def _form_page(door, form, *, marked: bool = False) -> str:
    workshop = queries.workshop_of(door)
    values = {
        "csrf": kept.mark("csrf") if marked else generate_csrf(),
        "form_mark": kept.mark("form_mark") if marked else forms.form_mark() or form_token(),
        "in_words": kept.mark("seats") if marked else _seats_in_words(door.seats),
    }
    return render_template(
        "registrations/new.html", workshop=workshop, form=form, questions=forms.questions(form),
        place=mails.place(workshop), **openness(workshop), **values,
    )  # fmt: skip


@public.get("/<district>/workshops/<slug>/registrations/<token>")
def thanks(district, slug, token):
    """What happened and what comes next. Names nobody: anybody may have sent the form."""
    told = links.read(THANKS, token)
    if not isinstance(told, list) or told[0] != slug:
        raise NotFound
    door, standing = queries.door(district, slug), told[1]
    return private(
        kept.page(
            ("thanks", door.version, standing),
            lambda: render_template(
                "registrations/thanks.html", workshop=queries.workshop_of(door), standing=standing
            ),
        )
    )


def private(page, status: int = 200) -> Response:
    """A page behind a personal link: in no cache, in no search engine, in no Referer."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
