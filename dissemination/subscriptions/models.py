"""Topics and who asked for them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import Sector
from dissemination.kernel.database import UtcDateTime, db
from dissemination.people.models import Contact


class Topic(db.Model):  # type: ignore[name-defined]
    """Something a person can ask to be told about, usually a sector."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("district_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    code: Mapped[str] = mapped_column(String(40))
    name_it: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sectors.id"))
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # not offered any more, history kept
    sector: Mapped[Sector | None] = relationship()


class SubscriptionRequest(db.Model):  # type: ignore[name-defined]
    """What somebody asked for in the public form and has not yet confirmed (double opt-in).

    One row per address. Nothing here touches a contact: whoever fills in a public form may not own the
    address. `mark` is in the signed link and changes when a confirmed request is followed by a new one.
    """

    __tablename__ = "subscription_requests"
    __table_args__ = (UniqueConstraint("district_id", "email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    email: Mapped[str] = mapped_column(String(254))  # lower case
    given_name: Mapped[str] = mapped_column(String(100), default="")
    family_name: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(2), default="it")
    company_name: Mapped[str] = mapped_column(String(200), default="")
    company_tax_id: Mapped[str] = mapped_column(String(16), default="")
    topic_ids: Mapped[list] = mapped_column(JSON, default=list)
    consent_text: Mapped[str] = mapped_column(Text, default="")  # as shown
    consent_version: Mapped[str] = mapped_column(String(20), default="")
    mark: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))  # once confirmed


class Subscription(db.Model):  # type: ignore[name-defined]
    """A person's wish for a topic. It is live when `confirmed_at` is set and `ended_at` is not."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("contact_id", "topic_id"),
        Index("ix_subscriptions_topic_id_contact_id", "topic_id", "contact_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact: Mapped[Contact] = relationship()
    topic: Mapped[Topic] = relationship()
