"""The rule editor on the desk: fields, what the rule says in plain words, what it counts on the real log."""

import json

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import (
    actions,
    figures,
    periods,
    queries,
    readings,
    rulebook_actions,
    rulebooks,
    rules,
    texts,
    trial,
)
from dissemination.plan.desk import asked_plan, desk, exclusions_by_reason, names_of
from dissemination.plan.rule_forms import PARTS, RuleForm, in_words


@desk.route("/figures/<code>/rule", methods=["GET", "POST"])
@requires(Role.MANAGER)
def rule(district, code):
    """Change how an indicator is counted, by the plan or by a call (`?book=`); only "Save" saves."""
    indicator, book = _indicator(district, code), _book(district)
    form, data, problems = _read(indicator, _present(indicator, book), _mark(indicator, book))
    if request.method == "POST" and request.form.get("do") == "save" and not problems and form.validate():
        try:
            with transaction():
                _save(indicator, book, form, data)
            return _saved(district, code, book)
        except Refusal as refusal:
            form.refuse(refusal)
            form.version.data, form.version.raw_data = _mark(indicator, book), None
    saving = request.form.get("do") == "save"
    return _page(district, indicator, book, form, data, problems), 422 if saving and (
        problems or form.errors
    ) else 200


def _save(indicator, book, form, data):
    if book is not None:
        rulebook_actions.save_rule(book, indicator.code, data, version=form.version.data)
        return
    actions.save_indicator(
        indicator.plan, indicator, version=form.version.data, by=current_user, code=indicator.code, rule=data
    )


def _mark(indicator, book) -> str:
    """What the rule was when the page was made, for whoever saves second."""
    if book is not None:
        return rulebook_actions.rule_version(book, indicator.code)
    return actions.version_of(indicator)


def _saved(district, code, book):
    if book is not None:
        flash(_("Saved. The plan's own figures stay as they are."))
        return redirect(url_for(".rulebook", district=district, code=book.code), 303)
    flash(_("Saved. The figures follow the new rule at once."))
    return redirect(url_for(".figure", district=district, code=code, plan=request.args.get("plan")), 303)


def _book(district):
    asked = request.args.get("book")
    return None if asked is None else rulebooks.rulebook(district.id, asked) or abort(404)


def _present(indicator, book):
    """The rule as it is now, by the plan or by a call."""
    own = {r.indicator_code: r.rule for r in book.rules} if book else {}
    return own.get(indicator.code, indicator.rule)


def _indicator(district, code):

    plan = asked_plan(district) or abort(404)
    return queries.indicator(plan, code) or abort(404)


def _read(indicator, present, mark):
    """(form, rule as JSON, problems): of what was posted, or of the indicator as it is."""
    form = RuleForm()
    if request.method == "GET":
        data = present if isinstance(present, dict) else {}
        form.prepare(indicator.plan, indicator.code, data)
        if not rules.problems_of(data):
            form.fill(data)
        form.as_json.data = json.dumps(present, indent=2, ensure_ascii=False)
        form.version.data = mark
        return form, data, problems_of(indicator, data)
    if request.form.get("do") == "json":
        return _from_json(form, indicator, present)
    form.prepare(indicator.plan, indicator.code, present)
    if not form.validate():
        return form, present, [_("Correct the fields marked below.")]
    data = form.rule(present)
    form.as_json.data = json.dumps(data, indent=2, ensure_ascii=False)
    form.as_json.raw_data = None
    return form, data, [in_words(problem) for problem in problems_of(indicator, data)]


def _from_json(form, indicator, present):
    """What was written as JSON, put into the fields."""
    try:
        data = rules.from_text(form.as_json.data)
    except rules.RuleError as error:
        form.prepare(indicator.plan, indicator.code, present)
        return form, present, error.problems
    problems = problems_of(indicator, data)
    form.prepare(indicator.plan, indicator.code, data if not problems else present)
    if not problems:
        version = form.version.data
        form.fill(data)
        form.version.data = version
    return form, data, problems


def problems_of(indicator, data) -> list[str]:
    """Why a rule cannot be read, or names an indicator that is not there or is a percentage itself."""
    return rules.problems_among({i.code: i.rule for i in indicator.plan.indicators}, indicator.code, data)


def _page(district, indicator, book, form, data, problems):
    plan = indicator.plan
    period = periods.read(request.values.get("period") or periods.PLAN, plan)
    exclusions, names = exclusions_by_reason(district), names_of(district, plan)
    read = None if problems else rules.read(data)
    before = None
    if not rules.problems_of(indicator.rule):
        before = figures.figure(indicator, period)
    return render_template(
        "plan/desk/rule.html", indicator=indicator, book=book, form=form, problems=problems, period=period,
        before=before,
        trial=trial.result(indicator, data, period) if read else None, parts=PARTS,
        said={lang: readings.sentence(read, plan, lang) for lang in ("it", "en")} if read else {},
        periods=[*periods.half_years(plan), periods.read(periods.PLAN, plan)],
        reason_name=lambda reason: texts.reason_name(reason, exclusions),
        value_name=lambda attribute, v: texts.value_name(attribute, v, names),
    )  # fmt: skip
