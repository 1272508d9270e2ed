"""Objectives as a tree, and the operations planned on each line: what changes them. Never commits."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.plan import saved
from dissemination.plan.claims import assign, claim
from dissemination.plan.models import OBJECTIVE_LEVELS, ActivityLine, Objective, Operation, Plan
from dissemination.plan.walking import children


class NoPlaceInTree(Refusal):
    """The objective would hang below itself, or too deep."""

    field = "parent_id"
    status = 422
    message = _l(
        "An objective cannot serve itself or what hangs below it, and the tree has at most three levels."
    )


class NotOfThisPlan(Refusal):
    """A line or indicator of another plan."""

    status = 422
    message = _l("Choose one of the values offered.")


def save_objective(
    plan: Plan, row: Objective | None, *, version: str, text: str, macro_area_ids, text_en: str = "",
    parent_id: int | None = None, by: Account | None = None,
) -> Objective:  # fmt: skip
    """Add or change an objective, the macro-areas it is tied to, and the objective that it serves.

    Raises ChangedMeanwhile, NoPlaceInTree.
    """
    row = claim(plan, row, version)
    _must_fit(plan, row, parent_id)
    tied = [m for m in plan.macro_areas if m.id in set(macro_area_ids or [])]
    if row is None or row.parent_id != parent_id:
        position = max((o.position for o in children(plan, parent_id)), default=0) + 1
    else:
        position = row.position
    row = row or Objective(plan=plan)
    row.text, row.text_en, row.macro_areas = text, text_en or "", tied
    row.parent_id, row.position = parent_id, position
    db.session.add(row)
    db.session.flush()
    db.session.expire(plan, ["objectives"])
    saved.note(plan, "objective", by=by)
    return row


def _must_fit(plan: Plan, row: Objective | None, parent_id: int | None) -> None:
    """Raises NoPlaceInTree: below itself, below nobody of this plan, or beyond the third level."""
    by_id = {o.id: o for o in plan.objectives}
    above, at = 0, parent_id
    while at is not None:
        if at not in by_id or (row is not None and at == row.id) or above >= OBJECTIVE_LEVELS:
            raise NoPlaceInTree
        above, at = above + 1, by_id[at].parent_id
    if above + _height(plan, row) > OBJECTIVE_LEVELS:
        raise NoPlaceInTree


def _height(plan: Plan, row: Objective | None) -> int:
    if row is None:
        return 1
    return 1 + max((_height(plan, o) for o in children(plan, row.id)), default=0)


def move_objective(row: Objective, *, up: bool, by: Account | None = None) -> None:
    """Swap an objective with its neighbour on the same level; at the end it stays."""
    plan = row.plan
    siblings = children(plan, row.parent_id)
    at = siblings.index(row)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(siblings):
        return
    siblings[at], siblings[to] = siblings[to], siblings[at]
    for position, o in enumerate(siblings, start=1):
        o.position = position
    db.session.flush()
    db.session.expire(plan, ["objectives"])
    saved.note(plan, "objective", by=by)


def lift_children(row: Objective) -> None:
    """What hangs below an objective that is about to go hangs from where that one hung."""
    moved = update(Objective).where(Objective.parent_id == row.id).values(parent_id=row.parent_id)
    db.session.execute(moved)
    db.session.flush()


def save_operation(
    plan: Plan, row: Operation | None, *, version: str, activity_line_id: int, indicator_id: int | None,
    by: Account | None = None, **facts,
) -> Operation:  # fmt: skip
    """Add or change a planned operation of a line. Raises ChangedMeanwhile, NotOfThisPlan."""
    row = claim(plan, row, version)
    line = next((x for x in plan.lines if x.id == activity_line_id), None)
    known = {i.id for i in plan.indicators} | {None}
    if not isinstance(line, ActivityLine) or indicator_id not in known:
        raise NotOfThisPlan
    row = row or Operation()
    assign(row, facts | {"indicator_id": indicator_id})
    row.line = line
    db.session.add(row)
    db.session.flush()
    for each in plan.lines:
        db.session.expire(each, ["operations"])
    saved.note(plan, "operation", by=by)
    return row
