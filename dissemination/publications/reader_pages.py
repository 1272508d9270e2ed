"""How somebody of a member company comes to read what is for members: by a link to her own address."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.languages import clock_time
from dissemination.people import throttle
from dissemination.people.throttle import Attempted
from dissemination.publications import members, queries, sending
from dissemination.publications.life_forms import ReaderForm
from dissemination.publications.models import Publication

readers = Blueprint("publications_reader", __name__, url_prefix="/<district>/readers")


@readers.route("/", methods=["GET", "POST"])
def ask(district):
    """Ask for the link. The answer is the same for known and unknown addresses."""
    form = ReaderForm()
    publication = _wanted(district)
    if form.validate_on_submit():
        attempted = Attempted(
            "recovery", f"reader {district.id} {form.email.data}", request.remote_addr or ""
        )
        until = throttle.wait_until(attempted)
        if until is None:
            with transaction():
                throttle.count(attempted)
                sending.mail_reading_link(district, form.email.data, publication)
            return redirect(url_for(".asked", district=district), 303)
        form.form_errors = [
            _("The link was asked for too often. Try again after %(time)s.", time=clock_time(until))
        ]
    page = render_template("publications/readers.html", form=form, publication=publication)
    return _private(page, 422 if form.errors else 200)


@readers.get("/asked")
def asked(district):  # noqa: ARG001 - the URL names it
    """What to do next: look for the mail."""
    return _private(render_template("publications/readers_asked.html", days=members.DAYS))


@readers.route("/<token>", methods=["GET", "POST"])
def enter(district, token):
    """GET says whose link it is and shows a button, for mail programs open every link; POST lets her in."""
    told = members.read(district, token)
    if told is None:
        return _private(render_template("publications/reader_old.html"), 404)
    contact, publication = told
    if request.method == "GET":
        page = render_template("publications/reader.html", contact=contact, publication=publication)
        return _private(page)
    members.enter(contact)
    flash(_("You read as %(company)s until you close the browser.", company=contact.company.name))
    if publication is not None and publication.published_at is not None:
        return redirect(url_for("publications.show", district=district, slug=publication.slug), 303)
    return redirect(url_for("publications.index", district=district), 303)


def _wanted(district) -> Publication | None:
    number = request.args.get("publication", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    publication = queries.by_id(district.id, int(number))
    return publication if publication is not None and publication.published_at is not None else None


def _private(page, status: int = 200):
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
