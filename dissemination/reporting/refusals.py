"""What reporting refuses, and what to do instead."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import date_time
from dissemination.kernel.refusals import Refusal
from dissemination.plan.texts import period_name


class PeriodsOverlap(Refusal):
    """Part of the period is reported already."""

    field = "code"

    def __init__(self, other):
        super().__init__(
            _("It overlaps %(other)s, which is reported already: an activity would be reported twice.",
              other=period_name(other.code))
        )  # fmt: skip


class OutsideThePlan(Refusal):
    """No day of the period is in the plan."""

    status = 422
    field = "code"
    message = _l("No day of this period lies in the plan.")


class NotInReview(Refusal):
    """Signing comes after the review."""

    message = _l("This period is not in review. Begin the review, look through the list, then sign.")


class AlreadyInReview(Refusal):
    """Somebody began the review."""

    message = _l("The review has been begun already.")


class AlreadySignedOff(Refusal):
    """Another manager was first, or it was signed before."""

    def __init__(self, sign_off):
        super().__init__(
            _("Already signed off by %(name)s on %(at)s. To change it, reopen it with a reason.",
              name=sign_off.by_name, at=date_time(sign_off.at))
        )  # fmt: skip


class StillBlocked(Refusal):
    """Points of the checklist forbid signing."""

    status = 422
    message = _l("Something on the list has to be put right before anybody can sign.")


class NeedsWords(Refusal):
    """Points are open: say why it is signed all the same."""

    status = 422
    field = "despite"
    message = _l("Points of the list are open. Put them right, or say why you sign all the same.")


class TheLogMoved(Refusal):
    """An activity was logged between counting and signing."""

    message = _l("An activity was recorded while the figures were counted. Look at them again, then sign.")


class NotWhatWasShown(Refusal):
    """What would be signed is not what the page showed."""

    status = 422
    message = _l("What you would sign is no longer what this page showed you. Look at it again, then sign.")


class NotSignedOff(Refusal):
    """Only what is signed can be sent or reopened."""

    message = _l("This period is not signed off.")


class NoReason(Refusal):
    """A reopening stays visible, so it says why."""

    status = 422
    field = "because"
    message = _l("Say why: the reason stays visible.")


class WasSigned(Refusal):
    """A period that was ever signed stays."""

    message = _l("This period was signed off once, so it stays. Reopen it to correct it.")
