"""The evidence behind the rows of a figure: how much there is, and what it is."""

from collections.abc import Callable, Iterable

from sqlalchemy import func, select, tuple_

from dissemination.kernel.database import db
from dissemination.plan.log import Activity, Evidence

Pair = tuple[str, int]  # (subject kind, subject id)
_pages: list[Callable[[int, list[Pair]], dict[Pair, str]]] = []


def register(pages: Callable[[int, list[Pair]], dict[Pair, str]]) -> None:
    """Say who shows the evidence of subjects: (district id, subjects) -> addresses. Called at start."""
    _pages[:] = [pages]


def pages(district_id: int, subjects: Iterable[Pair]) -> dict[Pair, str]:
    """Where the evidence of each subject is shown; those that have nothing to prove are left out."""
    wanted = sorted(set(subjects))
    return _pages[0](district_id, wanted) if _pages and wanted else {}


def counts(district_id: int, subjects: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """How many proofs each subject has, those that were removed left out: one query."""
    wanted = sorted(set(subjects))
    if not wanted:
        return {}
    query = (
        select(Evidence.subject_kind, Evidence.subject_id, func.count())
        .where(Evidence.district_id == district_id, Evidence.removed_at.is_(None))
        .where(tuple_(Evidence.subject_kind, Evidence.subject_id).in_(wanted))
        .group_by(Evidence.subject_kind, Evidence.subject_id)
    )
    return {(kind, n): many for kind, n, many in db.session.execute(query)}


def of_row(row: Activity) -> list[Evidence]:
    """The proofs of what a row of the log is about, the removed ones too (they say why)."""
    query = select(Evidence).where(
        Evidence.district_id == row.district_id, Evidence.subject_kind == row.subject_kind,
        Evidence.subject_id == row.subject_id,
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Evidence.id)))


def by_id(district_id: int, evidence_id: int) -> Evidence | None:
    """A proof of the district, or None."""
    query = select(Evidence).where(Evidence.id == evidence_id, Evidence.district_id == district_id)
    return db.session.scalar(query)


def activity(district_id: int, row_id: int) -> Activity | None:
    """A row of the district's log, or None."""
    query = select(Activity).where(Activity.id == row_id, Activity.district_id == district_id)
    return db.session.scalar(query)


def corrections(row: Activity) -> list[Activity]:
    """The row that takes `row` back, and the one that it takes back."""
    query = select(Activity).where((Activity.reverses_id == row.id) | (Activity.id == row.reverses_id))
    return list(db.session.scalars(query.order_by(Activity.id)))
