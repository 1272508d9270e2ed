"""Feedback forms, who was asked, and what was answered. Answers do not know who gave them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.registrations.models import Registration
from dissemination.workshops.models import Workshop


class Purpose(StrEnum):
    """What a form asks about."""

    FEEDBACK = "feedback"  # after the workshop
    OUTCOME = "outcome"  # six months later: what came of it


class FeedbackForm(db.Model):  # type: ignore[name-defined]
    """The questions of one workshop's feedback or outcome survey.

    `questions`: a list of {"key", "kind" (score | choice | several | text | yes_no), "it", "en",
    "required", "choices": [{"key", "it", "en"}]}; the key `overall` is the score 1 to 5 that DV-05 counts.
    A question or choice that was answered and is asked no longer has "retired": true.
    """

    __tablename__ = "feedback_forms"
    __table_args__ = (UniqueConstraint("workshop_id", "purpose"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose))
    questions: Mapped[list] = mapped_column(JSON)
    anonymous: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    workshop: Mapped[Workshop] = relationship()


class FeedbackAsked(db.Model):  # type: ignore[name-defined]
    """A registration that may answer a form, once. Says *that* she answered, never what."""

    __tablename__ = "feedback_asked"
    form_id: Mapped[int] = mapped_column(ForeignKey("feedback_forms.id"), primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered: Mapped[bool] = mapped_column(default=False)
    form: Mapped[FeedbackForm] = relationship()
    registration: Mapped[Registration] = relationship()


class FeedbackAnswer(db.Model):  # type: ignore[name-defined]
    """One filled-in form. The id is random and only the day is kept, so that no order gives anybody away."""

    __tablename__ = "feedback_answers"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # random
    form_id: Mapped[int] = mapped_column(ForeignKey("feedback_forms.id"), index=True)
    # Only of a form that is not anonymous.
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    given_on: Mapped[date]
    answers: Mapped[dict] = mapped_column(JSON)  # question key -> answer
    form: Mapped[FeedbackForm] = relationship()
