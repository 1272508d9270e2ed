"""What standings are called and how they look, and the ways to take part."""

from flask_babel import lazy_gettext as _l

from dissemination.people.texts import SIZES
from dissemination.registrations.models import Answer, Attends, Standing

STANDINGS = {
    Standing.REQUESTED: (_l("to be approved"), "primary"),
    Standing.CONFIRMED: (_l("confirmed"), "success"),
    Standing.OFFERED: (_l("seat offered"), "warning"),
    Standing.WAITING: (_l("on the waiting list"), "warning"),
    Standing.CANCELLED: (_l("cancelled"), "secondary"),
    Standing.REFUSED: (_l("refused"), "secondary"),
}
WAYS = {Attends.ROOM: _l("in the room"), Attends.ONLINE: _l("online")}
FIELDS = {
    "standing": _l("State"), "attends": _l("Takes part"), "position": _l("Place in the list"),
    "person": _l("Person"), "job_title": _l("Role"), "language": _l("Language of our messages"),
    "answers": _l("Answers"), "given_name": _l("Given name"), "family_name": _l("Family name"),
    "size": _l("Size"), "province": _l("Province"), "sector_id": _l("Sector"),
    "answer": _l("Calendar’s answer"), "day": _l("Date (number)"), "coming": _l("Still coming"),
}  # fmt: skip

ANSWERS = {
    Answer.ACCEPTED: _l("accepted"), Answer.TENTATIVE: _l("perhaps"), Answer.DECLINED: _l("declined"),
}  # fmt: skip


def in_words(field: str, value) -> str:
    """A value of a history line as a person reads it."""
    if value in (None, ""):
        return "–"
    if field == "standing":
        return str(STANDINGS[Standing(value)][0])
    if field == "attends":
        return str(WAYS[Attends(value)])
    if field == "answer":
        return str(ANSWERS.get(value, value))
    if field == "size":
        return str(SIZES.get(value, value))
    if field == "coming":
        return str(_l("yes"))
    if isinstance(value, dict):
        return "; ".join(str(one) for one in value.values() if one not in (None, "")) or "–"
    return str(value)
