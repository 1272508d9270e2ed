"""The personal page below /r/: how a registration stands, and what its person can do with it."""

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from dissemination.delivery.calendar import FeedEvent, feed
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import translated
from dissemination.kernel.refusals import Refusal
from dissemination.people import actions as people
from dissemination.registrations import (
    actions,
    answers,
    forms,
    history,
    mails,
    posts,
    queries,
    rooms,
    sections,
)
from dissemination.registrations.models import LIVING, Attends, By, Standing, What
from dissemination.registrations.public import openness, private, public
from dissemination.registrations.texts import STANDINGS


def _mine(token):
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    return registration


def _my_page(token, registration, form, status: int = 200) -> Response:
    workshop = registration.workshop
    group = registration.group
    booked = group if group is not None and group.contact_id == registration.contact_id else None
    joins = registration.standing is Standing.CONFIRMED and registration.attends is Attends.ONLINE
    page = render_template(
        "registrations/mine.html", token=token, registration=registration, workshop=workshop, form=form,
        questions=answers.questions_of(form), position=queries.position(registration),
        missing=answers.missing(workshop, registration.answers),
        place=posts.place(workshop, registration.attends), group=group,
        join_url=posts.join_url(registration) if joins and workshop.cancellation is None else "",
        group_token=queries.group_token(booked) if booked else None,
        colleagues=queries.members(booked) if booked else [], standings=STANDINGS,
        unproven=queries.unproven_of(registration), closing_words=_closing_words(registration),
        other_way=_other_way(registration), may_pass_on=may_pass_on(registration),
        sections=sections.of(registration, token), **openness(workshop),
    )  # fmt: skip
    return private(page, status)


def _closing_words(registration) -> str:
    """The reason that an organiser gave for a refusal or a cancellation."""
    if registration.standing not in (Standing.CANCELLED, Standing.REFUSED):
        return ""
    ends = [e for e in queries.history(registration) if e.what in (What.REFUSED, What.CANCELLED)]
    return ends[-1].reason if ends and ends[-1].who is By.ORGANISER else ""


def is_open(registration) -> bool:
    """Whether its person may still change how she takes part."""
    workshop = registration.workshop
    return (
        registration.standing in LIVING and registration.proof_due is None and workshop.starts_at > now()
        and workshop.cancellation is None and workshop.closing is None
    )  # fmt: skip


def may_pass_on(registration) -> bool:
    """Whether she may send a colleague instead."""
    return is_open(registration) and registration.company_id is not None


def _other_way(registration) -> Attends | None:
    """Where she could take part instead."""
    if not is_open(registration) or not rooms.is_hybrid(registration.workshop):
        return None
    return Attends.ONLINE if registration.attends is Attends.ROOM else Attends.ROOM


@public.get("/r/<token>")
def mine(token):
    """My registration: how it stands, and what I can do."""
    registration = _mine(token)
    return _my_page(token, registration, forms.mine_form(registration))


@public.post("/r/<token>")
def update(token):
    """Change my name, role, answers or language."""
    registration = _mine(token)
    if registration.proof_due is not None:
        return redirect(url_for(".proof", token=token), 303)
    form = forms.mine_form(registration)
    if answers.uploads(form):
        with transaction():
            answers.store(form, registration.workshop)
    if not form.validate():
        return _my_page(token, registration, form, 422)
    try:
        with transaction():
            actions.acted(registration)
            actions.revise(
                registration, job_title=form.job_title.data or "", answers=answers.read(form),
                language=form.language.data,
            )  # fmt: skip
            answers.claim(registration)
            _rename(registration, form)
    except Refusal as refusal:
        form.refuse(refusal)
        return _my_page(token, registration, form, refusal.status)
    flash(_("Your changes are saved."))
    return redirect(url_for(".mine", token=token), 303)


def _rename(registration, form) -> None:
    """The link came by mail to the contact's address: she may correct her own name."""
    contact = registration.contact
    changed = {
        name: [getattr(contact, name), form[name].data]
        for name in ("given_name", "family_name")
        if getattr(contact, name) != form[name].data
    }
    if not changed:
        return
    people.revise_contact(
        contact, version=contact.version, email=contact.email, given_name=form.given_name.data,
        family_name=form.family_name.data, company=contact.company,
    )  # fmt: skip
    history.note(registration, What.REVISED, By.PERSON, details=changed)


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
    """Take the place back while a seat is free, or ask for it anew where an organiser decides."""
    registration = _mine(token)
    with transaction():
        actions.restore(registration)
        is_hers = registration.standing is Standing.CONFIRMED
    flash(_("Your seat is yours again.") if is_hers else _("Your request is with the organiser again."))
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
    part = seats
    if seats.parts:
        part = seats.parts[rooms.ways(registration.workshop).index(registration.attends)]
    return registration.standing is Standing.CANCELLED and part.left > 0


@public.app_context_processor
def _helpers():
    return {"may_undo": may_undo} if request.blueprint == "registrations" else {}
