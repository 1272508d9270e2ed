"""What standings are called, and how they look."""

from flask_babel import lazy_gettext as _l

from dissemination.registrations.models import Standing

STANDINGS = {
    Standing.CONFIRMED: (_l("confirmed"), "success"),
    Standing.WAITING: (_l("on the waiting list"), "warning"),
    Standing.CANCELLED: (_l("cancelled"), "secondary"),
}
