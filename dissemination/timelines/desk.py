"""The company's timeline at the desk, the links to its own page, and the corrections that came in."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.people.texts import SIZES
from dissemination.timelines import actions, exports, history, next_steps, queries
from dissemination.timelines.forms import AnswerForm, LinkForm
from dissemination.timelines.models import CompanyCorrection, CompanyLink
from dissemination.timelines.scope import Reader, Scope, scope_of
from dissemination.timelines.texts import FIELDS, KINDS, Kind

desk = Blueprint("timelines_desk", __name__, url_prefix="/<district>/desk/people/companies")


def _correction_url(correction_id: int) -> str | None:
    row = db.session.get(CompanyCorrection, correction_id)
    return row and url_for("timelines_desk.correction", district=row.district, correction_id=row.id)


def _link_url(link_id: int) -> str | None:
    row = db.session.get(CompanyLink, link_id)
    return row and url_for("timelines_desk.show", district=row.district, company_id=row.company_id)


subjects.register(CompanyCorrection.__tablename__, _correction_url)
subjects.register(CompanyLink.__tablename__, _link_url)


def _scope(district, company_id: int) -> Scope:
    found = people.company(district.id, company_id) or abort(404)
    reader = Reader.ORGANISER if current_user.may(Role.ORGANISER, district) else Reader.VIEWER
    return scope_of(district, queries.standing_company(found), reader)


def _kind() -> Kind | None:
    asked = request.args.get("kind", "")
    return Kind(asked) if asked in set(Kind) else None


@desk.get("/<int:company_id>/timeline")
@requires(Role.VIEWER)
def show(district, company_id):
    """Everything that happened with a company, what it received, what might come next."""
    return _page(_scope(district, company_id), None)


def _page(scope: Scope, form: LinkForm | None):
    organises = scope.reader is Reader.ORGANISER
    got, kind = history.received(scope), _kind()
    form_ = form or LinkForm(formdata=None)
    page = render_template(
        "timelines/show.html", scope=scope, company=scope.company, KINDS=KINDS, kind=kind, when=exports.when,
        lines=history.page(scope, kind=kind, after=request.args.get("after")), sums=exports.sums(got),
        steps=next_steps.steps(scope, got) if organises else [],
        links=queries.links_of(scope.district.id, scope.ids) if organises else [], is_open=queries.is_open,
        form=form_.offer(scope.company) if organises else None,
        corrections=queries.open_corrections(scope.district.id, scope.ids) if organises else [],
    )  # fmt: skip
    return page, 422 if form is not None else 200


@desk.post("/<int:company_id>/links")
@requires(Role.ORGANISER)
def create_link(district, company_id):
    """Mail the page's link to one person of the company."""
    scope = _scope(district, company_id)
    form = LinkForm().offer(scope.company)
    if form.validate_on_submit():
        try:
            with transaction():
                contact = people.contact(district.id, form.contact_id.data)
                if contact is None:
                    raise actions.NotOfCompany
                actions.open_to(scope.company, contact, by=current_user)
            flash(_("The link is on its way."))
            return redirect(url_for(".show", district=district, company_id=scope.company.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(scope, form)


@desk.post("/links/<int:link_id>/revocation")
@requires(Role.ORGANISER)
def create_revocation(district, link_id):
    """Let a link open nothing any more."""
    link = queries.link_by_id(district.id, link_id) or abort(404)
    with transaction():
        actions.revoke(link, by=current_user)
    flash(_("The link opens nothing any more."))
    return redirect(url_for(".show", district=district, company_id=link.company_id), 303)


@desk.get("/corrections/")
@requires(Role.ORGANISER)
def corrections(district):
    """What companies say is wrong, the newest first."""
    page = queries.corrections(district.id, after=request.args.get("after"))
    return render_template("timelines/corrections.html", page=page)


def _found(district, correction_id) -> CompanyCorrection:
    return queries.correction(district.id, correction_id) or abort(404)


@desk.get("/corrections/<int:correction_id>")
@requires(Role.ORGANISER)
def correction(district, correction_id):
    """One correction: before, after, and the answer."""
    return _correction_page(_found(district, correction_id), AnswerForm(formdata=None))


@desk.post("/corrections/<int:correction_id>/decision")
@requires(Role.ORGANISER)
def create_decision(district, correction_id):
    """Accept it, which changes the registry, or decline it with a word."""
    row, form = _found(district, correction_id), AnswerForm()
    if form.validate_on_submit():
        verb = actions.accept if form.decision.data == "accept" else actions.decline
        try:
            with transaction():
                verb(row, answer=form.answer.data or "", by=current_user)
            flash(_("Answered. Who asked gets a mail."))
            return redirect(url_for(".correction", district=district, correction_id=row.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _correction_page(row, form)


def _correction_page(row: CompanyCorrection, form: AnswerForm):
    page = render_template(
        "timelines/correction.html", correction=row, form=form, FIELDS=FIELDS, SIZES=SIZES,
        company=queries.standing_company(row.company),
    )  # fmt: skip
    return page, 422 if form.errors else 200
