"""What a letter asks of each reader: the values of `{nome|…}` for many people at once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import select

from dissemination.delivery.mail import Mail
from dissemination.kernel.database import db
from dissemination.newsletters import fields
from dissemination.people.models import Company, Contact

BATCH = 2000


def values_for(mail: Mail, rows: Iterable[Any]) -> Iterator[tuple[Any, dict[str, str]]]:
    """(row, merge values) for each of `rows` (id, given_name, family_name); nothing is asked for in vain."""
    yield from values_of(fields.wanted(mail.shared.get("blocks", [])), rows)


def values_of(keys: Iterable[str], rows: Iterable[Any]) -> Iterator[tuple[Any, dict[str, str]]]:
    """As `values_for`, for the merge fields `keys`."""
    keys = set(keys)
    if not keys:
        yield from ((row, {}) for row in rows)
        return
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        companies = (
            _companies([row.id for row in batch]) if any(k.startswith("company") for k in keys) else {}
        )
        for row in batch:
            facts = {
                "given_name": row.given_name, "family_name": row.family_name,
                "company": companies.get(row.id, ""),
            }  # fmt: skip
            yield row, fields.values(keys, facts)


def _companies(ids: list[int]) -> dict[int, str]:
    query = select(Contact.id, Company.name).join(Company, Company.id == Contact.company_id)
    return dict(db.session.execute(query.where(Contact.id.in_(ids))).all())
