"""What proves the downloads in the log: the register of usage itself, month by month."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.plan.holders import Holder
from dissemination.publications.models import Publication
from dissemination.usage.logged import Did
from dissemination.usage.models import UsageMonth

REGISTER = "register"  # the code of a checklist that asks for the register of downloads


def held(ids: Sequence[int]) -> dict[int, set[str]]:
    """The register, of each publication that is in it with downloads."""
    found: dict[int, set[str]] = {publication_id: set() for publication_id in ids}
    query = select(UsageMonth.publication_id).where(
        UsageMonth.publication_id.in_(ids), UsageMonth.unique_downloads > 0
    )
    for publication_id in db.session.scalars(query.distinct()):
        found[publication_id].add(REGISTER)
    return found


def where(ids: Sequence[int]) -> dict[int, str]:
    """The register of each publication's district."""
    query = select(Publication).where(Publication.id.in_(ids))
    return {p.id: url_for("usage_desk.index", district=p.district) for p in db.session.scalars(query)}


HOLDER = Holder(
    verb=Did.DOWNLOADED.value, kind=Publication.__tablename__, held=held, where=where,
    computed=frozenset({REGISTER}),
)  # fmt: skip
