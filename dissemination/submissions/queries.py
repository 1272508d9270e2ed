"""Reading submissions: by the mailed link, and for the desk."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.districts.models import District
from dissemination.kernel import links, paging
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.publications.models import Publication, State
from dissemination.publications.states import in_state
from dissemination.submissions.models import Submission

PURPOSE = "submission"
DAYS = 60
"""How long a link waits for a work; once one was sent it shows for good what became of it."""


def token_for(submission: Submission) -> str:
    """What the mailed link holds."""
    return links.sign(PURPOSE, [submission.id, submission.contact_id])


def by_token(district: District, token: str) -> Submission | None:
    """The submission of a link; None when it was forged, is of another district, or waited too long."""
    told = links.read(PURPOSE, token)
    if not (isinstance(told, list) and len(told) == 2):
        return None
    found = by_id(district, told[0])
    if found is None or found.contact_id != told[1] or found.contact.erased_at is not None:
        return None
    if found.sent_at is None and found.asked_at < now() - timedelta(days=DAYS):
        return None
    return found


def by_id(district: District, submission_id: int) -> Submission | None:
    """The district's submission with that id."""
    query = select(Submission).where(Submission.district_id == district.id, Submission.id == submission_id)
    return db.session.scalar(query)


def listed(district: District, *, after: str | None = None) -> paging.Page:
    """One page of the district's submissions and open links, newest first."""
    work = joinedload(Submission.publication).options(
        selectinload(Publication.withdrawals), selectinload(Publication.files)
    )
    query = select(Submission).where(Submission.district_id == district.id)
    query = query.options(joinedload(Submission.contact), work)
    return paging.page(query, columns=(Submission.id,), after=after, descending=True, size=paging.SIZE)


def count_to_look_at(district: District) -> int:
    """How many authors wait for an answer of the organisers."""
    query = (
        select(func.count())
        .select_from(Submission)
        .join(Publication, Publication.id == Submission.publication_id)
        .where(
            Submission.district_id == district.id,
            Submission.returned_at.is_(None),
            Submission.merged_at.is_(None),
            in_state(State.DRAFT),
        )
    )
    return db.session.scalar(query) or 0


def unthanked(limit: int = 100) -> list[Submission]:
    """Those whose work is public and whose author does not know it yet."""
    query = (
        select(Submission)
        .join(Publication, Publication.id == Submission.publication_id)
        .where(Submission.thanked_at.is_(None), Publication.published_at.is_not(None))
        .order_by(Submission.id)
    )
    return list(db.session.scalars(query.limit(limit)))


def waits_until(submission: Submission) -> datetime:
    """Until when the link takes a work."""
    return submission.asked_at + timedelta(days=DAYS)
