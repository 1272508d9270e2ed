"""How states of a period read."""

from flask_babel import lazy_gettext as _l

from dissemination.reporting.models import State

STATES = {
    State.OPEN: _l("open"), State.IN_REVIEW: _l("in review"), State.SIGNED: _l("signed off"),
    State.SENT: _l("sent to the Region"),
}  # fmt: skip
LOOKS = {
    State.OPEN: "secondary", State.IN_REVIEW: "warning", State.SIGNED: "primary", State.SENT: "success",
}  # fmt: skip
VERBS = {
    "workshop.held": _l("a workshop"), "newsletter.sent": _l("a newsletter"),
    "publication.published": _l("a publication"), "audit.visited": _l("a technology audit"),
}  # fmt: skip
