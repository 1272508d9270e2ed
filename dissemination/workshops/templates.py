"""Templates: what workshops of a sector have in common, kept by a name, and workshops made of it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District, Sector
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once
from dissemination.people.accounts import Account
from dissemination.workshops import actions, shape
from dissemination.workshops.models import Workshop, WorkshopTemplate
from dissemination.workshops.refusals import NameTaken, NoName, RowChangedMeanwhile


def listed(district_id: int) -> list[WorkshopTemplate]:
    """The district's templates by sector (those of none last) and name."""
    query = (
        select(WorkshopTemplate)
        .outerjoin(WorkshopTemplate.sector)
        .where(WorkshopTemplate.district_id == district_id)
        .options(joinedload(WorkshopTemplate.sector))
        .order_by(Sector.position.is_(None), Sector.position, Sector.id, WorkshopTemplate.name)
    )
    return list(db.session.scalars(query))


def by_id(district_id: int, template_id: int) -> WorkshopTemplate | None:
    """The district's template with that id, or None."""
    query = select(WorkshopTemplate).where(
        WorkshopTemplate.district_id == district_id, WorkshopTemplate.id == template_id
    )
    return db.session.scalar(query)


def save(workshop: Workshop, *, name: str, by: Account | None) -> WorkshopTemplate:
    """Keep the shape of `workshop` by a name. Raises NoName (no name), NameTaken."""
    if not name.strip():
        raise NoName
    made = insert_once(
        WorkshopTemplate, district_id=workshop.district_id, sector_id=workshop.sector_id, name=name.strip(),
        content=shape.of(workshop), version=1, created_at=now(), created_by=by.id if by else None,
    )  # fmt: skip
    if made is None:
        raise NameTaken
    return made


def make(
    template: WorkshopTemplate, *, day: date, by: Account | None, form_mark: str | None = None
) -> Workshop:
    """A draft of the template's shape, its first session on `day`. Raises as `actions.copy`."""
    facts = shape.on(template.content, day, _district(template))
    facts["sector_id"] = template.sector_id
    return actions.add(_district(template), by=by, form_mark=form_mark, **facts)


def revise(template: WorkshopTemplate, *, name: str, sector_id: int | None, version: int) -> WorkshopTemplate:
    """Another name or sector. Raises RowChangedMeanwhile, NoName (no name), NameTaken."""
    db.session.refresh(template, with_for_update={"of": WorkshopTemplate})
    if template.version != version:
        raise RowChangedMeanwhile
    if not name.strip():
        raise NoName
    same = select(WorkshopTemplate.id).where(
        WorkshopTemplate.district_id == template.district_id,
        WorkshopTemplate.name == name.strip(),
        WorkshopTemplate.id != template.id,
    )
    if db.session.scalar(same) is not None:
        raise NameTaken
    template.name, template.sector_id = name.strip(), sector_id
    template.version += 1
    db.session.flush()
    return template


def remove(template: WorkshopTemplate) -> None:
    """Delete a template. Workshops made of it stay."""
    db.session.delete(template)
    db.session.flush()


def _district(template: WorkshopTemplate) -> District:
    return db.session.get_one(District, template.district_id)
