"""The calendar board: who still holds the old date, whose invitation did not arrive, who answered what.

And what waits for a person: answers of calendars that a rule cannot decide.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange

from dissemination.delivery import outbox
from dissemination.delivery.texts import FATES
from dissemination.kernel.database import db, transaction
from dissemination.kernel.forms import Form, Optional, WholeField
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import asking, calendars, invitations, replies
from dissemination.registrations.models import ComingPlan, Silent
from dissemination.workshops import queries as workshops
from dissemination.workshops.models import Mode

desk = Blueprint("board_desk", __name__, url_prefix="/<district>/desk")
WHOM = (
    SelectChoice(Silent.EVERYBODY.value, _l("Everybody who holds a seat")),
    SelectChoice(Silent.UNANSWERED.value, _l("Only who has not answered “Yes” from a calendar")),
)


class ComingForm(Form):
    """Whom to ask "still coming?", and how many days before the start to ask by itself."""

    whom = RadioField(_l("Whom to ask"), choices=WHOM, default=Silent.EVERYBODY.value)
    days = WholeField(
        _l("Days before the start"),
        validators=[Optional(), NumberRange(1, 60, _l("Write a number of days from 1 to 60."))],
    )


@desk.get("/workshops/<slug>/calendars")
@requires(Role.VIEWER)
def show(district, slug):
    """Counts first, then one line for each person and date; `?show=` narrows it."""
    workshop = workshops.by_slug(district, slug)
    return _board(workshop)


def _board(workshop, form=None, status: int = 200):
    chosen = request.args.get("show", "")
    chosen = chosen if chosen in calendars.FILTERS else ""
    page = calendars.listed(workshop, chosen, after=request.args.get("after"))
    planned, leftovers = db.session.get(ComingPlan, workshop.id), calendars.leftovers(workshop)
    if form is None:
        form = ComingForm(formdata=None, data=_planned(planned))
    page_html = render_template(
        "registrations/board.html", workshop=workshop, chosen=chosen, filters=calendars.FILTERS, page=page,
        hybrid=workshop.mode is Mode.MIXED, counts=calendars.counted(workshop), form=form, fates=FATES,
        mails=calendars.mails_of([*page.rows, *leftovers]), leftovers=leftovers,
        asked_on=asking.day_of(planned) if planned else None, may_ask=_may_ask(workshop),
        replies=calendars.open_replies(workshop), elsewhere=calendars.open_in_district(workshop.district),
        notes=calendars.note_in_words, may_organise=current_user.may(Role.ORGANISER, workshop.district),
    )  # fmt: skip
    return page_html, status


def _planned(planned: ComingPlan | None) -> dict:
    return {"days": planned.days, "whom": planned.whom.value} if planned else {}


def _may_ask(workshop) -> bool:
    try:
        asking.check(workshop)
    except Refusal:
        return False
    return True


@desk.post("/workshops/<slug>/calendars/<int:invitation_id>/messages")
@requires(Role.ORGANISER)
def create_message(district, slug, invitation_id):
    """Send one person her invitation again."""
    workshop = workshops.by_slug(district, slug)
    invitation = calendars.in_workshop(workshop, invitation_id)
    name = invitation.registration.contact.name
    with transaction():
        sent = _send_again(invitation)
    if sent:
        flash(_("The invitation goes to %(name)s again.", name=name))
    else:
        flash(
            _("A message with it is still on its way to %(name)s: see what becomes of it.", name=name),
            "warning",
        )
    shown = request.args.get("show") or None
    return redirect(url_for(".show", district=district, slug=slug, show=shown), 303)


def _send_again(invitation) -> bool:
    """The same message when its fate was bad, else a new one; False while one waits to leave."""
    delivery = calendars.mails_of([invitation]).get(invitation.id)
    if delivery is not None and delivery.state in outbox.WAITING:
        return False
    invitations.send_again(invitation)
    return True


@desk.post("/workshops/<slug>/calendars/questions")
@requires(Role.ORGANISER)
def create_question(district, slug):
    """Ask "still coming?" now, of whom the form says."""
    workshop = workshops.by_slug(district, slug)
    form = ComingForm()
    if not form.validate():
        return _board(workshop, form, 422)
    try:
        with transaction():
            count = asking.ask(workshop, whom=Silent(form.whom.data))
    except Refusal as refusal:
        form.refuse(refusal)
        return _board(workshop, form, refusal.status)
    if count:
        flash(ngettext("%(num)d person is being asked.", "%(num)d people are being asked.", count))
    else:
        flash(_("Nobody is left to ask today: all were asked, or have said yes."), "warning")
    return redirect(url_for(".show", district=district, slug=slug), 303)


@desk.post("/workshops/<slug>/calendars/plan")
@requires(Role.ORGANISER)
def create_plan(district, slug):
    """Ask by itself so many days before the start; without a number, not by itself."""
    workshop = workshops.by_slug(district, slug)
    form = ComingForm()
    if not form.validate():
        return _board(workshop, form, 422)
    with transaction():
        asking.plan(workshop, days=form.days.data, whom=Silent(form.whom.data), by=current_user)
    if form.days.data:
        flash(_("Saved: people are asked %(days)d days before the start.", days=form.days.data))
    else:
        flash(_("Saved: nobody is asked by itself."))
    return redirect(url_for(".show", district=district, slug=slug), 303)


@desk.get("/calendar-replies")
@requires(Role.VIEWER)
def answers(district):
    """All answers of calendars in the district that wait for a person, oldest first."""
    return render_template(
        "registrations/replies.html", page=calendars.open_page(district, after=request.args.get("after")),
        notes=calendars.note_in_words, may_organise=current_user.may(Role.ORGANISER, district),
    )  # fmt: skip


@desk.post("/calendar-replies/<int:reply_id>/handling")
@requires(Role.ORGANISER)
def create_handling(district, reply_id):
    """Somebody saw to it."""
    reply = calendars.reply_in(district, reply_id)
    with transaction():
        replies.handle(reply, by=current_user)
    flash(_("Noted as handled."))
    slug = request.form.get("workshop", "")
    if slug:
        return redirect(url_for(".show", district=district, slug=slug), 303)
    return redirect(url_for(".answers", district=district), 303)
