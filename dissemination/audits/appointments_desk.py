"""The date of a visit at the desk: agree, change, call off."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.audits import actions, queries
from dissemination.audits.appointments import BEFORE_THE_VISIT
from dissemination.audits.desk import desk, found_or_404
from dissemination.audits.forms import AppointmentForm, CallOffForm
from dissemination.kernel.clock import local
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people.models import Contact
from dissemination.people.queries import contacts_of


@desk.route("/<int:audit_id>/appointment", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def appointment(district, audit_id):
    """Agree on a date with somebody of the company, or on another one."""
    audit = found_or_404(district, audit_id)
    row, firm = queries.appointment(audit), queries.standing_company(audit)
    people = [c for c in contacts_of(firm) if c.erased_at is None]
    form = AppointmentForm(data=_values(audit, row)).offer(people)
    if form.validate_on_submit():
        facts = {"place": form.place.data or "", "message": form.message.data or "", **form.moments()}
        try:
            with transaction():
                who = db.session.get_one(Contact, form.contact_id.data)
                actions.appoint(audit, contact=who, by=current_user, **facts)
            flash(_("The invitation to the calendar goes out by e-mail."), "success")
            return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "audits/appointment.html", form=form, audit=audit, firm=firm, row=row, people=people,
        possible=audit.state in BEFORE_THE_VISIT,
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _values(audit, row) -> dict:
    if row is None:
        return {"place": audit.site}
    zone = audit.district.zone
    return {
        "contact_id": row.contact_id, "day": local(row.starts_at, zone).date(), "message": "",
        "start": local(row.starts_at, zone).time(), "until": local(row.ends_at, zone).time(),
        "place": row.place,
    }  # fmt: skip


@desk.route("/<int:audit_id>/appointment/cancellation", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def call_off(district, audit_id):
    """Call the date off, after a question."""
    audit = found_or_404(district, audit_id)
    row, form = queries.appointment(audit), CallOffForm()
    if form.validate_on_submit():
        with transaction():
            actions.call_off(audit, message=form.message.data or "", by=current_user)
        flash(_("The date is called off, and taken out of the calendar."), "success")
        return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
    page = render_template(
        "audits/call_off.html", form=form, audit=audit, row=row or abort(404),
        firm=queries.standing_company(audit),
    )  # fmt: skip
    return page, 422 if form.errors else 200
