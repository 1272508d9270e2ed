"""What a workshop's actions refuse, each with what to do instead. Raised by `actions`, shown by forms."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class NoTitle(Refusal):
    """The Italian title is empty."""

    status, field = 422, "title_it"
    message = _l("A workshop needs a title in Italian.")


class NoSession(Refusal):
    """There is no session, so nobody knows when to come."""

    status, field = 422, "sessions"
    message = _l("A workshop needs at least one session with its date, start and end.")


class SessionEndsBeforeItStarts(Refusal):
    """A session's end is not after its start."""

    status, field = 422, "sessions"
    message = _l("A session ends before it starts. Give it a later end.")


class TooLong(Refusal):
    """From first start to last end it is longer than models.LONGEST."""

    status, field = 422, "sessions"
    message = _l("The sessions span more than six months. Make two workshops of them.")


class DeadlineAfterStart(Refusal):
    """Registration would end after the start."""

    status, field = 422, "registration_deadline"
    message = _l("The registration deadline is after the start. Choose the start or an earlier moment.")


class NoPlace(Refusal):
    """Neither a venue nor an online link."""

    status, field = 422, "venue"
    message = _l("Say where the workshop takes place: a venue, an online link, or both.")


class InsecureLink(Refusal):
    """The online link is not an https address."""

    status, field = 422, "online_url"
    message = _l("The online link must start with https:// and name a site.")


class NoSeats(Refusal):
    """The number of seats is outside 1 to 100,000."""

    status, field = 422, "seats"
    message = _l("Seats must be a number from 1 to 100,000.")


class ChangedMeanwhile(Refusal):
    """The optimistic lock: somebody else saved first."""

    message = _l(
        "Somebody else changed this workshop while you were writing. Nothing was overwritten, and what you "
        "wrote is kept below. Look at the workshop in another window; saving again replaces it."
    )


class AlreadyPublished(Refusal):
    """A published workshop is not deleted."""

    message = _l("This workshop is published: people may hold a seat. Cancel it instead.")


class NotYetPublished(Refusal):
    """A draft is not cancelled."""

    message = _l("This workshop is a draft: nobody knows of it yet. Delete it instead.")


class AlreadyHeld(Refusal):
    """A workshop that is over is not cancelled."""

    message = _l("This workshop is over. It can be closed, not cancelled.")


class AlreadyCancelled(Refusal):
    """Nothing changes in a cancelled workshop."""

    message = _l("This workshop is cancelled.")


class AlreadyClosed(Refusal):
    """Nothing changes in a closed workshop."""

    message = _l("This workshop is closed. A manager can open it again on its attendance page.")


class NoReason(Refusal):
    """A cancellation without its reason."""

    status, field = 422, "reason"
    message = _l("Give the reason: it is shown on the public page and told to everyone registered.")
