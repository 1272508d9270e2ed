"""Words of the catalogue and the calls."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from dissemination.calls.models import AreaType, Family
from dissemination.calls.standing import Standing
from dissemination.kernel.languages import money

FAMILIES = {
    Family.FIRST_SUPPORT: _l("A: first support for innovation"),
    Family.CONSULTANCY: _l("B: specialised services"),
    Family.INTERNATIONALISATION: _l("C: services for internationalisation"),
}
AREA_TYPES = {
    AreaType.PRODUCT: _l("Product"),
    AreaType.PROCESS: _l("Production process"),
    AreaType.REORGANISATION: _l("Strategic reorganisation"),
}
STANDINGS = {
    Standing.DRAFT: (_l("Draft"), "secondary"),
    Standing.UPCOMING: (_l("Opens soon"), "primary"),
    Standing.OPEN: (_l("Open"), "success"),
    Standing.CLOSED: (_l("Closed"), "secondary"),
    Standing.WITHDRAWN: (_l("Withdrawn by its body"), "danger"),
}
SIZE_NAMES = {
    "micro": _l("Micro"), "small": _l("Small"), "medium": _l("Medium"), "large": _l("Large"),
}  # fmt: skip


def euro(value: Decimal | None) -> str:
    """Euro as the reader writes them: "12.000,00 €"."""
    return money(None if value is None else int(value * 100))
