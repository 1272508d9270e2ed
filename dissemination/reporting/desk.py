"""The reporting desk: periods, their checklist, sign-off, reopening and transmission."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from dissemination.kernel.clock import today
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import queries as plans
from dissemination.plan.periods import UnknownPeriod
from dissemination.plan.texts import period_name
from dissemination.reporting import actions, adjustments, checklist, delivered, queries
from dissemination.reporting.checklist import Weight
from dissemination.reporting.forms import PeriodForm, ReasonForm, SignOffForm, TransmissionForm
from dissemination.reporting.frozen import packed, sha256
from dissemination.reporting.models import ReportingPeriod, State
from dissemination.reporting.refusals import NotWhatWasShown, TheLogMoved
from dissemination.reporting.texts import LOOKS, STATES

desk = Blueprint("reporting_desk", __name__, url_prefix="/<district>/desk/reports")
TRIES = 3  # to count and sign before somebody logs something else
ROWS = 50  # of a signed figure on a page


def period_or_404(district, period_id: int) -> ReportingPeriod:
    """The district's period, or the page that says there is none."""
    return queries.period(district.id, period_id) or abort(404)


def _draft(period: ReportingPeriod):
    return delivered.draft(period.plan, queries.calendar_period(period))


def _show(district, period):
    return redirect(url_for("reporting_desk.show", district=district, period_id=period.id), 303)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """The periods of the district and the form that opens the next one."""
    return _index(district, PeriodForm())


def _index(district, form):
    plan, offered = plans.current_plan(district.id), queries.offered(district.id)
    form.code.choices = [
        SelectChoice(value, period_name(p.code) + ("" if own is plan else f" ({own.title})"))
        for value, own, p in offered
    ]
    return render_template(
        "reporting/index.html", plan=plan, form=form, offered=offered, states=STATES,
        periods=queries.periods_of(district.id), looks=LOOKS, today=today(district.zone),
        may_open=_may(Role.ORGANISER, district),
    ), 422 if form.errors else 200  # fmt: skip


def _may(role, district) -> bool:
    return current_user.may(role, district) and not current_user.only_observes(district)


@desk.post("/")
@requires(Role.ORGANISER)
def create(district):
    """Open a period."""
    form = PeriodForm()
    form.code.validate_choice = False  # what is not offered any more is refused in words, not as "no choice"
    form.code.choices = []
    if form.validate():
        try:
            plan, code = _plan_and_code(district, form.code.data)
            with transaction():
                period = actions.open_period(plan, code, due_on=form.due_on.data, by=current_user)
            return _show(district, period)
        except Refusal as refusal:
            form.refuse(refusal)
    return _index(district, form)


def _plan_and_code(district, value: str):
    """The plan and the period of a choice of `queries.offered`. Raises UnknownPeriod."""
    code, _at, own = value.partition("@")
    if not own:
        return plans.current_plan(district.id) or abort(404), code
    found = next((p for p in plans.plans(district.id) if str(p.id) == own), None)
    if found is None:
        raise UnknownPeriod
    return found, code


@desk.get("/<int:period_id>")
@requires(Role.VIEWER)
def show(district, period_id):
    """Where a period stands: what blocks it, its figures, what was signed and what became known since."""
    period = period_or_404(district, period_id)
    signed = period.sign_off
    report = delivered.signed_report(signed) if signed else _draft(period)
    return render_template(
        "reporting/show.html", period=period, report=report, figures=report.frozen.figures, states=STATES,
        looks=LOOKS, changes=adjustments.of(signed) if signed else [], language=language,
        points=[] if signed else checklist.points(period, report.frozen), weights=Weight,
        gone=checklist.gone_since(report.frozen) if signed else None,
        may_review=_may(Role.ORGANISER, district), may_sign=_may(Role.MANAGER, district), State=State,
        today=today(district.zone), reason=ReasonForm(), writers=delivered.WRITERS,
    )  # fmt: skip


@desk.get("/<int:period_id>/figures/<code>")
@requires(Role.VIEWER)
def figure(district, period_id, code):
    """The rows of a figure as they were signed; of an unsigned period the live figure is the page."""
    period = period_or_404(district, period_id)
    number = request.args.get("number", type=int)
    signed = queries.sign_off(period, number)
    if signed is None:
        return redirect(url_for("plan_desk.figure", district=district, code=code, period=period.code))
    found = next((f for f in queries.signed_figures(signed) if f.code == code), None) or abort(404)
    first = max(request.args.get("from", 0, type=int), 0)
    return render_template(
        "reporting/figure.html", period=period, signed=signed, figure=found, first=first, step=ROWS,
        rows=found.rows[first : first + ROWS], reasons=signed.content["reasons"],
        place=("it", "en").index(language()),
    )  # fmt: skip


@desk.post("/<int:period_id>/reviews")
@requires(Role.ORGANISER)
def create_review(district, period_id):
    """Begin the review."""
    period = period_or_404(district, period_id)
    with transaction():
        actions.start_review(period, by=current_user)
    flash(_("The review has begun. Look through the list, then a manager signs."))
    return _show(district, period)


@desk.route("/<int:period_id>/reviews/end", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def end_review(district, period_id):
    """Give the period back, with a reason."""
    period = period_or_404(district, period_id)

    def act(because):
        actions.end_review(period, because=because, by=current_user)

    return _with_reason(
        district, period, act, title=_("End the review without signing"),
        words=_("The period is open again. Say what has to be put right first."),
        button=_("End the review"), done=_("The period is open again."),
    )  # fmt: skip


@desk.route("/<int:period_id>/sign-off", methods=["GET", "POST"])
@requires(Role.MANAGER)
def sign_off(district, period_id):
    """Ask, then sign: figures, rows, file hashes and the head of the log are frozen."""
    period, form = period_or_404(district, period_id), SignOffForm()
    if period.sign_off is not None:
        return _show(district, period)
    if request.method == "POST":
        with transaction():
            actions.seal(period)
    report = _draft(period)
    points = checklist.points(period, report.frozen)
    shown = _shown(report.frozen, points)
    if form.validate_on_submit():
        try:
            if request.form.get("shown") != shown:
                raise NotWhatWasShown
            signed = _signed(period, report.frozen, points, form.despite.data or "")
            flash(_("Signed off. The report can be downloaded and sent."))
            return _show(district, signed)
        except Refusal as refusal:
            form.refuse(refusal)
    return render_template(
        "reporting/sign_off.html", period=period, form=form, points=points, weights=Weight, report=report,
        shown=shown, blocked=any(p.weight is Weight.BLOCKS for p in points),
    ), 422 if form.is_submitted() else 200  # fmt: skip


def _shown(frozen, points) -> str:
    """A mark of the figures, rows, files and points that the page shows."""
    return sha256(packed([frozen.shown(), [[p.code, p.weight, p.text] for p in points]]))


def _signed(period, frozen, points, despite) -> ReportingPeriod:
    """Sign what was counted; when the log grew meanwhile count again, but never sign anything unseen."""
    shown = _shown(frozen, points)
    for turn in range(TRIES):
        try:
            with transaction():
                actions.sign_off(period, frozen, points=points, despite=despite, by=current_user)
            return period
        except TheLogMoved:
            if turn == TRIES - 1:
                raise
            with transaction():
                actions.seal(period)
            frozen = _draft(period).frozen
            if _shown(frozen, checklist.points(period, frozen)) != shown:
                raise NotWhatWasShown from None
    return period


@desk.route("/<int:period_id>/reopening", methods=["GET", "POST"])
@requires(Role.MANAGER)
def reopening(district, period_id):
    """Ask for a reason, then take the sign-off back."""
    period = period_or_404(district, period_id)

    def act(because):
        actions.reopen(period, because=because, by=current_user)

    return _with_reason(
        district, period, act, title=_("Reopen %(period)s", period=period_name(period.code)),
        words=_("What was signed stays readable, with your reason. A new sign-off gets the next number."),
        button=_("Reopen"), done=_("Reopened. Review it and sign it again."),
    )  # fmt: skip


def _with_reason(district, period, act, *, title, words, button, done):
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                act(form.because.data)
            flash(done)
            return _show(district, period)
        except Refusal as refusal:
            form.refuse(refusal)
    return render_template(
        "reporting/reason.html", period=period, form=form, title=title, words=words, button=button
    ), 422 if form.is_submitted() else 200  # fmt: skip


@desk.route("/<int:period_id>/transmissions/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def transmission(district, period_id):
    """Note that the report was sent."""
    period = period_or_404(district, period_id)
    form = TransmissionForm()
    if not form.is_submitted():
        form.recipient.data, form.sent_on.data = _("Regione Toscana"), today(district.zone)
    elif form.validate():
        try:
            with transaction():
                actions.mark_sent(
                    period, recipient=form.recipient.data, protocol=form.protocol.data or "",
                    note=form.note.data or "", sent_on=form.sent_on.data, by=current_user,
                )  # fmt: skip
            flash(_("Noted."))
            return _show(district, period)
        except Refusal as refusal:
            form.refuse(refusal)
    return render_template(
        "reporting/transmission.html", period=period, form=form
    ), 422 if form.is_submitted() else 200  # fmt: skip


@desk.post("/<int:period_id>/removal")
@requires(Role.MANAGER)
def removal(district, period_id):
    """Forget a period that was opened by mistake."""
    period = period_or_404(district, period_id)
    with transaction():
        actions.remove_period(period)
    flash(_("The period is no longer on the list. Nothing else was changed."))
    return redirect(url_for(".index", district=district), 303)
