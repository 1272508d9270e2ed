"""Who may read the files of a publication, and when: the one place where pages, files and harvests ask.

What describes a publication is public once it is published; its files follow `access` (COAR access rights).
An embargo holds until the end of its last day on the wall clock of the publication's district.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dissemination.bibliography.kinds import Access
from dissemination.publications.models import Publication


@dataclass(frozen=True)
class Reader:
    """Whom we know somebody to be, in one district. `ANYBODY` is who we know nothing of."""

    district_id: int | None = None
    staff: bool = False  # reads the desk of the district
    member: bool = False  # comes by a link mailed to a contact of a member company (see `members.py`)


ANYBODY = Reader()


def embargo_ends(publication: Publication) -> datetime | None:
    """When its files open to everybody: midnight after the last day, aware; None when nothing of the sort
    is ahead. An embargo without a day lasts until somebody ends it."""
    if publication.access is not Access.EMBARGOED or publication.embargo_until is None:
        return None
    try:
        day = publication.embargo_until + timedelta(days=1)
    except OverflowError:  # the last day of the calendar
        return None
    return datetime.combine(day, time(), tzinfo=publication.district.zone)


def effective(publication: Publication, at: datetime) -> Access:
    """The access at that moment (aware): an embargo that has ended is open."""
    ends = embargo_ends(publication)
    return Access.OPEN if ends is not None and at >= ends else publication.access


def opens_up(moving: Publication, place: Publication, at: datetime) -> bool:
    """Whether files of `moving` would have new readers as files of `place`, at that moment or later."""
    now, there = effective(moving, at), effective(place, at)
    if now is Access.OPEN or there is Access.CLOSED:
        return False
    if now is Access.EMBARGOED and there is Access.EMBARGOED:
        return (place.embargo_until or date.max) < (moving.embargo_until or date.max)
    return now is not there


def is_open(publication: Publication, at: datetime) -> bool:
    """Whether anybody may read its files at that moment (aware): public, and open or no longer embargoed."""
    return publication.published_at is not None and effective(publication, at) is Access.OPEN


def may_read(publication: Publication, reader: Reader | None, at: datetime) -> bool:
    """Whether `reader` (None: anybody) may read its files at that moment (aware).

    The desk of its district reads everything, drafts and tombstones too; members what is for members.
    """
    reader = reader or ANYBODY
    known = reader.district_id == publication.district_id
    if known and reader.staff:
        return True
    if publication.published_at is None:
        return False
    now = effective(publication, at)
    return now is Access.OPEN or (now is Access.MEMBERS and known and reader.member)
