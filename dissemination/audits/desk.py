"""The desk's pages of audits: the list, whom to visit next, one audit and its one next step.

For organisers and managers only: what an audit says is between the district's people and that company.
"""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.audits import actions, benchmarks, hooks, logged, planning, queries, states, texts
from dissemination.audits.forms import PlanForm, SettingsForm, SheetForm
from dissemination.audits.models import Audit, State
from dissemination.audits.refusals import Changed
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.people.accounts import Account
from dissemination.people.models import Company, SizeClass
from dissemination.people.texts import SIZES
from dissemination.plan import queries as plans

desk = Blueprint("audits_desk", __name__, url_prefix="/<district>/desk/audits")
MOST = 50  # companies that are planned at once
FILTERS = ("q", "visited", "province", "sector", "size", "member")


@desk.get("/")
@requires(Role.ORGANISER)
def index(district):
    """All audits, the newest first; the visits that are agreed."""
    state = next((s for s in State if s.value == request.args.get("state")), None)
    mine = request.args.get("mine") == "1"
    page = queries.audits(
        district.id, state=state, auditor_id=current_user.id if mine else None,
        after=request.args.get("after"),
    )  # fmt: skip
    return render_template(
        "audits/index.html", page=page, state=state, mine=mine, counts=queries.by_state(district.id),
        upcoming=queries.upcoming(district.id, now()), texts=texts, states=states, State=State,
        firms=people.survivors(audit.company for audit in page.rows),
    )  # fmt: skip


def _wanted() -> planning.Wanted:
    asked = request.args
    sector = asked.get("sector", "")
    return planning.Wanted(
        search=asked.get("q", "")[:100], province=asked.get("province", "")[:2],
        sector_id=int(sector) if sector.isdecimal() and len(sector) < 10 else None,
        size=SizeClass(asked["size"]) if asked.get("size") in SIZES else None,
        member={"yes": True, "no": False}.get(asked.get("member", "")),
        visited=next((v for v in planning.Visited if v.value == asked.get("visited")), None),
    )  # fmt: skip


def _narrowing() -> dict[str, str]:
    """What the list of companies was narrowed to, for the way back to it."""
    return {name: request.args[name][:100] for name in FILTERS if request.args.get(name)}


@desk.get("/planning")
@requires(Role.ORGANISER)
def plan(district):
    """Whom to visit next: companies by province, sector, size, membership and what was done there."""
    wanted, on = _wanted(), today(district.zone)
    page = planning.companies(district.id, wanted, on=on, after=request.args.get("after"))
    return render_template(
        "audits/planning.html", page=page, wanted=wanted, narrowed=wanted != planning.Wanted(), on=on,
        provinces=people.provinces(district.id), sizes=SIZES, Visited=planning.Visited, texts=texts,
        pasts=queries.pasts(district.id, [c.id for c in page.rows]), is_member=people.is_member,
        narrowing=_narrowing(),
    )  # fmt: skip


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Plan an audit of each chosen company: who visits, and what was done there before."""
    companies = _chosen(district)
    if not companies:
        flash(_("Choose at least one company."), "warning")
        return redirect(url_for(".plan", district=district, **_narrowing()), 303)
    form = PlanForm(data={"auditor_id": current_user.id}).offer(district)
    already = queries.in_this_plan(district.id, [c.id for c in companies], today(district.zone))
    if form.validate_on_submit():
        try:
            with transaction():
                made = actions.plan(district, companies, by=current_user, **_facts(form))
                only = made[0].id if len(made) == 1 else None
            flash(ngettext("%(num)d audit is planned.", "%(num)d audits are planned.", len(companies)))
            if only:
                return redirect(url_for(".show", district=district, audit_id=only), 303)
            return redirect(url_for(".index", district=district, state=State.PLANNED.value), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "audits/new.html", form=form, companies=companies, already=already, texts=texts,
        pasts=queries.pasts(district.id, [c.id for c in companies]), on=today(district.zone),
        is_member=people.is_member, narrowing=_narrowing(),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _chosen(district) -> list[Company]:
    """The companies ticked, those that were merged meanwhile as the one they went into."""
    ids = {int(n) for n in request.values.getlist("company") if n.isdecimal() and len(n) < 10}
    found = queries.companies(district.id, sorted(ids)[:MOST])
    return sorted(found, key=lambda c: (c.name_folded, c.id))


def _facts(form: PlanForm) -> dict:
    placed = form.placed()
    line_id, auditor_id = placed.pop("activity_line_id"), placed.pop("auditor_id")
    return placed | {
        "line": plans.line(g.district.id, line_id), "reason": form.reason.data or "",
        "auditor": db.session.get(Account, auditor_id) if auditor_id else None,
        "repeat_meant": form.repeat_meant.data,
    }  # fmt: skip


def found_or_404(district, audit_id: int) -> Audit:
    """The district's audit with that id, else a 404."""
    return queries.by_id(district.id, audit_id) or abort(404)


@desk.get("/<int:audit_id>")
@requires(Role.ORGANISER)
def show(district, audit_id):
    """An audit as it stands, what it still lacks, and the one next step."""
    return show_page(district, found_or_404(district, audit_id))


def refuse(form, refusal: Refusal, audit: Audit) -> None:
    """Show what was refused. Who was overtaken has read so now: saving once more is meant."""
    form.refuse(refusal)
    if isinstance(refusal, Changed):
        form.version.raw_data, form.version.data = None, audit.version


def show_page(district, audit: Audit, sheet_form: SheetForm | None = None):
    """The page of an audit, with what was wrong in a form of its own."""
    upcoming = states.next_of(audit)
    others = [a for a in queries.of_company(district.id, audit.company_id) if a.id != audit.id]
    proofs = [p for p in plans.all_evidence_of(audit) if p.removed_at is None]
    sheets = sheet_form or SheetForm(formdata=None)
    page = render_template(
        "audits/show.html", audit=audit, firm=queries.standing_company(audit), texts=texts, states=states,
        State=State, next=upcoming, offered=hooks.offered(audit, upcoming) if upcoming else None,
        steps=queries.steps(audit), appointment=queries.appointment(audit), others=others,
        proofs=proofs, sheet_form=sheets, counted=bool(logged.standing(audit)),
        benchmark=benchmarks.of(audit), Among=benchmarks.Among, on=today(district.zone), now=now(),
        member=people.is_member(queries.standing_company(audit), today(district.zone)),
        line=queries.line_of(audit), lacks=lacks(audit, proofs),
    )  # fmt: skip
    return page, 422 if sheet_form is not None and sheet_form.errors else 200


def lacks(audit: Audit, proofs) -> list[str]:
    """What is still missing at this state, in words."""
    found = []
    if not audit.auditor_id and not audit.auditor_name:
        found.append(_("who visits"))
    if states.was_visited(audit):
        if not any(proof.code == logged.SHEET for proof in proofs):
            found.append(_("the signed visit sheet: without it the audit does not count"))
        for there, words in (
            (audit.people, _("the people met")), (audit.departments, _("the departments visited")),
            (audit.areas, _("improvement areas")), (audit.scores, _("scores")),
        ):  # fmt: skip
            if not there:
                found.append(words)
    return found


@desk.route("/<int:audit_id>/settings", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def settings(district, audit_id):
    """Who visits, where, and where it belongs in the plan."""
    audit = found_or_404(district, audit_id)
    form = SettingsForm(obj=audit).offer(district, audit)
    if form.validate_on_submit():
        facts = form.placed() | {"site": form.site.data, "reason": form.reason.data}
        try:
            with transaction():
                actions.revise(audit, facts=facts, version=form.version.data or 0, by=current_user)
            flash(_("Saved."), "success")
            return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
        except Refusal as refusal:
            refuse(form, refusal, audit)
    page = render_template(
        "audits/settings.html", form=form, audit=audit, firm=queries.standing_company(audit)
    )
    return page, 422 if form.errors else 200
