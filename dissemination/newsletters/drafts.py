"""What stands beside an issue while it is written: pictures, templates, kept versions, who has it open."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.kernel.files import StoredFile
from dissemination.people.accounts import Account


class Picture(db.Model):  # type: ignore[name-defined]
    """A picture for issues. `token` is the unguessable part of its public address: mail programs fetch it."""

    __tablename__ = "pictures"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    width: Mapped[int]  # pixels
    height: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    file: Mapped[StoredFile] = relationship()


class IssueTemplate(db.Model):  # type: ignore[name-defined]
    """How issues of a district look: colours, logo, footer, and perhaps an MJML frame of its own.

    `frame` is MJML that was read and found good, with `<!-- blocks -->` where the blocks go; "" is ours.
    """

    __tablename__ = "issue_templates"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    is_default: Mapped[bool] = mapped_column(default=False)
    colours: Mapped[dict] = mapped_column(JSON, default=dict)  # {"accent": "#0066cc", …}: see colours.PARTS
    logo_id: Mapped[int | None] = mapped_column(ForeignKey("pictures.id"))
    logo_alt: Mapped[str] = mapped_column(String(200), default="")
    footer_it: Mapped[str] = mapped_column(Text, default="")
    footer_en: Mapped[str] = mapped_column(Text, default="")
    social: Mapped[list] = mapped_column(JSON, default=list)  # [{"name": "LinkedIn", "url": "https://…"}]
    frame: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # kept for the issues that use it
    logo: Mapped[Picture | None] = relationship()


class IssueVersion(db.Model):  # type: ignore[name-defined]
    """A draft as it stood after one save: who, when, what was done, and the whole content."""

    __tablename__ = "issue_versions"
    __table_args__ = (UniqueConstraint("issue_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), index=True)
    number: Mapped[int]  # the issue's version after the save
    what: Mapped[str] = mapped_column(String(40))  # a key of versions.WORDS
    about: Mapped[str] = mapped_column(String(200), default="")  # the block's words, a template's name
    content: Mapped[dict] = mapped_column(JSON)  # see versions.snapshot
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    account: Mapped[Account | None] = relationship()


class IssueEditor(db.Model):  # type: ignore[name-defined]
    """Somebody has a draft open: a row that the open page keeps fresh."""

    __tablename__ = "issue_editors"
    __table_args__ = (Index("ix_issue_editors_seen", "issue_id", "seen_at"),)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    account: Mapped[Account] = relationship()
