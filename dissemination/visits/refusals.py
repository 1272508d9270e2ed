"""What visits and their reports say no to, and what to do about it."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class BadSheet(Refusal):
    """What a device sent is not a sheet of a visit; the text says why."""

    status = 422


class NotOpen(Refusal):
    """The audit is closed or declined."""

    message = _l("This audit is closed, or was declined: nothing is added to it any more.")


class NothingToSettle(Refusal):
    """Somebody decided on the sheet before."""

    message = _l("Somebody has decided on this sheet already.")


class WrongPhoto(Refusal):
    """Not a photo, or too heavy, or too large."""

    status = 422
    field = "file"


class TooManyPhotos(Refusal):
    """An audit keeps so many photos."""

    field = "file"

    def __init__(self, most: int):
        super().__init__(_l("An audit keeps %(n)d photos. Remove one first.", n=most))


class NotDrafted(Refusal):
    """Only what is written can be shared."""

    message = _l("The report is shared once its draft is written: bring the audit to “drafted” first.")


class NotOfTheCompany(Refusal):
    """A report goes to people of that company."""

    status = 422
    field = "contacts"
    message = _l("Choose at least one person of this company with an e-mail address.")


class NothingSaid(Refusal):
    """A comment without words."""

    status = 422
    field = "text"
    message = _l("Write your comment first.")


class SaidTooOften(Refusal):
    """So many comments in a day are not written by a person."""

    status = 429
    message = _l("Many comments came from here today. Please write the rest to us by e-mail.")


class ClosedForRemarks(Refusal):
    """The audit is closed: the report is read, and no longer discussed."""

    message = _l("The audit is closed: comments are no longer taken here. Please write to the district.")


class AlreadyReminded(Refusal):
    """One reminder a day is enough."""

    message = _l("A reminder went out less than a day ago. Give it a little time.")


class NotShared(Refusal):
    """The link was withdrawn."""

    message = _l("This link was withdrawn: share the report again instead.")
