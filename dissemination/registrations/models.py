"""Seats and registrations, and what happened to each. And what each calendar was last told and answered."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, index_where_set, one_of
from dissemination.kernel.files import StoredFile
from dissemination.people.models import Company, Contact
from dissemination.workshops.models import Workshop


class Standing(StrEnum):
    """What a registration gives right now."""

    REQUESTED = "requested"  # an organiser has to say yes; counts in no room
    CONFIRMED = "confirmed"
    OFFERED = "offered"  # from the waiting list: a seat is held until the offer expires
    WAITING = "waiting"
    CANCELLED = "cancelled"
    REFUSED = "refused"  # by the organiser; no longer living


LIVING = (Standing.REQUESTED, Standing.CONFIRMED, Standing.OFFERED, Standing.WAITING)
SEATED = (Standing.CONFIRMED, Standing.OFFERED)  # what `rooms.taken` counts
_IS_LIVING = text("standing NOT IN ('cancelled', 'refused')")


class Attends(StrEnum):
    """Where the person takes part. A hybrid workshop counts both apart."""

    ROOM = "room"
    ONLINE = "online"


class Room(db.Model):  # type: ignore[name-defined]
    """A seat counter: the one row that concurrent registrations queue for.

    A workshop has one for the room and one for online; a workshop that is not hybrid uses one of them.
    Capacity is `workshops.seats` or `online_seats`; `taken + reserved` never passes it by a
    registration. `reserved` are unused seats of companies' own pools. `last_number` hands out the
    order in which people came.
    """

    __tablename__ = "rooms"
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    attends: Mapped[Attends] = mapped_column(one_of(Attends), primary_key=True, default=Attends.ROOM)
    taken: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    last_number: Mapped[int] = mapped_column(default=0)


class SeatPool(db.Model):  # type: ignore[name-defined]
    """Seats kept for one company until a date; what is unused then goes to everybody."""

    __tablename__ = "seat_pools"
    __table_args__ = (
        UniqueConstraint("workshop_id", "attends", "company_id"),
        CheckConstraint("used BETWEEN 0 AND seats", name="used"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    attends: Mapped[Attends] = mapped_column(one_of(Attends), default=Attends.ROOM)
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    seats: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: its date came
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    workshop: Mapped[Workshop] = relationship()
    company: Mapped[Company] = relationship()


class Group(db.Model):  # type: ignore[name-defined]
    """Colleagues registered in one go by a company's contact. They wait, and are seated, together."""

    __tablename__ = "registration_groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)  # who registered them
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    form_mark: Mapped[str | None] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    contact: Mapped[Contact] = relationship()
    company: Mapped[Company | None] = relationship()
    members: Mapped[list["Registration"]] = relationship(
        order_by="Registration.number", back_populates="group"
    )


class Registration(db.Model):  # type: ignore[name-defined]
    """A person's place in a workshop or on its waiting list."""

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("workshop_id", "attends", "number"),
        Index("ix_registrations_workshop_id_standing_number", "workshop_id", "standing", "number"),
        # What `tell_changed` asks for: living registrations that were told an older revision.
        Index(
            "ix_registrations_told", "workshop_id", "told_revision",
            sqlite_where=_IS_LIVING, postgresql_where=_IS_LIVING,
        ),
        # One living registration per person and workshop; cancelled ones may pile up.
        Index(
            "uq_registrations_living", "workshop_id", "contact_id", unique=True,
            sqlite_where=_IS_LIVING, postgresql_where=_IS_LIVING,
        ),
        *(
            index_where_set(f"ix_registrations_{column}", column)
            for column in (
                "group_id", "pool_id", "guest_id", "offer_until", "proof_due", "newsletter_issue_id"
            )
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)  # random, in signed links
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("registration_groups.id"))
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("seat_pools.id"))  # whose seat it uses
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"))  # a colleague's seat
    guest_id: Mapped[int | None]  # the invitation that she accepted
    form_mark: Mapped[str | None] = mapped_column(String(40), unique=True)  # of the form that was sent
    attends: Mapped[Attends] = mapped_column(one_of(Attends), default=Attends.ROOM)
    number: Mapped[int]  # order of arrival within the workshop and `attends`; the waiting list's order
    standing: Mapped[Standing] = mapped_column(one_of(Standing))
    # Until then the person has to prove her address by a mailed link; None: proven, or not asked.
    proof_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offer_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of an offered seat
    job_title: Mapped[str] = mapped_column(String(120), default="")
    answers: Mapped[dict] = mapped_column(JSON, default=dict)  # question id (as str) -> answer
    language: Mapped[str] = mapped_column(String(2), default="it")
    # ?n=: which newsletter brought the person, and which of its blocks; as data.
    newsletter_issue_id: Mapped[int | None]
    newsletter_block_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the person
    coming_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # "still coming?"
    coming_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # she said yes
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # personal data are gone
    told_revision: Mapped[int]  # the workshop's revision that the person was last told of
    workshop: Mapped[Workshop] = relationship()
    contact: Mapped[Contact] = relationship()
    company: Mapped[Company | None] = relationship()
    group: Mapped[Group | None] = relationship(back_populates="members")
    pool: Mapped[SeatPool | None] = relationship()
    invitations: Mapped[list["Invitation"]] = relationship(
        order_by="Invitation.day", back_populates="registration"
    )


class What(StrEnum):
    """What happened to a registration."""

    MADE = "made"
    PROVEN = "proven"
    APPROVED = "approved"
    REFUSED = "refused"
    SEATED = "seated"  # straight away or from the waiting list
    OFFERED = "offered"
    OFFER_TAKEN = "offer_taken"
    OFFER_REFUSED = "offer_refused"
    OFFER_EXPIRED = "offer_expired"
    MOVED = "moved"  # within the waiting list, or between room and online
    REVISED = "revised"
    SUBSTITUTED = "substituted"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    EXPIRED = "expired"  # the address was not proven in time
    ANSWERED = "answered"  # a calendar's reply, or "still coming?"
    PURGED = "purged"


class By(StrEnum):
    """Who did it."""

    PERSON = "person"
    COLLEAGUE = "colleague"  # the company's contact who registered the group
    ORGANISER = "organiser"
    CALENDAR = "calendar"  # an authenticated reply
    SYSTEM = "system"  # a job: an expired offer, retention


class Event(db.Model):  # type: ignore[name-defined]
    """One line of a registration's history. Never changed; purged of personal data with its registration."""

    __tablename__ = "registration_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[What] = mapped_column(one_of(What))
    who: Mapped[By] = mapped_column(one_of(By))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    details: Mapped[dict] = mapped_column(JSON, default=dict)  # field -> [old, new]
    registration: Mapped[Registration] = relationship()


class Answer(StrEnum):
    """What a calendar answered: PARTSTAT (RFC 5545 §3.2.12)."""

    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"


class Invitation(db.Model):  # type: ignore[name-defined]
    """One calendar object of one registration: one date of the workshop, one UID for ever.

    `day` only tells the objects of a registration apart (1, 2 …): a date that moves keeps its object,
    one that is added gets the next number. The facts are those that the calendar was last sent; a job
    compares them with the workshop and tells again.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("registration_id", "day"),
        Index("ix_invitations_starts_at", "starts_at"),  # who is to be reminded
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    day: Mapped[int]
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[datetime] = mapped_column(UtcDateTime)  # DTSTAMP last sent
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)  # as told
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    location: Mapped[str] = mapped_column(String(800), default="")
    online_url: Mapped[str] = mapped_column(String(500), default="")
    summary: Mapped[str] = mapped_column(String(200), default="")
    method: Mapped[str] = mapped_column(String(10))  # REQUEST or CANCEL, last sent
    told_revision: Mapped[int]
    delivery_id: Mapped[int | None]  # the mail that told it last, as data: deliveries may be purged
    reminded_for: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the start last reminded of
    # What her calendar answered last, and to which version of the invitation.
    answer: Mapped[Answer | None] = mapped_column(one_of(Answer))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_sequence: Mapped[int | None]
    answered_stamp: Mapped[datetime | None] = mapped_column(UtcDateTime)
    registration: Mapped[Registration] = relationship(back_populates="invitations")


class Effect(StrEnum):
    """What a received reply did."""

    NOTED = "noted"  # accepted or tentative: an intention
    FREED = "freed"  # an authenticated "no": the seat went back
    ASKED = "asked"  # a "no" that nobody vouches for: one mail asks to confirm it
    STALE = "stale"  # it answers an older version
    FOR_A_PERSON = "for_a_person"  # unknown attendee, COUNTER, DELEGATED, unreadable


class Reply(db.Model):  # type: ignore[name-defined]
    """A calendar's answer as it came in (RFC 5546 REPLY), and what was done with it. Once per Message-ID."""

    __tablename__ = "calendar_replies"
    __table_args__ = (Index("ix_calendar_replies_open", "district_id", "effect", "handled_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int | None] = mapped_column(ForeignKey("districts.id"))
    message_id: Mapped[str] = mapped_column(String(300), unique=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"), index=True)
    address: Mapped[str] = mapped_column(String(254), default="")  # From, as written
    method: Mapped[str] = mapped_column(String(20), default="")
    partstat: Mapped[str] = mapped_column(String(20), default="")
    sequence: Mapped[int | None]
    stamp: Mapped[datetime | None] = mapped_column(UtcDateTime)
    authenticated: Mapped[bool] = mapped_column(default=False)
    effect: Mapped[Effect] = mapped_column(one_of(Effect))
    note: Mapped[str] = mapped_column(String(500), default="")
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    invitation: Mapped[Invitation | None] = relationship()


class Silent(StrEnum):
    """Whom "still coming?" asks."""

    EVERYBODY = "everybody"
    UNANSWERED = "unanswered"  # who has not said yes in a calendar


class ComingPlan(db.Model):  # type: ignore[name-defined]
    """ "Still coming?" goes out by itself, so many days before the start, once to each person."""

    __tablename__ = "coming_plans"
    __table_args__ = (CheckConstraint("days BETWEEN 1 AND 60", name="days"),)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    days: Mapped[int]  # before the start
    whom: Mapped[Silent] = mapped_column(one_of(Silent), default=Silent.EVERYBODY)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    workshop: Mapped[Workshop] = relationship()


class ContactFeed(db.Model):  # type: ignore[name-defined]
    """How often a person made her calendar address anew: only the address of the last `turn` works.

    No row: never, turn 0. So looking at the address writes nothing.
    """

    __tablename__ = "contact_feeds"
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(default=0)
    renewed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UnaskedMail(db.Model):  # type: ignore[name-defined]
    """How often an address was written to at the wish of somebody who proved nothing, by day.

    Keeps strangers from filling somebody's mailbox by registering her again and again.
    """

    __tablename__ = "unasked_mails"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class AnswerFile(db.Model):  # type: ignore[name-defined]
    """A file sent as an answer. Without a registration it waits for the rest of its form, for a day."""

    __tablename__ = "answer_files"
    __table_args__ = (Index("ix_answer_files_workshop_id_registration_id", "workshop_id", "registration_id"),)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    question_id: Mapped[int]  # data: a question that nobody answered may be deleted
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    file: Mapped[StoredFile] = relationship()
