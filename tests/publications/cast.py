"""Publications for tests, made through the actions."""

from datetime import date
from itertools import count

from dissemination.bibliography.records import Person
from dissemination.publications import actions
from dissemination.publications.models import Kind
from tests import factories

_numbers = count(1)


def publication(district, *, published=True, by=None, **facts):
    """A report of 2026 by one person and the Region; public unless told otherwise."""
    facts = {
        "kind": Kind.REPORT, "title_it": f"Fibre riciclate {next(_numbers)}", "title_en": "",
        "issued": date(2026, 5, 4), "activity_line_id": factories.line(district, "b").id,
        "sector_id": district.sectors[0].id, "licence": "CC-BY-4.0",
        "authors": [Person("Rossi", "Maria"), Person("Regione Toscana", organisation=True)],
        **facts,
    }  # fmt: skip
    row = actions.add(district, by=by, **facts)
    if published:
        actions.approve(row, by=None)
        actions.publish(row, by=by)
    return row
