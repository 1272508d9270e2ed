"""From draft to tombstone: reviewed, approved by the district, published, superseded, taken back.

A manager approves. Approving is not asked of works that came by an import: they appeared elsewhere, and
whoever imports answers for them. What is changed after its approval, and is not public, is approved anew.
"""

from datetime import datetime

from sqlalchemy import select, true, update

from dissemination.bibliography.records import Person, one_line, paragraphs
from dissemination.kernel import clock
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.rights import Role
from dissemination.people.accounts import Account
from dissemination.plan import holders
from dissemination.publications import logged
from dissemination.publications.models import Author, Note, Publication, Step, Withdrawal
from dissemination.publications.refusals import (
    AlreadyApproved,
    AlreadyAsked,
    AlreadyPublished,
    ChangedSince,
    NewerExists,
    NotApproved,
    NotPublished,
    NotUnderReview,
    ReasonMissing,
    WordsMissing,
)


def ask_approval(publication: Publication, *, text: str = "", by: Account | None) -> None:
    """Ask the managers to approve. Raises AlreadyApproved, AlreadyAsked."""
    if publication.approved_at is not None:
        raise AlreadyApproved
    done = _change(
        publication, Publication.review_asked_at.is_(None), review_asked_at=clock.now(),
        review_asked_by=by.id if by else None,
    )  # fmt: skip
    if not done:
        raise AlreadyAsked
    _note(publication, Step.ASKED, text, by)


def comment(publication: Publication, *, text: str, by: Account | None) -> None:
    """Say something that only the desk reads. Raises WordsMissing."""
    if not text.strip():
        raise WordsMissing
    _note(publication, Step.COMMENT, text, by)


def want_changes(publication: Publication, *, text: str, by: Account | None) -> None:
    """Give it back with words on what is to change. Raises WordsMissing, NotUnderReview."""
    if not text.strip():
        raise WordsMissing
    asked = Publication.review_asked_at.is_not(None) & Publication.approved_at.is_(None)
    if not _change(publication, asked, review_asked_at=None, review_asked_by=None):
        raise NotUnderReview
    _note(publication, Step.CHANGES, text, by)


def approve(
    publication: Publication, *, text: str = "", by: Account | None, seen: datetime | None = None
) -> None:
    """Approve for the district; of a roadmap the log keeps it (IS-02).

    `by` is a manager, or None for a command; `seen` the `changed_at` of what was looked at, None for
    whatever there is. Raises NotApproved for others, AlreadyApproved, ChangedSince.
    """
    if by is not None and not by.may(Role.MANAGER, publication.district):
        raise NotApproved
    approved = {"approved_at": clock.now(), "approved_by": by.id if by else None}
    is_same = true() if seen is None else Publication.changed_at == seen
    if not _change(publication, Publication.approved_at.is_(None) & is_same, **approved):
        db.session.refresh(publication)
        raise ChangedSince if publication.approved_at is None else AlreadyApproved
    _note(publication, Step.APPROVED, text, by)
    logged.say(publication, by)


def lapse(publication: Publication, *, by: Account | None) -> None:
    """What was approved and is not public has changed: others have to look again, unless a manager did it."""
    if publication.approved_at is None or publication.published_at is not None:
        return
    if by is None or by.may(Role.MANAGER, publication.district):
        return
    _change(publication, Publication.approved_at.is_not(None), approved_at=None, approved_by=None,
            review_asked_at=None, review_asked_by=None)  # fmt: skip
    _note(publication, Step.LAPSED, "", by)
    logged.unsay(publication, by=by, reason="modificata dopo l'approvazione")


def publish(publication: Publication, *, by: Account | None, seen: datetime | None = None) -> None:
    """Show it to the public and write it into the log; the version before is superseded.

    Who may approve does so by publishing (`seen` as there). Raises NotApproved, AlreadyPublished,
    ChangedSince.
    """
    if publication.published_at is None and publication.approved_at is None:
        approve(publication, by=by, seen=seen)
    now = clock.now()
    published = {"published_at": now, "published_by": by.id if by else None, "changed_at": now}
    published["first_published_at"] = publication.first_published_at or now
    if not _change(publication, Publication.published_at.is_(None), **published):
        raise AlreadyPublished
    _supersede(publication, now)
    logged.say(publication, by)
    holders.changed(Publication.__tablename__, [publication.id])


def withdraw(publication: Publication, *, reason: str, by: Account | None) -> None:
    """Take a publication back: its address stays and says why. It can be published again.

    The log gets rows that reverse those of its publishing. Raises NotPublished, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    now = clock.now()
    public = Publication.published_at.is_not(None)
    if not _change(publication, public, published_at=None, published_by=None, changed_at=now):
        raise NotPublished
    row = Withdrawal(reason=one_line(reason)[:500], by=by.id if by else None, at=now)
    publication.withdrawals.append(row)
    _supersede(publication, now)
    logged.unsay(publication, by=by, reason=reason)


def new_version(publication: Publication, *, slug: str, by: Account | None) -> Publication:
    """A draft of the next version at `slug`: what describes it is copied; files and DOI are its own.

    Raises NotPublished, NewerExists.
    """
    if publication.published_at is None:
        raise NotPublished
    later = db.session.scalars(select(Publication).where(Publication.previous_id == publication.id))
    if any(p.published_at is not None or not p.withdrawals for p in later):
        raise NewerExists
    facts = {name: getattr(publication, name) for name in COPIED}
    now = clock.now()
    made = Publication(
        **facts, district_id=publication.district_id, slug=slug, previous_id=publication.id, doi="",
        citation_key="", version_label="", created_at=now, changed_at=now, created_by=by.id if by else None,
    )  # fmt: skip
    names = (*Person.__dataclass_fields__, "position", "company_id")
    made.authors = [Author(**{n: getattr(a, n) for n in names}) for a in publication.authors]
    db.session.add(made)
    db.session.flush()
    return made


COPIED = (
    "kind", "title_it", "title_en", "abstract_it", "abstract_en", "language", "issued", "issued_precision",
    "container", "volume", "number", "pages", "publisher", "isbn", "issn", "url", "licence", "access",
    "embargo_until", "funding", "keywords", "extra", "sector_id", "macro_area_id", "activity_line_id",
    "application_area_id", "search_text",
)  # fmt: skip


def _supersede(publication: Publication, now: datetime) -> None:
    """Say of the version before whether a newer one is public."""
    if publication.previous_id is None:
        return
    newer = select(Publication.id).where(
        Publication.previous_id == publication.previous_id, Publication.published_at.is_not(None)
    )
    former = db.session.get_one(Publication, publication.previous_id)
    is_superseded = db.session.scalar(newer.limit(1)) is not None
    if is_superseded != (former.superseded_at is not None):
        former.superseded_at = now if is_superseded else None
        former.changed_at = now
        db.session.flush()


def _change(publication: Publication, condition, **values) -> bool:
    """Change the row where `condition` still holds; whether it did."""
    query = update(Publication).where(Publication.id == publication.id, condition).values(**values)
    changed = rows_changed(query) == 1
    if changed:
        db.session.refresh(publication)
    return changed


def _note(publication: Publication, step: Step, text: str, by: Account | None) -> None:
    words = paragraphs(text)[:5000]
    publication.notes.append(Note(step=step, text=words, by=by.id if by else None, at=clock.now()))
    db.session.flush()
