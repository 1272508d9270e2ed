"""Pages by key: every row once, in order, whatever the page size and token."""

import pytest
from sqlalchemy import select

from dissemination.kernel.database import transaction
from dissemination.kernel.paging import page
from dissemination.people.models import Company
from dissemination.workshops.models import Workshop
from tests import factories


def walk(query, **options):
    """All rows over all pages."""
    rows, after = [], None
    while True:
        part = page(query, after=after, **options)
        rows += part.rows
        after = part.next
        if after is None:
            return rows


@pytest.mark.parametrize("descending", [False, True])
def test_pages_hold_every_row_once_and_in_order(moda, descending):
    with transaction():
        for name in ("b", "a", "c", "a", "b", "d", "a"):
            factories.company(moda, name)
    rows = walk(select(Company), columns=(Company.name_folded, Company.id), descending=descending, size=2)
    expected = sorted(rows, key=lambda c: (c.name_folded, c.id), reverse=descending)
    assert (rows, len(rows)) == (expected, 7)


def test_pages_by_moment(moda):
    with transaction():
        for hours in (1, 2, 3):
            factories.workshop(moda, hours=hours)
    rows = walk(select(Workshop), columns=(Workshop.ends_at, Workshop.id), size=1)
    assert [w.ends_at for w in rows] == sorted(w.ends_at for w in rows)
    assert len(rows) == 3


@pytest.mark.parametrize("token", ["x", "W10", "bnVsbA", "WzEsMiwzXQ", "é", "eyJhIjoxfQ"])
def test_a_token_that_cannot_be_read_starts_from_the_beginning(moda, token):
    with transaction():
        factories.company(moda)
    assert len(page(select(Company), columns=(Company.name_folded, Company.id), after=token).rows) == 1
