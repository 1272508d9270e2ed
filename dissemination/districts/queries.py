"""Finding districts and sectors."""

from sqlalchemy import select

from dissemination.districts.models import District, Sector
from dissemination.kernel.database import db


def by_slug(slug: str) -> District | None:
    """The district of that slug."""
    return db.session.scalar(select(District).where(District.slug == slug))


def every() -> list[District]:
    """All districts, oldest first."""
    return list(db.session.scalars(select(District).order_by(District.id)))


def sector(district_id: int, sector_id: int) -> Sector | None:
    """The district's sector with that id."""
    return db.session.scalar(select(Sector).where(Sector.district_id == district_id, Sector.id == sector_id))


def hold(district: District) -> None:
    """Let others who ask for this wait until this transaction ends; nobody else waits."""
    db.session.execute(select(District.id).where(District.id == district.id).with_for_update(key_share=True))
