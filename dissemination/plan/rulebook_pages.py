"""Figures under the rules of other calls, side by side; the rulebooks of the calls."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.languages import language
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
)
from dissemination.plan.desk import asked_plan, desk
from dissemination.plan.rulebook_forms import RulebookForm

SIDES = 4  # rulebooks side by side: more do not fit, and nobody has had more calls at once


@desk.get("/what-if")
@requires(Role.VIEWER)
def what_if(district):
    """What the figures would be under each call's rules, and without any exclusion."""
    plan = asked_plan(district)
    if plan is None:
        return render_template("plan/desk/what_if.html", plan=None)
    period = periods.read(request.args.get("period") or periods.PLAN, plan)
    indicators = figures.readable(plan.indicators)
    books = rulebooks.rulebooks(district.id)
    columns = [(book, figures.figures(indicators, [period], rulebook=book)) for book in books[:SIDES]]
    return render_template(
        "plan/desk/what_if.html", plan=plan, period=period, indicators=indicators, books=books,
        columns=columns,
        now=figures.figures(indicators, [period]),
        bare=figures.figures(indicators, [period], exclusions=False),
        exclusions=queries.exclusions(district.id), readings=_readings(plan, books),
        periods=[*periods.half_years(plan), periods.read(periods.PLAN, plan)],
    )  # fmt: skip


def _readings(plan, books):
    """{(rulebook code, indicator code): the rule in words}."""
    return {
        (book.code, r.indicator_code): readings.sentence(rules.read(r.rule), plan, language())
        for book in books
        for r in book.rules
        if not rules.problems_of(r.rule)
    }


@desk.route("/rulebooks/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def add_rulebook(district):
    """Write down the rules of a call."""
    return _rulebook_page(district, None)


@desk.route("/rulebooks/<code>", methods=["GET", "POST"])
@requires(Role.MANAGER)
def rulebook(district, code):
    """Change the rules of a call."""
    return _rulebook_page(district, rulebooks.rulebook(district.id, code) or abort(404))


def _rulebook_page(district, book):
    form = RulebookForm(obj=book)
    exclusions = queries.exclusions(district.id)
    form.prepare(exclusions, book)
    if not form.is_submitted():
        form.version.data = actions.version_of(book) if book else ""
        form.exclusion_ids.data = [e.id for e in exclusions if book and e.rulebook_id == book.id]
    elif form.validate():
        try:
            with transaction():
                rulebook_actions.save_rulebook(district.id, book, version=form.version.data, **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".what_if", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            if book is not None:
                form.version.data, form.version.raw_data = actions.version_of(book), None
    plan = asked_plan(district)
    return render_template(
        "plan/desk/rulebook.html", form=form, book=book, plan=plan,
        indicators=figures.readable(plan.indicators) if plan else [],
    ), 422 if form.errors else 200  # fmt: skip


@desk.post("/rulebooks/<code>/removal")
@requires(Role.MANAGER)
def remove_rulebook(district, code):
    """Take a rulebook away; its exclusions stay."""
    book = rulebooks.rulebook(district.id, code) or abort(404)
    with transaction():
        rulebook_actions.remove_rulebook(book)
    flash(_("The rulebook is removed. Its exclusions stay, each in its own time."))
    return redirect(url_for(".what_if", district=district), 303)


@desk.post("/rulebooks/<code>/rules/<indicator>/removal")
@requires(Role.MANAGER)
def drop_rulebook_rule(district, code, indicator):
    """Let the call count an indicator as the plan does."""
    book = rulebooks.rulebook(district.id, code) or abort(404)
    with transaction():
        rulebook_actions.drop_rule(book, indicator)
    flash(_("Removed."))
    return redirect(url_for(".rulebook", district=district, code=code), 303)
