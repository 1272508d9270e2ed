"""The organisers' side: who comes, who waits, who asks; adding somebody by hand."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.texts import FATES
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import actions, answers, forms, queries, rooms, rows
from dissemination.registrations.models import Attends, Group, Registration, Standing
from dissemination.registrations.rows import Tab
from dissemination.registrations.texts import STANDINGS, WAYS
from dissemination.workshops import queries as workshops

desk = Blueprint(
    "registrations_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/registrations"
)  # fmt: skip


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """Who comes, waits and asks, in order; `?state=` and `?way=` narrow, `?q=` searches."""
    workshop = workshops.by_slug(district, slug)
    text = request.args.get("q", "").strip()
    tab, way = _one_of(Tab, "state") or Tab.ALL, _one_of(Attends, "way")
    found = rows.listed(workshop, tab, attends=way, text=text, after=request.args.get("after"))
    return render_template(
        "registrations/index.html", workshop=workshop, text=text, tab=tab, way=way, page=found, Tab=Tab,
        seats=queries.seats(workshop), counts=rows.counts(workshop), ways=rooms.ways(workshop),
        places=rows.places(workshop, found.rows), standings=STANDINGS, way_words=WAYS,
        twice=rows.perhaps_twice(workshop), may_organise=current_user.may(Role.ORGANISER, district),
        mails=queries.last_mails([r.id for r in found.rows]), fates=FATES,
    )  # fmt: skip


@desk.app_context_processor
def _asking():
    """For the workshop's own page, on a lower floor: nothing is asked before it does."""
    return {"asking": rows.asking}


def _one_of(kind, name: str):
    given = request.args.get(name, "")
    return kind(given) if given in {member.value for member in kind} else None


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
            facts = {**form.facts(), "attends": _way_chosen(workshop)}
            registration = actions.register(workshop, **facts, by=current_user)
            answers.claim(registration)
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(workshop, form), refusal.status
    flash(_added(registration))
    return redirect(url_for(".index", district=district, slug=slug), 303)


def _way_chosen(workshop) -> Attends | None:
    given = request.form.get("attends", "")
    return Attends(given) if given in [way.value for way in rooms.ways(workshop)] else None


def _added(registration) -> str:
    name = registration.contact.name
    if registration.standing is Standing.CONFIRMED:
        return _("%(name)s has a seat.", name=name)
    return _("All seats are taken: %(name)s is on the waiting list.", name=name)


def _form_page(workshop, form) -> str:
    return render_template(
        "registrations/desk_new.html", workshop=workshop, form=form, questions=answers.questions_of(form),
        form_mark=forms.form_mark(), seats=queries.seats(workshop), ways=rooms.ways(workshop),
        way_words=WAYS, chosen=request.form.get("attends", ""),
    )  # fmt: skip


def _desk_url(registration_id: int) -> str | None:
    """Where the desk shows a registration."""
    registration = db.session.get(Registration, registration_id)
    if registration is None:
        return None
    workshop = registration.workshop
    return url_for(
        "registrations_desk.show", district=workshop.district, slug=workshop.slug,
        registration_id=registration_id,
    )  # fmt: skip


def _group_url(group_id: int) -> str | None:
    group = db.session.get(Group, group_id)
    return _desk_url(group.members[0].id) if group is not None and group.members else None


subjects.register("registrations", _desk_url)
subjects.register("registration_groups", _group_url)
