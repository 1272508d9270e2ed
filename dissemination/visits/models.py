"""What a device brought from a visit; with whom the report was shared and what was said of it."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.audits.models import Audit, Department
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.kernel.files import StoredFile
from dissemination.people.accounts import Account
from dissemination.people.models import Contact


class Photo(db.Model):  # type: ignore[name-defined]
    """A photo of the visit, without its EXIF."""

    __tablename__ = "audit_photos"
    __table_args__ = (UniqueConstraint("audit_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"))
    key: Mapped[str] = mapped_column(String(40))  # given by the phone, so that it is kept once
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    department: Mapped[Department | None] = mapped_column(one_of(Department))
    caption: Mapped[str] = mapped_column(String(300), default="")
    in_report: Mapped[bool] = mapped_column(default=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    file: Mapped[StoredFile] = relationship()


class VisitSheet(db.Model):  # type: ignore[name-defined]
    """A sheet that a device sent, once: kept as it came, so that two devices lose nothing to each other."""

    __tablename__ = "audit_sheets"
    __table_args__ = (UniqueConstraint("audit_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"))
    key: Mapped[str] = mapped_column(String(40))  # given by the device to each sending
    seen_version: Mapped[int]  # the audit's version that the device started from
    facts: Mapped[dict] = mapped_column(JSON)
    taken: Mapped[bool]  # False: somebody had changed the audit meanwhile, a person decides
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    signed_by: Mapped[str] = mapped_column(String(200), default="")  # who signed on the screen
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))  # the visit sheet with the signature
    audit: Mapped[Audit] = relationship()
    file: Mapped[StoredFile | None] = relationship()
    sender: Mapped[Account | None] = relationship(foreign_keys=[by])

    @property
    def waits(self) -> bool:
        """Whether somebody still has to compare it with the audit."""
        return not self.taken and self.settled_at is None


class Report(db.Model):  # type: ignore[name-defined]
    """The report as it was shared, once for each time it was shared anew; the company reads the last one.

    `content` names no person of the company: who was met is read from the audit, so that whoever is
    erased is gone from here too.
    """

    __tablename__ = "audit_reports"
    __table_args__ = (UniqueConstraint("audit_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"))
    number: Mapped[int]
    content: Mapped[dict] = mapped_column(JSON)
    seen_version: Mapped[int]  # the audit's, to tell whether it changed since
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Sharing(db.Model):  # type: ignore[name-defined]
    """The report was shared with one person of the company, by a signed link."""

    __tablename__ = "audit_sharings"
    __table_args__ = (UniqueConstraint("audit_id", "contact_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    shared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    shared_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    mark: Mapped[str] = mapped_column(String(32))  # in the link; a new one each time it is shared again
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    audit: Mapped[Audit] = relationship()
    contact: Mapped[Contact] = relationship()


class Remark(db.Model):  # type: ignore[name-defined]
    """A comment on the report, by the company (contact) or by the district (account)."""

    __tablename__ = "audit_remarks"
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(
        ForeignKey("improvement_areas.id", ondelete="SET NULL"), index=True
    )
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the other side's digest named it
    contact: Mapped[Contact | None] = relationship()
    account: Mapped[Account | None] = relationship()
