"""What the activity log says of downloads: one row per publication and month that is over."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from dissemination.bibliography.records import is_open
from dissemination.plan import activity
from dissemination.publications.models import Publication
from dissemination.usage.models import UsageMonth


class Did(StrEnum):
    """What the activity log says of usage."""

    DOWNLOADED = "publication.downloaded"


def row_of(month: UsageMonth, *, on: date) -> dict:
    """What the log says of a publication's unique downloads in a month that are not in it yet."""
    publication = month.publication
    attributes = {
        "type": publication.kind.value, "language": publication.language,
        "open_access": "yes" if is_open(publication.licence) else "no",
        "sector": publication.sector.code if publication.sector else "",
        "macro_area": publication.macro_area.name_it if publication.macro_area else "",
    }  # fmt: skip
    return {
        "verb": Did.DOWNLOADED, "subject_kind": Publication.__tablename__, "subject_id": publication.id,
        "district_id": month.district_id, "happened_on": on, "by": None,
        "title": publication.title_it or publication.title_en,
        "activity_line_id": publication.activity_line_id, "attributes": attributes,
        "amount": Decimal(month.unique_downloads - month.logged),
    }  # fmt: skip


def say(months: list[UsageMonth], *, on: date) -> int:
    """Write the downloads of a month into the log; how many rows. The figures of the plan follow."""
    rows = [row_of(month, on=on) for month in months]
    activity.record_all(rows)
    for month in months:
        month.logged = month.unique_downloads
    return len(rows)
