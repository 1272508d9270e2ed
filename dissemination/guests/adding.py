"""Putting people on the list: from a file, from the contacts of the district, by hand."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.guests import actions, lists, queries
from dissemination.guests.desk import desk
from dissemination.guests.forms import GuestForm, ListForm, wanted_from
from dissemination.guests.refusals import TooMany
from dissemination.guests.screening import screen
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import queries as workshops

SHOWN = 20  # rows of a preview
TOLD = 200  # problems of a file


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district, slug):
    """One guest by hand."""
    workshop = workshops.by_slug(district, slug)
    form = GuestForm()
    if form.validate_on_submit():
        try:
            with transaction():
                added = actions.add_one(workshop, form.person(), by=current_user)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(name)s is on the list.", name=added.name or added.email))
            return redirect(url_for(".index", district=district, slug=slug), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("guests/new.html", workshop=workshop, form=form), status


@desk.route("/upload", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def upload(district, slug):
    """A list from a file: its problems, or what would become of each line. Nothing is stored yet."""
    workshop = workshops.by_slug(district, slug)
    form = ListForm()
    if not form.validate_on_submit():
        return _upload_page(workshop, form, status=422 if form.errors else 200)
    text, problems = lists.decode(form.file.data.read(lists.MOST_BYTES + 1))
    people, wrong = lists.read(text) if not problems else ([], problems)
    if wrong:
        return _upload_page(workshop, form, problems=wrong, status=422)
    return _upload_page(workshop, form, found=screen(workshop, people), content=text)


@desk.post("/upload/entries")
@requires(Role.ORGANISER)
def create_entries(district, slug):
    """Store what the preview showed: all of it, or nothing and the reasons."""
    workshop = workshops.by_slug(district, slug)
    people, problems = lists.read(request.form.get("content", "").replace("\r\n", "\n"))
    if problems:
        return _upload_page(workshop, ListForm(formdata=None), problems=problems, status=422)
    with transaction():
        found = actions.add(workshop, people, by=current_user)
    _tell(found)
    return redirect(url_for(".index", district=district, slug=slug), 303)


def _upload_page(workshop, form, *, problems=(), found=None, content="", status=200):
    page = render_template(
        "guests/upload.html", workshop=workshop, form=form, problems=problems, found=found,
        content=content, columns=lists.COLUMNS, required=lists.REQUIRED, shown=SHOWN, told=TOLD,
    )  # fmt: skip
    return page, status


@desk.get("/contacts")
@requires(Role.ORGANISER)
def contacts(district, slug):
    """Choose among the people whom the district knows."""
    return _contacts_page(district, workshops.by_slug(district, slug))


@desk.post("/contacts")
@requires(Role.ORGANISER)
def create_from_contacts(district, slug):
    """Put the ticked people on the list, or all whom the filter finds."""
    workshop = workshops.by_slug(district, slug)
    try:
        people = actions.from_contacts(_chosen(district, workshop))
        with transaction():
            found = actions.add(workshop, people, by=current_user)
    except Refusal as refusal:
        return _contacts_page(district, workshop, refusal)
    _tell(found)
    return redirect(url_for(".index", district=district, slug=slug), 303)


def _chosen(district, workshop) -> list:
    if "all" not in request.form:
        ticked = {int(v) for v in request.form.getlist("contact") if v.isdecimal() and len(v) < 10}
        return queries.some_contacts(workshop, sorted(ticked)[: lists.MOST_LINES])
    wanted = wanted_from(request.form, district)
    found = queries.all_contacts(workshop, wanted, most=lists.MOST_LINES + 1)
    if len(found) > lists.MOST_LINES:
        raise TooMany
    return found


def _contacts_page(district, workshop, refusal=None):
    wanted = wanted_from(request.values, district)
    page = queries.contacts(workshop, wanted, after=request.args.get("after"))
    emails = [contact.email for contact in page.rows]
    html = render_template(
        "guests/contacts.html", workshop=workshop, page=page, wanted=wanted, refusal=refusal,
        total=queries.count_contacts(workshop, wanted),
        suppressed=queries.suppressed(workshop.district_id, emails), most=lists.MOST_LINES,
    )  # fmt: skip
    return html, refusal.status if refusal else 200


def _tell(found) -> None:
    """Say what became of everybody."""
    n = len(found.new)
    words = [ngettext("%(num)d guest added.", "%(num)d guests added.", n)]
    if found.there:
        words.append(
            ngettext("%(num)d was on the list.", "%(num)d were on the list.", len(found.there))
        )  # fmt: skip
    if found.merged:
        words.append(
            ngettext("%(num)d duplicate merged.", "%(num)d duplicates merged.", len(found.merged))
        )  # fmt: skip
    flash(" ".join(words), "success" if n else "info")
    for person, reason in found.left_out[:SHOWN]:
        flash(f"{person.email}: {reason}", "warning")
    if len(found.left_out) > SHOWN:
        more = len(found.left_out) - SHOWN
        flash(ngettext("%(num)d more address left out.", "%(num)d more addresses left out.", more), "warning")
