"""What proves that an application was submitted and funded: its protocol number, the grant decision."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from dissemination.applications.logged import Did, say
from dissemination.applications.models import Application
from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan.holders import Holder
from dissemination.plan.log import Evidence


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


def follow(kind: str, ids: Sequence[int]) -> None:
    """Evidence of applications came or went on whatever page: the log follows (R4)."""
    if kind != Application.__tablename__:
        return
    query = select(Evidence).where(Evidence.subject_kind == kind, Evidence.subject_id.in_(list(ids)))
    last: dict[int, int | None] = {}
    for proof in db.session.scalars(query.order_by(Evidence.id)):
        last[proof.subject_id] = proof.removed_by if proof.removed_at is not None else proof.added_by
    for application in db.session.scalars(select(Application).where(Application.id.in_(list(ids)))):
        account_id = last.get(application.id)
        say(application, db.session.get(Account, account_id) if account_id else None)


HOLDERS = [
    Holder(verb=verb.value, kind=Application.__tablename__, held=held, where=where, who=who,
           computed=frozenset({"protocol_number"}))
    for verb in (Did.SUBMITTED, Did.FUNDED)
]  # fmt: skip
