"""The texts of PDF files, read by a job for the search index, and what is said of files that have none.

A row is born with its file (a trigger, see `index.py`) and waits to be read; it goes with it.
"""

from datetime import date, datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, Text, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from dissemination.bibliography.kinds import Access
from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime, db, one_of, rows_changed
from dissemination.publications import access, index
from dissemination.publications.models import Publication


class Reading(StrEnum):
    """What became of reading a file."""

    WAITING = "waiting"
    READ = "read"
    NO_TEXT = "no_text"  # pictures of pages
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_HEAVY = "too_heavy"  # over the limits of size, time or memory
    LOST = "lost"  # the storage has it no more


class FileText(db.Model):  # type: ignore[name-defined]
    """The text of a PDF file as the index keeps it (`words.kept_of_file`), not as people read it."""

    __tablename__ = "publication_file_texts"
    __table_args__ = (
        Index(
            "ix_publication_file_texts_waiting", "file_id", sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )  # fmt: skip
    file_id: Mapped[int] = mapped_column(
        ForeignKey("publication_files.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), index=True)
    state: Mapped[Reading] = mapped_column(one_of(Reading))
    text: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    ended: Mapped[date | None]  # the last day of the embargo whose end was noted: its text is findable
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


index.keep_with(FileText.__table__)

SAID = {
    Reading.WAITING: _l("Its text will be searchable in a few minutes."),
    Reading.READ: _l("Its text is searchable."),
    Reading.NO_TEXT: _l("It holds pictures of pages without text: search finds its title and abstract only."),
    Reading.ENCRYPTED: _l("It is protected by a password: its text is not searchable."),
    Reading.BROKEN: _l("It is not a sound PDF: its text is not searchable, and readers may not open it."),
    Reading.TOO_HEAVY: _l("It is too large or too intricate to be read: its text is not searchable."),
    Reading.LOST: _l("The storage has lost it: add it again."),
}


def of_publication(publication_id: int) -> dict[int, FileText]:
    """What is known of the texts of its PDF files, by id of the publication's file."""
    rows = db.session.scalars(select(FileText).where(FileText.publication_id == publication_id))
    return {row.file_id: row for row in rows}


def waiting(limit: int) -> list[int]:
    """Files of publications that wait to be read, oldest first."""
    query = select(FileText.file_id).where(FileText.state == Reading.WAITING)
    return list(db.session.scalars(query.order_by(FileText.file_id).limit(limit)))


def store(file_id: int, state: Reading, *, kept: str = "", words: int = 0, pages: int = 0) -> None:
    """Keep what reading a file gave; nothing when it was removed meanwhile."""
    rows_changed(
        update(FileText)
        .where(FileText.file_id == file_id)
        .values(state=state, text=kept, words=words, pages=pages, read_at=now())
    )


def move(from_id: int, to_id: int) -> None:
    """The files of a publication are another's now: so are their texts (naming `text` wakes the index)."""
    mine = update(FileText).where(FileText.publication_id == from_id)
    rows_changed(mine.values(publication_id=to_id, ended=None, text=FileText.text))


def read_again(district_id: int | None = None) -> int:
    """Let all files (of one district) wait to be read once more; how many. Their texts stay until then."""
    mine = select(Publication.id)
    if district_id is not None:
        mine = mine.where(Publication.district_id == district_id)
    return rows_changed(
        update(FileText).where(FileText.publication_id.in_(mine)).values(state=Reading.WAITING)
    )


def note_ends() -> int:
    """Let the public find the texts of files whose embargo has ended; how many files."""
    unnoted = select(FileText.file_id).where(
        FileText.publication_id == Publication.id, FileText.ended.is_distinct_from(Publication.embargo_until)
    )
    query = select(Publication).where(
        Publication.access == Access.EMBARGOED, Publication.embargo_until.is_not(None), unnoted.exists()
    )
    done = 0
    for publication in db.session.scalars(query).all():
        if access.effective(publication, now()) is Access.OPEN:
            mine = update(FileText).where(FileText.publication_id == publication.id)
            done += rows_changed(mine.values(ended=publication.embargo_until))
    return done
