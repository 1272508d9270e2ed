"""The desk's list of addresses that must not be written to: why, since when, and taking one off again."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.subscriptions import suppression as kept
from dissemination.subscriptions.common import desk
from dissemination.subscriptions.desk_forms import ReinstatementForm, SuppressionForm
from dissemination.subscriptions.texts import SUPPRESSIONS


@desk.get("/suppressions/")
@requires(Role.VIEWER)
def suppressions(district):
    """The list, and adding an address by hand."""
    return _list(district, SuppressionForm(formdata=None))


def _list(district, form: SuppressionForm, status: int = 200):
    kind = request.args.get("kind", "")
    page = kept.rows(
        district.id, search=request.args.get("q", ""), kind=kind if kind in SUPPRESSIONS else "",
        after=request.args.get("after"),
    )  # fmt: skip
    return render_template(
        "subscriptions/desk_suppressions.html", form=form, page=page, kinds=SUPPRESSIONS
    ), status


@desk.post("/suppressions/")
@requires(Role.ORGANISER)
def add_suppression(district):
    """Write to this address no more."""
    form = SuppressionForm()
    if not form.validate():
        return _list(district, form, 422)
    with transaction():
        new = kept.add(
            district.id, form.email.data, kind=kept.MANUAL, reason=form.reason.data, by=current_user
        )
    flash(_("Nothing more is sent there.") if new else _("This address was on the list already."))
    return redirect(url_for(".suppressions", district=district), 303)


@desk.get("/suppressions/<int:suppression_id>")
@requires(Role.VIEWER)
def suppression(district, suppression_id):
    """An address: why it is on the list, and what happened to it before."""
    return _one(district, suppression_id, ReinstatementForm(formdata=None))


def _one(district, suppression_id: int, form: ReinstatementForm, status: int = 200):
    row = kept.one(district.id, suppression_id)
    return render_template(
        "subscriptions/desk_suppression.html", row=row, form=form, kinds=SUPPRESSIONS,
        history=kept.history(district.id, row.address), score=kept.score(district.id, row.address),
        contact=people.contact_by_email(district.id, row.address),
    ), status  # fmt: skip


@desk.post("/suppressions/<int:suppression_id>/reinstatement")
@requires(Role.ORGANISER)
def reinstate(district, suppression_id):
    """Write to this address again, with a reason."""
    row, form = kept.one(district.id, suppression_id), ReinstatementForm()
    if not form.validate():
        return _one(district, suppression_id, form, 422)
    try:
        with transaction():
            kept.lift(row, reason=form.reason.data, by=current_user)
    except Refusal as refusal:
        form.refuse(refusal)
        return _one(district, suppression_id, form, refusal.status)
    flash(_("The address may be written to again."))
    return redirect(url_for(".suppressions", district=district), 303)
