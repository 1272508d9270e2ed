"""What classes and lists are called."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import translated
from dissemination.plan.texts import value_name
from dissemination.registrations.models import Attends
from dissemination.statistics.queries import Which

PLACES = {Attends.ROOM: _l("In the room"), Attends.ONLINE: _l("Online")}
WORKSHOPS = {
    Which.CLOSED: _l("closed ones"),
    Which.COUNTED: _l("closed ones that count in the plan"),
    Which.OVER: _l("all that are over"),
}
LISTS = {
    "came": _l("Companies that came"),
    "new": _l("Companies that came for the first time ever"),
    "returning": _l("Companies that had come before"),
    "members": _l("Members that came"),
    "missed": _l("Members that did not come"),
}


def sector_name(district, sector_id: int | None) -> str:
    """A sector by its id; people and workshops without one are "not given"."""
    sector = next((s for s in district.sectors if s.id == sector_id), None)
    return translated(sector, "name") if sector else _("not given")


def origin_name(attribute: str, value) -> str:
    """A province, kind of organisation or size as people read it."""
    if attribute == "organisation_type" and value is None:
        return _("private person")
    return value_name(attribute, str(value.value if hasattr(value, "value") else value or ""), {})
