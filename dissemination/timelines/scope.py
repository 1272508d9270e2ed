"""Whose timeline it is, who reads it, and how a page of it is cut out of many tables by one key.

A line stands at (moment, source, id). Each source is asked for the lines below that key, the newest first,
and the newest of all of them make the page: as many statements for ten lines as for ten thousand.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import and_, or_, select

from dissemination.districts.models import District
from dissemination.kernel.clock import local
from dissemination.kernel.database import db
from dissemination.people.models import Company
from dissemination.timelines.texts import Kind

SIZE = 50


class Reader(StrEnum):
    """Who reads: it decides what of audits, meetings and people is shown."""

    ORGANISER = "organiser"  # everything
    VIEWER = "viewer"  # that something took place, never what was said
    COMPANY = "company"  # what concerns it, without the names of its people


class Key(NamedTuple):
    """Where a line stands."""

    at: datetime
    source: str
    id: int


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `dated`: the day is known and no hour."""

    key: Key
    kind: Kind
    title: str
    note: str = ""
    url: str | None = None
    dated: bool = False

    @property
    def at(self) -> datetime:
        """The moment, or the beginning of the day in the district's zone."""
        return self.key.at


@dataclass(frozen=True)
class Scope:
    """The company under all its ids: its own and those of duplicates that were merged into it."""

    district: District
    company: Company
    ids: tuple[int, ...]
    reader: Reader

    @property
    def sees_people(self) -> bool:
        """Whether names of persons are shown."""
        return self.reader is not Reader.COMPANY

    @property
    def is_desk(self) -> bool:
        """Whether lines lead to pages of the desk."""
        return self.reader is not Reader.COMPANY


def scope_of(district: District, company: Company, reader: Reader) -> Scope:
    """The scope of a company that stands (not of a merged duplicate)."""
    merged = select(Company.id).where(
        Company.district_id == district.id, Company.merged_into_id == company.id
    )
    return Scope(district, company, (company.id, *db.session.scalars(merged)), reader)


@dataclass(frozen=True)
class Cut:
    """A page: the lines below `below` (None: the newest), at most `size`."""

    zone: object
    below: Key | None = None
    size: int = SIZE

    def of(self, query, *, source: str, column, row_id, dated: bool = False):
        """`query` narrowed to the lines of one source that can be on this page, the newest first.

        `column` holds the moment, or the day when `dated`.
        """
        if self.below is not None:
            query = query.where(self._before(source, column, row_id, dated))
        return query.order_by(column.desc(), row_id.desc()).limit(self.size + 1)

    def _before(self, source: str, column, row_id, dated: bool):
        assert self.below is not None  # noqa: S101 (asked by `of` alone)
        at, other, last_id = self.below
        if dated:
            day = local(at, self.zone).date()  # type: ignore[arg-type]
            if at > start_of(day, self.zone):
                return column <= day
            at = day  # type: ignore[assignment]
        if source == other:
            return or_(column < at, and_(column == at, row_id < last_id))
        return column <= at if source < other else column < at


def start_of(day: date, zone) -> datetime:
    """The first moment of a day in the district's zone, in UTC. Of the first day that there is, written by
    mistake, the night before does not exist."""
    if day == date.min:
        return datetime.min.replace(tzinfo=UTC)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def token_of(key: Key) -> str:
    """The key as it stands in an address."""
    plain = json.dumps([key.at.isoformat(), key.source, key.id])
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def key_of(token: str | None) -> Key | None:
    """The key in an address; None for one that nobody of us made: the page begins at the start."""
    if not token:
        return None
    try:
        at, source, row_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        moment = datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return None
    known = isinstance(source, str) and source.isascii() and type(row_id) is int and abs(row_id) < 2**31
    return Key(moment.astimezone(UTC), source, row_id) if known and moment.tzinfo is not None else None
