"""Accounts of the people who run the districts, and their roles. Registrants need no account."""

from datetime import datetime
from uuid import uuid4

from flask_security import AsaList, RoleMixin, UserMixin, WebAuthnMixin, verify_password
from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.kernel.rights import RANK, Role


def uniquifier() -> str:
    """A fresh mark for an account; changing it ends all its sessions."""
    return uuid4().hex


# Flask-Security wants a table of global roles; ours are per district (Appointment), so it stays empty.
account_security_roles = Table(
    "account_security_roles",
    db.metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("security_role_id", ForeignKey("security_roles.id"), primary_key=True),
)


class SecurityRole(db.Model, RoleMixin):  # type: ignore[name-defined]
    """Required by Flask-Security's datastore; unused."""

    __tablename__ = "security_roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))


class Account(db.Model, UserMixin):  # type: ignore[name-defined]
    """Somebody who signs in. Columns below `fs_uniquifier` are named by Flask-Security."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(2), default="it")
    password: Mapped[str | None] = mapped_column(String(255))  # type: ignore[assignment]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=uniquifier)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
        String(64), unique=True
    )
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_last_counter: Mapped[int | None]  # of the last code accepted: none is taken twice (RFC 6238 §5.2)
    tf_phone_number = None  # Flask-Security asks for it; we send no SMS
    roles: Mapped[list[SecurityRole]] = relationship(  # type: ignore[assignment]
        secondary=account_security_roles
    )
    webauthn: Mapped[list["Passkey"]] = relationship(  # type: ignore[assignment]
        back_populates="account", cascade="all, delete-orphan"
    )
    appointments: Mapped[list["Appointment"]] = relationship(
        back_populates="account", cascade="all, delete-orphan", lazy="selectin"
    )

    def verify_and_update_password(self, password: str) -> bool:
        """Whether `password` is the account's. Never rehashes it: signing in writes nothing."""
        return self.password is not None and verify_password(password, self.password)

    def may(self, role: Role, district: District) -> bool:
        """Whether this account holds `role` or a higher one in `district`."""
        return self.rank_in(district) >= RANK[role]

    def rank_in(self, district: District) -> int:
        """0 for a stranger to the district, else the rank of the highest role held there."""
        ranks = [
            RANK[a.role]
            for a in self.appointments
            if a.district_id == district.id or (a.district_id is None and a.role is Role.OBSERVER)
        ]
        return max(ranks, default=0)

    @property
    def is_observer(self) -> bool:
        """Whether this account reads for the Region, in whatever district."""
        return any(a.role is Role.OBSERVER for a in self.appointments)

    def observes(self, district: District) -> bool:
        """Whether this account reads `district` for the Region."""
        return any(
            a.role is Role.OBSERVER and a.district_id in (None, district.id) for a in self.appointments
        )

    def only_observes(self, district: District) -> bool:
        """Whether this account sees the district for the Region alone, and so changes nothing there."""
        return not any(a.district_id == district.id for a in self.appointments)


class Passkey(db.Model, WebAuthnMixin):  # type: ignore[name-defined]
    """A WebAuthn credential (W3C Web Authentication Level 2) of an account."""

    __tablename__ = "passkeys"
    id: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(1024))
    sign_count: Mapped[int] = mapped_column(Integer, default=0)
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    create_datetime: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lastuse_datetime: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    account: Mapped[Account] = relationship(back_populates="webauthn")

    def get_user_mapping(self) -> dict[str, object]:
        """How Flask-Security finds the account of a credential."""
        return {"id": self.account_id}


class Appointment(db.Model):  # type: ignore[name-defined]
    """A role held by an account: in one district, or in all of them for an observer (district None)."""

    __tablename__ = "appointments"
    __table_args__ = (UniqueConstraint("account_id", "district_id", "role"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    district_id: Mapped[int | None] = mapped_column(ForeignKey("districts.id"), index=True)
    role: Mapped[Role] = mapped_column(one_of(Role))
    account: Mapped[Account] = relationship(back_populates="appointments")
    district: Mapped[District | None] = relationship()


class Attempt(db.Model):  # type: ignore[name-defined]
    """A failed sign-in or a mail asked for, counted by `throttle`. Kept for a day, no address in clear."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_mark_at", "mark", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(64))  # keyed hash of what was tried and from where
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
