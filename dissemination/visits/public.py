"""The company's page behind its signed link: the report, its PDF and photos, and comments."""

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.audits.models import State
from dissemination.kernel.database import transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.refusals import Refusal
from dissemination.visits import actions, documents, queries
from dissemination.visits.forms import RemarkForm
from dissemination.visits.models import Sharing
from dissemination.visits.shown import words_of

public = Blueprint("visits", __name__, url_prefix="/v/<token>")


class _Gone(Exception):
    """The link opens nothing (any more)."""


@public.errorhandler(_Gone)
def _gone(_error):
    """One answer for forged, withdrawn and outlived links."""
    return _private(render_template("visits/gone.html"), 404)


def _sharing(token: str) -> Sharing:
    sharing = queries.by_token(token)
    if sharing is None:
        raise _Gone
    g.district = sharing.audit.district  # the page is the district's, though its address does not say so
    return sharing


@public.get("")
def show(token):
    """The report as it was shared, and what both sides said of it."""
    sharing = _sharing(token)
    return _page(sharing, token, RemarkForm(formdata=None), 200)


def _page(sharing: Sharing, token: str, form: RemarkForm, status: int):
    audit, report = sharing.audit, queries.last_report(sharing.audit) or abort(404)
    content = words_of(report.content)
    areas = [(area["id"], area["title"]) for area in content["areas"]]
    there = {photo.id for photo in queries.photos(audit)}
    page = render_template(
        "visits/shared.html", sharing=sharing, audit=audit, made=report, report=content, token=token,
        photos=[one for one in content["photos"] if one["id"] in there], remarks=queries.remarks(audit),
        form=form.offer(areas), titles=dict(areas), may_comment=audit.state is State.SHARED,
        people=audit.people,
    )  # fmt: skip
    return _private(page, status)


@public.get("/report.pdf")
def report(token):
    """The report as PDF, in the reader's language."""
    sharing = _sharing(token)
    made = queries.last_report(sharing.audit) or abort(404)
    with force_locale(sharing.contact.language):
        data = documents.report(sharing.audit, made.content, at=made.made_at, draft=False)
    return documents.answer(data, sharing.audit)


@public.get("/photos/<int:photo_id>")
def photo(token, photo_id):
    """A photo that the report shows."""
    sharing = _sharing(token)
    made = queries.last_report(sharing.audit)
    found = queries.photo(sharing.audit, photo_id)
    if found is None or made is None or photo_id not in {one["id"] for one in made.content["photos"]}:
        abort(404)
    response = attachment(found.file)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@public.post("/reading")
def create_reading(token):
    """Its reader has read the report."""
    sharing = _sharing(token)
    with transaction():
        actions.read(sharing)
    flash(_("Thank you: the district sees that you have read the report."))
    return redirect(url_for(".show", token=token), 303)


@public.post("/remarks")
def create_remark(token):
    """Say something of the report, or of one improvement area."""
    sharing = _sharing(token)
    made = queries.last_report(sharing.audit) or abort(404)
    form = RemarkForm().offer([(area["id"], area["title"]) for area in made.content["areas"]])
    if form.validate_on_submit():
        try:
            with transaction():
                actions.comment(sharing, text=form.text.data, area_id=form.area_id.data or None)
            flash(_("Thank you. The district reads your comment and answers here; you are told by mail."))
            return redirect(url_for(".show", token=token, _anchor="comments"), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(sharing, token, form, 422)


def _private(page, status: int = 200):
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
