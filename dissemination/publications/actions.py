"""The life of a publication: added, revised, published, taken back, removed; its files; many at once."""

from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from dissemination.bibliography.records import is_open, one_line
from dissemination.districts.models import District
from dissemination.kernel import clock, files
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import free_slug
from dissemination.people.accounts import Account
from dissemination.plan import activity, holders
from dissemination.plan.log import Activity
from dissemination.publications.facts import RESERVED, TitleMissing, clean, describe, titled
from dissemination.publications.intake import AlreadyImported, add_all, finish_import, keep_upload
from dissemination.publications.logged import Did, happening
from dissemination.publications.models import (
    Publication,
    PublicationFile,
    Withdrawal,
)


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


class MoveUnexplained(Refusal):
    """Figures count it by its place in the plan: a change of that is corrected in the log, with a reason."""

    status = 422
    message = _l(
        "This publication is public, and figures count it by its type, language, licence and place in the "
        "plan. Write why these change: the log keeps the correction with its reason."
    )
    field = "reason"


class WasPublic(Refusal):
    """Only drafts that were never public can be removed."""

    message = _l("This publication was public: it is in the log and cannot be removed. Withdraw it instead.")


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
    before = _counted_by(publication)
    describe(publication, facts)
    db.session.flush()
    if publication.published_at is not None and _counted_by(publication) != before:
        _say_anew(publication, by=by, reason=reason)
    holders.changed(Publication.__tablename__, [publication.id])
    return publication


def _counted_by(publication: Publication) -> tuple:
    """What rules filter and split a publication by, beside its day."""
    places = publication.activity_line_id, publication.sector_id, publication.macro_area_id
    return *places, publication.kind, publication.language, is_open(publication.licence)


def _say_anew(publication: Publication, *, by: Account | None, reason: str) -> None:
    if not reason.strip():
        raise MoveUnexplained
    told = _standing_row(publication)
    if told is not None:
        activity.reverse(told, by=by, happened_on=told.happened_on, reason=one_line(reason))
        activity.record_all([_happened(publication, by) | {"happened_on": told.happened_on}])


def _happened(publication: Publication, by: Account | None) -> dict:
    """What the log says of its publishing today."""
    happened = happening(
        publication.district, sector_id=publication.sector_id, macro_area_id=publication.macro_area_id,
        activity_line_id=publication.activity_line_id, by=by,
    )  # fmt: skip
    return happened(publication, publication.id)


def publish(publication: Publication, *, by: Account | None) -> None:
    """Show the publication to the public and write it into the log. Raises AlreadyPublished."""
    done = rows_changed(
        update(Publication)
        .where(Publication.id == publication.id, Publication.published_at.is_(None))
        .values(published_at=clock.now(), published_by=by.id if by else None, changed_at=clock.now(),
                first_published_at=func.coalesce(Publication.first_published_at, clock.now()))
    )  # fmt: skip
    if done != 1:
        raise AlreadyPublished
    db.session.refresh(publication)
    activity.record_all([_happened(publication, by)])
    holders.changed(Publication.__tablename__, [publication.id])


def withdraw(publication: Publication, *, reason: str, by: Account | None) -> None:
    """Take a publication back that was published by mistake; it can be published again.

    The log gets a row that reverses the one of its publishing. Raises NotPublished, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    done = rows_changed(
        update(Publication)
        .where(Publication.id == publication.id, Publication.published_at.is_not(None))
        .values(published_at=None, published_by=None, changed_at=clock.now())
    )
    if done != 1:
        raise NotPublished
    db.session.refresh(publication)
    row = Withdrawal(reason=one_line(reason)[:500], by=by.id if by else None, at=clock.now())
    publication.withdrawals.append(row)
    told = _standing_row(publication)
    if told is not None:
        activity.reverse(told, by=by, happened_on=told.happened_on, reason=reason)


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
    holders.changed(Publication.__tablename__, [publication.id])
    return row


def detach(file: PublicationFile) -> None:
    """Take a file off its publication."""
    publication_id = file.publication_id
    db.session.delete(file)
    db.session.flush()
    holders.changed(Publication.__tablename__, [publication_id])


def _taken(district: District, slug: str) -> bool:
    if slug in RESERVED:
        return True
    query = select(Publication.id).where(Publication.district_id == district.id, Publication.slug == slug)
    return db.session.scalar(query) is not None


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


__all__ = [
    "AlreadyImported", "AlreadyPublished", "ChangedMeanwhile", "Did", "MoveUnexplained", "NotPublished",
    "ReasonMissing", "TitleMissing", "WasPublic", "add", "add_all", "attach", "detach", "finish_import",
    "keep_upload", "publish", "remove", "revise", "withdraw",
]  # fmt: skip
