"""What a work is, and who may read its files."""

from enum import StrEnum


class Kind(StrEnum):
    """What a publication is."""

    ARTICLE = "article"
    CONFERENCE_PAPER = "conference_paper"
    PROCEEDINGS = "proceedings"
    BOOK = "book"
    CHAPTER = "chapter"
    THESIS = "thesis"
    REPORT = "report"
    FORESIGHT = "foresight"
    ROADMAP = "roadmap"
    STRATEGIC_NOTE = "strategic_note"
    BROCHURE = "brochure"
    DATASET = "dataset"
    VIDEO = "video"
    PRESS = "press"
    OTHER = "other"


class Access(StrEnum):
    """Who may read the files of a work (COAR access rights)."""

    OPEN = "open"
    EMBARGOED = "embargoed"  # open from the day after `embargo_until`
    MEMBERS = "members"  # member companies of the district
    CLOSED = "closed"  # only what describes it is public
