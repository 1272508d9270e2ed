"""Finding imports and their lines. Every query names its district."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.subscriptions.models import ImportLine, SubscriberImport, Verdict

BATCH = 5000


def imports(district_id: int, *, after: str | None = None) -> Page:
    """One page of the district's imports, newest first."""
    query = select(SubscriberImport).where(SubscriberImport.district_id == district_id)
    query = query.options(joinedload(SubscriberImport.account))
    return page(query, columns=(SubscriberImport.id,), after=after, descending=True, size=25)


def one(district_id: int, import_id: int) -> SubscriberImport:
    """The district's import with that id. Raises NotFound (404)."""
    return db.one_or_404(
        select(SubscriberImport).where(
            SubscriberImport.district_id == district_id, SubscriberImport.id == import_id
        )
    )


def lines(row: SubscriberImport, verdict: Verdict | None = None, *, after: str | None = None) -> Page:
    """One page of the lines of an import, in the order of the file; those with one verdict."""
    query = select(ImportLine).where(ImportLine.import_id == row.id)
    if verdict is not None:
        query = query.where(ImportLine.verdict == verdict)
    return page(query, columns=(ImportLine.id,), after=after)


def every_line(row: SubscriberImport) -> Iterator:
    """Every line of an import, in order, read in batches."""
    query = (
        select(
            ImportLine.id, ImportLine.file, ImportLine.line, ImportLine.email, ImportLine.verdict,
            ImportLine.message,
        )
        .where(ImportLine.import_id == row.id).order_by(ImportLine.id).limit(BATCH)
    )  # fmt: skip
    last = 0
    while found := db.session.execute(query.where(ImportLine.id > last)).all():
        yield from found
        last = found[-1].id
