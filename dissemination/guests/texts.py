"""Where a guest stands, in words: (text, kind of mark)."""

from flask_babel import lazy_gettext as _l

from dissemination.guests.queries import Stand

STANDS = {
    Stand.OPEN: (_l("no answer yet"), "primary"),
    Stand.ACCEPTED: (_l("has accepted"), "success"),
    Stand.DECLINED: (_l("cannot come"), "warning"),
    Stand.NEW: (_l("not written to yet"), "secondary"),
    Stand.WITHDRAWN: (_l("invitation withdrawn"), "danger"),
}
