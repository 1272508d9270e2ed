"""What proves that an application was submitted and funded: its protocol number, the grant decision."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from dissemination.applications.logged import Did
from dissemination.applications.models import Application
from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.plan.holders import Holder


def held(ids: Sequence[int]) -> dict[int, set[str]]:
    """The protocol number, where it is written."""
    query = select(Application.id, Application.protocol_number).where(Application.id.in_(list(ids)))
    return {row_id: {"protocol_number"} if number else set() for row_id, number in db.session.execute(query)}


def where(ids: Sequence[int]) -> dict[int, str]:
    """The desk page of each application."""
    query = select(Application.id, District).join(District, District.id == Application.district_id)
    return {
        application_id: url_for("applications_desk.show", district=district, application_id=application_id)
        for application_id, district in db.session.execute(query.where(Application.id.in_(list(ids))))
    }


def who(ids: Sequence[int]) -> dict[int, int | None]:
    """Who wrote each down."""
    query = select(Application.id, Application.created_by).where(Application.id.in_(list(ids)))
    rows = db.session.execute(query)
    return {row[0]: row[1] for row in rows}


HOLDERS = [
    Holder(verb=verb.value, kind=Application.__tablename__, held=held, where=where, who=who,
           computed=frozenset({"protocol_number"}))
    for verb in (Did.SUBMITTED, Did.FUNDED)
]  # fmt: skip
