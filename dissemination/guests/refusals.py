"""Why the list of guests says no, in words that say what to do."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class NotInvited(Refusal):
    """Nobody of this address is invited to the private workshop."""

    status, field = 403, "email"
    message = _l(
        "This invitation is personal: it holds for the address to which it was sent. To bring or send "
        "somebody else, ask the organiser."
    )


class NotPublishedYet(Refusal):
    """A draft cannot be opened by its guests."""

    message = _l(
        "This workshop is a draft. Publish it first: a private one is in no list, only guests see it."
    )


class TooLate(Refusal):
    """The workshop has begun, or is off: there is nothing to be invited to."""

    message = _l("The workshop has begun or is cancelled: invitations hold no longer.")


class IsRegistered(Refusal):
    """A guest who is registered cannot be taken off the list."""

    message = _l("This guest is registered. Cancel the registration first, then remove the guest.")


class NobodyToAdd(Refusal):
    """Nothing was ticked."""

    status = 422
    message = _l("Tick at least one person.")


class TooMany(Refusal):
    """More people than can be added in one go."""

    status = 422
    message = _l("These are more than 2,000 people. Narrow the filter.")


class AlreadyThere(Refusal):
    """The address is on the list."""

    status, field = 422, "email"
    message = _l("This address is on the list already.")


class LeftOut(Refusal):
    """The address must not be written to; the message says why."""

    status, field = 422, "email"
