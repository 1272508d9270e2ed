"""How neighbours on this floor name workshops (see `kernel.subjects`)."""

from collections.abc import Collection

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.kernel import subjects
from dissemination.kernel.clock import local
from dissemination.kernel.database import db
from dissemination.kernel.languages import short_date, translated
from dissemination.kernel.subjects import Namer, Shown
from dissemination.workshops.models import Workshop

OFFERED = 200


def _title(row: Workshop) -> str:
    return f"{translated(row, 'title')} ({short_date(local(row.starts_at, row.district.zone).date())})"


def named(district_id: int, ids: Collection[int]) -> dict[int, Shown]:
    """The district's workshops with these ids; a private one has no public address."""
    query = select(Workshop).where(Workshop.district_id == district_id, Workshop.id.in_(ids))
    found = {}
    for row in db.session.scalars(query.options(joinedload(Workshop.district))):
        is_public = row.published_at is not None and not row.is_private
        url = url_for("workshops.show", district=row.district, slug=row.slug) if is_public else None
        found[row.id] = Shown(_title(row), url, local(row.starts_at, row.district.zone).date())
    return found


def offered(district_id: int) -> list[tuple[int, str]]:
    """The newest workshops, drafts too: a publication may be prepared for one."""
    query = select(Workshop).where(Workshop.district_id == district_id).options(joinedload(Workshop.district))
    rows = db.session.scalars(query.order_by(Workshop.starts_at.desc(), Workshop.id.desc()).limit(OFFERED))
    return [(row.id, _title(row)) for row in rows]


subjects.register_names(Workshop.__tablename__, Namer(named, offered))
