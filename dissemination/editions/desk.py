"""The plan's versions on the desk: what changed, what is approved, and the plan as one document."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.editions import actions, content, differences, queries, texts
from dissemination.editions.forms import ApprovalForm, WithdrawalForm
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import queries as plans

desk = Blueprint("editions_desk", __name__, url_prefix="/<district>/desk/plan/<int:plan_id>")
imports = Blueprint("editions_imports_desk", __name__, url_prefix="/<district>/desk/plan/imports")


def plan_of(district, plan_id):
    """The district's plan with that id. 404 for another one's."""
    return next((p for p in plans.plans(district.id) if p.id == plan_id), None) or abort(404)


@desk.get("/versions/")
@requires(Role.VIEWER)
def versions(district, plan_id):
    """Every version that was kept, and what was approved."""
    return _versions_page(plan_of(district, plan_id))


def _versions_page(plan, approval_form=None, withdrawal_form=None):
    now = content.snapshot(plan)
    standing = queries.approval(plan)
    changed = standing is None or content.planned(standing.version.content) != content.planned(now)
    form = approval_form or ApprovalForm(formdata=None, mark=content.mark_of(now))
    refused = approval_form or withdrawal_form
    page = render_template(
        "editions/versions.html", plan=plan, versions=queries.versions(plan, request.args.get("after")),
        approvals=queries.approvals(plan), standing=standing, changed=changed, said=texts.said, form=form,
        withdrawal=withdrawal_form or WithdrawalForm(formdata=None), refused=refused,
        latest=queries.latest(plan),
    )  # fmt: skip
    return page, 422 if refused else 200


@desk.get("/versions/<int:number>")
@requires(Role.VIEWER)
def version(district, plan_id, number):
    """What a version changed: since the one before, or since `?with=`; `with=0` is the approved one."""
    plan = plan_of(district, plan_id)
    shown = queries.version(plan, number) or abort(404)
    return _comparison(plan, shown, shown.content, _other(plan, number))


@desk.get("/changes")
@requires(Role.VIEWER)
def changes(district, plan_id):
    """What changed since the approved version: the plan as it stands now."""
    plan = plan_of(district, plan_id)
    return _comparison(plan, None, content.snapshot(plan), queries.approved(plan))


def _other(plan, number):
    asked = request.args.get("with", type=int)
    if asked is None:
        return queries.before(plan, number)
    if asked == 0:
        return queries.approved(plan)
    return queries.version(plan, asked) or abort(404)


def _comparison(plan, shown, now, other):
    found = differences.between(other.content, now) if other is not None else []
    return render_template(
        "editions/version.html", plan=plan, shown=shown, other=other, found=found, said=texts.said,
        sections=differences.SECTIONS, approved=queries.approved(plan),
        numbers=[v.number for v in queries.versions(plan).rows],
    )  # fmt: skip


@desk.post("/approvals")
@requires(Role.MANAGER)
def create_approval(district, plan_id):
    """Approve the plan as it stands."""
    plan, form = plan_of(district, plan_id), ApprovalForm()
    if form.validate():
        try:
            with transaction():
                actions.approve(plan, mark=form.mark.data or "", words=form.words.data or "", by=current_user)
            flash(_("The plan is approved as it stands."))
            return redirect(url_for(".versions", district=district, plan_id=plan.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    form.mark.data, form.mark.raw_data = content.mark_of(content.snapshot(plan)), None
    return _versions_page(plan, approval_form=form)


@desk.post("/approvals/withdrawal")
@requires(Role.MANAGER)
def create_withdrawal(district, plan_id):
    """Take the approval back, with the reason."""
    plan, form = plan_of(district, plan_id), WithdrawalForm()
    if form.validate():
        try:
            with transaction():
                actions.withdraw(plan, reason=form.reason.data or "", by=current_user)
            flash(_("The approval is withdrawn. The reason stays beside it."))
            return redirect(url_for(".versions", district=district, plan_id=plan.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _versions_page(plan, withdrawal_form=form)
