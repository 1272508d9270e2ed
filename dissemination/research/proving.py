"""What proves meetings and agreements, for the district-wide list of missing evidence."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.plan.holders import Holder
from dissemination.research.logged import Did
from dissemination.research.models import Agreement, Meeting


def _minutes(ids: Sequence[int]) -> dict[int, set[str]]:
    query = select(Meeting.id).where(Meeting.id.in_(ids), Meeting.minutes != "")
    written = set(db.session.scalars(query))
    return {i: {"minutes"} if i in written else set() for i in ids}


def _signed(ids: Sequence[int]) -> dict[int, set[str]]:
    query = select(Agreement.id).where(Agreement.id.in_(ids), Agreement.file_id.is_not(None))
    filed = set(db.session.scalars(query))
    return {i: {"signed_agreement"} if i in filed else set() for i in ids}


def _meetings(ids: Sequence[int]) -> dict[int, str]:
    return {
        m.id: url_for("meetings_desk.show", district=m.district, meeting_id=m.id)
        for m in db.session.scalars(select(Meeting).where(Meeting.id.in_(ids)))
    }


def _agreements(ids: Sequence[int]) -> dict[int, str]:
    return {
        a.id: url_for("agreements_desk.show", district=a.district, agreement_id=a.id)
        for a in db.session.scalars(select(Agreement).where(Agreement.id.in_(ids)))
    }


def _who_held(ids: Sequence[int]) -> dict[int, int | None]:
    query = select(Meeting.id, Meeting.held_by, Meeting.asked_by).where(Meeting.id.in_(ids))
    return {i: held or asked for i, held, asked in db.session.execute(query)}


def _who_signed(ids: Sequence[int]) -> dict[int, int | None]:
    query = select(Agreement.id, Agreement.signed_by, Agreement.created_by).where(Agreement.id.in_(ids))
    return {i: signed or made for i, signed, made in db.session.execute(query)}


HOLDERS = (
    Holder(
        verb=Did.HELD.value, kind=Meeting.__tablename__, held=_minutes, where=_meetings, who=_who_held,
    ),
    Holder(
        verb=Did.SIGNED.value, kind=Agreement.__tablename__, held=_signed, where=_agreements, who=_who_signed,
    ),
)  # fmt: skip
