"""What proves a past activity, for the district-wide list of missing evidence: files and notes alone.

Also of kinds that the program logs itself today: nobody can make it count the presences of a workshop of
2019 again, so a file may prove each line of their checklist.
"""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import func, select

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.pastyears import texts
from dissemination.pastyears.models import PastActivity, PastImport
from dissemination.plan.holders import Holder


def where(ids: Sequence[int]) -> dict[int, str]:
    """The desk page of each activity."""
    query = select(PastActivity.id, District).join(District, District.id == PastActivity.district_id)
    return {
        past_id: url_for("pastyears_desk.activity", district=district, past_id=past_id)
        for past_id, district in db.session.execute(query.where(PastActivity.id.in_(ids)))
    }


def who(ids: Sequence[int]) -> dict[int, int | None]:
    """Who had each entered, else who brought the file."""
    brought = func.coalesce(PastImport.entered_by, PastImport.uploaded_by)
    query = select(PastActivity.id, brought).join(PastImport, PastImport.id == PastActivity.import_id)
    rows = db.session.execute(query.where(PastActivity.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


HOLDERS = [Holder(verb=verb, kind=PastActivity.__tablename__, where=where, who=who) for verb in texts.VERBS]
