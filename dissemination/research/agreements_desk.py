"""Agreements between companies and research bodies, at the desk."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.clock import today
from dissemination.kernel.database import db, transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.research import agreements, queries
from dissemination.research.forms import AgreementForm, ReasonForm, SigningForm
from dissemination.research.models import Agreement, Meeting
from dissemination.research.texts import AGREEMENT_STATES, COOPERATIONS

desk = Blueprint("agreements_desk", __name__, url_prefix="/<district>/desk/research/agreements")


def _url(agreement_id: int) -> str | None:
    row = db.session.get(Agreement, agreement_id)
    return row and url_for("agreements_desk.show", district=row.district, agreement_id=row.id)


subjects.register(Agreement.__tablename__, _url)


def _found(district, agreement_id) -> Agreement:
    return queries.agreement(district.id, agreement_id) or abort(404)


def _number(name: str) -> int:
    sent = request.args.get(name, "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """Agreements, newest first; those that end soon on top."""
    on = today(district.zone)
    return render_template(
        "research/agreements.html", on=on, STATES=AGREEMENT_STATES, standing=queries.standing,
        page=queries.agreements(district.id, after=request.args.get("after")),
        expiring=queries.expiring(district.id, on), COOPERATIONS=COOPERATIONS,
    )  # fmt: skip


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Note an agreement; `meeting` or `company` in the address fill it in."""
    meeting = queries.meeting(district.id, _number("meeting"))
    form = AgreementForm().offer(district)
    if form.validate_on_submit():
        try:
            with transaction():
                row = agreements.draft(
                    district, company=form.found, by=current_user,
                    meeting_id=meeting.id if meeting else None, **form.facts(),
                )  # fmt: skip
            flash(_("The agreement is noted. It counts once it is signed and on file."))
            return redirect(url_for(".show", district=district, agreement_id=row.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    if request.method == "GET":
        _fill(form, district, meeting)
    return _form_page(form, None)


def _fill(form: AgreementForm, district, meeting: Meeting | None) -> None:
    company = meeting.company if meeting else people.company(district.id, _number("company"))
    if company is not None:
        form.company.data = company.tax_id or company.name
    if meeting is not None and meeting.laboratory is not None:
        form.laboratory_id.data = meeting.laboratory_id
        form.partner_id.data = meeting.laboratory.organisation_id


@desk.get("/<int:agreement_id>")
@requires(Role.VIEWER)
def show(district, agreement_id):
    """An agreement as it stands, and the next step."""
    return _page(_found(district, agreement_id))


@desk.route("/<int:agreement_id>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, agreement_id):
    """Revise what is not signed yet."""
    row = _found(district, agreement_id)
    form = AgreementForm(obj=None if request.method == "POST" else row).offer(district, row)
    if request.method == "GET":
        form.company.data, form.cooperation.data = row.company.name, row.cooperation.value
    if form.validate_on_submit():
        try:
            with transaction():
                agreements.revise(row, version=form.version.data or 0, **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".show", district=district, agreement_id=row.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, row)


@desk.get("/<int:agreement_id>/file")
@requires(Role.ORGANISER)
def show_file(district, agreement_id):
    """The signed file, for who organises."""
    row = _found(district, agreement_id)
    return attachment(row.file) if row.file is not None else abort(404)


@desk.post("/<int:agreement_id>/signature")
@requires(Role.ORGANISER)
def create_signature(district, agreement_id):
    """It is signed, and here is the file."""
    row, form = _found(district, agreement_id), SigningForm()
    if form.validate_on_submit():
        try:
            with transaction():
                agreements.sign(
                    row, signed_on=form.signed_on.data, stream=form.file.data.stream,
                    name=form.file.data.filename, version=form.version.data or 0, by=current_user,
                )  # fmt: skip
            flash(_("The agreement is signed and on file."))
            return redirect(url_for(".show", district=district, agreement_id=row.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(row, signing=form)


@desk.post("/<int:agreement_id>/end")
@requires(Role.ORGANISER)
def create_end(district, agreement_id):
    """It is given up."""
    return _with_reason(_found(district, agreement_id), agreements.end, _("The agreement has ended."))


@desk.post("/<int:agreement_id>/correction")
@requires(Role.ORGANISER)
def create_correction(district, agreement_id):
    """The signature was entered by mistake."""
    return _with_reason(
        _found(district, agreement_id), agreements.take_back, _("It is not counted any more.")
    )  # fmt: skip


def _with_reason(row: Agreement, verb, done: str):
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                verb(row, reason=form.reason.data, version=form.version.data or 0, by=current_user)
            flash(done)
            return redirect(url_for(".show", district=row.district, agreement_id=row.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(row, reason=form)


def _form_page(form: AgreementForm, agreement: Agreement | None):
    page = render_template("research/agreement_form.html", form=form, agreement=agreement)
    return page, 422 if form.errors else 200


def _page(row: Agreement, *, signing: SigningForm | None = None, reason: ReasonForm | None = None):
    failed, version = signing or reason, {"version": row.version}
    page = render_template(
        "research/agreement.html", agreement=row, COOPERATIONS=COOPERATIONS, STATES=AGREEMENT_STATES,
        standing=queries.standing(row, today(row.district.zone)), failed=failed,
        signing=signing or SigningForm(formdata=None, data=version),
        reason=reason or ReasonForm(formdata=None, data=version),
    )  # fmt: skip
    return page, 422 if failed else 200
