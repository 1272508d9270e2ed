"""Two people at one plan: marks of what a row held when its form was opened, and who comes second."""

from hashlib import sha256

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.plan.models import Objective, Plan


class ChangedMeanwhile(Refusal):
    """Somebody else saved the same thing after this form was opened."""

    message = _l(
        "Somebody else changed this while you were writing. Nothing was overwritten and your text is kept "
        "here. Compare it with the page of the plan; saving again replaces the other change."
    )


def version_of(row) -> str:
    """A mark of a row's content, what hangs on it included: it changes when anything of it does."""
    parts = [[getattr(row, c.key) for c in row.__mapper__.column_attrs]]
    hanging = [n for n in ("application_areas", "budget", "targets") if n in row.__mapper__.relationships]
    parts += [sorted(str(_columns(child)) for child in getattr(row, name)) for name in hanging]
    if isinstance(row, Objective):
        parts.append(sorted(m.id for m in row.macro_areas))
    return sha256(repr(parts).encode()).hexdigest()[:16]


def _columns(row) -> list:
    return [getattr(row, c.key) for c in row.__mapper__.column_attrs if c.key != "id"]


def targets_version(plan: Plan) -> str:
    """A mark of all baselines and targets of a plan."""
    return sha256("".join(version_of(i) for i in plan.indicators).encode()).hexdigest()[:16]


def lock(plan: Plan) -> None:
    """Let those who edit a plan queue, so that the comparison of versions holds on PostgreSQL too."""
    db.session.execute(select(Plan.id).where(Plan.id == plan.id).with_for_update())
    db.session.expire_all()


def claim(plan: Plan, row, version: str):
    """The row as it stands, once nobody changed it since `version`; None when it is to be added."""
    lock(plan)
    if row is not None and version != version_of(row):
        raise ChangedMeanwhile
    return row


def assign(row, facts: dict) -> None:
    """Set columns by name. Raises TypeError for a name that is no column."""
    unknown = [name for name in facts if name not in row.__mapper__.columns]
    if unknown:
        raise TypeError(f"unknown facts: {', '.join(sorted(unknown))}")
    for name, value in facts.items():
        setattr(row, name, value)
