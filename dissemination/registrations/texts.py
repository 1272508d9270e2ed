"""What standings and fates of mails are called, and how they look."""

from flask_babel import lazy_gettext as _l

from dissemination.delivery.models import Fate
from dissemination.registrations.models import Standing

STANDINGS = {
    Standing.CONFIRMED: (_l("confirmed"), "success"),
    Standing.WAITING: (_l("on the waiting list"), "warning"),
    Standing.CANCELLED: (_l("cancelled"), "secondary"),
}
FATES = {
    Fate.QUEUED: (_l("to be sent"), "secondary"),
    Fate.LEASED: (_l("about to be sent"), "secondary"),
    Fate.IN_DATA: (_l("being sent"), "primary"),
    Fate.DEFERRED: (_l("tried, will be tried again"), "warning"),
    Fate.ACCEPTED: (_l("accepted"), "success"),
    Fate.REFUSED: (_l("refused"), "danger"),
    Fate.UNCERTAIN: (_l("uncertain"), "warning"),
    Fate.SKIPPED: (_l("skipped"), "secondary"),
    Fate.CANCELLED: (_l("called back"), "secondary"),
}
