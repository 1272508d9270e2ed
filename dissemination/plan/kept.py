"""Reading the totals that `keeping.py` keeps up: figures and their splits without counting the log.

What decides a company's worth today (its tax id, type, merges, memberships) is joined here. A part whose
fingerprint is not today's is not read: the figure is counted live until the worker has counted it anew.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, literal, not_, select, true

from dissemination.kernel.database import db
from dissemination.people.models import Company, OrganisationType
from dissemination.plan import counting, periods
from dissemination.plan.counting import Scope
from dissemination.plan.keeping import SPLIT_GRAINS, TOTALS, fingerprint, keepable, unproven
from dissemination.plan.log import KeptClass, KeptClassKey, KeptKey, KeptPart, KeptTotal
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import PLAN, Grain, Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.tallies import Tally, exact

NONE = KeptTotal(counted=0, not_counted=0, looked_at=0, amount=Decimal(0))
MANY = 5_000  # ids in one query


class Kept:
    """The kept totals of some indicators of a plan, each grain read once for many figures."""

    def __init__(self, plan: Plan, indicators: Iterable[Indicator], scope: Scope):
        self.plan, self.scope = plan, scope
        self._parts: dict[tuple[int, str], KeptPart] = {}
        self._totals: dict[Grain, dict[tuple[int, str], Any]] = {}
        self._counted: dict[tuple[int, Grain], dict[str, tuple]] = {}
        self._lacking: dict[int, list[tuple]] = {}
        chosen = {i.id: i for i in indicators}
        if chosen:
            found = db.session.scalars(select(KeptPart).where(KeptPart.indicator_id.in_(chosen)))
            rules = {i: keepable(plan, indicator) for i, indicator in chosen.items()}
            self._parts = {
                (p.indicator_id, p.part): p
                for p in found
                if (rule := rules[p.indicator_id].get(p.part))
                and p.fingerprint == fingerprint(plan, rule, scope)
            }

    def tally(self, indicator: Indicator, name: str, rule: Rule, period: Period) -> Tally | None:
        """What a part comes to, or None when that is not kept or not up to date."""
        part = self._parts.get((indicator.id, name))
        if part is None or not self._reads(rule, period):
            return None
        total = self._of(periods.grain_of(period.code)).get((part.id, period.code)) or NONE
        if rule.by_company:
            companies, counted, left_out = self._by_company(part, rule, period)
            return Tally(Decimal(companies), counted, left_out + total.not_counted)
        if rule.measure is Measure.EVIDENCE:
            return _proved(total, sum(self._lacks(part, indicator, name, period).values()))
        value = total.amount if rule.measure in (Measure.SUM, Measure.MEAN) else total.counted
        if rule.measure is Measure.PERSONS:
            value = self._persons(part, period)
        return Tally(exact(rule, value, total.counted), total.counted, total.not_counted)

    def over(self, indicator: Indicator, name: str, rule: Rule, windows: list[Period]) -> Tally | None:
        """What a part comes to over consecutive periods of one grain, or None when that is not kept.

        Companies and persons are counted once over all of them; members are those of the last one's end.
        """
        part = self._parts.get((indicator.id, name))
        if part is None or rule.measure is Measure.NEW_COMPANIES:
            return None
        if not all(self._reads(rule, period) for period in windows):
            return None
        codes, span = [p.code for p in windows], Period(windows[0].start, windows[-1].end, "")
        totals = self._of(periods.grain_of(codes[0]))
        found = [totals[part.id, code] for code in codes if (part.id, code) in totals]
        total = KeptTotal(**{name: sum(getattr(t, name) for t in found) for name in TOTALS})
        keys = 0, 0, 0
        if rule.by_company:
            scope = replace(self.scope, start=span.start, end=span.end)
            keys = _together(_joined(part, rule, scope, codes, "", counting.roots(scope.district_id)))
        elif rule.measure is Measure.PERSONS:
            mine = KeptKey.part_id == part.id, KeptKey.period.in_(codes), KeptKey.rows > 0
            keys = db.session.scalar(select(func.count(KeptKey.key.distinct())).where(*mine)) or 0, 0, 0
        elif rule.measure is Measure.EVIDENCE:
            return _proved(total, sum(self._lacks(part, indicator, name, span).values()))
        return _class(rule, total, keys)

    def split(
        self, indicator: Indicator, name: str, rule: Rule, period: Period, attribute: str
    ) -> dict[str, Tally] | None:
        """A part by the classes of an attribute, or None when that is not kept or not up to date.

        Kept are half-years, years and the plan; a class has a row of the log in it, counted or not.
        """
        part = self._parts.get((indicator.id, name))
        if part is None or not self._reads(rule, period) or periods.grain_of(period.code) not in SPLIT_GRAINS:
            return None
        if attribute not in keepable(self.plan, indicator)[name].split:
            return None
        mine = KeptClass.part_id == part.id, KeptClass.period == period.code, KeptClass.attribute == attribute
        found = {row.value: row for row in db.session.execute(select(KeptClass.__table__).where(*mine))}
        keys = self._class_keys(part, rule, period, attribute)
        if rule.measure is Measure.EVIDENCE:
            lacks = self._lacks(part, indicator, name, period, attribute)
            return {
                value: _proved(row, lacks[value]) for value, row in sorted(found.items()) if row.looked_at
            }
        return {
            value: tally
            for value in sorted({*found, *keys})
            if (tally := _class(rule, found.get(value, NONE), keys.get(value, (0, 0, 0)))).counted
            or tally.not_counted
        }

    def _lacks(
        self, part: KeptPart, indicator: Indicator, name: str, period: Period, attribute: str = ""
    ) -> Counter:
        """How many rows of a period lack their evidence, by class; the rows are asked for once."""
        rule = keepable(self.plan, indicator)[name]
        if part.id not in self._lacking:
            ids = list(db.session.scalars(unproven(self.scope.district_id, rule.verbs)))
            self._lacking[part.id] = [
                row
                for n in range(0, len(ids), MANY)
                for row in _without_evidence(rule, self.scope, ids[n : n + MANY])
            ]
        place = 1 + rule.split.index(attribute) if attribute else None
        return Counter(
            row[place] or "" if place else ""
            for row in self._lacking[part.id]
            if period.start <= row[0] <= period.end
        )

    def _reads(self, rule: Rule, period: Period) -> bool:
        if not periods.is_named(period, self.plan):
            return False
        new = rule.measure is Measure.NEW_COMPANIES and period.code == PLAN
        return not new or self.plan.starts_on.day == 1

    def _of(self, grain: Grain) -> dict[tuple[int, str], Any]:
        if grain not in self._totals:
            mine = KeptTotal.part_id.in_([p.id for p in self._parts.values()])
            query = select(KeptTotal.__table__).where(mine, _is(grain, KeptTotal.period))
            self._totals[grain] = {(t.part_id, t.period): t for t in db.session.execute(query)}
        return self._totals[grain]

    def _codes(self, part: KeptPart, grain: Grain) -> list[str]:
        """The windows of a grain in which a part has rows."""
        return [code for part_id, code in self._of(grain) if part_id == part.id]

    def _persons(self, part: KeptPart, period: Period) -> int:
        grain = periods.grain_of(period.code)
        if (part.id, grain) not in self._counted:
            mine = KeptKey.part_id == part.id, KeptKey.period.in_(self._codes(part, grain)), KeptKey.rows > 0
            query = select(KeptKey.period, func.count()).where(*mine).group_by(KeptKey.period)
            self._counted[part.id, grain] = {p: (n,) for p, n in db.session.execute(query)}
        return self._counted[part.id, grain].get(period.code, (0,))[0]

    def _by_company(self, part: KeptPart, rule: Rule, period: Period) -> tuple:
        grain = periods.grain_of(period.code)
        if rule.members_only:  # membership is of the period's last day
            scope = replace(self.scope, start=period.start, end=period.end)
            return self._companies(part, rule, scope, [period.code]).get((period.code, ""), (0, 0, 0))
        if (part.id, grain) not in self._counted:
            found = self._companies(part, rule, self.scope, self._codes(part, grain))
            self._counted[part.id, grain] = {code: values for (code, _class), values in found.items()}
        return self._counted[part.id, grain].get(period.code, (0, 0, 0))

    def _class_keys(self, part: KeptPart, rule: Rule, period: Period, attribute: str) -> dict[str, tuple]:
        if rule.by_company:
            scope = replace(self.scope, start=period.start, end=period.end)
            found = self._companies(part, rule, scope, [period.code], attribute)
            return {value: numbers for (_code, value), numbers in found.items()}
        if rule.measure is not Measure.PERSONS:
            return {}
        table = KeptClassKey
        mine = table.part_id == part.id, table.period == period.code, table.attribute == attribute
        query = select(table.value, func.count()).where(*mine, table.rows > 0).group_by(table.value)
        return {value: (n, 0, 0) for value, n in db.session.execute(query)}

    def _companies(
        self, part: KeptPart, rule: Rule, scope: Scope, codes: list[str], attribute: str = ""
    ) -> dict[tuple[str, str], tuple]:
        """{(period, class or ""): (companies, rows counted, rows not counted)} of a part by company."""
        tree = counting.roots(scope.district_id)
        joined = _joined(part, rule, scope, codes, attribute, tree)
        counts = joined.c.good == 1
        query = select(joined.c.period, joined.c.value)
        if rule.measure is Measure.NEW_COMPANIES and codes:
            grain = periods.grain_of(codes[0])
            first, since = self._firsts(part, rule, scope, grain, tree), joined.c.period
            if grain is Grain.PLAN:
                since = literal(periods.code_of(self.plan.starts_on, _aligned(self.plan)))
            counts = and_(counts, first.c.period >= since)
            query = query.select_from(joined.outerjoin(first, first.c.root_id == joined.c.root_id))
        query = query.add_columns(
            func.count(joined.c.root_id.distinct()).filter(counts),
            func.coalesce(func.sum(joined.c.rows).filter(counts), 0),
            func.sum(joined.c.rows),
        ).group_by(joined.c.period, joined.c.value)
        return {
            (period, value): (n, int(good), int(rows) - int(good))
            for period, value, n, good, rows in db.session.execute(query)
        }

    def _firsts(self, part: KeptPart, rule: Rule, scope: Scope, grain: Grain, tree):
        """The first window of a grain in which each company counted, ever (root_id, period)."""
        grain = _aligned(self.plan) if grain is Grain.PLAN else grain
        seen = _joined(part, rule, scope, self._codes(part, grain), "", tree)
        query = select(seen.c.root_id, func.min(seen.c.period).label("period")).where(seen.c.good == 1)
        return query.group_by(seen.c.root_id).subquery()


def _aligned(plan: Plan) -> Grain:
    """The coarsest windows of which one begins on the plan's first day, which is the first of a month."""
    month = plan.starts_on.month
    return {1: Grain.YEAR, 7: Grain.HALF, 4: Grain.QUARTER, 10: Grain.QUARTER}.get(month, Grain.MONTH)


def _is(grain: Grain, column):
    """The condition that a period is of a grain: `2026-05` and `2026-H1` are of the same length."""
    if grain is Grain.PLAN:
        return column == PLAN
    if grain is Grain.MONTH:
        return and_(column.like("____-__"), not_(column.like("%-H%")), not_(column.like("%-Q%")))
    return column.like({Grain.YEAR: "____", Grain.HALF: "%-H%", Grain.QUARTER: "%-Q%"}[grain]) & (
        column != PLAN
    )


def _joined(part: KeptPart, rule: Rule, scope: Scope, codes: list[str], attribute: str, tree):
    """Keys of a part with the company each is today (root_id), and whether that counts (good)."""
    root = Company.__table__.alias()
    good = and_(
        root.c.id.is_not(None),
        root.c.type == OrganisationType.COMPANY,
        root.c.tax_id.is_not(None),
        root.c.tax_id != "",
    )
    if rule.members_only:
        good = and_(good, root.c.id.in_(counting.member_ids(scope, tree)))
    table: Any = KeptClassKey if attribute else KeptKey
    value = table.value if attribute else literal("").label("value")
    return (
        select(table.period, value, table.rows, root.c.id.label("root_id"))
        .add_columns(case((good, 1), else_=0).label("good"))
        .outerjoin(tree, tree.c.id == table.key)
        .outerjoin(root, root.c.id == tree.c.root_id)
        .where(table.part_id == part.id, table.rows > 0, table.period.in_(codes))
        .where(table.attribute == attribute if attribute else true())
        .subquery()
    )


def _together(joined) -> tuple[int, int, int]:
    """(companies, rows counted, rows not counted) of all keys, whatever their period."""
    good = joined.c.good == 1
    n, counted, rows = db.session.execute(
        select(
            func.count(joined.c.root_id.distinct()).filter(good),
            func.coalesce(func.sum(joined.c.rows).filter(good), 0),
            func.coalesce(func.sum(joined.c.rows), 0),
        )
    ).one()
    return n, int(counted), int(rows) - int(counted)


def _without_evidence(rule: Rule, scope: Scope, ids: list[int]) -> list[tuple]:
    """(day, classes …) of those of some rows that a rule does not count for want of evidence."""
    ever = replace(scope, start=date.min, end=date.max, only=tuple(ids))
    rows = counting.seen_rows(rule, ever)
    classes = [rows.c[f"by_{n}"] for n in range(len(rule.split))]
    query = select(rows.c.happened_on, *classes).where(rows.c.reason == "evidence_missing")
    return [tuple(row) for row in db.session.execute(query)]


def _proved(total, lacking: int) -> Tally:
    """A tally of evidence: its value is the number of rows that had to have it."""
    return Tally(Decimal(total.looked_at), total.counted - lacking, total.not_counted + lacking)


def _class(rule: Rule, total, keys: tuple) -> Tally:
    """One class: the total of its rows, and (distinct, rows counted, rows not counted) of its keys."""
    if rule.by_company:
        distinct, counted, left_out = keys
        return Tally(Decimal(distinct), counted, left_out + total.not_counted)
    value = total.amount if rule.measure in (Measure.SUM, Measure.MEAN) else total.counted
    if rule.measure is Measure.PERSONS:
        value = keys[0]
    return Tally(exact(rule, value, total.counted), total.counted, total.not_counted)
