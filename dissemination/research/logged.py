"""What the activity log says of meetings and agreements."""

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import aliased

from dissemination.kernel.database import db
from dissemination.kernel.subjects import kind_of
from dissemination.people import describing
from dissemination.people import queries as people
from dissemination.people.models import Company
from dissemination.plan.log import Activity


class Did(StrEnum):
    """The verbs of this package."""

    HELD = "meeting.held"
    SIGNED = "agreement.signed"


def attributes(company: Company, verb: Did) -> dict[str, str]:
    """What figures are split by: of the company that stands today, and the channel that reached it."""
    today = people.survivors([company])[company.id]
    return describing.of_log(today) | {"channel": verb.partition(".")[0]}


def standing(subject, verb: Did) -> Activity | None:
    """The row about `subject` that nobody took back."""
    back = aliased(Activity)
    return db.session.scalar(
        select(Activity)
        .outerjoin(back, back.reverses_id == Activity.id)
        .where(
            Activity.subject_kind == kind_of(subject), Activity.subject_id == subject.id,
            Activity.verb == verb.value, Activity.reverses_id.is_(None), back.id.is_(None),
        )
        .order_by(Activity.id.desc()).limit(1)
    )  # fmt: skip
