"""What this package adds to the pages of lower floors."""

from flask_babel import gettext as _

from dissemination.attendance import proving, queries
from dissemination.kernel.clock import now
from dissemination.plan import holders
from dissemination.registrations import export_rows, materials


def presence_columns(workshop):
    """Presence and its minutes for the exports of registrations; nothing before anything is known."""
    there = queries.present_ids(workshop)
    if not there and workshop.ends_at > now():
        return []
    minutes = queries.minutes_present(workshop)
    came = {r.id: _("yes") if r.id in there else _("no") for r in queries.people(workshop)}
    return [
        (_("Present"), came),
        (_("Minutes present"), {key: minutes.get(key) for key in came if key in there}),
    ]


def was_there(registration) -> bool | None:
    """Whether she was at a workshop whose books are closed; before that nobody knows."""
    if registration.workshop.closing is None:
        return None
    return registration.id in queries.present_ids(registration.workshop)


def init_app(_app) -> None:
    """Register with the exports, with who may open the materials, and with what proves a workshop."""
    holders.register(proving.HOLDER)
    materials.register_presence(was_there)
    export_rows.register_columns(presence_columns)
