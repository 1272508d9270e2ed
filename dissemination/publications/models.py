"""A publication with its authors and files, and the facts of its life as rows with a who and a when."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.bibliography.kinds import Access, Kind
from dissemination.districts.models import District, Sector
from dissemination.kernel.database import UtcDateTime, db, index_where_set, one_of
from dissemination.kernel.files import StoredFile
from dissemination.people.accounts import Account
from dissemination.plan.models import ActivityLine, ApplicationArea, MacroArea


class State(StrEnum):
    """Where a publication stands; computed from its rows, never stored."""

    DRAFT = "draft"
    REVIEW = "review"  # somebody asked the district to approve it
    APPROVED = "approved"  # by the district; not public yet
    PUBLISHED = "published"
    SUPERSEDED = "superseded"  # public, and a newer version of it is public too
    WITHDRAWN = "withdrawn"  # was public once, and was taken back with a reason


class Step(StrEnum):
    """What a note of the internal review says."""

    ASKED = "asked"  # for approval
    COMMENT = "comment"
    CHANGES = "changes"  # are wanted: it goes back to its authors
    APPROVED = "approved"
    LAPSED = "lapsed"  # changed after it was approved


class Relation(StrEnum):
    """How a publication is related to something else: words of DataCite's relationType (4.5, appendix 1)."""

    IS_PART_OF = "IsPartOf"
    HAS_PART = "HasPart"
    IS_SUPPLEMENT_TO = "IsSupplementTo"
    IS_SUPPLEMENTED_BY = "IsSupplementedBy"
    IS_CITED_BY = "IsCitedBy"
    CITES = "Cites"
    REFERENCES = "References"
    IS_REFERENCED_BY = "IsReferencedBy"
    IS_DERIVED_FROM = "IsDerivedFrom"
    IS_SOURCE_OF = "IsSourceOf"
    IS_TRANSLATION_OF = "IsTranslationOf"
    DOCUMENTS = "Documents"
    IS_DOCUMENTED_BY = "IsDocumentedBy"


def _given(column: str, name: str, *columns: str) -> Index:
    """An index of the rows that have something in `column`: the others, mostly many more, cost it nothing."""
    given = text(f"{column} IS NOT NULL")
    return Index(name, *columns, sqlite_where=given, postgresql_where=given)


class Publication(db.Model):  # type: ignore[name-defined]
    """A bibliographic record. It is public once `published_at` is set."""

    __tablename__ = "publications"
    __table_args__ = (
        UniqueConstraint("district_id", "slug"),
        Index("ix_publications_district_id_issued_id", "district_id", "issued", "id"),
        Index("ix_publications_district_id_doi", "district_id", "doi"),
        Index("ix_publications_kind", "district_id", "kind", "issued", "id"),
        Index("ix_publications_sector", "district_id", "sector_id", "issued", "id"),
        Index("ix_publications_access", "district_id", "access", "issued", "id"),
        # What was ever public, as harvesters list it: drafts, however many, are in none of these.
        _given("first_published_at", "ix_publications_harvest", "changed_at", "id"),
        _given("first_published_at", "ix_publications_harvest_district", "district_id", "changed_at", "id"),
        _given("first_published_at", "ix_publications_harvest_kind", "kind", "changed_at", "id"),
        _given("embargo_until", "ix_publications_embargo", "district_id", "embargo_until"),
        index_where_set("ix_publications_previous_id", "previous_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    slug: Mapped[str] = mapped_column(String(100))
    citation_key: Mapped[str] = mapped_column(String(120), default="")
    kind: Mapped[Kind] = mapped_column(one_of(Kind))
    title_it: Mapped[str] = mapped_column(Text, default="")
    title_en: Mapped[str] = mapped_column(Text, default="")
    abstract_it: Mapped[str] = mapped_column(Text, default="")
    abstract_en: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(10), default="it")  # of the work itself
    issued: Mapped[date]  # date of issue; day and month 1 when only the year is known
    issued_precision: Mapped[str] = mapped_column(String(5), default="day")  # year | month | day
    container: Mapped[str] = mapped_column(Text, default="")  # journal, book or proceedings
    volume: Mapped[str] = mapped_column(String(40), default="")
    number: Mapped[str] = mapped_column(String(40), default="")
    pages: Mapped[str] = mapped_column(String(60), default="")
    publisher: Mapped[str] = mapped_column(String(200), default="")
    doi: Mapped[str] = mapped_column(String(200), default="")
    isbn: Mapped[str] = mapped_column(String(20), default="")
    issn: Mapped[str] = mapped_column(String(10), default="")
    url: Mapped[str] = mapped_column(String(500), default="")
    licence: Mapped[str] = mapped_column(String(60), default="")  # SPDX identifier
    access: Mapped[Access] = mapped_column(one_of(Access), default=Access.OPEN)
    embargo_until: Mapped[date | None]  # the last day of an embargo, in the district's zone
    funding: Mapped[list] = mapped_column(JSON, default=list)  # see `records.Record.funding`
    version_label: Mapped[str] = mapped_column(String(40), default="")  # of the work: "2.0"
    keywords: Mapped[list] = mapped_column(JSON, default=list)
    extra: Mapped[dict] = mapped_column(JSON, default=dict)  # imported fields that have no column
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id"))
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sectors.id"))
    macro_area_id: Mapped[int | None] = mapped_column(ForeignKey("macro_areas.id"))
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    application_area_id: Mapped[int | None] = mapped_column(ForeignKey("application_areas.id"))
    search_text: Mapped[str] = mapped_column(Text, default="")  # see `records.search_text_of`
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    revised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revised_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    review_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: not under review
    review_asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    first_published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # stays when it is withdrawn
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when a newer version came out
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the public last saw it change
    district: Mapped[District] = relationship()
    sector: Mapped[Sector | None] = relationship()
    macro_area: Mapped[MacroArea | None] = relationship()
    line: Mapped[ActivityLine] = relationship()
    application_area: Mapped[ApplicationArea | None] = relationship()
    authors: Mapped[list["Author"]] = relationship(
        order_by="Author.position", back_populates="publication", cascade="all, delete-orphan"
    )
    files: Mapped[list["PublicationFile"]] = relationship(
        order_by="PublicationFile.id", back_populates="publication", cascade="all, delete-orphan"
    )
    withdrawals: Mapped[list["Withdrawal"]] = relationship(
        order_by="Withdrawal.id", back_populates="publication"
    )
    notes: Mapped[list["Note"]] = relationship(
        order_by="Note.id", back_populates="publication", cascade="all, delete-orphan"
    )
    links: Mapped[list["Link"]] = relationship(
        order_by="Link.id", back_populates="publication", cascade="all, delete-orphan"
    )

    @property
    def state(self) -> State:
        """The publication's state now."""
        if self.published_at is not None:
            return State.SUPERSEDED if self.superseded_at is not None else State.PUBLISHED
        if self.withdrawals:
            return State.WITHDRAWN
        if self.approved_at is not None:
            return State.APPROVED
        return State.REVIEW if self.review_asked_at is not None else State.DRAFT

    @property
    def open_access(self) -> bool:
        """Whether its licence lets anybody read and share it (Creative Commons, or public domain)."""
        return self.licence.startswith("CC")


class Author(db.Model):  # type: ignore[name-defined]
    """An author or editor; an organisation has only `family_name`."""

    __tablename__ = "authors"
    __table_args__ = (index_where_set("ix_authors_company_id", "company_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    editor: Mapped[bool] = mapped_column(default=False)
    family_name: Mapped[str] = mapped_column(String(300))
    given_name: Mapped[str] = mapped_column(String(200), default="")
    organisation: Mapped[bool] = mapped_column(default=False)
    affiliation: Mapped[str] = mapped_column(String(300), default="")
    orcid: Mapped[str] = mapped_column(String(19), default="")
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    publication: Mapped[Publication] = relationship(back_populates="authors")


class PublicationFile(db.Model):  # type: ignore[name-defined]
    """A file of a publication."""

    __tablename__ = "publication_files"
    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    publication: Mapped[Publication] = relationship(back_populates="files")
    file: Mapped[StoredFile] = relationship()


class Withdrawal(db.Model):  # type: ignore[name-defined]
    """A publication was taken back from the public: published by mistake. The reason is kept."""

    __tablename__ = "publication_withdrawals"
    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    public: Mapped[bool] = mapped_column(default=True)  # False: written before readers were shown it
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    publication: Mapped[Publication] = relationship(back_populates="withdrawals")


class Note(db.Model):  # type: ignore[name-defined]
    """A word of the internal review: who said what, when. Never shown to the public."""

    __tablename__ = "publication_notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"), index=True)
    step: Mapped[Step] = mapped_column(one_of(Step))
    text: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    publication: Mapped[Publication] = relationship(back_populates="notes")
    author: Mapped[Account | None] = relationship()


class Link(db.Model):  # type: ignore[name-defined]
    """How a publication is related to another of the district, to a workshop, or to a work elsewhere.

    A subject of ours is named by its kind (a table's name) and id; a work elsewhere by DOI or address.
    """

    __tablename__ = "publication_links"
    __table_args__ = (Index("ix_publication_links_subject", "subject_kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"), index=True)
    relation: Mapped[Relation] = mapped_column(one_of(Relation))
    subject_kind: Mapped[str] = mapped_column(String(60), default="")
    subject_id: Mapped[int | None]
    identifier: Mapped[str] = mapped_column(String(500), default="")  # of a work elsewhere: DOI or address
    publication: Mapped[Publication] = relationship(back_populates="links")


class Import(db.Model):  # type: ignore[name-defined]
    """An uploaded bibliography: kept between its preview and its import, and afterwards as a record."""

    __tablename__ = "publication_imports"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    language: Mapped[str] = mapped_column(String(10))  # of entries that do not say theirs
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    records: Mapped[int] = mapped_column(default=0)  # publications that it made
    merged: Mapped[int] = mapped_column(default=0)  # publications that it completed or overwrote
    wanted: Mapped[dict | None] = mapped_column(JSON)  # what was chosen, for the worker (see `finishing`)
    queued_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, index=True
    )  # None: the worker has nothing to do
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the worker's lease
    done: Mapped[int] = mapped_column(default=0)  # records read so far
    total: Mapped[int] = mapped_column(default=0)
    failed: Mapped[str] = mapped_column(String(500), default="")  # why the worker gave up
    file: Mapped[StoredFile] = relationship()
