"""Certificates of attendance."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.registrations.models import Registration

_IS_VALID = text("withdrawn_at IS NULL")


class Certificate(db.Model):  # type: ignore[name-defined]
    """What was certified of one registration, as it was printed; found by `code` on a public page.

    A registration has one valid certificate at most. One that was withdrawn stays, so that the public
    page can say so; `replaced_by_id` when a corrected one took its place.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        Index(
            "uq_certificates_valid", "registration_id", unique=True,
            sqlite_where=_IS_VALID, postgresql_where=_IS_VALID,
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)  # printed; letters that are not mistaken
    name: Mapped[str] = mapped_column(String(201))  # as printed; emptied when the person is erased
    minutes: Mapped[int]  # present
    of_minutes: Mapped[int]  # the programme's
    # The other facts as printed, in the certificate's language: nothing in them names a person.
    language: Mapped[str] = mapped_column(String(2), default="it")
    printed: Mapped[dict] = mapped_column(JSON, default=dict)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: asked for by link
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a mail says that it is ready
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    withdrawn_reason: Mapped[str] = mapped_column(String(300), default="")
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("certificates.id"))
    registration: Mapped[Registration] = relationship()
