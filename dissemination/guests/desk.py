"""The guests of a workshop at the desk: who is invited, what they answered, taking one off the list."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.models import OPEN
from dissemination.delivery.texts import FATES
from dissemination.guests import actions, queries
from dissemination.guests.models import Guest
from dissemination.guests.queries import Stand
from dissemination.guests.texts import STANDS
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import queries as workshops

desk = Blueprint("guests_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/guests")


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """The counts first, then the guests by name; `?stand=` and `?q=` narrow the list."""
    workshop = workshops.by_slug(district, slug)
    wanted = request.args.get("stand", "")
    stand = Stand(wanted) if wanted in set(Stand) else None
    text = request.args.get("q", "").strip()[:100]
    page = queries.listed(workshop, stand=stand, text=text, after=request.args.get("after"))
    return render_template(
        "guests/index.html", workshop=workshop, page=page, stand=stand, text=text, stands=STANDS,
        stand_of=queries.stand_of, counts=queries.counts(workshop), Stand=Stand, fates=FATES,
        mails=queries.last_mails([g.id for g in page.rows]), may_invite=queries.may_invite(workshop),
        may_organise=current_user.may(Role.ORGANISER, district), **_progress(workshop),
    )  # fmt: skip


@desk.get("/progress")
@requires(Role.VIEWER)
def progress(district, slug):
    """How far the mails are: the part of the page that renews itself while some are on their way."""
    workshop = workshops.by_slug(district, slug)
    return render_template("guests/_progress.html", workshop=workshop, fates=FATES, **_progress(workshop))


def _progress(workshop) -> dict:
    tally = queries.progress(workshop)
    return {
        "tally": tally, "sent": sum(tally.values()),
        "on_their_way": sum(tally.get(fate, 0) for fate in OPEN),
    }  # fmt: skip


@desk.get("/<int:guest_id>/removal")
@requires(Role.ORGANISER)
def removal(district, slug, guest_id):
    """Ask: withdraw the invitation, or take her off the list with her data."""
    workshop = workshops.by_slug(district, slug)
    guest = queries.in_workshop(workshop, guest_id)
    return render_template("guests/removal.html", workshop=workshop, guest=guest, stand=_stand(guest))


def _stand(guest: Guest) -> str:
    return queries.stand_of(guest).value


@desk.post("/<int:guest_id>/removal")
@requires(Role.ORGANISER)
def create_removal(district, slug, guest_id):
    """Take a guest off the list for good."""
    workshop = workshops.by_slug(district, slug)
    guest = queries.in_workshop(workshop, guest_id)
    name = guest.name or guest.email
    return _done(workshop, actions.remove, guest, _("%(name)s is off the list.", name=name))


@desk.post("/<int:guest_id>/withdrawal")
@requires(Role.ORGANISER)
def create_withdrawal(district, slug, guest_id):
    """Make her link open nothing any more; she stays on the list."""
    workshop = workshops.by_slug(district, slug)
    guest = queries.in_workshop(workshop, guest_id)
    name = guest.name or guest.email
    return _done(workshop, actions.withdraw, guest, _("The invitation of %(name)s is withdrawn.", name=name))


@desk.post("/<int:guest_id>/restoration")
@requires(Role.ORGANISER)
def create_restoration(district, slug, guest_id):
    """Give a withdrawn invitation back."""
    workshop = workshops.by_slug(district, slug)
    guest = queries.in_workshop(workshop, guest_id)
    name = guest.name or guest.email
    said = _("%(name)s is invited again: the link works. She has not been written to anew.", name=name)
    return _done(workshop, actions.restore, guest, said)


def _done(workshop, verb, guest: Guest, said: str):
    try:
        with transaction():
            verb(guest)
    except Refusal as refusal:
        flash(refusal.message, "error")
    else:
        flash(said)
    return redirect(url_for(".index", district=workshop.district, slug=workshop.slug), 303)


def _desk_url(guest_id: int) -> str | None:
    """Where the desk shows a guest: the list of her workshop."""
    guest = db.session.get(Guest, guest_id)
    if guest is None:
        return None
    workshop = guest.workshop
    return url_for("guests_desk.index", district=workshop.district, slug=workshop.slug)


subjects.register("guests", _desk_url)
