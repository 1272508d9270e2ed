"""The life of a publication: added, revised, published, taken back, removed; its files; many at once."""

from collections.abc import Iterable
from enum import StrEnum
from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from dissemination.districts.models import District
from dissemination.kernel import clock, files
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import free_slug
from dissemination.people.accounts import Account
from dissemination.plan import activity
from dissemination.plan.log import Activity
from dissemination.publications import queries
from dissemination.publications.models import (
    Author,
    Import,
    Kind,
    Publication,
    PublicationFile,
    Withdrawal,
)
from dissemination.publications.records import (
    Person,
    Record,
    one_line,
    page_range,
    paragraphs,
    search_text_of,
)

LINES = ("title_it", "title_en", "citation_key", "container", "volume", "number", "pages", "publisher")
TEXTS = ("abstract_it", "abstract_en")
FACTS = frozenset({
    *LINES, *TEXTS, "kind", "language", "issued", "issued_precision", "doi", "isbn", "issn", "url", "licence",
    "keywords", "extra", "sector_id", "macro_area_id", "activity_line_id", "authors",
})  # fmt: skip
"""What `add` and `revise` take: columns of Publication, and `authors` as a list of `records.Person`."""


class Did(StrEnum):
    """What the activity log says of publications."""

    PUBLISHED = "publication.published"


class TitleMissing(Refusal):
    """A publication has a title in Italian or in English."""

    status = 422
    message = _l("Write a title in Italian or in English.")
    field = "title_it"


class ChangedMeanwhile(Refusal):
    """Somebody else saved the publication since this form was opened."""

    message = _l(
        "Somebody else changed this publication while you were writing. Nothing of theirs was overwritten: "
        "open it in another window, compare, and save again."
    )


class AlreadyPublished(Refusal):
    """It is public already."""

    message = _l("This publication is already public.")


class NotPublished(Refusal):
    """Only what is public can be taken back."""

    message = _l("This publication is not public.")


class ReasonMissing(Refusal):
    """Taking back needs a reason: it is kept beside the figures."""

    status = 422
    message = _l("Write why it is taken back: the reason is kept beside the figures.")
    field = "reason"


class WasPublic(Refusal):
    """Only drafts that were never public can be removed."""

    message = _l("This publication was public: it is in the log and cannot be removed. Withdraw it instead.")


class AlreadyImported(Refusal):
    """The uploaded bibliography was imported before."""

    message = _l("This file was already imported. Nothing was imported twice.")


def add(district: District, *, by: Account | None, **facts) -> Publication:
    """A new draft. `facts` are named in FACTS; `kind`, `issued` and `activity_line_id` are required.

    Raises TitleMissing; TypeError for an unknown fact.
    """
    facts = _clean(facts)
    publication = Publication(
        district_id=district.id, created_at=clock.now(), created_by=by.id if by else None,
        slug=free_slug(_named(facts), lambda slug: _taken(district, slug)),
    )  # fmt: skip
    _describe(publication, facts)
    db.session.add(publication)
    db.session.flush()
    return publication


def revise(publication: Publication, *, by: Account | None, version: int, **facts) -> Publication:
    """Change facts of the publication that was read as `version`. Its address stays.

    Raises ChangedMeanwhile when somebody saved another version since, TitleMissing.
    """
    facts = _clean(facts)
    changed = db.session.execute(
        update(Publication)
        .where(Publication.id == publication.id, Publication.version == version)
        .values(version=version + 1, revised_at=clock.now(), revised_by=by.id if by else None)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise ChangedMeanwhile
    db.session.refresh(publication)
    _describe(publication, facts)
    db.session.flush()
    return publication


def publish(publication: Publication, *, by: Account | None) -> None:
    """Show the publication to the public and write it into the log. Raises AlreadyPublished."""
    done = db.session.execute(
        update(Publication)
        .where(Publication.id == publication.id, Publication.published_at.is_(None))
        .values(published_at=clock.now(), published_by=by.id if by else None)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise AlreadyPublished
    db.session.refresh(publication)
    activity.record_all([_happened(publication, publication.district, by)])


def withdraw(publication: Publication, *, reason: str, by: Account | None) -> None:
    """Take a publication back that was published by mistake; it can be published again.

    The log gets a row that reverses the one of its publishing. Raises NotPublished, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    done = db.session.execute(
        update(Publication)
        .where(Publication.id == publication.id, Publication.published_at.is_not(None))
        .values(published_at=None, published_by=None)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise NotPublished
    db.session.refresh(publication)
    row = Withdrawal(reason=one_line(reason)[:500], by=by.id if by else None, at=clock.now())
    publication.withdrawals.append(row)
    told = _standing_row(publication)
    if told is not None:
        activity.reverse(told, by=by, happened_on=told.happened_on)


def remove(publication: Publication) -> None:
    """Delete a draft with its authors and files. Raises WasPublic for what was ever public."""
    if publication.published_at is not None or publication.withdrawals:
        raise WasPublic
    db.session.delete(publication)
    db.session.flush()


def attach(publication: Publication, stream: BinaryIO, name: str) -> PublicationFile:
    """Store a file with the publication. Raises files.WrongFileType, files.EmptyFile."""
    stored = files.put(stream, name, district_id=publication.district_id)
    row = PublicationFile(publication=publication, file=stored)
    db.session.add(row)
    db.session.flush()
    return row


def detach(file: PublicationFile) -> None:
    """Take a file off its publication."""
    db.session.delete(file)
    db.session.flush()


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
    done = db.session.execute(
        update(Import)
        .where(Import.id == upload.id, Import.imported_at.is_(None))
        .values(imported_at=clock.now(), imported_by=by.id if by else None)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise AlreadyImported
    db.session.refresh(upload)
    made = add_all(upload_district(upload), records, by=by, published=published, **placed)
    upload.records = len(made)
    return made


def upload_district(upload: Import) -> District:
    """The district of an upload."""
    return db.session.get_one(District, upload.district_id)


def add_all(
    district: District, records: Iterable[Record], *, by: Account | None, published: bool,
    activity_line_id: int, sector_id: int | None = None, macro_area_id: int | None = None,
) -> list[Publication]:  # fmt: skip
    """Many records at once, as drafts or public; the same as `add` and `publish` for each, in few statements.

    Raises TitleMissing: then the caller's transaction holds none of them.
    """
    taken = queries.slugs(district.id) | RESERVED
    now = clock.now()
    made = []
    for record in records:
        facts = _clean({
            **vars(record), "activity_line_id": activity_line_id, "sector_id": sector_id,
            "macro_area_id": macro_area_id,
        })  # fmt: skip
        publication = Publication(
            district_id=district.id, created_at=now, created_by=by.id if by else None,
            slug=free_slug(_named(facts), taken.__contains__), version=1,
        )  # fmt: skip
        taken.add(publication.slug)
        _describe(publication, facts)
        if published:
            publication.published_at, publication.published_by = now, by.id if by else None
        made.append(publication)
    db.session.add_all(made)
    db.session.flush()
    if published:
        activity.record_all([_happened(p, district, by) for p in made])
    return made


def _clean(facts: dict) -> dict:
    unknown = facts.keys() - FACTS
    if unknown:
        raise TypeError(f"unknown facts: {', '.join(sorted(unknown))}")
    facts = dict(facts)
    for name in facts.keys() & set(LINES):
        facts[name] = one_line(facts[name] or "")
    for name in facts.keys() & set(TEXTS):
        facts[name] = paragraphs(facts[name] or "")
    if "pages" in facts:
        facts["pages"] = page_range(facts["pages"])
    return facts


def _named(facts: dict) -> str:
    title = facts.get("title_it") or facts.get("title_en")
    if not title:
        raise TitleMissing
    return title


RESERVED = frozenset({"new", "imports"})
"""Addresses of the desk's own pages."""


def _taken(district: District, slug: str) -> bool:
    if slug in RESERVED:
        return True
    query = select(Publication.id).where(Publication.district_id == district.id, Publication.slug == slug)
    return db.session.scalar(query) is not None


def _describe(publication: Publication, facts: dict) -> None:
    for name, value in facts.items():
        if name != "authors":
            setattr(publication, name, value)
    for name in DEFAULTS.keys() - facts.keys():
        if getattr(publication, name) is None:
            setattr(publication, name, DEFAULTS[name]())
    if not (publication.title_it or publication.title_en):
        raise TitleMissing
    if "authors" in facts:
        people = sorted(facts["authors"], key=lambda person: person.editor)  # authors, then editors
        publication.authors = [_author(n, a) for n, a in enumerate(people)]
    publication.search_text = search_text_of(publication)


DEFAULTS = dict.fromkeys((*LINES, *TEXTS, "doi", "isbn", "issn", "url", "licence"), str) | {
    "keywords": list, "extra": dict, "language": lambda: "it", "issued_precision": lambda: "day",
}  # fmt: skip
"""Column defaults apply at the flush; the search text is made before it."""


def _author(position: int, person: Person) -> Author:
    return Author(
        position=position, editor=person.editor, family_name=one_line(person.family_name)[:300],
        given_name=one_line(person.given_name)[:200], organisation=person.organisation,
        affiliation=one_line(person.affiliation)[:300], orcid=person.orcid,
    )  # fmt: skip


def _happened(publication: Publication, district: District, by: Account | None) -> dict:
    sector, area = publication.sector, publication.macro_area
    return {
        "verb": Did.PUBLISHED,
        "subject_kind": Publication.__tablename__,
        "subject_id": publication.id,
        "district_id": district.id,
        "title": publication.title_it or publication.title_en,
        "happened_on": clock.today(district.zone),
        "by": by,
        "activity_line_id": publication.activity_line_id,
        "attributes": {
            "type": publication.kind.value,
            "language": publication.language,
            "open_access": "yes" if publication.open_access else "no",
            "macro_area": area.name_it if area else "",
            "sector": sector.code if sector else "",
        },
    }


def _standing_row(publication: Publication) -> Activity | None:
    reversed_rows = select(Activity.reverses_id).where(Activity.reverses_id.is_not(None))
    return db.session.scalar(
        select(Activity)
        .where(
            Activity.subject_kind == Publication.__tablename__, Activity.subject_id == publication.id,
            Activity.verb == Did.PUBLISHED, Activity.reverses_id.is_(None),
            Activity.id.not_in(reversed_rows),
        )
        .order_by(Activity.id.desc())
    )  # fmt: skip


__all__ = ["Did", "Kind", "Person", "Record", "add", "add_all", "publish", "revise", "withdraw"]
