"""One person at the desk: all that is held about her, to hand over or to erase."""

from flask import Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.plan.exports import csv_response
from dissemination.privacy import actions, contacts, dossier, held, texts
from dissemination.privacy.desk import desk
from dissemination.privacy.forms import ReasonForm


def _person(district, contact_id):
    found = people.contact(district.id, contact_id)
    return found if found is not None and found.erased_at is None else abort(404)


def _facts(contact) -> dict:
    return {
        "contact": contact, "dossier": dossier.dossier(contact), "sections": texts.SECTIONS,
        "labels": texts.LABELS,
        "columns": dossier.columns, "said": texts.said,
        "reasons": [texts.REASONS[r] for r in sorted(contacts.reasons([contact]).get(contact.id, ()))],
        "asked": held.open_request(contact),
    }  # fmt: skip


@desk.get("/people/<int:contact_id>")
@requires(Role.MANAGER)
def person(district, contact_id):
    """All that is held about a person, and why."""
    return render_template("privacy/person.html", **_facts(_person(district, contact_id)))


@desk.get("/people/<int:contact_id>/data.<any(json,csv,zip):kind>")
@requires(Role.MANAGER)
def export(district, contact_id, kind):
    """The same as a file to hand over (GDPR art. 15 and 20)."""
    contact = _person(district, contact_id)
    if kind == "csv":
        response = csv_response(
            "data.csv", ("section", "number", "name", "value"), dossier.lines(dossier.dossier(contact))
        )
    elif kind == "json":
        response = Response(dossier.as_json(dossier.dossier(contact)), mimetype="application/json")
    else:
        page = render_template("privacy/dossier.html", **_facts(contact))
        response = Response(dossier.archive(contact, page), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"data.{kind}")
    response.headers["Cache-Control"] = "no-store"
    return response


@desk.route("/people/<int:contact_id>/erasure", methods=["GET", "POST"])
@requires(Role.MANAGER)
def erasure(district, contact_id):
    """Erase a person, after a question and with a reason."""
    contact, form = _person(district, contact_id), ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.erase(contact, reason=form.reason.data, by=current_user)
            flash(
                _("The person is erased. The figures stand; the last traces leave the files within the hour.")
            )
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("privacy/erasure.html", form=form, **_facts(contact))
    return page, 422 if form.errors else 200
