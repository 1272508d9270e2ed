"""The life of a publication: added, revised, published, taken back, removed; its files; many at once."""

from typing import BinaryIO

from sqlalchemy import select, update

from dissemination.bibliography.records import is_open
from dissemination.districts.models import District
from dissemination.kernel import clock, files
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.text import free_slug
from dissemination.people.accounts import Account
from dissemination.plan import holders
from dissemination.publications import affiliations, life, logged
from dissemination.publications.facts import RESERVED, TitleMissing, clean, describe, titled
from dissemination.publications.intake import AlreadyImported, add_all, finish_import, keep_upload
from dissemination.publications.life import (
    approve,
    ask_approval,
    comment,
    publish,
    want_changes,
    withdraw,
)
from dissemination.publications.logged import Did
from dissemination.publications.models import Publication, PublicationFile
from dissemination.publications.refusals import (
    AlreadyApproved,
    AlreadyAsked,
    AlreadyPublished,
    ChangedMeanwhile,
    MoveUnexplained,
    NewerExists,
    NotApproved,
    NotPublished,
    NotUnderReview,
    ReasonMissing,
    WasPublic,
    WordsMissing,
)


def add(district: District, *, by: Account | None, **facts) -> Publication:
    """A new draft. `facts` are named in FACTS; `kind`, `issued` and `activity_line_id` are required.

    Raises TitleMissing; TypeError for an unknown fact.
    """
    facts = clean(facts)
    publication = Publication(
        district_id=district.id, created_at=clock.now(), changed_at=clock.now(),
        created_by=by.id if by else None, slug=free_slug(titled(facts), lambda slug: _taken(district, slug)),
    )  # fmt: skip
    describe(publication, facts)
    db.session.add(publication)
    db.session.flush()
    return publication


def revise(
    publication: Publication, *, by: Account | None, version: int, reason: str = "", **facts
) -> Publication:
    """Change facts of the publication that was read as `version`. Its address stays.

    Where it is public and figures count it otherwise now (another line, sector, macro-area, type …), the log
    takes its row back, for `reason`, and says it anew on the same day. Raises ChangedMeanwhile when somebody
    saved another version since, TitleMissing, MoveUnexplained.
    """
    facts = clean(facts)
    _take(publication, version=version, by=by)
    before = _counted_by(publication)
    describe(publication, facts)
    db.session.flush()
    life.lapse(publication, by=by)
    is_told = publication.published_at is not None or publication.approved_at is not None
    if is_told and _counted_by(publication) != before:
        if publication.published_at is not None and not reason.strip():
            raise MoveUnexplained
        logged.say_anew(publication, by=by, reason=reason.strip() or "corretta prima della pubblicazione")
        logged.say(publication, by)  # what has become a roadmap
    holders.changed(Publication.__tablename__, [publication.id])
    return publication


def revise_authors(publication: Publication, rows: dict, *, version: int, by: Account | None) -> None:
    """Give authors their ORCID, affiliation and organisation (see `affiliations.describe`).

    Raises ChangedMeanwhile.
    """
    _take(publication, version=version, by=by)
    affiliations.describe(publication, rows)
    life.lapse(publication, by=by)


def _take(publication: Publication, *, version: int, by: Account | None) -> None:
    """Take the next version number for oneself. Raises ChangedMeanwhile when somebody else did."""
    changed = rows_changed(
        update(Publication)
        .where(Publication.id == publication.id, Publication.version == version)
        .values(
            version=version + 1,
            revised_at=clock.now(),
            revised_by=by.id if by else None,
            changed_at=clock.now(),
        )
    )
    if changed != 1:
        raise ChangedMeanwhile
    db.session.refresh(publication)


def _counted_by(publication: Publication) -> tuple:
    """What rules filter and split a publication by, beside its day."""
    places = publication.activity_line_id, publication.sector_id, publication.macro_area_id
    where = *places, publication.application_area_id
    return *where, publication.kind, publication.language, is_open(publication.licence)


def new_version(publication: Publication, *, by: Account | None) -> Publication:
    """A draft of the next version. Raises NotPublished, NewerExists."""
    district = publication.district
    slug = free_slug(publication.title_it or publication.title_en, lambda slug: _taken(district, slug))
    return life.new_version(publication, slug=slug, by=by)


def remove(publication: Publication) -> None:
    """Delete a draft with its authors and files. Raises WasPublic for what was ever public."""
    if publication.published_at is not None or publication.withdrawals:
        raise WasPublic
    logged.unsay(publication, by=None, reason="bozza rimossa")  # a roadmap approved and never public
    db.session.delete(publication)
    db.session.flush()


def attach(
    publication: Publication, stream: BinaryIO, name: str, *, by: Account | None = None
) -> PublicationFile:
    """Store a file with the publication. Raises files.WrongFileType, files.EmptyFile."""
    stored = files.put(stream, name, district_id=publication.district_id)
    row = PublicationFile(publication=publication, file=stored)
    db.session.add(row)
    files_changed(publication, by)
    return row


def files_changed(publication: Publication, by: Account | None) -> None:
    """Files came or went: harvesters are told, an approval lapses, evidence is looked at again."""
    publication.changed_at = clock.now()
    db.session.flush()
    life.lapse(publication, by=by)
    holders.changed(Publication.__tablename__, [publication.id])


def detach(file: PublicationFile, *, by: Account | None = None) -> None:
    """Take a file off its publication."""
    publication = file.publication
    db.session.delete(file)
    files_changed(publication, by)
    db.session.expire(publication, ["files"])


def _taken(district: District, slug: str) -> bool:
    if slug in RESERVED:
        return True
    query = select(Publication.id).where(Publication.district_id == district.id, Publication.slug == slug)
    return db.session.scalar(query) is not None


__all__ = [
    "AlreadyApproved", "AlreadyAsked", "AlreadyImported", "AlreadyPublished", "ChangedMeanwhile", "Did",
    "MoveUnexplained", "NewerExists", "NotApproved", "NotPublished", "NotUnderReview", "ReasonMissing",
    "TitleMissing", "WasPublic", "WordsMissing", "add", "add_all", "approve", "ask_approval", "attach",
    "comment", "detach", "files_changed", "finish_import", "keep_upload", "new_version", "publish", "remove",
    "revise", "revise_authors", "want_changes", "withdraw",
]  # fmt: skip
