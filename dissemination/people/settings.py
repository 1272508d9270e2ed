"""The district's settings and sectors, and who has access to its desk."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.districts import actions as districts
from dissemination.districts import queries as district_queries
from dissemination.districts.forms import SectorForm, SettingsForm
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import access
from dissemination.people.accounts import Appointment
from dissemination.people.desk import desk, whole
from dissemination.people.forms import InvitationForm, RoleForm


@desk.get("/settings")
@requires(Role.VIEWER)
def settings(district):  # noqa: ARG001
    """What is set for the district; managers find here how to change it."""
    return render_template("people/settings.html")


@desk.route("/settings/edit", methods=["GET", "POST"])
@requires(Role.MANAGER)
def edit_settings(district):
    """Revise the settings."""
    form = SettingsForm(obj=district)
    if form.validate_on_submit():
        try:
            with transaction():
                districts.revise(district, version=whole(form.version.data) or 0, **form.facts())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".settings", district=district))
    return render_template("people/settings_form.html", form=form), 422 if form.errors else 200


@desk.route("/settings/sectors/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def add_sector(district):
    """Add a sector."""
    form = SectorForm()
    if form.validate_on_submit():
        try:
            with transaction():
                districts.add_sector(
                    district,
                    name_it=form.name_it.data,
                    name_en=form.name_en.data,
                    place=form.place.data or "",
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".settings", district=district))
    return render_template("people/sector_form.html", form=form, sector=None), 422 if form.errors else 200


@desk.route("/settings/sectors/<int:sector_id>", methods=["GET", "POST"])
@requires(Role.MANAGER)
def edit_sector(district, sector_id):
    """Revise a sector."""
    sector = district_queries.sector(district.id, sector_id) or abort(404)
    form = SectorForm(obj=sector)
    if form.validate_on_submit():
        with transaction():
            districts.revise_sector(
                sector, name_it=form.name_it.data, name_en=form.name_en.data,
                place=form.place.data or "", position=form.position.data,
            )  # fmt: skip
        flash(_("Saved."), "success")
        return redirect(url_for(".settings", district=district))
    return render_template("people/sector_form.html", form=form, sector=sector), 422 if form.errors else 200


def _access_page(district, form, status=200):
    held = access.appointments(district)
    return render_template(
        "people/access.html", form=form, held=[(a, RoleForm(formdata=None, role=a.role)) for a in held]
    ), status


@desk.route("/access/", methods=["GET", "POST"])
@requires(Role.MANAGER)
def who(district):
    """Who has access, and inviting somebody."""
    form = InvitationForm()
    if form.validate_on_submit():
        try:
            with transaction():
                access.invite(
                    district, email=form.email.data, name=form.name.data, role=Role(form.role.data),
                    language=form.language.data, by=current_user,
                )  # fmt: skip
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(email)s has access now and is told by mail.", email=form.email.data), "success")
            return redirect(url_for(".who", district=district))
    return _access_page(district, form, 422 if form.errors else 200)


def _appointment(district, appointment_id: int) -> Appointment:
    found = db.session.get(Appointment, appointment_id)
    return found if found is not None and found.district_id == district.id else abort(404)


@desk.post("/access/<int:appointment_id>")
@requires(Role.MANAGER)
def change_role(district, appointment_id):
    """Give somebody another role."""
    appointment, form = _appointment(district, appointment_id), RoleForm()
    if not form.validate_on_submit():
        abort(400)
    try:
        with transaction():
            access.appoint(appointment.account, Role(form.role.data), district)
    except Refusal as refusal:
        flash(refusal.message, "error")
    else:
        flash(_("Saved."), "success")
    return redirect(url_for(".who", district=district))


@desk.post("/access/<int:appointment_id>/withdrawal")
@requires(Role.MANAGER)
def withdraw(district, appointment_id):
    """Take somebody's access away."""
    appointment = _appointment(district, appointment_id)
    email = appointment.account.email
    try:
        with transaction():
            access.withdraw(appointment)
    except Refusal as refusal:
        flash(refusal.message, "error")
    else:
        flash(_("%(email)s has no access any more.", email=email), "success")
    return redirect(url_for(".who", district=district))


@desk.post("/access/<int:appointment_id>/invitation")
@requires(Role.MANAGER)
def send_again(district, appointment_id):
    """Send the mail of an invitation once more."""
    appointment = _appointment(district, appointment_id)
    with transaction():
        access.send_invitation(appointment, by=current_user)
    flash(_("The mail is on its way again."), "success")
    return redirect(url_for(".who", district=district))
