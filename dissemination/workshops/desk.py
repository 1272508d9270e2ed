"""The organisers' side: schedule, publish, cancel, copy, delete."""

from datetime import date, timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.clock import local, now, today
from dissemination.kernel.database import transaction
from dissemination.kernel.http import form_token
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import actions, agenda, clashes, gaps, outlook, profiles, queries, series, slots
from dissemination.workshops.desk_forms import DayForm, ReasonForm, whole
from dissemination.workshops.forms import WorkshopForm, differing, filters_from, values_of
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
    to_close = queries.to_close(district) if start else []
    return render_template(
        "workshops/desk_index.html", page=page, filters=filters, start=start, State=State,
        to_close=to_close, left=slots.left(page.rows),
        gaps=gaps.count_many([*page.rows, *to_close], district.id),
    )  # fmt: skip


@desk.get("/calendar")
@requires(Role.VIEWER)
def calendar(district):
    """A month, day by day: drafts and private workshops too."""
    filters = filters_from(request.args, district, public=False)
    first = filters.month or today(district.zone)
    month = agenda.month(district, first, public=False, sector_id=filters.sector_id)
    return render_template("workshops/desk_calendar.html", month=month, filters=filters)


@desk.get("/feeding")
@requires(Role.VIEWER)
def feeding(district):
    """The indicators that a line will feed on a day: a part of the form's page."""
    day, line = _day(request.args.get("sessions-0-day", "")), whole(request.args.get("activity_line_id"))
    return render_template("workshops/_outlook.html", outlook=outlook.on(district, day, line))


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
                mark = form.form_mark.data
                workshop = actions.add(district, by=current_user, form_mark=mark, **form.facts())
            flash(_("The draft is saved. Nobody sees it until you publish it."))
            _say_doubled(form)
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
        gaps=gaps.of(workshop), left=slots.left([workshop]), clashes=clashes.of(workshop),
        outlook=outlook.of(workshop), dates=_series_dates(workshop), is_past=workshop.ends_at <= now(),
        now=now(),
    )  # fmt: skip


@desk.route("/<slug>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug):
    """Change a workshop. A second editor is told; nothing is overwritten unseen."""
    workshop = queries.by_slug(district, slug)
    form = WorkshopForm(data=values_of(workshop) if request.method == "GET" else None)
    form.offer(district, workshop)
    saved_now: list[tuple[str, str]] = []
    if _is_save(form):
        try:
            before = workshop.revision
            with transaction():
                actions.revise(workshop, by=current_user, version=whole(form.version.data), **form.facts())
            _say_revised(workshop, before)
            _say_doubled(form)
            return redirect(url_for(".show", district=district, slug=slug))
        except ChangedMeanwhile as refusal:
            form.refuse(refusal)
            workshop = queries.by_slug(district, slug)
            form.version.data, saved_now = str(workshop.version), differing(form, workshop)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, queries.by_slug(district, slug), saved_now)


@desk.get("/<slug>/publication")
@requires(Role.ORGANISER)
def publication(district, slug):
    """Ask before the public sees it."""
    workshop = queries.by_slug(district, slug)
    return render_template(
        "workshops/desk_publish.html", workshop=workshop, gaps=gaps.of(workshop),
        clashes=clashes.of(workshop), is_past=workshop.ends_at <= now(),
        is_open=workshop.registration_deadline > now(),
    )  # fmt: skip


@desk.post("/<slug>/publication")
@requires(Role.ORGANISER)
def create_publication(district, slug):
    """Publish."""
    workshop = queries.by_slug(district, slug)
    with transaction():
        actions.publish(workshop, by=current_user)
    flash(_published(workshop))
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


@desk.route("/<slug>/reinstatement", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def reinstatement(district, slug):
    """Take a cancellation back, with the reason."""
    workshop = queries.by_slug(district, slug)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.reinstate(workshop, reason=form.reason.data, by=current_user)
            flash(_("The workshop takes place after all. Everyone registered is being told."))
            return redirect(url_for(".show", district=district, slug=slug))
        except Refusal as refusal:
            form.refuse(refusal)
    return _page("workshops/desk_reinstate.html", form, workshop=workshop)


@desk.route("/<slug>/copies", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def copies(district, slug):
    """The same again on another date, as a draft."""
    workshop = queries.by_slug(district, slug)
    first = local(workshop.starts_at, district.zone).date()
    usual = {"day": first + timedelta(days=7), "form_mark": form_token()}
    form = DayForm(data=usual if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            with transaction():
                mark = form.form_mark.data
                copy = actions.copy(workshop, by=current_user, day=form.day.data, form_mark=mark)
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


def _form_page(form, workshop, saved_now=()):
    district = g.district
    form.make_room()
    if workshop is None and not form.form_mark.data:
        form.form_mark.data = form_token()
    day = form.sessions.entries[0].form.day.data or today(district.zone)
    line = form.activity_line_id.data or form.activity_line_id.choices[0][0]
    return _page(
        "workshops/desk_form.html", form, workshop=workshop, outlook=outlook.on(district, day, line),
        names=profiles.names(district.id), clashes=clashes.of(workshop) if workshop else [],
        saved_now=saved_now,
    )  # fmt: skip


def _page(template, form, **facts):
    wrong = form.is_submitted() and not g.get("reshaped")
    return render_template(template, form=form, **facts), 422 if wrong else 200


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today(g.district.zone)


def _series_dates(workshop) -> list:
    found = series.by_id(workshop.district_id, workshop.series_id) if workshop.series_id else None
    return found.workshops if found else []


def _published(workshop) -> str:
    if workshop.ends_at <= now():
        return _("The workshop is published. It is over: it stands among the past ones.")
    if workshop.is_private:
        return _("The workshop is published for those whom you invite. Add them on its page “Guests”.")
    if workshop.registration_deadline <= now():
        return _("The workshop is published. The deadline to register has passed.")
    return _("The workshop is published and people can register. Share its link.")


def _say_doubled(form) -> None:
    for text in form.doubled():
        flash(text, "warning")


def _say_revised(workshop, before) -> None:
    if workshop.revision != before and workshop.state is State.PUBLISHED:
        flash(_("Saved. Everyone registered is being told what changed, and their calendars are updated."))
    else:
        flash(_("Saved."))
