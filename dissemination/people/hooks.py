"""What higher floors add to the registry's page of a company: they register in their `setup.init_app`."""

from collections.abc import Callable

from dissemination.people.models import Company

Lead = Callable[[Company, object], tuple[str, str] | None]
_leads: list[tuple[int, Lead]] = []


def lead(make: Lead, *, position: int) -> None:
    """Offer a link on a company's page: `make(company, district)` gives its words and address, or None."""
    if all(known is not make for _, known in _leads):
        _leads[:] = sorted([*_leads, (position, make)], key=lambda entry: entry[0])


def leads(company: Company, district) -> list[tuple[str, str]]:
    """(words, address) of what higher floors show of the company."""
    return [found for _, make in _leads if (found := make(company, district)) is not None]
