"""Seating somebody who stands in the room, whatever her registration said until then."""

from sqlalchemy import update

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.registrations import history
from dissemination.registrations.models import By, Registration, Room, Standing, What

HELD = (Standing.CONFIRMED, Standing.OFFERED)  # these have a seat already


def seat_now(registration: Registration, *, by: Account | None) -> Registration:
    """Give her a seat at once, also beyond the last one and ahead of whoever waits: she is here.

    Whoever let her in vouches for who she is: no proof of her address is waited for any more. The caller
    holds the workshop.
    """
    before = registration.standing
    registration.proof_due = registration.offer_until = None
    if before is Standing.CONFIRMED:
        db.session.flush()
        return registration
    values = {Room.taken: Room.taken + (0 if before in HELD else 1)}
    if before is Standing.WAITING:
        values[Room.waiting] = Room.waiting - 1
    db.session.execute(
        update(Room)
        .where(Room.workshop_id == registration.workshop_id, Room.attends == registration.attends)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    registration.standing, registration.confirmed_at = Standing.CONFIRMED, now()
    registration.cancelled_at = registration.cancelled_by = None
    db.session.flush()
    history.note(
        registration, What.SEATED, By.ORGANISER if by else By.SYSTEM, account=by, reason="door",
        details={"standing": [before.value, Standing.CONFIRMED.value]},
    )  # fmt: skip
    return registration
