"""Imports of past activities and their lines."""

from flask import abort
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.pastyears.models import PastActivity, PastImport, State, Verdict
from dissemination.plan.log import Activity

SETTLED = (State.JUDGED, State.ENTERING, State.DONE)


def one(district_id: int, import_id: int) -> PastImport:
    """An import of the district; 404 without."""
    found = db.session.get(PastImport, import_id)
    if found is None or found.district_id != district_id:
        abort(404)
    return found


def imports(district_id: int, after: str | None = None) -> Page:
    """The imports of a district, the latest first."""
    query = select(PastImport).where(PastImport.district_id == district_id)
    query = query.options(joinedload(PastImport.account))
    return page(query, columns=(PastImport.uploaded_at, PastImport.id), after=after, descending=True)


def lines(row: PastImport, verdict: Verdict | None = None, after: str | None = None) -> Page:
    """The lines of an import in the file's order, all or those with one verdict."""
    query = select(PastActivity).where(PastActivity.import_id == row.id)
    if verdict is not None:
        query = query.where(PastActivity.verdict == verdict)
    return page(query, columns=(PastActivity.line, PastActivity.id), after=after)


def by_verb(row: PastImport) -> dict[str, int]:
    """How many new lines there are of each kind of activity."""
    query = select(PastActivity.verb, func.count()).where(
        PastActivity.import_id == row.id, PastActivity.verdict == Verdict.NEW
    )
    query = query.group_by(PastActivity.verb).order_by(PastActivity.verb)
    return dict(db.session.execute(query).all())


def activity(district_id: int, past_id: int) -> tuple[PastActivity, PastImport, list[Activity]]:
    """A line that was entered, its import, and its rows in the log; 404 without."""
    found = db.session.get(PastActivity, past_id)
    if found is None or found.district_id != district_id:
        abort(404)
    logged = select(Activity).where(
        Activity.subject_kind == PastActivity.__tablename__, Activity.subject_id == past_id
    )
    rows = list(db.session.scalars(logged.order_by(Activity.id)))
    return found, db.session.get_one(PastImport, found.import_id), rows


def remembered(district_id: int, header: list[str], *, but: int) -> dict | None:
    """What somebody said of the columns when a file with the same header came before."""
    query = (
        select(PastImport)
        .where(PastImport.district_id == district_id, PastImport.id != but, PastImport.state.in_(SETTLED))
        .order_by(PastImport.id.desc())
        .limit(20)
    )
    return next((row.mapping for row in db.session.scalars(query) if row.header == header), None)
