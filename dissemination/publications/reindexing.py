"""Making the full-text index anew: after words are read otherwise, or when somebody doubts it."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dissemination.bibliography.records import search_text_of
from dissemination.kernel.database import db, transaction, writing
from dissemination.publications import contents, index
from dissemination.publications.models import Publication

BATCH = 500


def reindex(*, files: bool = False) -> int:
    """Drop the index and fill it from all publications; how many. `files`: read the PDF files again, too.

    What describes the publications is put together anew in batches of a transaction each; the index itself is
    then made in one, so that a search never sees half of it.
    """
    done, last = 0, 0
    while True:
        query = select(Publication).where(Publication.id > last).order_by(Publication.id).limit(BATCH)
        with transaction():
            rows = db.session.scalars(query.options(selectinload(Publication.authors))).all()
            if not rows:
                break
            index.give_texts(writing(), {row.id: search_text_of(row) for row in rows})
            done, last = done + len(rows), rows[-1].id
    with transaction():
        index.make(writing())
        if files:
            contents.read_again()
    return done
