"""Mail rules of a workshop, and whom each has been sent to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.registrations.models import Registration
from dissemination.workshops.models import Workshop


class Anchor(StrEnum):
    """What the time of a rule is counted from."""

    START = "start"
    END = "end"


class State(StrEnum):
    """Who a rule writes to."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    ATTENDED = "attended"
    ABSENT = "absent"


class MailRule(db.Model):  # type: ignore[name-defined]
    """A mail `minutes` after (negative: before) the workshop's start or end, to people in some states.

    Sent once to each person, also when the date moves afterwards. A rule whose time lay more than a day
    back when it was activated is not sent in retrospect, unless an organiser said so (`forced_at`).
    """

    __tablename__ = "mail_rules"
    __table_args__ = (CheckConstraint("minutes BETWEEN -527040 AND 527040", name="minutes"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    anchor: Mapped[Anchor] = mapped_column(one_of(Anchor))
    minutes: Mapped[int]  # a whole number of days is counted on the wall clock
    states: Mapped[list] = mapped_column(JSON)  # of State values
    subject_it: Mapped[str] = mapped_column(String(200))
    subject_en: Mapped[str] = mapped_column(String(200), default="")
    body_it: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last; None: when it was created
    forced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # "send now", although it is late
    forced_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    workshop: Mapped[Workshop] = relationship()


class MailRuleSending(db.Model):  # type: ignore[name-defined]
    """A rule has written to a person: never again."""

    __tablename__ = "mail_rule_sendings"
    rule_id: Mapped[int] = mapped_column(ForeignKey("mail_rules.id", ondelete="CASCADE"), primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    registration: Mapped[Registration] = relationship()
