"""How a district sends: approval, quiet hours, pace, counted links; and what its domain says of its mail."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import domain, history
from dissemination.newsletters.common import desk
from dissemination.newsletters.dispatch_forms import DomainForm, SettingsForm
from dissemination.newsletters.dispatches import NewsletterSettings
from dissemination.newsletters.settling import settle
from dissemination.subscriptions.mails import sender


@desk.route("/settings", methods=["GET", "POST"])
@requires(Role.MANAGER)
def settings(district):
    """Look at the settings and change them."""
    chosen = history.settings(district)
    form = SettingsForm(obj=chosen)
    if form.validate_on_submit():
        try:
            with transaction():
                settle(district, version=form.version.data or 0, **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".settings", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            db.session.rollback()
    shown: NewsletterSettings = chosen
    page = render_template("newsletters/desk_settings.html", form=form, settings=shown)
    return page, 422 if form.errors else 200


@desk.route("/domain", methods=["GET", "POST"])
@requires(Role.MANAGER)
def mail_domain(district):
    """What to publish for the mailbox's domain; the button asks the name servers."""
    name = sender(district).domain
    form, answers = DomainForm(), None
    if request.method == "POST" and form.validate():
        answers = domain.examine(name, (form.selector.data or "").strip().lower())
    page = render_template("newsletters/desk_domain.html", form=form, name=name, answers=answers)
    return page, 422 if form.errors else 200
