"""What states of meetings and kinds of cooperation are called."""

from flask_babel import lazy_gettext as _l

from dissemination.research.models import Cooperation, MeetingState

MEETING_STATES = {
    MeetingState.ASKED: (_l("To arrange"), "warning"),
    MeetingState.ARRANGED: (_l("Arranged"), "primary"),
    MeetingState.HELD: (_l("Held"), "success"),
    MeetingState.DECLINED: (_l("Declined"), "secondary"),
}
COOPERATIONS = {
    Cooperation.ACTIVE: _l("Active cooperation: both work on it"),
    Cooperation.SERVICE: _l("Service: one buys tests or consultancy of the other"),
}
REPLIES = {
    "": _l("no answer from the calendar yet"),
    "ACCEPTED": _l("accepted"),
    "DECLINED": _l("declined, by the calendar"),
    "TENTATIVE": _l("perhaps"),
    "COUNTER": _l("proposes another time"),
}
AGREEMENT_STATES = {
    "draft": (_l("In preparation"), "secondary"),
    "running": (_l("Signed"), "success"),
    "expiring": (_l("Ends soon"), "warning"),
    "over": (_l("Past its last day"), "secondary"),
    "ended": (_l("Given up"), "secondary"),
}
