"""Writing the activity log. Called inside the action in which a fact happens, in its transaction.

Nothing here decides what counts: a row says what happened, and the plan's rules (`rules.py`) read it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import insert, update

from dissemination.kernel import clock
from dissemination.kernel.database import db, insert_once
from dissemination.kernel.subjects import kind_of
from dissemination.people.accounts import Account
from dissemination.plan import digests, keeping
from dissemination.plan.log import Activity

BATCH = 500
OPTIONAL = (
    "activity_line_id", "company_id", "contact_id", "amount", "not_counted", "reverses_id",
)  # fmt: skip


def record(
    verb: StrEnum | str,
    subject,
    *,
    district_id: int,
    title: str,
    happened_on: date,
    by: Account | None,
    activity_line_id: int | None = None,
    company_id: int | None = None,
    contact_id: int | None = None,
    amount: Decimal | None = None,
    attributes: dict[str, str] | None = None,
    not_counted: str | None = None,
) -> Activity:
    """Log one fact about `subject` (a row with an id).

    `happened_on` is a date in the district's zone; `title` holds no personal data; `attributes` are
    str -> str, what rules filter and split by; `not_counted` is the code of a reason (`absent`,
    `without_counting`): the row is shown and never counted. The caller's transaction keeps it.
    """
    row = insert_once(
        Activity,
        **_values(
            {
                "verb": verb, "subject_kind": kind_of(subject), "subject_id": subject.id,
                "district_id": district_id, "title": title, "happened_on": happened_on, "by": by,
                "activity_line_id": activity_line_id, "company_id": company_id, "contact_id": contact_id,
                "amount": amount, "attributes": attributes, "not_counted": not_counted,
            }
        )
    )  # fmt: skip
    keeping.logged(district_id, [row.id], row.verb)
    return row


def record_all(rows: Iterable[dict]) -> int:
    """Log many facts with one statement per 500 rows; returns how many.

    Each mapping has the keyword arguments of `record`, with `verb`, and `subject_kind` and
    `subject_id` in place of the subject.
    """
    session = db.session()
    if not session.info.get("writing"):
        raise RuntimeError("a write outside transaction(): only views, api, jobs and cli open one")
    values = [_values(row) for row in rows]
    made: dict[int, list[int]] = {}
    for start in range(0, len(values), BATCH):
        batch = values[start : start + BATCH]
        returned = session.execute(insert(Activity).returning(Activity.id, Activity.district_id), batch)
        for row_id, district_id in returned:
            made.setdefault(district_id, []).append(row_id)
    for district_id, ids in made.items():
        for start in range(0, len(ids), BATCH):
            keeping.logged(district_id, ids[start : start + BATCH])
    return len(values)


def reverse(row: Activity, *, by: Account | None, happened_on: date, reason: str) -> Activity:
    """Correct the log: a further row that takes `row` back. Both stay visible, neither counts.

    `reason` is kept for good: no names in it. Raises ValueError without one. A row can be reversed once
    (unique in the database).
    """
    back = Activity(**_reversal(row, by=by, happened_on=happened_on, reason=reason))
    keeping.taken_back(row.district_id, [row.id])
    db.session.add(back)
    db.session.flush()
    keeping.logged(row.district_id, [row.id, back.id])
    return back


def reverse_all(rows: Sequence[Activity], *, by: Account | None, reason: str) -> int:
    """Take many rows of one district back, each on the day of its own fact; how many. At most BATCH rows."""
    if not rows:
        return 0
    district_id, ids = rows[0].district_id, [row.id for row in rows]
    values = [_reversal(row, by=by, happened_on=row.happened_on, reason=reason) for row in rows]
    keeping.taken_back(district_id, ids)
    made = db.session.execute(insert(Activity).returning(Activity.id), values).scalars().all()
    keeping.logged(district_id, [*ids, *made])
    return len(made)


def _reversal(row: Activity, *, by: Account | None, happened_on: date, reason: str) -> dict:
    if not reason.strip():
        raise ValueError("a reversal says why")
    return _values(
        {
            "verb": row.verb, "subject_kind": row.subject_kind, "subject_id": row.subject_id,
            "district_id": row.district_id, "title": row.title, "happened_on": happened_on, "by": by,
            "activity_line_id": row.activity_line_id, "company_id": row.company_id,
            "contact_id": row.contact_id, "amount": row.amount, "attributes": dict(row.attributes),
            "not_counted": row.not_counted, "reverses_id": row.id, "reason": reason.strip()[:300],
        }
    )  # fmt: skip


def part_from_person(district_id: int, ids: list[int], nobody_id: int) -> None:
    """Let rows name the empty contact `nobody_id` in place of a person: the one change that the log allows.

    What could lead back to her is erased with it (`digests.py`); kept totals follow.
    """
    if not ids:
        return
    keeping.taken_back(district_id, ids)
    mine = Activity.district_id == district_id, Activity.id.in_(ids)
    statement = update(Activity).where(*mine).values(contact_id=nobody_id, salt=None)
    db.session.execute(statement.execution_options(synchronize_session="fetch"))
    keeping.logged(district_id, ids)


def _values(given: dict) -> dict:
    """The columns of one row. Raises ValueError on attributes that are not str -> str."""
    attributes = {str(k): v for k, v in (given.get("attributes") or {}).items() if v is not None}
    wrong = sorted(k for k, v in attributes.items() if not isinstance(v, str))
    if wrong:
        raise ValueError(f"attributes must be texts: {', '.join(wrong)}")
    by = given.get("by")
    return digests.marked({
        "district_id": given["district_id"],
        "verb": str(given["verb"]),
        "subject_kind": given["subject_kind"],
        "subject_id": given["subject_id"],
        "title": given["title"][:300],
        "happened_on": given["happened_on"],
        "recorded_at": clock.now(),
        "recorded_by": by.id if by is not None else None,
        "attributes": {k: str(v) for k, v in attributes.items()},  # a StrEnum becomes its value
        "reason": given.get("reason", ""),
        **{name: given.get(name) for name in OPTIONAL},
    })  # fmt: skip
