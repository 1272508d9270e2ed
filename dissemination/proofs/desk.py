"""The evidence of a district: what is missing, the files of each activity, and a look at each file."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.kernel import files
from dissemination.kernel.clock import today
from dissemination.kernel.database import transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import holders, periods
from dissemination.plan import queries as plans
from dissemination.proofs import actions, checking, judging, previews, queries
from dissemination.proofs.forms import ProofForm, RemovalForm

desk = Blueprint("proofs_desk", __name__, url_prefix="/<district>/desk/evidence")
# A PDF's own viewer does not start in a sandbox; nothing in the answer can call anything anyway.
INLINE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """What cannot be proven yet, by period, kind and organiser."""
    plan = plans.current_plan(district.id)
    period = _period(plan)
    verb, mine = request.args.get("kind") or None, request.args.get("mine") == "1"
    who = current_user.id if mine else None
    found = queries.missing(district.id, period=period, after=request.args.get("after"), verb=verb, who=who)
    waiting = [] if request.args.get("after") else queries.waiting(district.id, period=period, verb=verb)
    if mine:
        waiting = [lack for lack in waiting if lack.who is not None and lack.who.id == current_user.id]
    start, end = (period.start, period.end) if period else (None, None)
    return render_template(
        "proofs/index.html", plan=plan, period=period, found=found, waiting=waiting, verb=verb, mine=mine,
        verbs=sorted(judging.verbs_asked(district.id)), today=today(district.zone),
        complete=queries.completeness(district.id, start, end) if period else None,
        halves=periods.half_years(plan) if plan else [],
        unseen=queries.unseen(district.id, start, end) if period else 0,
    )  # fmt: skip


def _period(plan):
    """The period asked for; the whole plan by default; None without a plan."""
    if plan is None:
        return None
    try:
        return periods.read(request.args.get("period") or periods.PLAN, plan)
    except periods.UnknownPeriod:
        abort(404)


@desk.get("/<kind>/<int:subject_id>")
@requires(Role.VIEWER)
def show(district, kind, subject_id):
    """The checklist and the files of one activity."""
    return _page(district, kind, subject_id, ProofForm(formdata=None))


def _page(district, kind, subject_id, form):
    rows = queries.subject_rows(district.id, kind, subject_id) or abort(404)
    checklists = [_checklist(district, row) for row in rows]
    lines = {line.code: line for _row, found in checklists for line, _there, by_file in found if by_file}
    form.offer(lines.values())
    proofs = plans.all_evidence_of_pair(kind, subject_id)
    place = queries.where(kind, rows[0].verb, [subject_id]).get(subject_id, "")
    page = render_template(
        "proofs/show.html", rows=rows, checklists=checklists, form=form, kind=kind, subject_id=subject_id,
        place=place, lines=lines, proofs=[p for p in proofs if p.removed_at is None],
        removed=[p for p in proofs if p.removed_at], way=previews.way_of, BROKEN=holders.BROKEN,
        names={r.code: r for r in plans.evidence_requirements(district.id)},
        hidden=_is_hidden(district, kind),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _checklist(district, row):
    """(row, [(line, whether it is fulfilled, whether a file can prove it)])."""
    have = judging.held(row.subject_kind, row.verb, [row.subject_id])[row.subject_id]
    holder = holders.of(row.verb, row.subject_kind)
    computed = holder.computed if holder is not None else frozenset()
    lines = plans.evidence_checklist(district.id, row.verb, row.happened_on)
    return row, [(line, line.code in have, line.code not in computed) for line in lines]


@desk.post("/<kind>/<int:subject_id>/files")
@requires(Role.ORGANISER)
def create_files(district, kind, subject_id):
    """Add files, or a note."""
    rows = queries.subject_rows(district.id, kind, subject_id) or abort(404)
    form = ProofForm()
    checklists = [_checklist(district, row) for row in rows]
    form.offer(
        {line.code: line for _row, found in checklists for line, _t, by_file in found if by_file}.values()
    )
    if form.validate():
        try:
            with transaction():
                added = actions.add(
                    district.id, kind, subject_id, code=form.code.data, uploads=form.uploads(),
                    note=form.note.data or "", by=current_user,
                )  # fmt: skip
                count = len(added)
            flash(ngettext("%(num)d proof is added.", "%(num)d proofs are added.", count))
            return redirect(url_for(".show", district=district, kind=kind, subject_id=subject_id), 303)
        except Refusal as refusal:
            form.refuse(Refusal(refusal.message, field="files"))
    return _page(district, kind, subject_id, form)


@desk.get("/files/<int:evidence_id>")
@requires(Role.VIEWER)
def preview(district, evidence_id):
    """Look at a file, and at whether it is still what was uploaded."""
    proof = _with_file(district, evidence_id)
    condition, content = checking.check_proof(proof), b""
    if condition != checking.LOST:
        content = files.read(proof.file)
    return render_template(
        "proofs/preview.html", proof=proof, condition=condition, preview=previews.of(proof.file, content),
        place=url_for(".show", district=district, kind=proof.subject_kind, subject_id=proof.subject_id),
    )  # fmt: skip


@desk.get("/files/<int:evidence_id>/content")
@requires(Role.VIEWER)
def content(district, evidence_id):
    """The bytes of a picture or PDF, for our own preview; anything else, and `?save=1`, to be saved."""
    proof = _with_file(district, evidence_id)
    if proof.file.media_type not in previews.INLINE or request.args.get("save"):
        return attachment(proof.file)
    try:
        data = files.read(proof.file)
    except FileNotFoundError:
        abort(404)
    response = Response(data, content_type=proof.file.media_type)
    response.headers.set("Content-Disposition", "inline", filename=proof.file.name)
    response.headers["Content-Security-Policy"] = INLINE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@desk.route("/files/<int:evidence_id>/removal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def removal(district, evidence_id):
    """Ask why a proof was wrong, and let it count no more."""
    proof = queries.proof(district.id, evidence_id) or abort(404)
    place = url_for(".show", district=district, kind=proof.subject_kind, subject_id=proof.subject_id)
    form = RemovalForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.remove(proof, reason=form.reason.data or "", by=current_user)
            flash(_("The file counts no more. It is kept with the reason."))
            return redirect(place, 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("proofs/removal.html", proof=proof, form=form, place=place)
    return page, 422 if form.errors else 200


def _with_file(district, evidence_id):
    proof = queries.proof(district.id, evidence_id)
    if proof is None or proof.file is None:
        abort(404)
    if _is_hidden(district, proof.subject_kind):
        abort(403)
    return proof


def _is_hidden(district, kind: str) -> bool:
    """Whether the reader may know that files are there, and nothing of what they say."""
    return holders.is_confidential(kind) and not current_user.may(Role.ORGANISER, district)
