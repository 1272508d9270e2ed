"""Authors' own pages: ask for the link, send a work, see what becomes of it."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.bibliography.records import Person
from dissemination.kernel.database import transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.languages import clock_time
from dissemination.kernel.refusals import Refusal
from dissemination.people import throttle
from dissemination.people.throttle import Attempted
from dissemination.publications import queries as publications
from dissemination.publications.forms import values_of, written_people
from dissemination.submissions import actions, queries
from dissemination.submissions.forms import AskForm, SubmissionForm
from dissemination.submissions.models import Standing, Submission
from dissemination.submissions.texts import STANDINGS

public = Blueprint("submissions", __name__, url_prefix="/<district>/submissions")


@public.route("/", methods=["GET", "POST"])
def ask(district):
    """Ask for the link. The answer is the same for known and unknown addresses."""
    form = AskForm()
    if form.validate_on_submit():
        address = request.remote_addr or ""
        attempted = Attempted("recovery", f"submission {district.id} {form.email.data}", address)
        until = throttle.wait_until(attempted)
        if until is None:
            with transaction():
                throttle.count(attempted)
                actions.ask(district, email=form.email.data)
            return redirect(url_for(".asked", district=district), 303)
        form.form_errors = [
            _("The link was asked for too often. Try again after %(time)s.", time=clock_time(until))
        ]
    return _private(render_template("submissions/ask.html", form=form), 422 if form.errors else 200)


@public.get("/asked")
def asked(district):  # noqa: ARG001 - the URL names it
    """What to do next: look for the mail."""
    return _private(render_template("submissions/asked.html", days=queries.DAYS))


@public.route("/<token>", methods=["GET", "POST"])
def show(district, token):
    """The author's page: the form while she may send or correct, and how it stands."""
    submission = queries.by_token(district, token)
    if submission is None:
        return _private(render_template("submissions/old.html"), 404)
    if request.method == "GET" or not submission.may_change:
        status = 200 if request.method == "GET" else 409
        form = _empty(submission) if submission.may_change else None
        return _page(submission, token, form, status)
    form = SubmissionForm().offer(district, submission.publication)
    if form.validate_on_submit():
        try:
            with transaction():
                actions.send(
                    submission, facts=form.facts(), line_id=form.first_line(), files=form.sent_files(),
                    message=form.message.data or "", version=form.version.data,
                )  # fmt: skip
            flash(_("Thank you. You can correct your publication here until the district takes it up."))
            return redirect(url_for(".show", district=district, token=token), 303)
        except Refusal as refusal:
            form.refuse(Refusal(refusal.message, field="files" if refusal.field == "file" else refusal.field))
    return _page(submission, token, form, 422)


@public.get("/<token>/files/<int:file_id>")
def show_file(district, token, file_id):
    """What she sent, to look at again."""
    submission = queries.by_token(district, token)
    sent = submission.files if submission is not None else []
    found = next((row for row in sent if row.id == file_id), None)
    if found is None:
        return _private(render_template("submissions/old.html"), 404)
    answer = attachment(found.file)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@public.post("/<token>/files/<int:file_id>/removal")
def create_file_removal(district, token, file_id):
    """Take a file off that was sent by mistake."""
    submission = queries.by_token(district, token)
    if submission is None or submission.publication is None:
        return _private(render_template("submissions/old.html"), 404)
    with transaction():
        actions.take_off(submission, publications.file_of(submission.publication, file_id))
    flash(_("The file is removed."))
    return redirect(url_for(".show", district=district, token=token), 303)


def _empty(submission: Submission) -> SubmissionForm:
    """The form with what was sent, or with its author as the first author."""
    work, contact = submission.publication, submission.contact
    if work is not None:
        values = values_of(work) | {"message": submission.message, "may_publish": True}
    else:
        company = contact.company.name if contact.company else ""
        author = Person(contact.family_name, contact.given_name, affiliation=company)
        values = {"authors": written_people([author]), "language": contact.language}
    return SubmissionForm(data=values).offer(submission.district, work)


def _page(submission: Submission, token: str, form: SubmissionForm | None, status: int):
    page = render_template(
        "submissions/show.html", submission=submission, token=token, form=form, STANDINGS=STANDINGS,
        Standing=Standing, until=queries.waits_until(submission),
    )  # fmt: skip
    return _private(page, status)


def _private(page, status: int = 200):
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
