"""Taking a suggestion: it is written into the improvement area."""

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.applications.desk import desk
from dissemination.applications.matching import Kind
from dissemination.audits import contents
from dissemination.audits.queries import area as area_by_id
from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires

COLUMNS = {Kind.SERVICE: "service_id", Kind.CALL: "call_id", Kind.LABORATORY: "laboratory_id"}


@desk.post("/areas/<int:area_id>/suggestions")
@requires(Role.ORGANISER)
def create_suggestion(district, area_id):
    """Write a service, a call or a laboratory into an area."""
    area = area_by_id(district.id, area_id) or abort(404)
    kind, number = request.form.get("kind", ""), request.form.get("id", "")
    if kind not in COLUMNS or not (number.isascii() and number.isdigit() and len(number) < 10):
        abort(400)
    with transaction():
        contents.set_area(area, by=current_user, **{COLUMNS[Kind(kind)]: int(number)})
        audit_id = area.audit_id
    flash(_("The suggestion is written into the improvement area."))
    return redirect(
        url_for("audits_desk.show", district=district, audit_id=audit_id, _anchor=f"area-{area_id}"), 303
    )
