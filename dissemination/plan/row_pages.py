"""What stands behind a row of a figure: the row of the log, who counts it, its evidence; who is reached."""

from flask import abort, render_template, request
from flask_login import current_user
from markupsafe import Markup

from dissemination.kernel import downloads
from dissemination.kernel.languages import language
from dissemination.kernel.rights import Role, requires
from dissemination.plan import charts, figures, holders, judging, periods, proof_files, queries, texts
from dissemination.plan import panel as panels
from dissemination.plan.desk import asked_plan, desk, exclusions_by_reason, names_of


@desk.get("/figures/rows/<int:row_id>")
@requires(Role.VIEWER)
def log_row(district, row_id):
    """One row of the log: what it says, which indicators count it, what proves it."""
    row = proof_files.activity(district.id, row_id) or abort(404)
    plan = asked_plan(district) or abort(404)
    exclusions, names = exclusions_by_reason(district), names_of(district, plan)
    subject = (row.subject_kind, row.subject_id)
    return render_template(
        "plan/desk/log_row.html", row=row, plan=plan, judged=judging.judged(plan, row),
        proofs=proof_files.of_row(row), hidden=_is_hidden(district, row.subject_kind),
        evidence=proof_files.pages(district.id, [subject]).get(subject),
        corrections=proof_files.corrections(row),
        line=queries.line(district.id, row.activity_line_id or 0),
        reason_name=lambda reason: texts.reason_name(reason, exclusions),
        value_name=lambda attribute, v: texts.value_name(attribute, v, names),
    )  # fmt: skip


@desk.get("/figures/proofs/<int:evidence_id>")
@requires(Role.VIEWER)
def proof_file(district, evidence_id):
    """The file of a proof, to be saved."""
    proof = proof_files.by_id(district.id, evidence_id) or abort(404)
    if _is_hidden(district, proof.subject_kind):
        abort(403)
    return downloads.attachment(proof.file or abort(404))


def _is_hidden(district, kind: str) -> bool:
    """Whether the reader may know that proofs are there, and nothing of what they say."""
    return holders.is_confidential(kind) and not current_user.may(Role.ORGANISER, district)


@desk.get("/panel")
@requires(Role.VIEWER)
def panel(district):
    """Whom the district reaches: the ten most served companies, what was never reached, how many are new."""
    plan = asked_plan(district)
    if plan is None:
        return render_template("plan/desk/panel.html", plan=None)
    period = periods.read(request.args.get("period") or periods.PLAN, plan)
    today = figures.district_today(plan)
    found = panels.panel(plan, period)
    tiles = charts.provinces(found.by_province, "", language())
    return render_template(
        "plan/desk/panel.html", plan=plan, period=period, panel=found,
        tiles=Markup(tiles),  # noqa: S704 (escaped there)
        provinces=texts.PROVINCES,
        periods=[*[p for p in periods.half_years(plan) if p.start <= today],
                 *[p for p in periods.years(plan) if p.start <= today],
                 periods.read(periods.PLAN, plan)],
    )  # fmt: skip
