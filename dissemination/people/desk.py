"""The blueprint of the people pages at the desk, and what its modules share."""

from flask import Blueprint, abort, g

from dissemination.people import queries
from dissemination.people.models import Company, Contact

desk = Blueprint("people_desk", __name__, url_prefix="/<district>/desk/people")


def company_or_404(company_id: int) -> Company:
    """The district's company, 404 for another's."""
    return queries.company(g.district.id, company_id) or abort(404)


def contact_or_404(contact_id: int) -> Contact:
    """The district's contact, 404 for another's."""
    return queries.contact(g.district.id, contact_id) or abort(404)


def whole(text: str | None) -> int | None:
    """A number from the address, None when it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
