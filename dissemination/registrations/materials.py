"""Materials of the workshop on the personal page: slides and hand-outs for those who take part.

Before the end they open for confirmed registrations whose address is proven. Once the workshop is over a
higher floor may know who was there and narrow it to them (`register_presence`).
"""

from collections.abc import Callable

from flask import g, render_template
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.downloads import attachment
from dissemination.registrations import queries, sections
from dissemination.registrations.models import LIVING, Group, Registration, Standing
from dissemination.registrations.public import private, public
from dissemination.workshops import materials, slots
from dissemination.workshops.models import Workshop

_was_there: Callable[[Registration], bool | None] | None = None


def register_presence(was_there: Callable[[Registration], bool | None]) -> None:
    """Say who was at a workshop that is over: True, False, or None while nobody knows yet."""
    global _was_there
    _was_there = was_there


def may_open(registration: Registration) -> bool:
    """Whether the person takes part: confirmed and proven, and not known to have stayed away."""
    if registration.standing is not Standing.CONFIRMED or registration.proof_due is not None:
        return False
    if registration.workshop.ends_at > now() or _was_there is None:
        return True
    return _was_there(registration) is not False


def _section(registration: Registration, token: str) -> str:
    if not may_open(registration):
        return ""
    rows = materials.open_to(registration.workshop, participants=True)
    return render_template("registrations/_materials.html", rows=rows, token=token) if rows else ""


sections.register(_section, position=10)


@public.get("/r/<token>/materials/<int:material_id>")
def material(token, material_id):
    """A material, for its participants."""
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    found = materials.by_id(registration.workshop, material_id)
    if found is None or not may_open(registration) or not materials.is_open(found, participants=True):
        raise NotFound
    return private(attachment(found.file))


def _is_registered(workshop: Workshop, token: str) -> bool:
    """A personal link, or that of who booked a group, opens the page of a private workshop."""
    mine, group = links.read(queries.PURPOSE, token), links.read(queries.GROUP, token)
    query = select(Registration.id).where(
        Registration.workshop_id == workshop.id, Registration.standing.in_(LIVING)
    )
    if isinstance(mine, str):
        query = query.where(Registration.public_id == mine)
    elif isinstance(group, str):
        query = query.join(Registration.group).where(Group.public_id == group)
    else:
        return False
    return db.session.scalar(query.limit(1)) is not None


slots.register_guest_check(_is_registered)
