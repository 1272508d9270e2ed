"""Meetings of companies with laboratories and experts, at the desk."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.research import mails, meetings, queries
from dissemination.research.forms import ArrangeForm, HeldForm, MeetingForm, ReasonForm, arranged
from dissemination.research.models import Meeting, MeetingState
from dissemination.research.texts import MEETING_STATES, REPLIES

desk = Blueprint("meetings_desk", __name__, url_prefix="/<district>/desk/research/meetings")


def _url(meeting_id: int) -> str | None:
    row = db.session.get(Meeting, meeting_id)
    return row and url_for("meetings_desk.show", district=row.district, meeting_id=row.id)


subjects.register(Meeting.__tablename__, _url)


def _found(district, meeting_id) -> Meeting:
    return queries.meeting(district.id, meeting_id) or abort(404)


def _whole(name: str) -> int | None:
    sent = request.args.get(name, "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else None


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """Meetings, newest first."""
    asked = request.args.get("state", "")
    state = MeetingState(asked) if asked in set(MeetingState) else None
    return render_template(
        "research/meetings.html", state=state, STATES=MEETING_STATES, other_side=mails.other_side,
        page=queries.meetings(district.id, state=state, after=request.args.get("after")),
    )  # fmt: skip


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Note the wish for a meeting; `company`, `laboratory`, `from` and `of` in the address fill it in."""
    form = MeetingForm().offer(district)
    if form.validate_on_submit():
        with transaction():
            row = meetings.ask(
                district, company=form.found, laboratory=_laboratory(district, form.laboratory_id.data),
                expert=form.expert.data or "", wish=form.wish.data or "", by=current_user,
                activity_line_id=form.activity_line_id.data, origin=_origin(district),
            )  # fmt: skip
        flash(_("The meeting is noted. Now agree on a date with both sides."))
        return redirect(url_for(".show", district=district, meeting_id=row.id), 303)
    if request.method == "GET":
        _fill(form, district)
    return render_template("research/meeting_form.html", form=form), 422 if form.errors else 200


def _fill(form: MeetingForm, district) -> None:
    company = people.company(district.id, _whole("company") or 0)
    if company is not None:
        form.company.data = company.tax_id or company.name
    form.laboratory_id.data = _whole("laboratory")


def _laboratory(district, laboratory_id: int | None):
    return queries.laboratory(district.id, laboratory_id) if laboratory_id else None


def _origin(district) -> tuple[str, int] | None:
    """Where the wish came from, as data: a subject of a higher floor that can be opened in this district."""
    kind, subject_id = request.args.get("from", "")[:40], _whole("of")
    page = subjects.url(kind, subject_id) if kind and subject_id else None
    mine = page is not None and page.startswith(url_for("front_desk.today", district=district))
    return (kind, subject_id) if mine and subject_id else None


@desk.get("/<int:meeting_id>")
@requires(Role.VIEWER)
def show(district, meeting_id):
    """A meeting as it stands, and the next step."""
    return _page(_found(district, meeting_id))


@desk.route("/<int:meeting_id>/appointment", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def appointment(district, meeting_id):
    """Agree on a date and invite both sides."""
    meeting = _found(district, meeting_id)
    form = ArrangeForm(data=None if request.method == "POST" else arranged(meeting)).offer(meeting)
    if form.validate_on_submit():
        try:
            with transaction():
                meetings.arrange(meeting, **form.facts())
            flash(_("The invitations are on their way."))
            return redirect(url_for(".show", district=district, meeting_id=meeting.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "research/appointment.html", form=form, meeting=meeting, other_side=mails.other_side
    )
    return page, 422 if form.errors else 200


@desk.post("/<int:meeting_id>/minutes")
@requires(Role.ORGANISER)
def create_minutes(district, meeting_id):
    """It took place."""
    meeting, form = _found(district, meeting_id), HeldForm()
    if form.validate_on_submit():
        try:
            with transaction():
                meetings.hold(
                    meeting, held_on=form.held_on.data, minutes=form.minutes.data,
                    version=form.version.data or 0, by=current_user,
                )  # fmt: skip
            flash(_("The meeting is entered as held and is counted in the plan's figures."))
            return redirect(url_for(".show", district=district, meeting_id=meeting.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(meeting, held=form)


@desk.post("/<int:meeting_id>/refusal")
@requires(Role.ORGANISER)
def create_refusal(district, meeting_id):
    """It does not come to it."""
    return _with_reason(
        _found(district, meeting_id), meetings.decline, _("The meeting is declined.")
    )  # fmt: skip


@desk.post("/<int:meeting_id>/correction")
@requires(Role.ORGANISER)
def create_correction(district, meeting_id):
    """It was entered as held by mistake."""
    return _with_reason(
        _found(district, meeting_id), meetings.take_back, _("It is not counted any more.")
    )  # fmt: skip


def _with_reason(meeting: Meeting, verb, done: str):
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                verb(meeting, reason=form.reason.data, version=form.version.data or 0, by=current_user)
            flash(done)
            return redirect(url_for(".show", district=meeting.district, meeting_id=meeting.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(meeting, reason=form)


def _page(meeting: Meeting, *, held: HeldForm | None = None, reason: ReasonForm | None = None):
    failed = held or reason
    version = {"version": meeting.version}
    day = meeting.starts_at.astimezone(meeting.district.zone).date() if meeting.starts_at else None
    held = held or HeldForm(formdata=None, data={"held_on": day, "minutes": meeting.minutes, **version})
    kind, subject_id = meeting.origin_kind, meeting.origin_id
    origin = subjects.url(kind, subject_id) if kind and subject_id else None
    page = render_template(
        "research/meeting.html", meeting=meeting, STATES=MEETING_STATES, State=MeetingState, held=held,
        reason=reason or ReasonForm(formdata=None, data=version), failed=failed, origin=origin,
        other_side=mails.other_side, REPLIES=REPLIES,
    )  # fmt: skip
    return page, 422 if failed else 200
