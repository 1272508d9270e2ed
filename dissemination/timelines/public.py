"""The company's own page, by the link that the district mailed to one of its people."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.languages import clock_time
from dissemination.kernel.refusals import Refusal
from dissemination.people import throttle
from dissemination.people.texts import SIZES
from dissemination.people.throttle import Attempted
from dissemination.registrations.registering import private
from dissemination.research import queries as research
from dissemination.timelines import actions, exports, history, queries
from dissemination.timelines.forms import AskForm, CorrectionForm, WishForm, values_of
from dissemination.timelines.models import CompanyLink
from dissemination.timelines.scope import Reader, Scope, scope_of
from dissemination.timelines.texts import KINDS, Kind

public = Blueprint("timelines", __name__, url_prefix="/<district>/company")


@public.route("/", methods=["GET", "POST"])
def ask(district):
    """Ask for the link anew. The answer is the same for known and unknown addresses."""
    form = AskForm()
    if form.validate_on_submit():
        attempted = Attempted(
            "recovery", f"company {district.id} {form.email.data}", request.remote_addr or ""
        )
        until = throttle.wait_until(attempted)
        if until is None:
            with transaction():
                throttle.count(attempted)
                actions.renew(district, email=form.email.data)
            return redirect(url_for(".asked", district=district), 303)
        form.form_errors = [
            _("The link was asked for too often. Try again after %(time)s.", time=clock_time(until))
        ]
    return private(render_template("timelines/ask.html", form=form), 422 if form.errors else 200)


@public.get("/asked")
def asked(district):  # noqa: ARG001 - the URL names it
    """What to do next: look for the mail."""
    return private(render_template("timelines/asked.html", days=actions.DAYS))


def _scope(link: CompanyLink) -> Scope:
    return scope_of(link.district, queries.standing_company(link.company), Reader.COMPANY)


def _old():
    return private(render_template("timelines/old.html"), 404)


@public.get("/<token>")
def show(district, token):
    """What the district holds about the company."""
    link = queries.link_by_token(district, token)
    return _old() if link is None else _page(link, token)


def _page(
    link: CompanyLink, token: str, *, correction: CorrectionForm | None = None, wish: WishForm | None = None
):
    scope, failed = _scope(link), correction or wish
    asked_for = request.args.get("kind", "")
    kind = Kind(asked_for) if asked_for in set(Kind) else None
    laboratory = request.args.get("laboratory", "")
    wish = wish or WishForm(
        formdata=None, data={"laboratory_id": int(laboratory) if _is_id(laboratory) else None}
    )
    page = render_template(
        "timelines/company.html", link=link, token=token, company=scope.company, KINDS=KINDS, kind=kind,
        facts=exports.facts(scope), sums=exports.sums(history.received(scope)), when=exports.when,
        lines=history.page(scope, kind=kind, after=request.args.get("after")), failed=failed,
        correction=correction or _correction(scope), wish=wish.offer(link.district),
        waiting=queries.open_corrections(link.district_id, scope.ids),
    )  # fmt: skip
    return private(page, 422 if failed else 200)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _correction(scope: Scope) -> CorrectionForm:
    form = CorrectionForm(formdata=None, data=values_of(scope.company))
    form.size.choices = [("", "–"), *SIZES.items()]
    return form


@public.get("/<token>/data.<any(json,csv,pdf):kind>")
def export(district, token, kind):
    """The same as a file."""
    link = queries.link_by_token(district, token)
    if link is None:
        return _old()
    scope = _scope(link)
    if kind == "csv":
        return private(exports.timeline_csv(scope, history.everything(scope)))
    make = exports.timeline_json if kind == "json" else exports.timeline_pdf
    return private(make(scope, history.received(scope), history.everything(scope)))


@public.post("/<token>/corrections")
def create_correction(district, token):
    """Say what is wrong; an organiser answers."""
    link = queries.link_by_token(district, token)
    if link is None:
        return _old()
    form = CorrectionForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.ask_correction(link, wanted=form.wanted(), words=form.words.data or "")
            flash(_("Thank you. The district looks at it and answers by mail."))
            return redirect(url_for(".show", district=district, token=token), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(link, token, correction=form)


@public.post("/<token>/meetings")
def create_meeting(district, token):
    """Ask to meet a laboratory."""
    link = queries.link_by_token(district, token)
    if link is None:
        return _old()
    form = WishForm().offer(district)
    if form.validate_on_submit():  # the laboratory is one of those offered
        laboratory = research.public_laboratory(district.id, form.laboratory_id.data) or abort(404)
        try:
            with transaction():
                actions.wish(link, laboratory=laboratory, words=form.wish.data)
            flash(_("Thank you. The district arranges the meeting and writes to you."))
            return redirect(url_for(".show", district=district, token=token), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(link, token, wish=form)
