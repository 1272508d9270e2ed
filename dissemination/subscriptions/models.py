"""Topics and who asked for them; segments, exclusions and imports, and what each reader chose."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import Sector
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Contact
from dissemination.plan.models import MacroArea


class TopicKind(StrEnum):
    """What the newsletters of a topic are about; the form groups topics by it."""

    NEWS = "news"
    WORKSHOPS = "workshops"
    PUBLICATIONS = "publications"
    CALLS = "calls"
    FORESIGHT = "foresight"


class Cadence(StrEnum):
    """How often a reader wants to hear."""

    EACH = "each"  # every issue when it is sent
    MONTHLY = "monthly"  # one mail at the beginning of the month instead


class Topic(db.Model):  # type: ignore[name-defined]
    """Something a person can ask to be told about, usually a sector."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("district_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    code: Mapped[str] = mapped_column(String(40))
    name_it: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    kind: Mapped[TopicKind] = mapped_column(one_of(TopicKind), default=TopicKind.NEWS, server_default="news")
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sectors.id"))
    macro_area_id: Mapped[int | None] = mapped_column(ForeignKey("macro_areas.id"))
    language: Mapped[str] = mapped_column(String(2), default="", server_default="")  # "": the reader's own
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # not offered any more, history kept
    sector: Mapped[Sector | None] = relationship()
    macro_area: Mapped[MacroArea | None] = relationship()


class SubscriptionRequest(db.Model):  # type: ignore[name-defined]
    """What somebody asked for in the public form and has not yet confirmed (double opt-in).

    One row per address. Nothing here touches a contact: whoever fills in a public form may not own the
    address. `mark` is in the signed link and changes when a confirmed request is followed by a new one.
    """

    __tablename__ = "subscription_requests"
    __table_args__ = (UniqueConstraint("district_id", "email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    email: Mapped[str] = mapped_column(String(254))  # lower case
    given_name: Mapped[str] = mapped_column(String(100), default="")
    family_name: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(2), default="it")
    company_name: Mapped[str] = mapped_column(String(200), default="")
    company_tax_id: Mapped[str] = mapped_column(String(16), default="")
    topic_ids: Mapped[list] = mapped_column(JSON, default=list)
    consent_text: Mapped[str] = mapped_column(Text, default="")  # as shown
    consent_version: Mapped[str] = mapped_column(String(20), default="")
    source: Mapped[str] = mapped_column(
        String(40), default="subscription form", server_default="subscription form"
    )
    mark: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))  # once confirmed


class Subscription(db.Model):  # type: ignore[name-defined]
    """A person's wish for a topic. It is live when `confirmed_at` is set and `ended_at` is not."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("contact_id", "topic_id"),
        Index("ix_subscriptions_topic_id_contact_id", "topic_id", "contact_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact: Mapped[Contact] = relationship()
    topic: Mapped[Topic] = relationship()


class ReaderChoice(db.Model):  # type: ignore[name-defined]
    """How a subscriber wants her newsletters: cadence and pause. No row: each issue, no pause.

    A pause ends by itself: `paused_until` is the moment from which she is written to again.
    """

    __tablename__ = "reader_choices"
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    cadence: Mapped[Cadence] = mapped_column(one_of(Cadence), default=Cadence.EACH)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AudienceSettings(db.Model):  # type: ignore[name-defined]
    """A district's frequency guard: at most `most` newsletters in `days` days to one person. No row: none."""

    __tablename__ = "audience_settings"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    most: Mapped[int | None]
    days: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Segment(db.Model):  # type: ignore[name-defined]
    """A saved choice of contacts by what is known of them and their companies; see `conditions`.

    `conditions` is a list of {"what", "side": "include" | "exclude", …values}; all of them must hold. One
    that is put away stays, because issues that were sent name it.
    """

    __tablename__ = "segments"
    __table_args__ = (Index("ix_segments_district_id", "district_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    name: Mapped[str] = mapped_column(String(120))
    conditions: Mapped[list] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Exclusion(db.Model):  # type: ignore[name-defined]
    """A person or a company that gets no newsletter, by a decision of the desk: who, when and why.

    Of one issue (`issue_id`, data: issues stand above) or of all; until somebody ends it.
    """

    __tablename__ = "audience_exclusions"
    __table_args__ = (
        Index("ix_audience_exclusions_district_id_id", "district_id", "id"),
        Index("ix_audience_exclusions_contact_id", "contact_id"),
        Index("ix_audience_exclusions_company_id", "company_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    issue_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    contact: Mapped[Contact | None] = relationship()
    company: Mapped[Company | None] = relationship()
    account: Mapped[Account | None] = relationship(foreign_keys=[by])


class Digest(db.Model):  # type: ignore[name-defined]
    """The monthly mail of a district: the newsletters of one month, once."""

    __tablename__ = "digests"
    __table_args__ = (UniqueConstraint("district_id", "month"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    month: Mapped[date]  # its first day
    issues: Mapped[list] = mapped_column(JSON, default=list)  # ids of the newsletters in it
    persons: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DigestReader(db.Model):  # type: ignore[name-defined]
    """Who was sent a digest, and because of which topics. The key sees to it that nobody gets two."""

    __tablename__ = "digest_readers"
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True, index=True)
    topic_ids: Mapped[list] = mapped_column(JSON, default=list)


class ImportState(StrEnum):
    """Where an import of subscribers stands."""

    READING = "reading"  # the lines are being looked at
    READ = "read"  # somebody has to decide
    ENTERING = "entering"  # decided, and being written
    DONE = "done"
    FAILED = "failed"  # nothing was written
    DROPPED = "dropped"


class Verdict(StrEnum):
    """What an import does with a line."""

    SUBSCRIBE = "subscribe"
    THERE = "there"  # subscribed to all of the topics already
    LEFT = "left"  # unsubscribed here before: stays so
    SUPPRESS = "suppress"
    SUPPRESSED = "suppressed"  # must not be written to, known before or by another line
    ERASED = "erased"
    NEVER = "never"  # the file says that this person never subscribed
    TWICE = "twice"  # the same address stands in an earlier line
    WRONG = "wrong"


class SubscriberImport(db.Model):  # type: ignore[name-defined]
    """An import of subscribers: its file, what it declares, and where it stands. The worker does the work.

    The file's content is deleted when the import is over; name, hash and the lines' verdicts stay a while.
    """

    __tablename__ = "subscriber_imports"
    __table_args__ = (Index("ix_subscriber_imports_state", "state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    state: Mapped[ImportState] = mapped_column(one_of(ImportState), default=ImportState.READING)
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[list] = mapped_column(JSON, default=list)  # [{"name", "file_id", "refusals", "format"}]
    format: Mapped[str] = mapped_column(String(20), default="")  # "csv", "listmonk", "mailchimp"
    topic_ids: Mapped[list] = mapped_column(JSON, default=list)
    language: Mapped[str] = mapped_column(String(2), default="it")
    basis: Mapped[str] = mapped_column(Text)  # the legal basis, in the importer's words
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    lines: Mapped[int] = mapped_column(default=0)
    lines_read: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict] = mapped_column(JSON, default=dict)  # verdict -> lines
    leaves_out_wrong: Mapped[bool] = mapped_column(default=False)
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a worker took it
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[str] = mapped_column(String(500), default="")
    account: Mapped[Account | None] = relationship()


class ImportLine(db.Model):  # type: ignore[name-defined]
    """One line of an import and what is done with it. Forgotten three months after the import."""

    __tablename__ = "subscriber_import_lines"
    __table_args__ = (
        Index("ix_subscriber_import_lines_verdict", "import_id", "verdict", "id"),
        Index("ix_subscriber_import_lines_email", "email"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("subscriber_imports.id"))
    file: Mapped[int] = mapped_column(default=0)  # place in `SubscriberImport.files`
    line: Mapped[int]
    email: Mapped[str] = mapped_column(String(254), default="")
    given_name: Mapped[str] = mapped_column(String(100), default="")
    family_name: Mapped[str] = mapped_column(String(100), default="")
    name_folded: Mapped[str] = mapped_column(String(201), default="")
    language: Mapped[str] = mapped_column(String(2), default="it")
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # original opt-in, as the file says
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # original confirmation
    refusal: Mapped[str] = mapped_column(String(20), default="")  # of `formats.REFUSALS`
    verdict: Mapped[Verdict] = mapped_column(one_of(Verdict))
    message: Mapped[str] = mapped_column(String(300), default="")
