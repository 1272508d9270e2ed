"""What registrants see: the panel on the workshop's page, the form, and the personal page below /r/."""

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from dissemination.delivery.calendar import FeedEvent, feed
from dissemination.kernel import links
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import translated
from dissemination.kernel.refusals import Refusal
from dissemination.people import actions as people
from dissemination.registrations import actions, forms, mails, queries
from dissemination.registrations.models import Standing
from dissemination.registrations.refusals import AlreadyRegistered
from dissemination.workshops import queries as workshops
from dissemination.workshops.models import Workshop

public = Blueprint("registrations", __name__)
THANKS = "registered"


def panel(workshop: Workshop) -> str:
    """How to register, on the workshop's page: free seats, the deadline, or why it is not possible."""
    return render_template("registrations/_panel.html", workshop=workshop, **_openness(workshop))


def _openness(workshop: Workshop) -> dict:
    refusal = None
    try:
        actions.check_open(workshop)
    except Refusal as why:
        refusal = why
    return {"seats": queries.seats(workshop), "refusal": refusal, "issue": forms.issue_id()}


@public.get("/<district>/workshops/<slug>/registrations")
def new(district, slug):
    """The form."""
    workshop = workshops.by_slug(district, slug, public=True)
    return _form_page(workshop, forms.public_form(workshop))


@public.post("/<district>/workshops/<slug>/registrations")
def create(district, slug):
    """Register. The answer is the same whether the person was registered before or not."""
    workshop = workshops.by_slug(district, slug, public=True)
    form = forms.public_form(workshop)
    if not form.validate():
        return _form_page(workshop, form), 422
    facts = form.facts()
    try:
        with transaction():
            standing = actions.register(workshop, **facts).standing
    except AlreadyRegistered as refusal:
        standing = _write_to_her(workshop, refusal.registration_id)
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(workshop, form), refusal.status
    token = links.sign(THANKS, [slug, standing.value])
    return redirect(url_for(".thanks", district=district, slug=slug, token=token), 303)


def _write_to_her(workshop: Workshop, registration_id: int) -> Standing:
    """Send who is registered her link; what somebody new would have got, so that strangers learn nothing."""
    with transaction():
        actions.send_link(queries.in_workshop(workshop, registration_id))
    return Standing.CONFIRMED if queries.seats_left(workshop) else Standing.WAITING


def _form_page(workshop: Workshop, form) -> str:
    return render_template(
        "registrations/new.html", workshop=workshop, form=form, questions=forms.questions(form),
        form_mark=forms.form_mark(), place=mails.place(workshop), **_openness(workshop),
    )  # fmt: skip


@public.get("/<district>/workshops/<slug>/registrations/<token>")
def thanks(district, slug, token):
    """What happened and what comes next. Names nobody: anybody may have sent the form."""
    told = links.read(THANKS, token)
    if not isinstance(told, list) or told[0] != slug:
        raise NotFound
    workshop = workshops.by_slug(district, slug, public=True)
    return _private(render_template("registrations/thanks.html", workshop=workshop, standing=told[1]))


def _private(page, status: int = 200) -> Response:
    """A page behind a personal link: in no cache, in no search engine, in no Referer."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _mine(token):
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    return registration


def _my_page(token, registration, form, status: int = 200) -> Response:
    workshop = registration.workshop
    page = render_template(
        "registrations/mine.html", token=token, registration=registration, workshop=workshop, form=form,
        questions=forms.questions(form), position=queries.position(registration),
        place=mails.place(workshop), **_openness(workshop),
    )  # fmt: skip
    return _private(page, status)


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
    if not form.validate():
        return _my_page(token, registration, form, 422)
    try:
        with transaction():
            actions.revise(
                registration, job_title=form.job_title.data or "", answers=forms.answers(form),
                language=form.language.data,
            )  # fmt: skip
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
    return _private(page)


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
    response = _private(feed(events, name=name, zone=workshop.district.timezone))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    response.headers["Content-Disposition"] = f'attachment; filename="{workshop.slug}.ics"'
    return response


def may_undo(registration, seats) -> bool:
    """Whether `restore` would find a free seat now."""
    return registration.standing is Standing.CANCELLED and seats.left > 0


@public.app_context_processor
def _helpers():
    return {"may_undo": may_undo} if request.blueprint == "registrations" else {}
