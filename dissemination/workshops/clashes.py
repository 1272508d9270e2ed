"""What else takes place when a workshop does, and would take its audience or its speakers away.

A warning, never a refusal: two organisers may have good reasons.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.districts.models import Sector
from dissemination.kernel.database import db
from dissemination.kernel.text import fold
from dissemination.workshops.models import LONGEST, Cancellation, Workshop, WorkshopSession
from dissemination.workshops.queries import is_shown

MOST = 20


class Why(StrEnum):
    """What two workshops have in common."""

    SECTOR = "sector"  # the same companies are asked to be in two places
    SPEAKER = "speaker"  # the same person speaks at the same time


@dataclass(frozen=True)
class Clash:
    """Another workshop on the same day, and what it has in common with ours."""

    why: Why
    other: Workshop
    day: date
    speaker: str = ""


def of(workshop: Workshop) -> list[Clash]:
    """The clashes of a workshop, its own district's first; at most `MOST`.

    The same sector on the same day: here (drafts too), and by the sector's code in other districts
    (what their public sees). The same speaker at the same time: here.
    """
    found = [clash for other in _near(workshop) for clash in _between(workshop, other)]
    found.sort(key=lambda c: (c.other.district_id != workshop.district_id, c.day, c.other.id, c.why))
    return found[:MOST]


def _near(workshop: Workshop) -> Iterable[Workshop]:
    """Workshops that might clash: one query, and one each for sessions and speakers."""
    zone = workshop.district.zone
    days = list(workshop.days)
    start = datetime.combine(days[0], datetime.min.time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(days[-1] + timedelta(days=2), datetime.min.time(), tzinfo=zone).astimezone(UTC)
    cancelled = select(1).where(Cancellation.workshop_id == Workshop.id).exists()
    mine = Workshop.district_id == workshop.district_id
    theirs = and_(~mine, is_shown(), Workshop.sector_id.in_(_same_code(workshop)))
    query = select(Workshop).where(
        Workshop.id != (workshop.id or 0),
        Workshop.starts_at > start - LONGEST,
        Workshop.starts_at < end,
        Workshop.ends_at > start,
        ~cancelled,
        mine | theirs if workshop.sector_id else mine,
    )
    sessions = selectinload(Workshop.sessions).selectinload(WorkshopSession.speakers)
    query = query.order_by(Workshop.starts_at, Workshop.id).limit(200)
    return db.session.scalars(
        query.options(
            joinedload(Workshop.district),
            joinedload(Workshop.cancellation),
            joinedload(Workshop.closing),
            sessions,
        )
    )


def _same_code(workshop: Workshop) -> Select:
    code = select(Sector.code).where(Sector.id == workshop.sector_id).scalar_subquery()
    return select(Sector.id).where(Sector.code == code)


def _between(workshop: Workshop, other: Workshop) -> Iterable[Clash]:
    common = sorted(set(workshop.days) & set(other.days))
    here = other.district_id == workshop.district_id
    if common and workshop.sector_id and (other.sector_id == workshop.sector_id or not here):
        yield Clash(Why.SECTOR, other, common[0])
    if here:
        for name, day in _same_speakers(workshop, other):
            yield Clash(Why.SPEAKER, other, day, name)


def _same_speakers(workshop: Workshop, other: Workshop) -> Iterable[tuple[str, date]]:
    told: set[int | str] = set()
    for mine in workshop.sessions:
        names = {_who(p): p.name for p in mine.speakers}
        for theirs in other.sessions:
            if not (mine.starts_at < theirs.ends_at and theirs.starts_at < mine.ends_at):
                continue
            for who in sorted(names.keys() & {_who(p) for p in theirs.speakers} - told, key=str):
                told.add(who)
                yield names[who], mine.starts_at.astimezone(workshop.district.zone).date()


def _who(speaker) -> int | str:
    return speaker.profile_id or fold(speaker.name)
