"""A district and its sectors. Districts are rows, never a constant."""

from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import db


class District(db.Model):  # type: ignore[name-defined]
    """A technology district with its managing body. The tenant: every other row names one."""

    __tablename__ = "districts"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name_it: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    managing_body: Mapped[str] = mapped_column(String(200))  # soggetto gestore
    place: Mapped[str] = mapped_column(String(120), default="")
    timezone: Mapped[str] = mapped_column(String(60), default="Europe/Rome")
    # One monitored mailbox: sender, ORGANIZER of invitations, where replies come. Never a no-reply.
    mailbox_name: Mapped[str] = mapped_column(String(120))
    mailbox_address: Mapped[str] = mapped_column(String(254))
    website: Mapped[str] = mapped_column(String(300), default="")
    about_it: Mapped[str] = mapped_column(Text, default="")
    about_en: Mapped[str] = mapped_column(Text, default="")
    privacy_it: Mapped[str] = mapped_column(Text, default="")
    privacy_en: Mapped[str] = mapped_column(Text, default="")
    privacy_version: Mapped[str] = mapped_column(String(20), default="1")
    reminder_hours: Mapped[int] = mapped_column(default=24)  # before a workshop starts
    # Offers of freed seats run in these hours only, on working days that are no public holiday in Italy.
    office_from: Mapped[int] = mapped_column(default=9)  # full hours of the wall clock
    office_until: Mapped[int] = mapped_column(default=18)
    # Sites that may show the registration form in an <iframe>: origins, one a line (CSP frame-ancestors).
    embed_origins: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    sectors: Mapped[list["Sector"]] = relationship(order_by="Sector.position", back_populates="district")

    @property
    def zone(self) -> ZoneInfo:
        """The district's time zone."""
        return ZoneInfo(self.timezone)


class Sector(db.Model):  # type: ignore[name-defined]
    """A sector of the district (tessile, oreficeria …), each with a workshop series and a topic."""

    __tablename__ = "sectors"
    __table_args__ = (UniqueConstraint("district_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    name_it: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(120), default="")
    position: Mapped[int] = mapped_column(default=0)
    district: Mapped[District] = relationship(back_populates="sectors")
