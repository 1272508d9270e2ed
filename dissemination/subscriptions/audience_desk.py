"""The desk's pages of an audience: the counts, the persons behind each number, exclusions and the guard.

The rule stands in the address (`topic`, `segment`, `issue`, `unguarded`), so that any page can link to it.
"""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people.models import Company
from dissemination.subscriptions import audience as counting
from dissemination.subscriptions import exclusions as excluding
from dissemination.subscriptions import hooks, queries, segments
from dissemination.subscriptions.audience import REASONS, UNCONFIRMED, Audience
from dissemination.subscriptions.common import desk
from dissemination.subscriptions.desk_forms import ExclusionForm, GuardForm
from dissemination.subscriptions.texts import DOUBLES, KINDS, NEXT_STEPS
from dissemination.subscriptions.texts import REASONS as REASON_NAMES


def _rule(district) -> Audience:
    """The rule in the address; topics and segments of others are left out."""
    topics = {t.id for t in queries.topics(district.id, closed=True)}
    wanted = {t for t in request.args.getlist("topic", type=int) if t in topics}
    segment = request.args.get("segment", type=int)
    mine = {s.id for s in segments.all_of(district.id)}
    return Audience(
        tuple(sorted(wanted)), segment=segment if segment in mine else None,
        issue=request.args.get("issue", type=int), guarded=request.args.get("unguarded") != "1",
    )  # fmt: skip


def _arguments(rule: Audience) -> dict:
    """The rule as the values of an address."""
    return {
        "topic": list(rule.topics), "segment": rule.segment, "issue": rule.issue,
        "unguarded": None if rule.guarded else "1",
    }  # fmt: skip


@desk.get("/audience")
@requires(Role.VIEWER)
def audience(district):
    """Who would get a newsletter of these topics: how many, who not and why, who twice."""
    rule = _rule(district)
    topics = queries.topics(district.id)
    return render_template(
        "subscriptions/desk_audience.html", rule=rule, arguments=_arguments(rule), names=REASON_NAMES,
        groups={KINDS[kind]: rows for kind, rows in queries.by_kind(topics).items()},
        segments=segments.all_of(district.id), guard=counting.guard(district.id), doubles=DOUBLES,
        counts=counting.count(district.id, rule) if rule.topics else None,
    )  # fmt: skip


@desk.get("/audience/reached")
@requires(Role.VIEWER)
def audience_reached(district):
    """The persons who would get it."""
    rule = _rule(district)
    page = counting.reached(
        district.id, rule, language=request.args.get("language", ""), after=request.args.get("after")
    )
    return render_template(
        "subscriptions/desk_audience_reached.html", rule=rule, arguments=_arguments(rule), page=page
    )


@desk.get("/audience/left-out/<reason>")
@requires(Role.VIEWER)
def audience_left_out(district, reason):
    """The persons who would not get it, for one reason."""
    if reason not in (*REASONS, UNCONFIRMED):
        abort(404)
    rule = _rule(district)
    return render_template(
        "subscriptions/desk_audience_left_out.html", rule=rule, arguments=_arguments(rule), reason=reason,
        name=REASON_NAMES[reason], next_step=NEXT_STEPS[reason], guard=counting.guard(district.id),
        page=counting.left_out(district.id, rule, reason, after=request.args.get("after")),
    )  # fmt: skip


@desk.get("/audience/doubles/<kind>")
@requires(Role.VIEWER)
def audience_doubles(district, kind):
    """The persons who would get it twice, group by group."""
    if kind not in DOUBLES:
        abort(404)
    rule = _rule(district)
    rows, following = counting.doubles(district.id, rule, kind, after=request.args.get("after", ""))
    companies = {r.company_id for r in rows if r.company_id}
    found = db.session.query(Company).filter(Company.id.in_(companies))
    return render_template(
        "subscriptions/desk_audience_doubles.html", rule=rule, arguments=_arguments(rule), kind=kind,
        name=DOUBLES[kind], rows=rows, following=following, companies={c.id: c for c in found},
    )  # fmt: skip


# Exclusions.


@desk.get("/exclusions/")
@requires(Role.VIEWER)
def exclusions(district):
    """Who is left out by the desk, with who, when and why."""
    form = ExclusionForm(formdata=None, whom=request.args.get("whom", "")[:254])
    return _exclusions_page(district, form)


@desk.post("/exclusions/")
@requires(Role.ORGANISER)
def add_exclusion(district):
    """Leave somebody out: of one issue, or of all."""
    form, issue_id = ExclusionForm(), request.form.get("issue", type=int)
    if form.validate():
        try:
            with transaction():
                whom = excluding.find(district, form.whom.data)
                excluding.exclude(
                    district, whom, reason=form.reason.data, by=current_user,
                    issue_id=issue_id if hooks.is_issue(district.id, issue_id) else None,
                )  # fmt: skip
            flash(_("From now on they are left out."))
            return redirect(url_for(".exclusions", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _exclusions_page(district, form, 422)


def _exclusions_page(district, form: ExclusionForm, status: int = 200):
    ended = request.args.get("ended") == "1"
    page = excluding.rows(district.id, ended=ended, after=request.args.get("after"))
    issue_id = request.values.get("issue", type=int)
    return render_template(
        "subscriptions/desk_exclusions.html", form=form, page=page, ended=ended, issue_id=issue_id
    ), status


@desk.post("/exclusions/<int:exclusion_id>/end")
@requires(Role.ORGANISER)
def end_exclusion(district, exclusion_id):
    """Write to them again."""
    found = excluding.one(district.id, exclusion_id)
    with transaction():
        excluding.end(found, by=current_user)
    flash(_("The exclusion has ended: they are written to again."))
    return redirect(url_for(".exclusions", district=district), 303)


# The frequency guard.


@desk.route("/guard", methods=["GET", "POST"])
@requires(Role.MANAGER)
def guard(district):
    """At most so many newsletters in so many days to one person."""
    row = excluding.settings(district.id)
    form = GuardForm(obj=row)
    if request.method != "POST":
        form.version.data = row.version if row else 0
    elif form.validate():
        try:
            with transaction():
                excluding.set_guard(
                    district, most=form.most.data, days=form.days.data, version=form.version.data or 0,
                    by=current_user,
                )  # fmt: skip
            flash(_("Saved."))
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("subscriptions/desk_guard.html", form=form)
    return page, 422 if form.errors else 200
