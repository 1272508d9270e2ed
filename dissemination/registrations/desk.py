"""The organisers' side: who comes, who waits, what each calendar was told."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.texts import FATES
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.languages import short_date
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan.exports import csv_response
from dissemination.registrations import actions, answers, forms, queries
from dissemination.registrations.models import Registration, Standing
from dissemination.registrations.texts import STANDINGS
from dissemination.workshops import queries as workshops

desk = Blueprint(
    "registrations_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/registrations"
)  # fmt: skip


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """Confirmed, then waiting, in order; `?q=` searches."""
    workshop = workshops.by_slug(district, slug)
    text = request.args.get("q", "").strip()
    people = queries.living(workshop, text)
    in_line = queries.waiting(workshop) if any(r.standing is Standing.WAITING for r in people) else []
    return render_template(
        "registrations/index.html", workshop=workshop, text=text, seats=queries.seats(workshop),
        confirmed=[r for r in people if r.standing is Standing.CONFIRMED],
        waiting=[r for r in people if r.standing is Standing.WAITING],
        places={r.id: place for place, r in enumerate(in_line, 1)},
        may_organise=current_user.may(Role.ORGANISER, district),
        cancelled=[] if text else queries.cancelled(workshop),
        mails=queries.last_mails([r.id for r in people]), fates=FATES,
    )  # fmt: skip


@desk.get("/registrations.csv")
@requires(Role.VIEWER)
def export(district, slug):
    """All registrations of the workshop with their answers, for a spreadsheet."""
    workshop = workshops.by_slug(district, slug)
    people = [*queries.living(workshop), *queries.cancelled(workshop)]
    head = [
        _("Number"), _("Standing"), _("Family name"), _("Given name"), _("E-mail address"), _("Role"),
        _("Organisation"), _("Partita IVA"), _("Province"), _("Registered on"),
        *(q.text_it for q in workshop.questions),
    ]  # fmt: skip
    return csv_response(f"{workshop.slug}.csv", head, (_line(r, workshop.questions) for r in people))


def _line(registration, questions) -> list:
    contact, company = registration.contact, registration.company
    return [
        registration.number, str(STANDINGS[registration.standing][0]), contact.family_name,
        contact.given_name, contact.email, registration.job_title, company.name if company else "",
        (company.tax_id or "") if company else "", company.province if company else "",
        short_date(registration.created_at),
        *(registration.answers.get(str(q.id), "") for q in questions),
    ]  # fmt: skip


@desk.get("/new")
@requires(Role.ORGANISER)
def new(district, slug):
    """Add a person by hand, also after the deadline."""
    workshop = workshops.by_slug(district, slug)
    return _form_page(workshop, forms.desk_form(workshop))


@desk.post("")
@requires(Role.ORGANISER)
def create(district, slug):
    """Register the person; she gets the same mails as if she had done it."""
    workshop = workshops.by_slug(district, slug)
    form = forms.desk_form(workshop)
    if answers.uploads(form):
        with transaction():
            answers.store(form, workshop)
    if not form.validate():
        return _form_page(workshop, form), 422
    try:
        with transaction():
            registration = actions.register(workshop, **form.facts(), by=current_user)
            answers.claim(registration)
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(workshop, form), refusal.status
    flash(_added(registration))
    return redirect(url_for(".index", district=district, slug=slug), 303)


def _added(registration) -> str:
    name = registration.contact.name
    if registration.standing is Standing.CONFIRMED:
        return _("%(name)s has a seat.", name=name)
    return _("All seats are taken: %(name)s is on the waiting list.", name=name)


def _form_page(workshop, form) -> str:
    return render_template(
        "registrations/desk_new.html", workshop=workshop, form=form, questions=answers.questions_of(form),
        form_mark=forms.form_mark(), seats=queries.seats(workshop),
    )  # fmt: skip


@desk.get("/<int:registration_id>/cancellation")
@requires(Role.ORGANISER)
def cancellation(district, slug, registration_id):
    """Ask before taking a person out."""
    workshop = workshops.by_slug(district, slug)
    registration = queries.in_workshop(workshop, registration_id)
    return render_template(
        "registrations/desk_cancellation.html", workshop=workshop, registration=registration,
        seats=queries.seats(workshop),
    )  # fmt: skip


@desk.post("/<int:registration_id>/cancellation")
@requires(Role.ORGANISER)
def create_cancellation(district, slug, registration_id):
    """Take a person out; who waits first gets the seat."""
    workshop = workshops.by_slug(district, slug)
    registration = queries.in_workshop(workshop, registration_id)
    with transaction():
        actions.cancel(registration, by=current_user)
    flash(_("The registration of %(name)s is cancelled.", name=registration.contact.name))
    return redirect(url_for(".index", district=district, slug=slug), 303)


def _desk_url(registration_id: int) -> str | None:
    """Where the desk shows a registration: the list of its workshop."""
    registration = db.session.get(Registration, registration_id)
    if registration is None:
        return None
    workshop = registration.workshop
    return url_for("registrations_desk.index", district=workshop.district, slug=workshop.slug)


subjects.register("registrations", _desk_url)
