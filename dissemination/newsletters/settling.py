"""Changing how a district sends its newsletters."""

from sqlalchemy.exc import IntegrityError

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.newsletters.dispatches import NewsletterSettings
from dissemination.people.actions import ChangedMeanwhile


def settle(district: District, *, version: int, **facts) -> NewsletterSettings:
    """Write the settings of `district`, which were looked at in `version` (0: none yet).

    Raises ChangedMeanwhile.
    """
    row = db.session.get(NewsletterSettings, district.id, with_for_update=True)
    if (row.version if row else 0) != version:
        raise ChangedMeanwhile
    if row is None:
        row = NewsletterSettings(district_id=district.id, version=0)
        try:
            with db.session.begin_nested():
                db.session.add(row)
        except IntegrityError:
            raise ChangedMeanwhile from None
    for name, value in facts.items():
        setattr(row, name, value)
    row.version = version + 1
    db.session.flush()
    return row
