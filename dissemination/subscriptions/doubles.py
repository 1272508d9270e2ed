"""Persons who would get the same newsletter twice: one mailbox under two spellings, one name at one company.

A mailbox is the address in lower case, without what stands behind a plus; Google's without dots, under either
of its names. What differs only in these is the same mailbox nearly always: it is shown, never decided.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select

from dissemination.kernel.database import db, is_sqlite
from dissemination.kernel.text import GOOGLE
from dissemination.people.models import Contact

ADDRESS, NAME = "address", "name"
SIZE = 100  # persons of a page


@dataclass(frozen=True)
class Double:
    """A person of a group: all with one `key` would get it."""

    key: str
    contact_id: int
    name: str
    email: str
    company_id: int | None


def _position(text, sign: str):
    return func.instr(text, sign) if is_sqlite() else func.strpos(text, sign)


def mailbox(email) -> ColumnElement[str]:
    """The SQL of `kernel.text.mailbox_of`."""
    at = _position(email, "@")
    local, domain = func.substr(email, 1, at - 1), func.substr(email, at + 1)
    plus = _position(local, "+")
    bare = case((plus > 1, func.substr(local, 1, plus - 1)), else_=local)
    return case(
        (domain.in_(GOOGLE), func.replace(bare, ".", "").concat("@gmail.com")),
        else_=bare.concat("@").concat(domain),
    )


def _reached(district_id: int, reached: ColumnElement[bool], kind: str):
    key = mailbox(func.lower(Contact.email)) if kind == ADDRESS else Contact.name_folded
    query = select(
        Contact.id, key.label("key"), Contact.given_name, Contact.family_name, Contact.email,
        Contact.company_id,
    ).where(Contact.district_id == district_id, reached)  # fmt: skip
    if kind == NAME:
        query = query.where(Contact.company_id.is_not(None), Contact.name_folded != "")
    return query.cte("reached")


def _groups(found, kind: str):
    by = [found.c.key] + ([found.c.company_id] if kind == NAME else [])
    return select(*by, func.count().label("n")).group_by(*by).having(func.count() > 1).cte("groups")


def rows(
    district_id: int, reached: ColumnElement[bool], kind: str, *, after: str = ""
) -> tuple[list[Double], str]:
    """The persons of whole groups behind the key `after`, and the key to go on with ("": the end)."""
    found = _reached(district_id, reached, kind)
    groups = _groups(found, kind)
    joined = found.c.key == groups.c.key
    if kind == NAME:
        joined &= found.c.company_id == groups.c.company_id
    query = (
        select(found).join(groups, joined).where(found.c.key > after)
        .order_by(found.c.key, found.c.company_id, found.c.id).limit(SIZE + 1)
    )  # fmt: skip
    people = [
        Double(r.key, r.id, f"{r.given_name} {r.family_name}".strip(), r.email, r.company_id)
        for r in db.session.execute(query)
    ]
    if len(people) <= SIZE:
        return people, ""
    whole = [p for p in people if p.key != people[-1].key]
    return (whole or people), (whole or people)[-1].key
