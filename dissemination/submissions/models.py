"""A work that somebody outside was given a link to send, and what became of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District
from dissemination.kernel.database import UtcDateTime, db
from dissemination.people.models import Contact
from dissemination.publications.models import Publication, PublicationFile


class Standing(StrEnum):
    """How a submission stands; computed from its row and its publication."""

    OPEN = "open"  # the link is out, nothing was sent
    SENT = "sent"  # the organisers look at it; its author may still correct it
    RETURNED = "returned"  # the organisers ask for a correction
    REVIEW = "review"  # the district decides; its author waits
    PUBLISHED = "published"
    DECLINED = "declined"


class Submission(db.Model):  # type: ignore[name-defined]
    """One link to one contact, for one work. The work itself is a draft among the publications."""

    __tablename__ = "submissions"
    __table_args__ = (Index("ix_submissions_district_id_id", "district_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    publication_id: Mapped[int | None] = mapped_column(
        ForeignKey("publications.id", ondelete="SET NULL"), index=True
    )
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the link was mailed last
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: asked for it herself
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # first sent
    title: Mapped[str] = mapped_column(Text, default="")  # as sent last: a declined draft is gone
    message: Mapped[str] = mapped_column(Text, default="")  # of its author to the organisers
    words: Mapped[str] = mapped_column(Text, default="")  # of the organisers to its author, the last ones
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None again once it is sent anew
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    thanked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its author was told that it is public
    merged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its work and another became one
    district: Mapped[District] = relationship()
    contact: Mapped[Contact] = relationship()
    publication: Mapped[Publication | None] = relationship(passive_deletes=True)

    @property
    def standing(self) -> Standing:
        """How it stands now."""
        work = self.publication
        if self.sent_at is None:
            return Standing.OPEN
        if self.declined_at is not None or work is None:
            return Standing.DECLINED
        if work.published_at is not None:
            return Standing.PUBLISHED
        if self.merged_at is not None:
            return Standing.REVIEW
        if work.withdrawals or work.approved_at is not None or work.review_asked_at is not None:
            return Standing.REVIEW
        return Standing.RETURNED if self.returned_at is not None else Standing.SENT

    @property
    def files(self) -> list[PublicationFile]:
        """What its author sent; of a work that was merged nobody here knows which files are hers."""
        return [] if self.publication is None or self.merged_at is not None else self.publication.files

    @property
    def may_change(self) -> bool:
        """Whether its author may still send or correct it."""
        return self.standing in (Standing.OPEN, Standing.SENT, Standing.RETURNED)
