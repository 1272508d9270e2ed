"""Why a certificate is not issued or not withdrawn, in words that say what to do."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class NotEntitled(Refusal):
    """No certificate for this registration (now); the message says why."""


class WasWithdrawn(Refusal):
    """An organiser withdrew her certificate: only an organiser issues another."""

    message = _l(
        "Your certificate was withdrawn. If you think that this is a mistake, write to the district."
    )


class AlreadyWithdrawn(Refusal):
    """The certificate is no longer valid."""

    message = _l("This certificate was withdrawn already.")


class NoReason(Refusal):
    """A certificate is withdrawn only with a reason."""

    status, field = 422, "reason"
    message = _l("Give the reason why the certificate is withdrawn.")


class LettersMissing(Refusal):
    """The document cannot print a letter of the name."""

    status = 422
    message = _l(
        "The certificate cannot print some letters of the name or the title. "
        "Write to the district: with the name in Latin letters it will be issued anew."
    )
