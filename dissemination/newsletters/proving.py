"""What proves that an issue was sent, for the district-wide list of missing evidence: files alone."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.newsletters.models import Issue
from dissemination.plan.holders import Holder


def where(ids: Sequence[int]) -> dict[int, str]:
    """The desk page of each issue."""
    query = select(Issue).where(Issue.id.in_(ids))
    return {
        i.id: url_for("newsletters_desk.show", district=i.district, issue_id=i.id)
        for i in db.session.scalars(query)
    }


def who(ids: Sequence[int]) -> dict[int, int | None]:
    """Who wrote each issue."""
    rows = db.session.execute(select(Issue.id, Issue.created_by).where(Issue.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


HOLDER = Holder(verb="newsletter.sent", kind=Issue.__tablename__, where=where, who=who)
