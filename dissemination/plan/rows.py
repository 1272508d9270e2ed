"""The rows behind a figure: what was counted, and what was seen and not counted, and why (R7)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import func, null, select
from sqlalchemy.orm import selectinload

from dissemination.kernel.database import db
from dissemination.kernel.paging import SIZE, Page, page
from dissemination.people.models import Company, Membership
from dissemination.plan import counting, rules
from dissemination.plan.figures import scope_of
from dissemination.plan.log import Activity
from dissemination.plan.models import ActivityLine, BudgetLine, Indicator
from dissemination.plan.periods import Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.splits import class_column
from dissemination.plan.tallies import part_of, source

PARTS = ("numerator", "denominator", "share_of")
BATCH = 1000


@dataclass(frozen=True)
class Row:
    """One row behind a figure; `reason` is a code (None: counted). `kind` and `subject_id` open it."""

    id: int
    on: date | None
    title: str
    company: str
    kind: str
    subject_id: int
    line: str
    amount: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class Identity:
    """One row as it is frozen in a report: content, not references, with the company after all merges.

    `kind` is the table that `id` is of: "activities", "memberships" or "budget_lines".
    """

    id: int
    kind: str
    on: date | None
    title: str
    company_id: int | None
    company: str
    tax_id: str
    line: str
    amount: Decimal | None
    reason: str | None
    subject_kind: str
    subject_id: int


def parts(indicator: Indicator) -> list[str]:
    """The parts of an indicator's rule whose rows can be opened one by one; [] when it has none."""
    rule = rules.read(indicator.rule)
    if rule.measure is Measure.RATIO:
        return ["numerator", "denominator"]
    return ["numerator", "share_of"] if rule.share_of is not None else []


def listed(
    indicator: Indicator, period: Period, *, counted: bool, part: str = "", after: str | None = None,
    size: int = SIZE, of: tuple[str, str] | None = None,
) -> Page:  # fmt: skip
    """One page of rows, the latest first; `part` chooses a part of a ratio (its numerator by default).

    `of` = (attribute, value): only the rows of one class of a split.
    """
    rule = _rule(indicator, part)
    if rule is None:
        return Page([], None)
    if rule.measure is Measure.BUDGET:
        money = [r for r in _budget(indicator, period) if of is None or r.line == of[1]]
        return Page(money if counted else [], None)
    seen = source(replace(rule, split=(of[0],) if of else ()), scope_of(indicator.plan, period))
    wanted = select(seen.c.id).where(seen.c.reason.is_(None) if counted else seen.c.reason.is_not(None))
    if of:
        wanted = wanted.where(class_column(rule, seen, of[0]) == of[1])
    if rule.measure is Measure.MEMBERS:
        query = select(Membership).where(Membership.id.in_(wanted)).options(selectinload(Membership.company))
        columns = [Membership.since, Membership.id]
    else:
        query = select(Activity).where(Activity.id.in_(wanted)).options(selectinload(Activity.company))
        columns = [Activity.happened_on, Activity.id]
    found = page(query, columns=columns, after=after, descending=True, size=size)
    ids = [r.id for r in found.rows]
    amount = null() if rule.measure is Measure.MEMBERS else seen.c.amount
    asked = select(seen.c.id, seen.c.reason, amount.label("amount")).where(seen.c.id.in_(ids))
    why = {r.id: (r.reason, r.amount) for r in db.session.execute(asked)}
    make = _member if rule.measure is Measure.MEMBERS else _activity
    lines = {line.id: line.code for line in indicator.plan.lines}
    return Page([make(r, *why.get(r.id, (None, None)), lines) for r in found.rows], found.next)


def every(indicator: Indicator, period: Period, *, part: str = "") -> Iterator[Row]:
    """All rows of a figure, counted ones first; read in batches."""
    for counted in (True, False):
        after = None
        while True:
            batch = listed(indicator, period, counted=counted, part=part, after=after, size=BATCH)
            yield from batch.rows
            after = batch.next
            if after is None:
                break


def reasons(indicator: Indicator, period: Period, *, part: str = "") -> list[tuple[str, int]]:
    """Why rows are not counted: (reason code, rows), the most frequent first."""
    rule = _rule(indicator, part)
    if rule is None or rule.measure is Measure.BUDGET:
        return []
    seen = source(rule, scope_of(indicator.plan, period))
    query = select(seen.c.reason, func.count()).where(seen.c.reason.is_not(None)).group_by(seen.c.reason)
    found = [(reason, n) for reason, n in db.session.execute(query)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def identities(indicator: Indicator, period: Period, *, part: str = "") -> list[Identity]:
    """All rows of a figure (of one part of it), counted or not, by date: what a report freezes.

    Three queries, however many rows there are. Raises RuleError.
    """
    rule = _rule(indicator, part)
    if rule is None:
        return []
    if rule.measure is Measure.BUDGET:
        return [
            Identity(b.id, b.kind, b.on, b.title, None, "", "", b.line, b.amount, None, b.kind, b.subject_id)
            for b in _budget(indicator, period)
        ]  # fmt: skip
    seen = source(rule, scope_of(indicator.plan, period))
    tree = counting.roots(indicator.plan.district_id)
    roots: dict[int | None, int] = {
        r.id: r.root_id for r in db.session.execute(select(tree.c.id, tree.c.root_id))
    }
    named = select(Company.id, Company.name, Company.tax_id).where(
        Company.district_id == indicator.plan.district_id
    )
    firms = {r.id: r for r in db.session.execute(named)}
    lines = {line.id: line.code for line in indicator.plan.lines}
    if rule.measure is Measure.MEMBERS:
        query = select(Membership.id, Membership.company_id, Membership.since.label("on"), seen.c.reason)
        found = db.session.execute(query.join(seen, seen.c.id == Membership.id)).all()
        made = [_identity(r, firms.get(roots.get(r.company_id)), "memberships") for r in found]
    else:
        query = select(
            Activity.id, Activity.company_id, Activity.happened_on.label("on"), seen.c.reason, Activity.title,
            Activity.activity_line_id, Activity.subject_kind, Activity.subject_id, seen.c.amount,
        ).join(seen, seen.c.id == Activity.id)  # fmt: skip
        made = [
            _identity(r, firms.get(roots.get(r.company_id)), "activities", lines.get(r.activity_line_id, ""))
            for r in db.session.execute(query)
        ]
    return sorted(made, key=lambda row: (row.on or date.min, row.id))


def _identity(row, company, kind: str, line: str = "") -> Identity:
    name = company.name if company else ""
    amount = getattr(row, "amount", None)
    return Identity(
        id=row.id, kind=kind, on=row.on, title=getattr(row, "title", name),
        company_id=company.id if company else None, company=name,
        tax_id=(company.tax_id or "") if company else "", line=line,
        amount=None if amount is None else Decimal(str(amount)), reason=row.reason,
        subject_kind=getattr(row, "subject_kind", "companies"),
        subject_id=getattr(row, "subject_id", row.company_id),
    )  # fmt: skip


def _rule(indicator: Indicator, part: str) -> Rule | None:
    rule = rules.read(indicator.rule)
    if rule.measure is Measure.RATIO:
        return part_of(indicator.plan, rule.denominator if part == "denominator" else rule.numerator)
    if part == "share_of" and rule.share_of is not None:
        return part_of(indicator.plan, rule.share_of)
    return replace(rule, split=(), share_of=None)


def _activity(row: Activity, reason: str | None, amount, lines) -> Row:
    return Row(
        id=row.id, on=row.happened_on, title=row.title, company=row.company.name if row.company else "",
        kind=row.subject_kind, subject_id=row.subject_id, line=lines.get(row.activity_line_id, ""),
        amount=None if amount is None else Decimal(str(amount)), reason=reason,
    )  # fmt: skip


def _member(row: Membership, reason: str | None, _amount, _lines) -> Row:
    return Row(
        id=row.id, on=row.since, title=row.company.name, company=row.company.name, kind="companies",
        subject_id=row.company_id, line="", amount=None, reason=reason,
    )  # fmt: skip


def _budget(indicator: Indicator, period: Period) -> list[Row]:
    query = (
        select(BudgetLine)
        .join(ActivityLine)
        .where(ActivityLine.plan_id == indicator.plan_id)
        .where(BudgetLine.year.between(period.start.year, period.end.year))
        .order_by(BudgetLine.year, ActivityLine.code)
        .options(selectinload(BudgetLine.line))
    )
    return [
        Row(
            id=b.id, on=date(b.year, 1, 1), title=f"{b.line.code} · {b.year}", company="",
            kind="budget_lines", subject_id=b.id, line=b.line.code,
            amount=Decimal(b.spent_cents) / 100, reason=None,
        )
        for b in db.session.scalars(query)
    ]  # fmt: skip
