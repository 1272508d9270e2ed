"""What an audit says, at the desk and without JavaScript: the visit, improvement areas, scores."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.audits import actions, queries, states, texts
from dissemination.audits.desk import desk, found_or_404, refuse
from dissemination.audits.forms import (
    AreaForm,
    ScoresForm,
    VisitForm,
    area_values,
    score_values,
    visit_values,
)
from dissemination.audits.models import Audit, State
from dissemination.audits.refusals import OutOfOrder
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires


@desk.route("/<int:audit_id>/record", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def record(district, audit_id):
    """Write down the visit by hand; what is saved first makes the audit visited."""
    audit = found_or_404(district, audit_id)
    form = VisitForm(data=visit_values(audit)).offer(audit)
    if form.validate_on_submit():
        try:
            with transaction():
                _record(audit, form)
            flash(_("The visit is saved."), "success")
            return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
        except Refusal as refusal:
            refuse(form, refusal, audit)
    page = render_template(
        "audits/record.html", form=form, audit=audit, firm=queries.standing_company(audit),
        possible=states.was_visited(audit) or audit.state is State.CONTACTED,
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _record(audit: Audit, form: VisitForm) -> None:
    """The day first, then what was said. Raises Refusal."""
    if not states.was_visited(audit):
        if "on" not in form:
            raise OutOfOrder  # somebody took the visit back while this was written
        actions.visited(audit, on=form.on.data, by=current_user)
    facts = form.facts(audit)
    actions.revise(audit, facts=facts, version=form.version.data or 0, by=current_user)


@desk.route("/<int:audit_id>/areas/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_area(district, audit_id):
    """Add an improvement area."""
    audit = found_or_404(district, audit_id)
    form = AreaForm(data={"version": audit.version}).offer(district)
    return _area_page(district, audit, form, None)


@desk.route("/<int:audit_id>/areas/<int:area_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def area(district, audit_id, area_id):
    """Revise an improvement area."""
    audit, found = _area(district, audit_id, area_id)
    form = AreaForm(data=area_values(found)).offer(district, found)
    return _area_page(district, audit, form, found)


def _area(district, audit_id: int, area_id: int):
    audit = found_or_404(district, audit_id)
    return audit, next((a for a in audit.areas if a.id == area_id), None) or abort(404)


def _area_page(district, audit: Audit, form: AreaForm, found):
    audit_id, area_id = audit.id, found.id if found is not None else None
    if form.validate_on_submit():
        areas: list[dict] = [{"id": a.id} for a in audit.areas]
        if area_id is None:
            areas.append(form.facts())
        else:
            areas = [a | form.facts() if a["id"] == area_id else a for a in areas]
        if _saved(audit, {"areas": areas}, form):
            flash(_("The improvement area is saved."), "success")
            if request.form.get("then") == "another":
                return redirect(url_for(".new_area", district=district, audit_id=audit_id), 303)
            return redirect(url_for(".show", district=district, audit_id=audit_id, _anchor="areas"), 303)
    page = render_template(
        "audits/area.html", form=form, audit=audit, area=found, firm=queries.standing_company(audit)
    )
    return page, 422 if form.errors else 200


def _saved(audit: Audit, facts: dict, form) -> bool:
    try:
        with transaction():
            actions.revise(audit, facts=facts, version=form.version.data or 0, by=current_user)
    except Refusal as refusal:
        refuse(form, refusal, audit)
        return False
    return True


@desk.post("/<int:audit_id>/areas/<int:area_id>/order")
@requires(Role.ORGANISER)
def order_area(district, audit_id, area_id):
    """Move an area up or down."""
    audit, found = _area(district, audit_id, area_id)
    ids = [a.id for a in audit.areas]
    here = ids.index(found.id)
    there = here + (-1 if request.form.get("direction") == "up" else 1)
    if 0 <= there < len(ids):
        ids[here], ids[there] = ids[there], ids[here]
        with transaction():
            actions.revise(
                audit, facts={"areas": [{"id": n} for n in ids]}, version=audit.version, by=current_user
            )
    return redirect(url_for(".show", district=district, audit_id=audit_id, _anchor="areas"), 303)


@desk.route("/<int:audit_id>/areas/<int:area_id>/removal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def area_removal(district, audit_id, area_id):
    """Take an area off, after a question."""
    audit, found = _area(district, audit_id, area_id)
    if request.method == "POST":
        rest = [{"id": a.id} for a in audit.areas if a.id != area_id]
        with transaction():
            actions.revise(audit, facts={"areas": rest}, version=audit.version, by=current_user)
        flash(_("The improvement area is removed."), "success")
        return redirect(url_for(".show", district=district, audit_id=audit_id, _anchor="areas"), 303)
    return render_template(
        "audits/area_removal.html", audit=audit, area=found, firm=queries.standing_company(audit)
    )


@desk.route("/<int:audit_id>/scores", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def scores(district, audit_id):
    """Score the five dimensions of innovation management."""
    audit = found_or_404(district, audit_id)
    form = ScoresForm(data=score_values(audit))
    if form.validate_on_submit() and _saved(audit, {"scores": form.scores()}, form):
        flash(_("The scores are saved."), "success")
        return redirect(url_for(".show", district=district, audit_id=audit_id, _anchor="scores"), 303)
    page = render_template(
        "audits/scores.html", form=form, audit=audit, texts=texts, firm=queries.standing_company(audit)
    )
    return page, 422 if form.errors else 200
