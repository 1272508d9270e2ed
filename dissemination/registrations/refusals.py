"""Why a registration is refused, in words that say what to do."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class NotOpen(Refusal):
    """The workshop is a draft."""

    status = 404
    message = _l("This workshop is not published yet: nobody can register.")


class WorkshopIsOff(Refusal):
    """The workshop was called off."""

    message = _l("This workshop was cancelled: it will not take place.")


class WorkshopIsClosed(Refusal):
    """The books of the workshop are closed."""

    message = _l("This workshop is over and its register is closed.")


class AlreadyBegun(Refusal):
    """The workshop has begun or is over."""

    message = _l("This workshop has already begun. Write to the district if you need help.")


class DeadlinePassed(Refusal):
    """The deadline for registering has passed."""

    message = _l("The deadline for registering has passed. Write to the district if you still want to come.")


class AlreadyRegistered(Refusal):
    """The person holds or waits for a seat. Strangers are not told: she gets a mail instead."""

    message = _l("This person is already registered.")
    field = "email"

    def __init__(self, registration):
        super().__init__()
        self.registration_id = registration.id


class NoSeatFree(Refusal):
    """Undo came too late: the seat is gone."""

    message = _l("No seat is free any more. You can register again for the waiting list.")


class NotCancelled(Refusal):
    """Undo of a cancellation that did not happen, or was undone already."""

    message = _l("This registration is not cancelled.")
