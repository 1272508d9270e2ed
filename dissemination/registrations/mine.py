"""The personal page below /r/: how a registration stands, and what its person can do with it."""

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from dissemination.delivery.calendar import FeedEvent, feed
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import translated
from dissemination.kernel.refusals import Refusal
from dissemination.people import actions as people
from dissemination.registrations import actions, answers, forms, mails, queries
from dissemination.registrations.models import Standing
from dissemination.registrations.public import openness, private, public


def _mine(token):
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    return registration


def _my_page(token, registration, form, status: int = 200) -> Response:
    workshop = registration.workshop
    page = render_template(
        "registrations/mine.html", token=token, registration=registration, workshop=workshop, form=form,
        questions=answers.questions_of(form), position=queries.position(registration),
        place=mails.place(workshop), **openness(workshop),
    )  # fmt: skip
    return private(page, status)


@public.get("/r/<token>")
def mine(token):
    """My registration: how it stands, and what I can do."""
    registration = _mine(token)
    return _my_page(token, registration, forms.mine_form(registration))


@public.post("/r/<token>")
def update(token):
    """Change my name, role, answers or language."""
    registration = _mine(token)
    form = forms.mine_form(registration)
    if answers.uploads(form):
        with transaction():
            answers.store(form, registration.workshop)
    if not form.validate():
        return _my_page(token, registration, form, 422)
    try:
        with transaction():
            actions.revise(
                registration, job_title=form.job_title.data or "", answers=answers.read(form),
                language=form.language.data,
            )  # fmt: skip
            answers.claim(registration)
            _rename(registration.contact, form)
    except Refusal as refusal:
        form.refuse(refusal)
        return _my_page(token, registration, form, refusal.status)
    flash(_("Your changes are saved."))
    return redirect(url_for(".mine", token=token), 303)


def _rename(contact, form) -> None:
    """The link came by mail to the contact's address: she may correct her own name."""
    people.revise_contact(
        contact, version=contact.version, email=contact.email, given_name=form.given_name.data,
        family_name=form.family_name.data, company=contact.company,
    )  # fmt: skip


@public.get("/r/<token>/cancellation")
def cancellation(token):
    """Ask before giving the place back."""
    registration = _mine(token)
    page = render_template(
        "registrations/cancellation.html", token=token, registration=registration,
        workshop=registration.workshop, seats=queries.seats(registration.workshop),
    )  # fmt: skip
    return private(page)


@public.post("/r/<token>/cancellation")
def create_cancellation(token):
    """Give the place back."""
    registration = _mine(token)
    with transaction():
        actions.cancel(registration)
    flash(_("Your registration is cancelled."))
    return redirect(url_for(".mine", token=token), 303)


@public.post("/r/<token>/restoration")
def create_restoration(token):
    """Take the place back while a seat is free."""
    registration = _mine(token)
    with transaction():
        actions.restore(registration)
    flash(_("Your seat is yours again."))
    return redirect(url_for(".mine", token=token), 303)


@public.get("/r/<token>/workshop.ics")
def calendar(token):
    """My dates as a file to open with a calendar (METHOD:PUBLISH)."""
    registration = _mine(token)
    if registration.standing is not Standing.CONFIRMED:
        raise NotFound
    workshop = registration.workshop
    page = mails.public_url(f"/{workshop.district.slug}/workshops/{workshop.slug}")
    events = [
        FeedEvent(
            uid=i.uid, start=i.starts_at, end=i.ends_at, summary=i.summary, location=i.location, url=page,
            description="", stamp=i.stamp, sequence=i.sequence,
        )
        for i in registration.invitations
        if i.method == "REQUEST"
    ]  # fmt: skip
    name = translated(workshop, "title")
    response = private(feed(events, name=name, zone=workshop.district.timezone))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    response.headers["Content-Disposition"] = f'attachment; filename="{workshop.slug}.ics"'
    return response


def may_undo(registration, seats) -> bool:
    """Whether `restore` would find a free seat now."""
    return registration.standing is Standing.CANCELLED and seats.left > 0


@public.app_context_processor
def _helpers():
    return {"may_undo": may_undo} if request.blueprint == "registrations" else {}
