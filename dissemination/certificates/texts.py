"""What is said of certificates: reasons, hours, states."""

from flask_babel import gettext as _
from flask_babel import ngettext

from dissemination.certificates.queries import Claim, Why


def duration(minutes: int) -> str:
    """A time as people say it: "3 hours and 30 minutes"."""
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(num)d hour", "%(num)d hours", hours))
    if rest or not hours:
        parts.append(ngettext("%(num)d minute", "%(num)d minutes", rest))
    return _("%(hours)s and %(minutes)s", hours=parts[0], minutes=parts[1]) if len(parts) == 2 else parts[0]


def reason(claim: Claim) -> str:
    """Why there is no certificate, for who reads her own page."""
    if claim.why is Why.TOO_SHORT:
        return _(
            "You were present for %(share)d %% of the time; %(required)d %% are needed.",
            share=claim.share, required=claim.required_share,
        )  # fmt: skip
    return {
        Why.CANCELLED: _("The workshop was cancelled: there is nothing to certify."),
        Why.NOT_CLOSED: _("Certificates can be had as soon as the organisers have closed the workshop."),
        Why.NO_SEAT: _("Only who held a seat and was present gets a certificate."),
        Why.ABSENT: _("You were not noted as present. If you were there, write to the district."),
        Why.ERASED: _("Your personal data are no longer held, so no certificate can be made out."),
    }[claim.why]  # type: ignore[index]


def reason_at_desk(claim: Claim) -> str:
    """Why there is no certificate, for the organiser."""
    if claim.why is Why.TOO_SHORT:
        return _(
            "present for %(share)d %% of the time, %(required)d %% are needed",
            share=claim.share, required=claim.required_share,
        )  # fmt: skip
    return {
        Why.CANCELLED: _("workshop cancelled"),
        Why.NOT_CLOSED: _("the workshop is not closed yet"),
        Why.NO_SEAT: _("no seat"),
        Why.ABSENT: _("not present"),
        Why.ERASED: _("personal data erased"),
    }[claim.why]  # type: ignore[index]
