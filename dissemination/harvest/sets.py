"""The sets of OAI-PMH (protocol 2.0, §2.6): districts, types of work, and what OpenAIRE gathers.

`district` and `type` are the heads of a hierarchy: each holds everything. A record is in the sets of its
district and of its type; research in `openaire` too, whoever may read its files (OpenAIRE 4.0 gathers what
is not open as well, and reads who may from the access rights).
"""

from sqlalchemy import ColumnElement, Select, select, true

from dissemination.bibliography.kinds import Kind
from dissemination.districts.models import District
from dissemination.harvest.refusals import NoRecordsMatch
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.publications.models import Publication
from dissemination.publications.texts import KINDS

RESEARCH = tuple(kind for kind in Kind if kind not in (Kind.BROCHURE, Kind.VIDEO, Kind.PRESS, Kind.OTHER))
OPENAIRE, DISTRICT, TYPE = "openaire", "district", "type"


def all_sets() -> list[tuple[str, str]]:
    """(setSpec, setName) of every set, heads before their members. Names are in English."""
    districts = db.session.scalars(select(District).order_by(District.slug))
    return [
        (OPENAIRE, "OpenAIRE"),
        (DISTRICT, "Technology districts of Tuscany"),
        *((f"{DISTRICT}:{d.slug}", translated(d, "name", "en")) for d in districts),
        (TYPE, "Types of publication"),
        *((f"{TYPE}:{kind.value}", str(name)) for kind, name in KINDS.items()),
    ]


def of(publication: Publication) -> list[str]:
    """The setSpecs that the header of a record names: the finest, for their heads follow from them (§2.6)."""
    found = [f"{DISTRICT}:{publication.district.slug}", f"{TYPE}:{publication.kind.value}"]
    return [OPENAIRE, *found] if publication.kind in RESEARCH else found


def condition(spec: str) -> ColumnElement[bool]:
    """What makes a publication a member of the set. Raises NoRecordsMatch for a set that there is not."""
    head, _colon, name = spec.partition(":")
    if spec in (DISTRICT, TYPE):
        return true()
    if spec == OPENAIRE:
        return Publication.kind.in_(RESEARCH)
    if head == TYPE and name in set(Kind):
        return Publication.kind == Kind(name)
    if head == DISTRICT:
        found = db.session.scalar(_named(name))
        if found is not None:
            return Publication.district_id == found
    raise NoRecordsMatch("There is no such set.")


def _named(slug: str) -> Select:
    return select(District.id).where(District.slug == slug)
