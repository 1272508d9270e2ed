"""What the activity log says of publications."""

from enum import StrEnum

from sqlalchemy import select

from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.records import is_open, one_line
from dissemination.districts.models import District, Sector
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan import activity
from dissemination.plan.log import Activity
from dissemination.plan.models import MacroArea
from dissemination.publications.models import Publication


class Did(StrEnum):
    """What the activity log says of publications."""

    PUBLISHED = "publication.published"
    ROADMAP_APPROVED = "roadmap.approved"  # one row for each version of a roadmap


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


def published(publication: Publication, by: Account | None) -> dict:
    """What the log says of its publishing today."""
    happened = happening(
        publication.district, sector_id=publication.sector_id, macro_area_id=publication.macro_area_id,
        activity_line_id=publication.activity_line_id, by=by,
    )  # fmt: skip
    return happened(publication, publication.id)


def approved(publication: Publication, by: Account | None) -> dict:
    """What the log says of the approval of a roadmap's version today."""
    row = published(publication, by)
    area = publication.application_area
    attributes = row["attributes"] | {"application_area": area.name_it if area else ""}
    return row | {"verb": Did.ROADMAP_APPROVED, "attributes": attributes}


def say(publication: Publication, by: Account | None) -> None:
    """Log what has happened to the publication and stands in no row yet: its publishing, its approval."""
    rows = []
    if publication.published_at is not None and standing(publication, Did.PUBLISHED) is None:
        rows.append(published(publication, by))
    roadmap = publication.kind is Kind.ROADMAP and publication.approved_at is not None
    if roadmap and standing(publication, Did.ROADMAP_APPROVED) is None:
        rows.append(approved(publication, by))
    activity.record_all(rows)


def unsay(publication: Publication, *, by: Account | None, reason: str) -> None:
    """Take every row that stands back, each on the day of its own fact."""
    for verb in Did:
        row = standing(publication, verb)
        if row is not None:
            activity.reverse(row, by=by, happened_on=row.happened_on, reason=one_line(reason))


def say_anew(publication: Publication, *, by: Account | None, reason: str) -> None:
    """Take the rows that stand back and say them as they are now, on the days of the former ones."""
    days = {verb: row.happened_on for verb in Did if (row := standing(publication, verb)) is not None}
    unsay(publication, by=by, reason=reason)
    made = {Did.PUBLISHED: published, Did.ROADMAP_APPROVED: approved}
    if publication.kind is not Kind.ROADMAP:
        days.pop(Did.ROADMAP_APPROVED, None)
    activity.record_all([made[verb](publication, by) | {"happened_on": day} for verb, day in days.items()])


def standing(publication: Publication, verb: Did) -> Activity | None:
    """The row of `verb` that nobody took back."""
    reversed_rows = select(Activity.reverses_id).where(Activity.reverses_id.is_not(None))
    return db.session.scalar(
        select(Activity)
        .where(
            Activity.subject_kind == Publication.__tablename__, Activity.subject_id == publication.id,
            Activity.verb == verb, Activity.reverses_id.is_(None),
            Activity.id.not_in(reversed_rows),
        )
        .order_by(Activity.id.desc())
    )  # fmt: skip
