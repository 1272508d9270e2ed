"""The plan editor of the manager: the decree's five sections and annex, each part a page of its own."""

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from dissemination.kernel.clock import today
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import (
    actions,
    figures,
    orphans,
    past_targets,
    periods,
    queries,
    texts,
    trial,
    walking,
)
from dissemination.plan.counting_forms import (
    ExclusionForm,
    IndicatorForm,
    RequirementForm,
    target_field,
    targets_form,
)
from dissemination.plan.desk import desk
from dissemination.plan.forms import (
    MacroAreaForm,
    NewPlanForm,
    ObjectiveForm,
    OperationForm,
    PlanForm,
    SituationForm,
    line_form,
)
from dissemination.plan.models import CARTELLA, SITUATION_LIMIT, Exclusion


@dataclass(frozen=True)
class Part:
    """A kind of row in the plan: how it is found, asked for and saved, and what its pages are called."""

    find: Any
    form: Any
    save: Any
    new: Any
    edit: Any
    anchor: str


PARTS = {
    "macro-areas": Part(queries.macro_area, lambda _p: MacroAreaForm, actions.save_macro_area,
                        _l("New macro-area"), _l("Macro-area"), "section-1"),
    "objectives": Part(queries.objective, lambda _p: ObjectiveForm, actions.save_objective,
                       _l("New objective"), _l("Objective"), "section-3"),
    "lines": Part(queries.line, line_form, actions.save_line,
                  _l("New activity line"), _l("Activity line"), "section-4"),
    "operations": Part(queries.operation, lambda _p: OperationForm, actions.save_operation,
                       _l("New operation"), _l("Planned operation"), "section-4"),
    "indicators": Part(queries.indicator_by_id, lambda _p: IndicatorForm, actions.save_indicator,
                       _l("New indicator"), _l("Indicator"), "section-5"),
    "exclusions": Part(queries.exclusion, lambda _p: ExclusionForm, actions.save_exclusion,
                       _l("New exclusion"), _l("Exclusion"), "rules"),
    "evidence": Part(queries.evidence_requirement, lambda _p: RequirementForm, actions.save_requirement,
                     _l("New line of the checklist"), _l("Line of the evidence checklist"), "rules"),
}  # fmt: skip
PART = f"<any({', '.join(repr(name) for name in PARTS)}):part>"


def _plan(district):
    asked = request.args.get("plan", type=int)
    if asked is None:
        return queries.current_plan(district.id) or abort(404)
    return next((p for p in queries.plans(district.id) if p.id == asked), None) or abort(404)


def _to_plan(district, plan, anchor=None):
    return redirect(url_for(".index", district=district, plan=plan.id, _anchor=anchor), 303)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """The whole plan in the decree's order, each part with its way to be changed."""
    if not queries.plans(district.id):
        return render_template("plan/desk/plan.html", plan=None)
    plan = _plan(district)
    return render_template("plan/desk/plan.html", **_whole(district, plan))


@desk.get("/print")
@requires(Role.VIEWER)
def print_page(district):
    """The plan as one document in the decree's order, for paper."""
    plan = _plan(district)
    wanted = [*periods.half_years(plan), periods.read(periods.PLAN, plan)]
    values = figures.figures(figures.readable(plan.indicators), wanted[-1:])
    return render_template(
        "plan/desk/print.html", wanted=wanted, values=values, **_whole(district, plan),
    )  # fmt: skip


def _whole(district, plan) -> dict:
    years = range(plan.starts_on.year, plan.ends_on.year + 1)
    money = {(b.activity_line_id, b.year): b for line in plan.lines for b in line.budget}
    return {
        "plan": plan, "plans": queries.plans(district.id), "orphans": orphans.orphans(plan),
        "exclusions": queries.exclusions(district.id), "years": years, "money": money,
        "requirements": queries.evidence_requirements(district.id),
        "too_high": [b for b in money.values() if b.cofinancing_percent > 50],
        "limit": SITUATION_LIMIT, "page_size": CARTELLA,
        "halves": periods.half_years(plan),
        "tree": walking.walk(plan), "used": queries.section_1_used(plan),
        "operations": [o for line in plan.lines for o in line.operations],
        "today": today(district.zone),
        "targets": {(i.id, t.period): t.value for i in plan.indicators for t in i.targets},
    }  # fmt: skip


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def create(district):
    """Begin a plan."""
    form = NewPlanForm()
    if not form.is_submitted():
        year = today(district.zone).year
        form.title.data = _("Plan %(first)d-%(last)d", first=year, last=year + 2)
        form.starts_on.data = today(district.zone).replace(month=1, day=1)
        form.ends_on.data = form.starts_on.data.replace(year=year + 2, month=12, day=31)
    if form.validate_on_submit():
        try:
            with transaction():
                plan = actions.create_plan(
                    district.id, title=form.title.data, starts_on=form.starts_on.data,
                    ends_on=form.ends_on.data, catalogue=form.catalogue.data, by=current_user,
                )  # fmt: skip
            flash(_("The plan is created. Next: macro-areas, budget and targets."))
            return _to_plan(district, plan)
        except actions.PlanOverlaps as refusal:
            form.refuse(refusal)
    return _form_page(form, title=_("New plan"), back=url_for(".index", district=district))


@desk.route("/heading", methods=["GET", "POST"])
@requires(Role.MANAGER)
def heading(district):
    """Title and dates."""
    return _revise(district, PlanForm, ("title", "starts_on", "ends_on"), _("Title and dates"), None)


@desk.route("/situation", methods=["GET", "POST"])
@requires(Role.MANAGER)
def situation(district):
    """Section 1, the text."""
    names = ("situation", "situation_en", "sources")
    return _revise(district, SituationForm, names, _("1. Situation"), "section-1")


def _revise(district, kind, names, title, anchor):
    plan = _plan(district)
    form = _prepared(kind(obj=plan), plan)
    if not form.is_submitted():
        form.version.data = actions.version_of(plan)
    elif form.validate():
        facts = {name: form[name].data for name in names}
        if _saved(
            form, lambda: actions.version_of(plan),
            lambda: actions.revise_plan(plan, version=form.version.data, by=current_user, **facts),
        ):  # fmt: skip
            return _to_plan(district, plan, anchor)
    page = "plan/desk/situation.html" if kind is SituationForm else None
    return _form_page(form, title=title, back=url_for(".index", district=district, plan=plan.id), page=page)


@desk.route(f"/{PART}/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def add_part(district, part):
    """Add a row of a kind."""
    kind, plan = PARTS[part], _plan(district)
    form = _prepared(kind.form(plan)(), plan)
    if form.validate_on_submit() and _saved(
        form, None, lambda: kind.save(plan, None, version=form.version.data, by=current_user, **form.facts())
    ):
        _warn(plan, form)
        return _to_plan(district, plan, kind.anchor)
    return _form_page(form, title=kind.new, back=url_for(".index", district=district, plan=plan.id))


@desk.route(f"/{PART}/<int:row_id>", methods=["GET", "POST"])
@requires(Role.MANAGER)
def edit_part(district, part, row_id):
    """Change a row."""
    kind = PARTS[part]
    row = kind.find(district.id, row_id) or abort(404)
    plan = getattr(row, "plan", None) or _plan(district)
    form = _prepared(kind.form(plan)(obj=row), plan, row)
    if not form.is_submitted():
        form.version.data = actions.version_of(row)
        getattr(form, "fill", lambda _row: None)(row)
    elif form.validate() and _saved(
        form,
        lambda: actions.version_of(row),
        lambda: kind.save(plan, row, version=form.version.data, by=current_user, **form.facts()),
    ):
        _warn(plan, form)
        return _to_plan(district, plan, kind.anchor)
    return _form_page(
        form, title=kind.edit, back=url_for(".index", district=district, plan=plan.id),
        removal=url_for(".remove_part", district=district, part=part, row_id=row_id, plan=plan.id),
    )  # fmt: skip


@desk.route(f"/{PART}/<int:row_id>/removal", methods=["GET", "POST"])
@requires(Role.MANAGER)
def remove_part(district, part, row_id):
    """Ask, then take a row out of the plan."""
    kind = PARTS[part]
    row = kind.find(district.id, row_id) or abort(404)
    plan = getattr(row, "plan", None) or _plan(district)
    if request.method == "POST":
        try:
            with transaction():
                actions.remove(row, by=current_user)
            flash(_("Removed."))
        except Refusal as refusal:
            flash(str(refusal.message), "error")
        return _to_plan(district, plan, kind.anchor)
    names = ("name_it", "text", "title_it", "reason_it")
    name = next((getattr(row, n) for n in names if getattr(row, n, None)), "")
    return render_template("plan/desk/removal.html", name=name, title=kind.edit, plan=plan)


@desk.post("/application-areas/<int:row_id>/priority")
@requires(Role.MANAGER)
def raise_area(district, row_id):
    """One place up."""
    area = queries.application_area(district.id, row_id) or abort(404)
    plan = area.macro_area.plan
    with transaction():
        actions.raise_application_area(area, by=current_user)
    return _to_plan(district, plan, "section-1")


@desk.post("/objectives/<int:row_id>/place")
@requires(Role.MANAGER)
def move_objective(district, row_id):
    """One place up or down among those that serve the same objective."""
    row = queries.objective(district.id, row_id) or abort(404)
    plan = row.plan
    with transaction():
        actions.move_objective(row, up=request.form.get("direction") == "up", by=current_user)
    return _to_plan(district, plan, "section-3")


@desk.route("/targets", methods=["GET", "POST"])
@requires(Role.MANAGER)
def targets(district):
    """Baselines and targets of all indicators in one table."""
    plan = _plan(district)
    codes = [p.code for p in periods.half_years(plan)] + [periods.PLAN]
    form, late = targets_form(plan, codes)(), []
    if not form.is_submitted():
        form.version.data = actions.targets_version(plan)
        _show_targets(form, plan)
    elif form.validate():
        values = {
            i.id: {
                "baseline": form[target_field(i, "baseline")].data,
                "year": form[target_field(i, "year")].data,
                "targets": {code: form[target_field(i, code)].data for code in codes},
            }
            for i in plan.indicators
        }
        late = _in_the_past(plan, values, today(district.zone))
        past = past_targets.changed(plan, values)
        if late and not request.form.get("past"):
            form.form_errors = [_("You changed targets of periods that are over (%(periods)s). Tick the box "
                                  "below if that is what you mean.", periods=", ".join(late))]  # fmt: skip
        elif _saved(
            form, lambda: actions.targets_version(plan),
            lambda: actions.save_targets(plan, version=form.version.data, values=values, by=current_user),
        ):  # fmt: skip
            for said in past_targets.words(plan, past):
                flash(said, "warning")
            return _to_plan(district, plan, "section-5")
    status = 422 if form.errors else 200
    return render_template(
        "plan/desk/targets.html", form=form, plan=plan, codes=codes, cell=target_field, late=late,
        over=past_targets.over(plan),
    ), status  # fmt: skip


def _in_the_past(plan, values: dict, on) -> list[str]:
    """The names of periods that are over and whose targets `values` would change."""
    over = [p.code for p in [*periods.half_years(plan), periods.read(periods.PLAN, plan)] if p.end < on]
    had = {(i.id, t.period): t.value for i in plan.indicators for t in i.targets}
    changed = {
        code for i in plan.indicators for code in over
        if values[i.id]["targets"].get(code) != had.get((i.id, code))
    }  # fmt: skip
    return [texts.period_name(code) for code in over if code in changed]


def _show_targets(form, plan):
    for i in plan.indicators:
        form[target_field(i, "baseline")].data = i.baseline
        form[target_field(i, "year")].data = i.baseline_year
        for t in i.targets:
            if target_field(i, t.period) in form:
                form[target_field(i, t.period)].data = t.value


def _prepared(form, plan, row=None):
    form.row = row
    getattr(form, "prepare", lambda _plan: None)(plan)
    return form


def _saved(form, mark, save) -> bool:
    """Whether `save` went through; else the form says why. Who comes second gets the present `mark()`."""
    try:
        with transaction():
            save()
    except Refusal as refusal:
        form.refuse(refusal)
        if isinstance(refusal, actions.ChangedMeanwhile) and mark is not None:
            form.version.data = mark()
            form.version.raw_data = None
        return False
    flash(_("Saved."))
    return True


def _warn(plan, form) -> None:
    """Say what is odd about what was saved."""
    if isinstance(form, ExclusionForm) and (words := trial.oddity(plan, Exclusion(**form.facts()))):
        flash(words, "warning")


def _form_page(form, *, title, back, removal=None, page=None):
    return render_template(
        page or "plan/desk/part.html", form=form, title=title, back=back, removal=removal,
        limit=SITUATION_LIMIT, page_size=CARTELLA, limits=getattr(form, "limits", {}),
    ), 422 if form.errors else 200  # fmt: skip
