"""Hits for an hour, figures per month for good, and the salts that make visitors nameless."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.publications.models import Publication


class What(StrEnum):
    """What somebody did with a publication."""

    VIEW = "view"  # its page: an investigation
    DOWNLOAD = "download"  # a file of it: a request


class UsageHit(db.Model):  # type: ignore[name-defined]
    """Somebody looked at a page or took a file: kept until its hour is counted, then deleted.

    `visitor` is a keyed hash of address and browser under the salt of the day: nothing leads back from it.
    """

    __tablename__ = "usage_hits"
    __table_args__ = (Index("ix_usage_hits_at", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), index=True)
    what: Mapped[What] = mapped_column(one_of(What))
    file_id: Mapped[int] = mapped_column(default=0)  # 0: the page; no foreign key: files go
    visitor: Mapped[bytes] = mapped_column(LargeBinary(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageSalt(db.Model):  # type: ignore[name-defined]
    """The key of a day's visitors (UTC); deleted once the day's hits are counted."""

    __tablename__ = "usage_salts"
    day: Mapped[date] = mapped_column(primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))


class UsageMonth(db.Model):  # type: ignore[name-defined]
    """What the hits on a publication came to in a month of its district's calendar. No personal data."""

    __tablename__ = "usage_months"
    __table_args__ = (Index("ix_usage_months_district", "district_id", "month"),)
    publication_id: Mapped[int] = mapped_column(
        ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True
    )
    month: Mapped[date] = mapped_column(primary_key=True)  # its first day
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    views: Mapped[int] = mapped_column(default=0)
    unique_views: Mapped[int] = mapped_column(default=0)
    downloads: Mapped[int] = mapped_column(default=0)
    unique_downloads: Mapped[int] = mapped_column(default=0)
    logged: Mapped[int] = mapped_column(default=0)  # of the unique downloads, those in the activity log
    publication: Mapped[Publication] = relationship()
