"""Laboratories of research bodies, meetings arranged with companies, and agreements."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.kernel.files import StoredFile
from dissemination.people.models import Company, Contact


class Cooperation(StrEnum):
    """How company and research body work together; RE-05 counts active cooperation only."""

    ACTIVE = "active"  # both work on it
    SERVICE = "service"  # one buys tests or consultancy of the other


class Laboratory(db.Model):  # type: ignore[name-defined]
    """A laboratory (or group) of a research body: an organisation of the registry of type research."""

    __tablename__ = "laboratories"
    __table_args__ = (
        Index("ix_laboratories_district_id_name_folded_id", "district_id", "name_folded", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(200))
    competences_it: Mapped[str] = mapped_column(Text, default="")
    competences_en: Mapped[str] = mapped_column(Text, default="")
    equipment_it: Mapped[str] = mapped_column(Text, default="")
    equipment_en: Mapped[str] = mapped_column(Text, default="")
    keywords: Mapped[list] = mapped_column(JSON, default=list)  # str
    sectors: Mapped[list] = mapped_column(JSON, default=list)  # codes of the district's sectors
    words: Mapped[str] = mapped_column(Text, default="")  # folded: competences, equipment, keywords
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    website: Mapped[str] = mapped_column(String(300), default="")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the public sees it since
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # offered to nobody since
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[District] = relationship()
    organisation: Mapped[Company] = relationship()
    contact: Mapped[Contact | None] = relationship()


class MeetingState(StrEnum):
    """How a meeting stands."""

    ASKED = "asked"
    ARRANGED = "arranged"
    HELD = "held"
    DECLINED = "declined"


class Meeting(db.Model):  # type: ignore[name-defined]
    """A personalised meeting of a company, with a laboratory or an expert (activity line c)."""

    __tablename__ = "meetings"
    __table_args__ = (
        Index("ix_meetings_district_id_state_id", "district_id", "state", "id"),
        Index("ix_meetings_origin", "origin_kind", "origin_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)  # of the company
    # Of the laboratory: who was invited, also when the laboratory names somebody else later.
    laboratory_contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    laboratory_id: Mapped[int | None] = mapped_column(ForeignKey("laboratories.id"), index=True)
    expert: Mapped[str] = mapped_column(String(200), default="")  # where no laboratory takes part
    # Where the wish came from: "improvement_areas" and an id, a link upward as data.
    origin_kind: Mapped[str | None] = mapped_column(String(40))
    origin_id: Mapped[int | None]
    wish: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[MeetingState] = mapped_column(one_of(MeetingState), default=MeetingState.ASKED)
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the company, by its link
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(String(300), default="")
    uid: Mapped[str] = mapped_column(
        String(120), default="", index=True
    )  # of its calendar objects (RFC 5545)
    sequence: Mapped[int] = mapped_column(default=0)
    contact_reply: Mapped[str] = mapped_column(String(20), default="")  # PARTSTAT of her calendar
    laboratory_reply: Mapped[str] = mapped_column(String(20), default="")
    held_on: Mapped[date | None]
    held_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    minutes: Mapped[str] = mapped_column(Text, default="")
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    declined_because: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[District] = relationship()
    company: Mapped[Company] = relationship()
    contact: Mapped[Contact | None] = relationship(foreign_keys=[contact_id])
    laboratory_contact: Mapped[Contact | None] = relationship(foreign_keys=[laboratory_contact_id])
    laboratory: Mapped[Laboratory | None] = relationship()


class Agreement(db.Model):  # type: ignore[name-defined]
    """An agreement between a company and a research body; it counts once it is signed and on file."""

    __tablename__ = "agreements"
    __table_args__ = (Index("ix_agreements_district_id_id", "district_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)  # the research body
    laboratory_id: Mapped[int | None] = mapped_column(ForeignKey("laboratories.id"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    purpose: Mapped[str] = mapped_column(Text, default="")
    cooperation: Mapped[Cooperation] = mapped_column(one_of(Cooperation), default=Cooperation.ACTIVE)
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    signed_on: Mapped[date | None]  # with the file: what RE-05 counts
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when that was entered
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # given up before its end
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_because: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[District] = relationship()
    company: Mapped[Company] = relationship(foreign_keys=[company_id])
    partner: Mapped[Company] = relationship(foreign_keys=[partner_id])
    laboratory: Mapped[Laboratory | None] = relationship()
    file: Mapped[StoredFile | None] = relationship()
