"""A workshop, its sessions and speakers, and the facts of its life as rows with a who and a when."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District, Sector
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.kernel.files import StoredFile
from dissemination.plan.models import ActivityLine, MacroArea

LONGEST = timedelta(days=184)  # from the first start to the last end; lists rely on it
FIRST_YEAR, YEARS_AHEAD = 2000, 10  # what is outside was mistyped


class State(StrEnum):
    """Where a workshop stands; computed from its rows, never stored."""

    DRAFT = "draft"
    PUBLISHED = "published"
    HELD = "held"  # its last session has ended, attendance and evidence are due
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """schema.org EventAttendanceModeEnumeration, in our words."""

    ONSITE = "onsite"
    ONLINE = "online"
    MIXED = "mixed"


class Series(db.Model):  # type: ignore[name-defined]
    """Workshops of one format on several dates, each with its own page and calendar object."""

    __tablename__ = "workshop_series"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    title_it: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)
    touched: Mapped[int] = mapped_column(default=0)  # rises when the list of its dates reads otherwise
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    workshops: Mapped[list["Workshop"]] = relationship(order_by="Workshop.starts_at", back_populates="series")


class WorkshopTemplate(db.Model):  # type: ignore[name-defined]
    """What workshops of a sector have in common: facts, programme with its hours, questions.

    `content` holds the facts by name, `sessions` with `day` (0 = first day), `start` and `end` ("09:30")
    on the wall clock, and `questions`.
    """

    __tablename__ = "workshop_templates"
    __table_args__ = (UniqueConstraint("district_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sectors.id"))
    name: Mapped[str] = mapped_column(String(120))
    content: Mapped[dict] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    sector: Mapped[Sector | None] = relationship()


class Workshop(db.Model):  # type: ignore[name-defined]
    """A workshop for companies. `revision` rises when time, date, place or status change."""

    __tablename__ = "workshops"
    __table_args__ = (
        UniqueConstraint("district_id", "slug"),
        Index("ix_workshops_district_id_starts_at_id", "district_id", "starts_at", "id"),
        Index("ix_workshops_published", "district_id", "published_at", "id"),
        Index("ix_workshops_sector", "district_id", "sector_id", "starts_at", "id"),
        CheckConstraint("seats BETWEEN 1 AND 100000", name="seats"),
        CheckConstraint("online_seats BETWEEN 0 AND 100000", name="online_seats"),
        CheckConstraint("required_share BETWEEN 0 AND 100", name="required_share"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    slug: Mapped[str] = mapped_column(String(100))
    theme: Mapped[str] = mapped_column(String(120), default="")
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sectors.id"))
    macro_area_id: Mapped[int | None] = mapped_column(ForeignKey("macro_areas.id"))
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    title_it: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    abstract_it: Mapped[str] = mapped_column(Text, default="")
    abstract_en: Mapped[str] = mapped_column(Text, default="")
    venue: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    directions_it: Mapped[str] = mapped_column(Text, default="")  # how to reach, in words
    directions_en: Mapped[str] = mapped_column(Text, default="")
    online_url: Mapped[str] = mapped_column(String(500), default="")  # for the registered only
    series_id: Mapped[int | None] = mapped_column(ForeignKey("workshop_series.id"), index=True)
    seats: Mapped[int]  # in the room; of a workshop that is only online: online
    online_seats: Mapped[int | None]  # of a hybrid workshop, counted apart; None: as many as want
    needs_approval: Mapped[bool] = mapped_column(default=False)  # an organiser says yes or no to each
    is_private: Mapped[bool] = mapped_column(default=False)  # by invitation only, in no list or feed
    offer_hours: Mapped[int] = mapped_column(
        default=0
    )  # office hours to take an offered seat; 0: given at once
    required_share: Mapped[int] = mapped_column(default=75)  # percent of the time, for a certificate
    retention_months: Mapped[int] = mapped_column(default=24)  # personal data are kept after the end
    registration_deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline_follows: Mapped[bool] = mapped_column(default=False)  # it is the start, wherever that moves
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)  # first session's start, kept for lists
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)  # last session's end
    revision: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)  # optimistic lock for two editors
    # Rises when something changes that the public page borrows: materials and biographies.
    touched: Mapped[int] = mapped_column(default=0)
    form_mark: Mapped[str | None] = mapped_column(String(40), unique=True)  # of the form that made it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    district: Mapped[District] = relationship()
    sector: Mapped[Sector | None] = relationship()
    macro_area: Mapped[MacroArea | None] = relationship()
    line: Mapped[ActivityLine] = relationship()
    sessions: Mapped[list["WorkshopSession"]] = relationship(
        order_by="WorkshopSession.starts_at", back_populates="workshop", cascade="all, delete-orphan"
    )
    questions: Mapped[list["Question"]] = relationship(
        order_by="Question.position", back_populates="workshop", cascade="all, delete-orphan"
    )
    series: Mapped[Series | None] = relationship(back_populates="workshops")
    co_organisers: Mapped[list["CoOrganiser"]] = relationship(
        order_by="CoOrganiser.position", back_populates="workshop", cascade="all, delete-orphan"
    )
    materials: Mapped[list["Material"]] = relationship(
        order_by="Material.id", back_populates="workshop", cascade="all, delete-orphan"
    )
    cancellation: Mapped["Cancellation | None"] = relationship(back_populates="workshop")
    closing: Mapped["Closing | None"] = relationship(back_populates="workshop")

    @property
    def state(self) -> State:
        """The workshop's state now."""
        if self.cancellation is not None:
            return State.CANCELLED
        if self.closing is not None:
            return State.CLOSED
        if self.published_at is None:
            return State.DRAFT
        return State.HELD if self.ends_at <= now() else State.PUBLISHED

    @property
    def mode(self) -> Mode:
        """In a room, online, or both."""
        if self.venue and self.online_url:
            return Mode.MIXED
        return Mode.ONLINE if self.online_url else Mode.ONSITE

    @property
    def days(self) -> dict[date, tuple[datetime, datetime]]:
        """Each date of the workshop with its first start and last end: one calendar object a date."""
        days: dict[date, tuple[datetime, datetime]] = {}
        for s in self.sessions:
            day = local(s.starts_at, self.district.zone).date()
            start, end = days.get(day, (s.starts_at, s.ends_at))
            days[day] = (min(start, s.starts_at), max(end, s.ends_at))
        return dict(sorted(days.items()))

    @property
    def counted_on(self) -> date:
        """The date under which figures count it: the last on which a session begins."""
        first, last = (local(moment, self.district.zone).date() for moment in (self.starts_at, self.ends_at))
        return first if first == last else max(self.days)

    @property
    def biographies(self) -> list["Profile"]:
        """The speakers who agreed to be presented in public and have a biography, each once."""
        profiles = {p.profile_id: p.profile for s in self.sessions for p in s.speakers if p.profile}
        return [p for p in profiles.values() if p.agreed_at and (p.biography_it or p.biography_en)]

    @property
    def blocks_by_day(self) -> dict[date, list[dict[str, list["WorkshopSession"]]]]:
        """The programme of each date as stretches of time: in each the sessions by track.

        A stretch with one track is a session of its own; with several they run side by side.
        """
        days: dict[date, list[dict[str, list[WorkshopSession]]]] = {}
        for day, sessions in self.sessions_by_day.items():
            until = None
            for s in sessions:
                blocks = days.setdefault(day, [])
                if until is None or s.starts_at >= until:
                    blocks.append({})
                blocks[-1].setdefault(s.track, []).append(s)
                until = s.ends_at if until is None else max(until, s.ends_at)
        return days

    @property
    def sessions_by_day(self) -> dict[date, list["WorkshopSession"]]:
        """The programme as people read it: the sessions of each date, in order."""
        days: dict[date, list[WorkshopSession]] = {}
        for s in self.sessions:
            days.setdefault(local(s.starts_at, self.district.zone).date(), []).append(s)
        return days


class WorkshopSession(db.Model):  # type: ignore[name-defined]
    """One item of the programme."""

    __tablename__ = "workshop_sessions"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="order"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    title_it: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    room: Mapped[str] = mapped_column(String(120), default="")
    track: Mapped[str] = mapped_column(String(80), default="")  # sessions of other tracks run in parallel
    workshop: Mapped[Workshop] = relationship(back_populates="sessions")
    speakers: Mapped[list["Speaker"]] = relationship(
        order_by="Speaker.position", back_populates="session", cascade="all, delete-orphan"
    )


class Profile(db.Model):  # type: ignore[name-defined]
    """A speaker known to the district, used again from workshop to workshop.

    The biography is shown to the public only after the speaker agreed (`agreed_at`, `agreed_text`).
    """

    __tablename__ = "speaker_profiles"
    __table_args__ = (Index("ix_speaker_profiles_name", "district_id", "name_folded", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(200))
    affiliation: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    biography_it: Mapped[str] = mapped_column(Text, default="")
    biography_en: Mapped[str] = mapped_column(Text, default="")
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed_text: Mapped[str] = mapped_column(String(500), default="")  # how she agreed: form, mail of …
    agreed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # who noted it
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Speaker(db.Model):  # type: ignore[name-defined]
    """Who speaks in a session."""

    __tablename__ = "speakers"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("workshop_sessions.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(200))
    affiliation: Mapped[str] = mapped_column(String(200), default="")
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("speaker_profiles.id"), index=True)
    profile: Mapped[Profile | None] = relationship()
    session: Mapped[WorkshopSession] = relationship(back_populates="speakers")


class CoOrganiser(db.Model):  # type: ignore[name-defined]
    """Who organises the workshop together with the district."""

    __tablename__ = "co_organisers"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(200))
    website: Mapped[str] = mapped_column(String(300), default="")
    workshop: Mapped[Workshop] = relationship(back_populates="co_organisers")


class Audience(StrEnum):
    """Who may open a material."""

    PUBLIC = "public"
    PARTICIPANTS = "participants"  # by the personal link: confirmed, and once it is over those present


class Material(db.Model):  # type: ignore[name-defined]
    """A file to hand out (slides …), before the workshop or after its end."""

    __tablename__ = "materials"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(
        ForeignKey("workshop_sessions.id", ondelete="SET NULL"), index=True
    )
    title_it: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    audience: Mapped[Audience] = mapped_column(one_of(Audience), default=Audience.PARTICIPANTS)
    after_end: Mapped[bool] = mapped_column(default=True)  # not shown before the workshop is over
    version: Mapped[int] = mapped_column(default=1)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    workshop: Mapped[Workshop] = relationship(back_populates="materials")
    session: Mapped[WorkshopSession | None] = relationship()
    file: Mapped[StoredFile] = relationship()


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"  # one of `choices`
    SEVERAL = "several"  # any of `choices`
    NUMBER = "number"
    DATE = "date"
    FILE = "file"


class Question(db.Model):  # type: ignore[name-defined]
    """A question that the registration form asks.

    A question that was answered is retired, not deleted: its answers stay. `choices` is a list of
    {"key", "it", "en"}, with "retired" when it is no longer offered; a key never changes its meaning.
    `depends_on` and `depends_value` (a key, or
    for a text "any") say after which answer it is asked.
    """

    __tablename__ = "questions"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[Kind] = mapped_column(one_of(Kind), default=Kind.TEXT)
    text_it: Mapped[str] = mapped_column(String(300))
    text_en: Mapped[str] = mapped_column(String(300), default="")
    required: Mapped[bool] = mapped_column(default=False)
    choices: Mapped[list] = mapped_column(JSON, default=list)
    depends_on_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id"))
    depends_value: Mapped[str] = mapped_column(String(40), default="")
    retention_months: Mapped[int | None]  # None: as the workshop
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    workshop: Mapped[Workshop] = relationship(back_populates="questions")
    depends_on: Mapped["Question | None"] = relationship(remote_side=[id])


class WorkshopWord(db.Model):  # type: ignore[name-defined]
    """A folded word by which a workshop is found. Keeps search as fast at 100,000 workshops as at 100."""

    __tablename__ = "workshop_words"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    # Byte order on both databases, so that "begins with" is a range of the primary key.
    word: Mapped[str] = mapped_column(
        String(40).with_variant(String(40, collation="C"), "postgresql"), primary_key=True
    )
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True, index=True)


class Cancellation(db.Model):  # type: ignore[name-defined]
    """The workshop was called off."""

    __tablename__ = "workshop_cancellations"
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    workshop: Mapped[Workshop] = relationship(back_populates="cancellation")


class Reinstatement(db.Model):  # type: ignore[name-defined]
    """A cancellation that was taken back, kept whole: who called it off, who took that back, and why."""

    __tablename__ = "workshop_reinstatements"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_reason: Mapped[str] = mapped_column(String(500))
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    cancelled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    workshop: Mapped[Workshop] = relationship()


class Closing(db.Model):  # type: ignore[name-defined]
    """The workshop was held and its books are closed; `not_counted` says why when it does not count."""

    __tablename__ = "workshop_closings"
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # as it really was
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_counted: Mapped[str] = mapped_column(String(500), default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    workshop: Mapped[Workshop] = relationship(back_populates="closing")
