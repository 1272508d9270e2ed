"""Series at the desk: the same workshop on several dates."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.http import form_token
from dissemination.kernel.languages import short_date, translated
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import actions, queries, series, slots
from dissemination.workshops.desk_forms import DatesForm, JoinForm, SeriesForm, whole
from dissemination.workshops.models import State
from dissemination.workshops.refusals import RowChangedMeanwhile

desk = Blueprint("series_desk", __name__, url_prefix="/<district>/desk")


@desk.get("/series/")
@requires(Role.VIEWER)
def index(district):
    """All series of the district."""
    return render_template("workshops/desk_series_list.html", rows=series.listed(district.id))


@desk.get("/series/<int:series_id>")
@requires(Role.VIEWER)
def show(district, series_id):
    """A series: its dates, and how to add and remove some."""
    return _series_page(district, _found(district, series_id))


@desk.post("/series/<int:series_id>")
@requires(Role.ORGANISER)
def update(district, series_id):
    """Rename a series."""
    found = _found(district, series_id)
    form = SeriesForm()
    if form.validate():
        try:
            with transaction():
                series.rename(
                    found, title_it=form.title_it.data, title_en=form.title_en.data or "",
                    version=whole(form.version.data),
                )  # fmt: skip
            flash(_("Saved."))
            return redirect(url_for(".show", district=district, series_id=series_id), 303)
        except RowChangedMeanwhile as refusal:
            form.refuse(refusal)
            found = _found(district, series_id)
            form.version.data = str(found.version)
        except Refusal as refusal:
            form.refuse(refusal)
    return _series_page(district, found, form=form), 422


@desk.post("/series/<int:series_id>/workshops")
@requires(Role.ORGANISER)
def create_workshop(district, series_id):
    """Take an existing workshop into the series."""
    found = _found(district, series_id)
    form = _join_form(district)
    if form.validate():
        try:
            with transaction():
                workshop = next(w for w in series.alone(district.id) if w.id == form.workshop_id.data)
                series.join(workshop, found)
            flash(_("The workshop belongs to the series now."))
            return redirect(url_for(".show", district=district, series_id=series_id), 303)
        except StopIteration:
            form.workshop_id.errors = [_("This workshop is not there any more. Choose another one.")]
        except Refusal as refusal:
            form.refuse(refusal)
    return _series_page(district, found, join=form), 422


@desk.post("/series/<int:series_id>/publications")
@requires(Role.ORGANISER)
def create_publications(district, series_id):
    """Publish every draft of the series in one go."""
    found = _found(district, series_id)
    with transaction():
        drafts = [w for w in found.workshops if w.state is State.DRAFT]
        for workshop in drafts:
            actions.publish(workshop, by=current_user)
    n = len(drafts)
    flash(ngettext("%(num)d workshop is published.", "%(num)d workshops are published.", n))
    return redirect(url_for(".show", district=district, series_id=series_id), 303)


@desk.route("/workshops/<slug>/series", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def repeat(district, slug):
    """Repeat a workshop on several dates; each becomes a draft of its own."""
    workshop = queries.by_slug(district, slug)
    form = DatesForm()
    if form.is_submitted() and not form.more.data and form.validate():
        try:
            with transaction():
                made = series.repeat(workshop, form.chosen, by=current_user, form_mark=form.form_mark.data)
            n = len(made)
            text = ngettext("%(num)d draft is made: %(days)s.", "%(num)d drafts are made: %(days)s.", n,
                            days=", ".join(short_date(w.starts_at) for w in made))  # fmt: skip
            flash(text)
            return redirect(url_for(".show", district=district, series_id=workshop.series_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            workshop = queries.by_slug(district, slug)
    if not form.form_mark.data:
        form.form_mark.data = form_token()
    wrong = form.is_submitted() and not form.more.data
    form.make_room()
    page = render_template("workshops/desk_repeat.html", form=form, workshop=workshop)
    return page, 422 if wrong else 200


@desk.post("/workshops/<slug>/series/removal")
@requires(Role.ORGANISER)
def create_removal(district, slug):
    """Take a workshop out of its series; the workshop stays."""
    workshop = queries.by_slug(district, slug)
    series_id = workshop.series_id
    with transaction():
        series.leave(workshop)
        gone = series_id is None or series.by_id(district.id, series_id) is None
    flash(_("The workshop belongs to no series any more."))
    if gone:
        return redirect(url_for("workshops_desk.show", district=district, slug=slug), 303)
    return redirect(url_for(".show", district=district, series_id=series_id), 303)


def _found(district, series_id):
    return series.by_id(district.id, series_id) or abort(404)


def _join_form(district) -> JoinForm:
    form = JoinForm()
    rows = series.alone(district.id)
    form.workshop_id.choices = [
        ("", "–"), *((w.id, f"{short_date(w.starts_at)} · {translated(w, 'title')}") for w in rows)
    ]  # fmt: skip
    return form


def _series_page(district, found, *, form=None, join=None) -> str:
    if form is None:
        values = {"title_it": found.title_it, "title_en": found.title_en, "version": str(found.version)}
        form = SeriesForm(formdata=None, data=values)
    return render_template(
        "workshops/desk_series.html", series=found, form=form, join=join or _join_form(district),
        left=slots.left(found.workshops), State=State,
        drafts=sum(w.state is State.DRAFT for w in found.workshops), asked=request.method == "POST",
    )  # fmt: skip
