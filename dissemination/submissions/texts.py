"""What standings are called."""

from flask_babel import lazy_gettext as _l

from dissemination.submissions.models import Standing

STANDINGS = {
    Standing.OPEN: (_l("Link sent, nothing received yet"), "secondary"),
    Standing.SENT: (_l("To look at"), "warning"),
    Standing.RETURNED: (_l("Back with its author"), "secondary"),
    Standing.REVIEW: (_l("The district decides"), "primary"),
    Standing.PUBLISHED: (_l("Public"), "success"),
    Standing.DECLINED: (_l("Not taken"), "secondary"),
}
