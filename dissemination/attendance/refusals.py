"""What closing and ticking refuse, each with what to do instead."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import translated
from dissemination.kernel.refusals import Refusal


class MissingEvidence(Refusal):
    """The checklist of the plan is not complete (rule R4). `missing` lists its open lines."""

    def __init__(self, missing):
        self.missing = missing
        names = "; ".join(translated(line, "name") for line in missing)
        super().__init__(_("It cannot be counted yet. Missing: %(names)s.", names=names))


class NotOver(Refusal):
    """The workshop's last session has not ended."""

    message = _l("The workshop is not over yet. It can be closed when its last session has ended.")


class NeverPublished(Refusal):
    """A draft: nobody could register."""

    message = _l("This workshop is a draft. Publish it first.")


class WrongTimes(Refusal):
    """The real times cannot be true."""

    status, field = 422, "started_at"
    message = _l("The real start must come before the real end, both within a day of what was planned.")


class NotClosed(Refusal):
    """Only a closed workshop is reopened."""

    message = _l("This workshop is not closed.")


class NoReason(Refusal):
    """Reopening without a reason."""

    status, field = 422, "reason"
    message = _l("Give the reason: it stays in the log.")


class NeededForClosing(Refusal):
    """The workshop was closed on this file."""

    message = _l("The workshop was closed on this file. Upload the right one first, then remove this one.")


class NotOfThisDate(Refusal):
    """The online link opens half an hour before the start and closes with the end."""

    message = _l("The online link is not open now.")
