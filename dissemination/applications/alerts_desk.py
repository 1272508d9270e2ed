"""Telling people of a call: who would be written to, what they get, and what they said about it."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.applications import alerts, mails
from dissemination.applications.desk import desk
from dissemination.applications.forms import AlertForm, ConsentForm
from dissemination.calls import queries as calls
from dissemination.calls.standing import Standing, standing
from dissemination.delivery import outbox
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.people.models import Purpose


@desk.route("/alerts/<slug>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def alert(district, slug):
    """Who may be told of a call; nobody is written to before the button is pressed."""
    call = calls.by_slug(district, slug)
    form, found = AlertForm(), alerts.preview(call)
    form.contact_ids.choices = [(r.contact.id, r.contact.name) for r in found.readers]
    if form.validate_on_submit():
        try:
            with transaction():
                count = alerts.tell(call, form.contact_ids.data or [], by=current_user)
            flash(ngettext("%(num)d person is being told.", "%(num)d people are being told.", count))
            return redirect(url_for("calls_desk.show", district=district, slug=slug), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            found = alerts.preview(call)
    shown = outbox.preview(mails.alert(call, language()), {"name": _("Maria"), "unsubscribe_url": "#"})
    page = render_template(
        "applications/alert.html", call=call, form=form, found=found, text=shown.text,
        may_send=standing(call, now()) in (Standing.OPEN, Standing.UPCOMING),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.route("/consents/<int:contact_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def consent(district, contact_id):
    """What a person said about being told of opportunities; note what she says now, and how."""
    contact = people.contact(district.id, contact_id) or abort(404)
    if contact.erased_at is not None:
        abort(404)
    form = ConsentForm()
    if form.validate_on_submit():
        with transaction():
            alerts.record(
                contact, district, given=form.given.data == "yes", source="desk", proof=form.proof.data
            )
        flash(_("Saved."))
        return redirect(url_for(".consent", district=district, contact_id=contact_id), 303)
    page = render_template(
        "applications/consent.html", contact=contact, form=form, text=alerts.consent_text(district),
        current=people.current_consent(contact, Purpose.OPPORTUNITIES),
    )  # fmt: skip
    return page, 422 if form.errors else 200
