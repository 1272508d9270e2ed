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


class AskAgain(Refusal):
    """Undo of a cancellation where an organiser lets people in, by somebody who was not let in."""

    message = _l("The organisers decide who takes part: ask for a seat again on the page of the workshop.")


class NotCancelled(Refusal):
    """Undo of a cancellation that did not happen, or was undone already."""

    message = _l("This registration is not cancelled.")


class NotThisWay(Refusal):
    """The workshop is not held that way."""

    status = 422
    message = _l("This workshop is not offered that way. Choose one of the ways shown.")
    field = "attends"


class NotTwice(Refusal):
    """A colleague stands twice in the group."""

    status = 422
    field = "colleagues"

    def __init__(self, line: int, email: str):
        super().__init__(
            _l("Line %(line)d: %(email)s is in the list twice. Nobody was registered: correct the line.",
               line=line, email=email)
        )  # fmt: skip


class ColleagueRegistered(Refusal):
    """A colleague has a place already."""

    field = "colleagues"

    def __init__(self, line: int, email: str):
        super().__init__(
            _l("Line %(line)d: %(email)s is already registered. Nobody was registered: take the line out.",
               line=line, email=email)
        )  # fmt: skip


class WrongNumber(Refusal):
    """Nobody in the group, or too many."""

    status = 422
    field = "colleagues"

    def __init__(self, most: int):
        super().__init__(_l("Register at least one person and at most %(most)d in one go.", most=most))


class WrittenTooOften(Refusal):
    """An address got all the messages for today that others may be the reason for."""

    status = 429
    field = "email"

    def __init__(self, email: str):
        super().__init__(
            _l("%(email)s was written to too often today. Nothing was changed: try again tomorrow.",
               email=email)
        )  # fmt: skip


class TooManyFromHere(Refusal):
    """Too many unknown addresses from one place of the network."""

    status = 429

    def __init__(self, most: int, minutes: int):
        super().__init__(
            _l(
                "More than %(most)d people whose address we do not know yet were registered from your "
                "network in %(minutes)d minutes. Wait a quarter of an hour and send the form again, or write "
                "to the district.",
                most=most, minutes=minutes,
            )
        )  # fmt: skip


class NotOffered(Refusal):
    """No seat is offered: it was taken, refused, or never offered."""

    message = _l("No seat is offered to you now. This page says how your registration stands.")


class OfferExpired(Refusal):
    """The time to take the offered seat is over."""

    message = _l("The time to take this seat is over: it goes to the next person. You can register again.")


class NotAsked(Refusal):
    """Nothing to approve or to refuse."""

    message = _l("This registration does not wait for a decision (any more).")


class NotWaiting(Refusal):
    """The person is not on the waiting list."""

    message = _l("This person is not on the waiting list (any more).")


class NotLiving(Refusal):
    """The registration was cancelled or refused."""

    message = _l("This registration is no longer valid.")


class NoSeatToGive(Refusal):
    """Out of order, but there is no seat."""

    message = _l(
        "No seat is free. Raise the number of seats, or move the person to place 1: the next free seat "
        "is hers."
    )


class NoSeatThatWay(Refusal):
    """Switching would mean to wait."""

    message = _l("No seat is free there. You keep the place you have.")
    field = "attends"


class SamePerson(Refusal):
    """The substitute is the person herself."""

    status = 422
    message = _l("This is the address of the person who gives the seat up. Write the colleague's address.")
    field = "email"


class NotTheSameCompany(Refusal):
    """A person passes her seat on inside her company only. Says nothing of whom we know."""

    status = 422
    message = _l("We cannot pass the seat on to this address. Write to the district: an organiser can do it.")
    field = "email"


class TooFewFree(Refusal):
    """More seats to keep than there are free."""

    status = 422
    field = "seats"

    def __init__(self, free: int):
        super().__init__(
            _l("Only %(free)d seats are free: you can keep at most that many for a company.",
               free=max(0, free))
        )  # fmt: skip


class AlreadyUsed(Refusal):
    """The pool cannot be smaller than what is used of it."""

    status = 422
    field = "seats"

    def __init__(self, used: int):
        super().__init__(
            _l("%(used)d of the seats kept for this company are taken: keep at least that many.", used=used)
        )


class NothingToKeep(Refusal):
    """As many as want may come."""

    status = 422
    field = "attends"
    message = _l("The seats online are not limited: there is nothing to keep.")


class WrongDay(Refusal):
    """Seats are kept until a moment between now and the start."""

    status = 422
    field = "until"
    message = _l("Seats are kept until a moment that lies ahead, before the workshop begins.")


class NoReason(Refusal):
    """Whoever changes the order says why."""

    status = 422
    field = "reason"
    message = _l("Write the reason: it stands in the history.")


class WrongPlace(Refusal):
    """No such place in the list."""

    status = 422
    field = "position"

    def __init__(self, most: int):
        super().__init__(_l("Write a place between 1 and %(most)d.", most=most))


class ByInvitationOnly(Refusal):
    """A private workshop, and no invitation that holds."""

    status = 403
    message = _l(
        "This workshop is by invitation only. Open the link in the invitation that you received by e-mail; "
        "if it does not work, write to the district."
    )
