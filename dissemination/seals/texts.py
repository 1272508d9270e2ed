"""What a finding of a verification means, in words."""

from flask_babel import lazy_gettext as _l

from dissemination.plan.texts import REASONS

KINDS = {
    "changed": _l("This row is not as it was written: one of its fields was changed."),
    "deleted": _l("This row was sealed and is not there any more."),
    "inserted": _l("This row was not written by the program, or is a copy of another."),
    "moved": _l("This is not the row that was sealed here: rows were swapped, or the order was changed."),
    "truncated": _l("The log once went further than it does now: its end is missing."),
    "rewritten": _l("The chain is not the one whose head was told: the log was rewritten."),
    "seal": _l("This seal is not one that the program made."),
    "tip": _l("The note of how far the log is sealed was edited, or taken away."),
    "told": _l("The list of heads that were told to others was edited, or one was taken away."),
    "signed": _l("What was signed off is not as it was signed, or is not there any more."),
    "unguarded": _l("The database would let rows be changed and deleted: a trigger is missing."),
}
PLACES = {
    "page": _l("Printed from the desk"), "mail": _l("Mailed"), "report": _l("On a report"),
    "sign_off": _l("At a sign-off"), "command": _l("On the command line"),
}  # fmt: skip


def kind(code: str) -> str:
    """What a finding says."""
    return str(KINDS.get(code, code))


def because(reason: str) -> str:
    """Why a row was taken back: the words of who did it, or a reason code that the program wrote."""
    return str(REASONS.get(reason, reason)) or "–"


def place(code: str) -> str:
    """Where a head was told."""
    return str(PLACES.get(code, code))
