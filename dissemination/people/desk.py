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


def whole(sent) -> int | None:
    """A number that was sent, None when it is none; without one a form field holds the row's own value."""
    ours = isinstance(sent, str) and sent.isascii() and sent.isdigit() and len(sent) < 10
    return int(sent) if ours else None
