"""The organisers' side: schedule, publish, cancel, copy, delete."""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.clock import local
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import actions, queries, slots
from dissemination.workshops.forms import CopyForm, ReasonForm, WorkshopForm, filters_from, values_of
from dissemination.workshops.linked import absolute
from dissemination.workshops.models import State
from dissemination.workshops.queries import Filters
from dissemination.workshops.refusals import ChangedMeanwhile

desk = Blueprint("workshops_desk", __name__, url_prefix="/<district>/desk/workshops")


def desk_url(workshop_id: int) -> str | None:
    """Where the desk shows a workshop: what a row of the activity log opens."""
    workshop = queries.by_id(workshop_id)
    return workshop and url_for("workshops_desk.show", district=workshop.district, slug=workshop.slug)


subjects.register("workshops", desk_url)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """All workshops; without filters those to come, with those to close above."""
    filters = filters_from(request.args, district, public=False)
    page = queries.listed(district, filters, after=request.args.get("after"))
    start = filters == Filters() and not request.args.get("after")
    return render_template(
        "workshops/desk_index.html", page=page, filters=filters, start=start, State=State,
        to_close=queries.to_close(district) if start else [], left=slots.left(page.rows),
    )  # fmt: skip


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Schedule a workshop: a draft that nobody sees yet."""
    form = WorkshopForm().offer(district)
    if not form.activity_line_id.choices:
        return render_template("workshops/desk_no_plan.html")
    if _is_save(form):
        try:
            with transaction():
                workshop = actions.add(district, by=current_user, **form.facts())
            flash(_("The draft is saved. Nobody sees it until you publish it."))
            return redirect(url_for(".show", district=district, slug=workshop.slug))
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, None)


@desk.get("/<slug>")
@requires(Role.VIEWER)
def show(district, slug):
    """Where the workshop stands and the one next step."""
    workshop = queries.by_slug(district, slug)
    public_url = absolute(url_for("workshops.show", district=district, slug=slug))
    return render_template(
        "workshops/desk_show.html", workshop=workshop, State=State, public_url=public_url,
        gaps=_gaps(workshop), left=slots.left([workshop]),
    )  # fmt: skip


@desk.route("/<slug>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug):
    """Change a workshop. A second editor is told; nothing is overwritten unseen."""
    workshop = queries.by_slug(district, slug)
    form = WorkshopForm(data=values_of(workshop) if request.method == "GET" else None)
    form.offer(district, workshop)
    if _is_save(form):
        try:
            before = workshop.revision
            with transaction():
                actions.revise(workshop, by=current_user, version=_number(form.version.data), **form.facts())
            _say_revised(workshop, before)
            return redirect(url_for(".show", district=district, slug=slug))
        except ChangedMeanwhile as refusal:
            form.refuse(refusal)
            form.version.data = str(queries.by_slug(district, slug).version)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, queries.by_slug(district, slug))


@desk.get("/<slug>/publication")
@requires(Role.ORGANISER)
def publication(district, slug):
    """Ask before the public sees it."""
    workshop = queries.by_slug(district, slug)
    return render_template("workshops/desk_publish.html", workshop=workshop, gaps=_gaps(workshop))


@desk.post("/<slug>/publication")
@requires(Role.ORGANISER)
def create_publication(district, slug):
    """Publish."""
    workshop = queries.by_slug(district, slug)
    with transaction():
        actions.publish(workshop, by=current_user)
    flash(_("The workshop is published and people can register. Share its link."))
    return redirect(url_for(".show", district=district, slug=slug))


@desk.route("/<slug>/cancellation", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def cancellation(district, slug):
    """Call it off, with the reason."""
    workshop = queries.by_slug(district, slug)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.cancel(workshop, reason=form.reason.data, by=current_user)
            flash(_("The workshop is cancelled. Everyone registered is being told."))
            return redirect(url_for(".show", district=district, slug=slug))
        except Refusal as refusal:
            form.refuse(refusal)
    return _page("workshops/desk_cancel.html", form, workshop=workshop)


@desk.route("/<slug>/copies", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def copies(district, slug):
    """The same again on another date, as a draft."""
    workshop = queries.by_slug(district, slug)
    first = local(workshop.starts_at, district.zone).date()
    form = CopyForm(data={"day": first + timedelta(days=7)} if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            with transaction():
                copy = actions.copy(workshop, by=current_user, day=form.day.data)
            flash(_("Here is the copy, a draft. Check dates and texts, then publish it."))
            return redirect(url_for(".show", district=district, slug=copy.slug))
        except Refusal as refusal:
            form.refuse(refusal)
    return _page("workshops/desk_copy.html", form, workshop=workshop)


@desk.get("/<slug>/deletion")
@requires(Role.ORGANISER)
def deletion(district, slug):
    """Ask before a draft is gone for good."""
    return render_template("workshops/desk_delete.html", workshop=queries.by_slug(district, slug))


@desk.post("/<slug>/deletion")
@requires(Role.ORGANISER)
def create_deletion(district, slug):
    """Delete a draft."""
    workshop = queries.by_slug(district, slug)
    with transaction():
        actions.delete_draft(workshop)
    flash(_("The draft is deleted."))
    return redirect(url_for(".index", district=district))


def _is_save(form: WorkshopForm) -> bool:
    """True when the form was sent to be saved and is right; named buttons only reshape it."""
    if not form.is_submitted() or form.reshape():
        g.reshaped = form.is_submitted()
        return False
    form.drop_blanks()
    return form.validate()


def _form_page(form, workshop):
    if not form.sessions.entries:
        form.sessions.append_entry()
    return _page("workshops/desk_form.html", form, workshop=workshop)


def _page(template, form, **facts):
    wrong = form.is_submitted() and not g.get("reshaped")
    return render_template(template, form=form, **facts), 422 if wrong else 200


def _number(text) -> int:
    return int(text) if (text or "").isdigit() else 0


def _say_revised(workshop, before) -> None:
    if workshop.revision != before and workshop.state is State.PUBLISHED:
        flash(_("Saved. Everyone registered is being told what changed, and their calendars are updated."))
    else:
        flash(_("Saved."))


def _gaps(workshop) -> list[str]:
    """What is still missing: nothing that stops publishing, all of it worth having."""
    gaps = {
        _("Title in English"): workshop.title_en,
        _("Abstract in Italian"): workshop.abstract_it.strip(),
        _("Abstract in English"): workshop.abstract_en.strip(),
        _("Sector"): workshop.sector_id,
        _("Macro-area"): workshop.macro_area_id,
        _("Address"): workshop.address or not workshop.venue,
        _("How to get there"): workshop.directions_it.strip() or not workshop.venue,
        _("Speakers"): any(s.speakers for s in workshop.sessions),
    }
    return [name for name, value in gaps.items() if not value]
