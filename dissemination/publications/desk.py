"""The organisers' side: enter, revise, publish, take back, remove, attach files."""

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.bibliography import formats
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.publications import access, actions, affiliations, queries, reading, versions
from dissemination.publications.forms import (
    FileForm,
    PublicationForm,
    WithdrawalForm,
    filter_from,
    values_of,
)
from dissemination.publications.life_forms import NoteForm
from dissemination.publications.models import Kind, Publication, State
from dissemination.publications.queries import Filter
from dissemination.publications.texts import ACCESSES, KINDS, STATES, STEPS

desk = Blueprint("publications_desk", __name__, url_prefix="/<district>/desk/publications")


def desk_url(publication_id: int) -> str | None:
    """Where the desk shows a publication: what a row of the activity log opens."""
    row = db.session.get(Publication, publication_id)
    return row and url_for("publications_desk.show", district=row.district, slug=row.slug)


subjects.register("publications", desk_url)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """All publications, newest first."""
    wanted = filter_from(request.args, district, public=False)
    return render_template(
        "publications/desk_index.html", wanted=wanted, KINDS=KINDS, STATES=STATES, State=State,
        ACCESSES=ACCESSES, page=queries.listed(district.id, wanted=wanted, after=request.args.get("after")),
        years=queries.years(district.id), narrowed=wanted != Filter(),
    )  # fmt: skip


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Enter a publication by hand: a draft that nobody sees yet."""
    form = PublicationForm(data={"kind": request.args.get("kind", Kind.REPORT.value)}).offer(district)
    if form.validate_on_submit():
        try:
            with transaction():
                publication = actions.add(district, by=current_user, **form.facts())
            flash(_("The draft is saved. Nobody sees it until it is published."))
            return redirect(url_for(".show", district=district, slug=publication.slug), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, None)


@desk.get("/<slug>")
@requires(Role.VIEWER)
def show(district, slug):
    """A publication as it stands, and the one next step."""
    return show_page(queries.by_slug(district, slug), FileForm())


@desk.route("/<slug>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug):
    """Revise a publication; the address stays."""
    publication = queries.by_slug(district, slug)
    values = None if request.method == "POST" else values_of(publication)
    form = PublicationForm(data=values).offer(district, publication)
    if form.validate_on_submit():
        try:
            with transaction():
                actions.revise(
                    publication, by=current_user, version=form.version.data or 0,
                    reason=form.reason.data or "", **form.facts(),
                )  # fmt: skip
            flash(_("The publication is saved."))
            return redirect(url_for(".show", district=district, slug=slug), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, publication)


@desk.post("/<slug>/publication")
@requires(Role.ORGANISER)
def create_publication(district, slug):
    """Show it to the public."""
    publication = queries.by_slug(district, slug)
    with transaction():
        actions.publish(publication, by=current_user, seen=seen())
    flash(_("The publication is public and is counted in the plan's figures."))
    return redirect(url_for(".show", district=district, slug=slug), 303)


@desk.route("/<slug>/withdrawal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def withdrawal(district, slug):
    """Take back what was published by mistake, with the reason."""
    publication = queries.by_slug(district, slug)
    form = WithdrawalForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.withdraw(publication, reason=form.reason.data, by=current_user)
            flash(_("The publication is withdrawn: its address says so and why, and it is not counted."))
            return redirect(url_for(".show", district=district, slug=slug), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    if publication.published_at is None and request.method == "GET":
        abort(404)
    page = render_template("publications/withdrawal.html", publication=publication, form=form)
    return page, 422 if form.errors else 200


@desk.route("/<slug>/removal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def removal(district, slug):
    """Remove a draft, after a question."""
    publication = queries.by_slug(district, slug)
    if request.method == "GET":
        return render_template("publications/removal.html", publication=publication, file=None)
    with transaction():
        actions.remove(publication)
    flash(_("The draft is removed."))
    return redirect(url_for(".index", district=district), 303)


@desk.post("/<slug>/files")
@requires(Role.ORGANISER)
def create_file(district, slug):
    """Add a file."""
    publication = queries.by_slug(district, slug)
    form = FileForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.attach(publication, form.file.data.stream, form.file.data.filename, by=current_user)
            flash(_("The file is added."))
            return redirect(url_for(".show", district=district, slug=slug), 303)
        except Refusal as refusal:
            form.refuse(Refusal(refusal.message, field="file"))
    return show_page(publication, form)


@desk.get("/<slug>/files/<int:file_id>")
@requires(Role.VIEWER)
def show_file(district, slug, file_id):
    """Download a file, of a draft too."""
    return attachment(queries.file_of(queries.by_slug(district, slug), file_id).file)


@desk.route("/<slug>/files/<int:file_id>/removal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def file_removal(district, slug, file_id):
    """Take a file off, after a question."""
    publication = queries.by_slug(district, slug)
    file = queries.file_of(publication, file_id)
    if request.method == "GET":
        return render_template("publications/removal.html", publication=publication, file=file)
    with transaction():
        actions.detach(file, by=current_user)
    flash(_("The file is removed."))
    return redirect(url_for(".show", district=district, slug=slug), 303)


def seen() -> datetime | None:
    """The change that the page showed from which something is approved; None when it does not say."""
    try:
        moment = datetime.fromisoformat(request.form.get("seen", ""))
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _form_page(form, publication):
    page = render_template("publications/form.html", form=form, publication=publication)
    return page, 422 if form.errors else 200


def show_page(publication, form: FileForm, note_form: NoteForm | None = None):
    """The page of a publication, with what was wrong in a form of its own."""
    page = render_template(
        "publications/desk_show.html", publication=publication, form=form, KINDS=KINDS, STATES=STATES,
        State=State, citation=formats.citation(publication), ACCESSES=ACCESSES, STEPS=STEPS,
        note_form=note_form or NoteForm(), related=reading.related(publication, public=False),
        origin=subjects.related("submissions", Publication.__tablename__, publication.id),
        companies=affiliations.companies_of(publication), versions=versions.line(publication, public=False),
        ends=access.embargo_ends(publication),
    )  # fmt: skip
    return page, 422 if form.errors or (note_form is not None and note_form.errors) else 200
