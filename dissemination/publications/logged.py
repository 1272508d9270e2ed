"""What the activity log says of publications."""

from enum import StrEnum

from dissemination.bibliography.records import is_open
from dissemination.districts.models import District, Sector
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan.models import MacroArea
from dissemination.publications.models import Publication


class Did(StrEnum):
    """What the activity log says of publications."""

    PUBLISHED = "publication.published"


def happening(district: District, *, sector_id, macro_area_id, activity_line_id, by: Account | None):
    """A function (record or publication, its id) -> what the log says of its publishing today."""
    sector = db.session.get(Sector, sector_id) if sector_id else None
    area = db.session.get(MacroArea, macro_area_id) if macro_area_id else None
    places = {"macro_area": area.name_it if area else "", "sector": sector.code if sector else ""}
    common = {
        "verb": Did.PUBLISHED, "subject_kind": Publication.__tablename__, "district_id": district.id,
        "happened_on": clock.today(district.zone), "by": by, "activity_line_id": activity_line_id,
    }  # fmt: skip

    def happened(thing, subject_id: int) -> dict:
        attributes = {
            "type": thing.kind.value, "language": thing.language,
            "open_access": "yes" if is_open(thing.licence) else "no", **places,
        }  # fmt: skip
        title = thing.title_it or thing.title_en
        return {**common, "subject_id": subject_id, "title": title, "attributes": attributes}

    return happened
