"""Versions of a plan, each kept whole, and who approved which."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.people.accounts import Account
from dissemination.plan.models import Plan


class PlanVersion(db.Model):  # type: ignore[name-defined]
    """A plan as a save left it. `content` is what `content.snapshot` gives; it is never changed."""

    __tablename__ = "plan_versions"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    what: Mapped[str] = mapped_column(String(200), default="")
    content: Mapped[dict] = mapped_column(JSON, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    plan: Mapped[Plan] = relationship()
    account: Mapped[Account | None] = relationship()


class PlanApproval(db.Model):  # type: ignore[name-defined]
    """A manager approved a version. It stands until another version is approved, or it is withdrawn."""

    __tablename__ = "plan_approvals"
    __table_args__ = (
        # One standing approval per plan, also when two managers press at once.
        Index(
            "uq_plan_approvals_standing", "plan_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("plan_versions.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    words: Mapped[str] = mapped_column(String(500), default="")  # such as the act that approved it
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_because: Mapped[str] = mapped_column(String(500), default="")  # "": by the next approval
    version: Mapped[PlanVersion] = relationship()
    account: Mapped[Account | None] = relationship(foreign_keys=[by])
    ender: Mapped[Account | None] = relationship(foreign_keys=[ended_by])
