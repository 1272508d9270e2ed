"""What the worker does for this package by itself."""

from sqlalchemy import select, update

from dissemination.bibliography.kinds import Access
from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db, rows_changed, transaction
from dissemination.publications import access
from dissemination.publications.extracting import note_ends, read_waiting
from dissemination.publications.models import Publication
from dissemination.publications.queued import import_queued


def end_embargoes() -> int:
    """Note that embargoes have ended, so that harvesters come for the files; how many.

    Who may read does not wait for this: pages and files ask `access` at each request. The datestamp is
    that of the noting, not midnight: who harvested in between would else never see it.
    """
    done = 0
    for district in db.session.scalars(select(District).order_by(District.id)).all():
        ended = [row for row in _over(district) if _ended_unnoted(row)]
        for row in ended:
            with transaction():
                done += rows_changed(
                    update(Publication)
                    .where(Publication.id == row.id, Publication.changed_at == row.changed_at)
                    .values(changed_at=clock.now())
                )
    return done


def _over(district: District):
    query = select(Publication).where(
        Publication.district_id == district.id, Publication.access == Access.EMBARGOED,
        Publication.embargo_until < clock.today(district.zone), Publication.published_at.is_not(None),
    )  # fmt: skip
    return db.session.scalars(query).all()


def _ended_unnoted(publication: Publication) -> bool:
    ends = access.embargo_ends(publication)
    return ends is not None and publication.changed_at < ends <= clock.now()


JOBS = [(60, end_embargoes), (5, import_queued), (30, read_waiting), (60, note_ends)]
