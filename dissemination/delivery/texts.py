"""Why a delivery stands where it stands, in words."""

from flask_babel import lazy_gettext as _l

REASONS = {
    "bad_address": _l("The address cannot be written to."),
    "letter_broken": _l(
        "The message could not be put together. It is tried again; tell who looks after the system."
    ),
    "deadline": _l("The server put it off until it was too late."),
    "worker_died": _l("The program was stopped while the message was being handed over."),
    "unsubscribed": _l("The person has unsubscribed."),
    "stopped by the sender": _l("Stopped by the sender."),
}  # fmt: skip
SUPPRESSED = _l("This address is not written to any more: %(reason)s")


def explain(reason: str) -> str:
    """A delivery's `reason` for a reader: our codes as sentences, what others wrote as it is."""
    if reason.startswith("suppressed: "):
        return SUPPRESSED % {"reason": reason.removeprefix("suppressed: ")}
    return str(REASONS.get(reason, reason))
