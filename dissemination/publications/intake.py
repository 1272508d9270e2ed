"""Many publications at once: an uploaded bibliography kept, then imported, all of it or nothing."""

from collections.abc import Iterable
from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from dissemination.bibliography.records import Record, search_text_of
from dissemination.districts.models import District
from dissemination.kernel import clock, files
from dissemination.kernel.bulk import insert_many
from dissemination.kernel.database import db, rows_changed, writing
from dissemination.kernel.memory import without_collecting
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import free_slug
from dissemination.people.accounts import Account
from dissemination.plan import activity
from dissemination.publications import index, queries
from dissemination.publications.facts import RESERVED, titled
from dissemination.publications.logged import happening, say
from dissemination.publications.models import Author, Import, Kind, Publication


class AlreadyImported(Refusal):
    """The uploaded bibliography was imported before."""

    message = _l("This file was already imported. Nothing was imported twice.")


def keep_upload(
    district: District, stream: BinaryIO, name: str, *, language: str, by: Account | None
) -> Import:
    """Keep an uploaded bibliography until it is imported. Raises files.EmptyFile."""
    stored = files.put(stream, name, district_id=district.id, accept=ANY)
    row = Import(
        district_id=district.id, file=stored, language=language, uploaded_at=clock.now(),
        uploaded_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


class _Any:
    def __contains__(self, _media_type):
        return True


ANY = _Any()
"""A bibliography is text and has no magic bytes: its parser says whether it is one."""


def finish_import(
    upload: Import, records: Iterable[Record], *, by: Account | None, published: bool, **placed
) -> list[Publication]:
    """Import the chosen records of an upload, all or none, once. `placed` as for `add_all`.

    Raises AlreadyImported.
    """
    done = rows_changed(
        update(Import)
        .where(Import.id == upload.id, Import.imported_at.is_(None))
        .values(imported_at=clock.now(), imported_by=by.id if by else None)
    )
    if done != 1:
        raise AlreadyImported
    db.session.refresh(upload)
    district = db.session.get_one(District, upload.district_id)
    ids = add_all(district, records, by=by, published=published, **placed)
    upload.records = len(ids)
    return list(
        db.session.scalars(select(Publication).where(Publication.id.in_(ids)).order_by(Publication.id))
    )


def add_all(
    district: District, records: Iterable[Record], *, by: Account | None, published: bool,
    activity_line_id: int, sector_id: int | None = None, macro_area_id: int | None = None,
) -> list[int]:  # fmt: skip
    """Many records at once, as drafts or public: as `add` and `publish` do each, in few statements.

    `records` are as a reader of ours makes them. Returns their ids, in order. Raises TitleMissing: then the
    caller's transaction holds none of them.
    """
    with without_collecting():
        return _add_all(
            district, list(records), by=by, published=published, activity_line_id=activity_line_id,
            sector_id=sector_id, macro_area_id=macro_area_id,
        )  # fmt: skip


def _add_all(
    district: District, records: list[Record], *, by: Account | None, published: bool, activity_line_id: int,
    sector_id: int | None, macro_area_id: int | None,
) -> list[int]:  # fmt: skip
    taken = queries.slugs(district.id) | RESERVED
    now, who = clock.now(), by.id if by else None
    common = {
        "district_id": district.id, "activity_line_id": activity_line_id, "sector_id": sector_id,
        "macro_area_id": macro_area_id, "version": 1, "created_at": now, "created_by": who,
        "published_at": now if published else None, "published_by": who if published else None,
        "approved_at": now if published else None, "approved_by": who if published else None,
        "first_published_at": now if published else None, "changed_at": now,
    }  # fmt: skip
    rows = []
    for record in records:
        slug = free_slug(titled(vars(record)), taken.__contains__)
        taken.add(slug)
        facts = {**vars(record), "slug": slug, "search_text": ""}
        del facts["authors"]
        rows.append(facts)
    ids = _insert(district, rows, common)
    words = {number: search_text_of(record) for number, record in zip(ids, records, strict=True)}
    index.give_texts(writing(), words)
    people = [
        {"publication_id": number, "position": n, **vars(person)}
        for number, record in zip(ids, records, strict=True)
        for n, person in enumerate(sorted(record.authors, key=lambda p: p.editor))
    ]
    insert_many(Author.__table__, people)
    if published:
        happened = happening(
            district, sector_id=sector_id, macro_area_id=macro_area_id, activity_line_id=activity_line_id,
            by=by,
        )  # fmt: skip
        activity.record_all([happened(r, number) for number, r in zip(ids, records, strict=True)])
        for number, record in zip(ids, records, strict=True):
            if record.kind is Kind.ROADMAP:  # its approval is counted too
                say(db.session.get_one(Publication, number), by)
    return ids


def _insert(district: District, rows: list[dict], common: dict) -> list[int]:
    """Insert publications and return their ids in the same order; new ids are above all former ones."""
    if not rows:
        return []
    last = db.session.scalar(select(func.max(Publication.id))) or 0
    insert_many(Publication.__table__, rows, same=common)
    found = db.session.execute(
        select(Publication.slug, Publication.id).where(
            Publication.id > last, Publication.district_id == district.id
        )
    )
    ids = {slug: number for slug, number in found}  # noqa: C416 (a Result has keys of its own)
    return [ids[row["slug"]] for row in rows]
