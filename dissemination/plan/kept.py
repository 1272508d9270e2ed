"""Totals kept up while facts are logged, so that a page of figures costs the same whatever the log holds.

A part of a rule (see `tallies.parts_of`) has one total per half-year and for the plan, and one row per
company or person in it. They are made by the same SQL as a live count (`counting.seen_rows`), over the
new rows only, in the transaction that logs them. What decides a company's worth (its tax id, type,
merges, memberships) is joined when read, so a changed company needs nothing here. A changed rule,
exclusion, line or plan changes the fingerprint: until a job has counted anew, figures are counted live.
Rules with `followed_by`, members and budget are always counted live: they read little.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import Text, and_, bindparam, case, cast, delete, func, literal, select, true

from dissemination.kernel.database import db, insert_into, is_sqlite, writing
from dissemination.people.models import Company, OrganisationType
from dissemination.plan import counting, periods, queries, rules
from dissemination.plan.counting import EXCLUSION, Scope
from dissemination.plan.log import Activity, KeptKey, KeptPart, KeptTotal
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import PLAN, Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.tallies import Tally, exact, looked_at, parts_of

LIVE = frozenset({Measure.MEMBERS, Measure.BUDGET, Measure.RATIO, Measure.EVIDENCE})
AMOUNTS = frozenset({Measure.SUM, Measure.MEAN})
TOTALS = ("counted", "not_counted", "looked_at", "amount")


def keepable(plan: Plan, indicator: Indicator) -> dict[str, Rule]:
    """The parts of an indicator whose totals can be kept."""
    if rules.problems_of(indicator.rule):
        return {}
    parts = parts_of(plan, rules.read(indicator.rule))
    return {
        name: r for name, r in parts.items() if r is not None and r.measure not in LIVE and not r.followed_by
    }


def fingerprint(plan: Plan, rule: Rule, scope: Scope) -> str:
    """A mark of what the totals of a part depend on: the rule, the exclusions, lines and dates."""
    exclusions = [
        (e.id, e.verbs, sorted(e.condition.items()), e.valid_from, e.valid_until) for e in scope.exclusions
    ]
    lines = sorted((x.id, x.kind.value) for x in plan.lines) if rule.lines else []
    parts = (1, _base(rule), exclusions, lines, plan.starts_on, plan.ends_on)
    return sha256(repr(parts).encode()).hexdigest()


class Kept:
    """The kept totals of some indicators of a plan, read once for many figures."""

    def __init__(self, plan: Plan, indicators: Iterable[Indicator], scope: Scope):
        self.plan, self.scope = plan, scope
        ids = [i.id for i in indicators]
        self._parts: dict[tuple[int, str], KeptPart] = {}
        self._totals: dict[tuple[int, str], Any] = {}
        self._by_key: dict[int, dict[str, tuple]] = {}
        if ids:
            found = list(db.session.scalars(select(KeptPart).where(KeptPart.indicator_id.in_(ids))))
            self._parts = {(p.indicator_id, p.part): p for p in found}
            wanted = select(KeptTotal.__table__).where(KeptTotal.part_id.in_([p.id for p in found]))
            self._totals = {(t.part_id, t.period): t for t in db.session.execute(wanted)}

    def tally(self, indicator: Indicator, name: str, rule: Rule, period: Period) -> Tally | None:
        """What a part comes to, or None when that is not kept or not up to date."""
        part = self._parts.get((indicator.id, name))
        if part is None or not self._reads(rule, period):
            return None
        if part.fingerprint != fingerprint(self.plan, rule, self.scope):
            return None
        total = self._totals.get((part.id, period.code)) or KeptTotal(
            counted=0, not_counted=0, looked_at=0, amount=Decimal(0)
        )
        if rule.by_company:
            scope = replace(self.scope, start=period.start, end=period.end)
            companies, counted, left_out = self._companies(part, rule, scope, period)
            return Tally(Decimal(companies), counted, left_out + total.not_counted)
        value = {
            Measure.EVIDENCE: total.looked_at, Measure.SUM: total.amount, Measure.MEAN: total.amount,
        }.get(rule.measure, total.counted)  # fmt: skip
        if rule.measure is Measure.PERSONS:
            value = self._persons(part).get(period.code, (0,))[0]
        return Tally(exact(rule, value, total.counted), total.counted, total.not_counted)

    def _reads(self, rule: Rule, period: Period) -> bool:
        if period.code != PLAN:
            return period.code[4:6] == "-H"
        first = self.plan.starts_on
        return rule.measure is not Measure.NEW_COMPANIES or (first.day == 1 and first.month in (1, 7))

    def _persons(self, part: KeptPart) -> dict[str, tuple]:
        if part.id not in self._by_key:
            query = select(KeptKey.period, func.count()).where(KeptKey.part_id == part.id, KeptKey.rows > 0)
            self._by_key[part.id] = {p: (n,) for p, n in db.session.execute(query.group_by(KeptKey.period))}
        return self._by_key[part.id]

    def _companies(self, part: KeptPart, rule: Rule, scope: Scope, period: Period) -> tuple:
        if rule.members_only:  # membership is of the period's last day
            return _by_company(part, rule, scope, self.plan, period.code).get(period.code, (0, 0, 0))
        if part.id not in self._by_key:
            self._by_key[part.id] = _by_company(part, rule, scope, self.plan)
        return self._by_key[part.id].get(period.code, (0, 0, 0))


def _by_company(
    part: KeptPart, rule: Rule, scope: Scope, plan: Plan, only: str | None = None
) -> dict[str, tuple]:
    """{period: (companies, rows counted, rows not counted)} of a part that counts by company."""
    tree, root = counting.roots(scope.district_id), Company.__table__.alias()
    good = and_(
        root.c.id.is_not(None),
        root.c.type == OrganisationType.COMPANY,
        root.c.tax_id.is_not(None),
        root.c.tax_id != "",
    )
    if rule.members_only:
        good = and_(good, root.c.id.in_(counting.member_ids(scope, tree)))
    joined = (
        select(KeptKey.period, KeptKey.rows, root.c.id.label("root_id"))
        .add_columns(case((good, 1), else_=0).label("good"))
        .outerjoin(tree, tree.c.id == KeptKey.key)
        .outerjoin(root, root.c.id == tree.c.root_id)
        .where(KeptKey.part_id == part.id, KeptKey.rows > 0)
        .where(KeptKey.period == only if only else true())
        .subquery()
    )
    counts = joined.c.good == 1
    query = select(joined.c.period)
    if rule.measure is Measure.NEW_COMPANIES:
        first = (
            select(joined.c.root_id, func.min(joined.c.period).label("period"))
            .where(joined.c.good == 1, joined.c.period != PLAN)
            .group_by(joined.c.root_id)
            .subquery()
        )
        since = case((joined.c.period == PLAN, periods.half_year_of(plan.starts_on)), else_=joined.c.period)
        counts = and_(counts, first.c.period >= since)
        query = query.select_from(joined.outerjoin(first, first.c.root_id == joined.c.root_id))
    query = query.add_columns(
        func.count(joined.c.root_id.distinct()).filter(counts),
        func.coalesce(func.sum(joined.c.rows).filter(counts), 0),
        func.sum(joined.c.rows),
    ).group_by(joined.c.period)
    return {p: (n, int(good), int(rows) - int(good)) for p, n, good, rows in db.session.execute(query)}


def logged(district_id: int, ids: Iterable[int], verb: str | None = None) -> None:
    """Add the rows just logged to the totals. In the transaction that logs them.

    `verb`, when all rows have the same: one that no indicator follows costs nothing more.
    """
    ids = tuple(ids)
    if not is_sqlite():  # there writers queue one by one
        # Shared with other writers, exclusive with a recount: none of the two misses the other's rows.
        db.session.execute(_SHARE, {"district": district_id})
    followed = {"district": district_id, "verb": verb}
    if ids and (verb is None or writing().scalar(_FOLLOWED, followed)):
        _apply(district_id, ids, sign=1)


_SHARE = (
    select(Plan.id)
    .where(Plan.district_id == bindparam("district"))
    .order_by(Plan.id)
    .with_for_update(read=True)
)
_FOLLOWED = (
    select(Indicator.id)
    .join(Plan, Plan.id == Indicator.plan_id)
    .where(
        Plan.district_id == bindparam("district"),
        # A rule names its verbs as JSON texts; a ratio those of other indicators of the plan.
        cast(Indicator.rule, Text).contains(literal('"').concat(bindparam("verb", type_=Text)).concat('"')),
    )
    .limit(1)
)


def taken_back(district_id: int, ids: Iterable[int]) -> None:
    """Take rows out of the totals, before a correction changes what they count; then log them anew."""
    _apply(district_id, tuple(ids), sign=-1)


def _apply(district_id: int, ids: tuple[int, ...], *, sign: int) -> None:
    """Change the totals by what `ids` come to now. Parts that are not up to date are left to the job."""
    # Shared with other writers, exclusive with a recount: none of the two misses the other's rows.
    locked = select(Plan).where(Plan.district_id == district_id).order_by(Plan.id)
    plans = list(db.session.scalars(locked.with_for_update(read=True)))
    days = select(Activity.verb, func.min(Activity.happened_on), func.max(Activity.happened_on))
    found = db.session.execute(days.where(Activity.id.in_(ids)).group_by(Activity.verb)).all()
    verbs, first, last = {r[0] for r in found}, min(r[1] for r in found), max(r[2] for r in found)
    exclusions = tuple(queries.exclusions(district_id))
    for plan in plans:
        scope = Scope(district_id, exclusions, first, last, last, only=ids)
        kept = {(p.indicator_id, p.part): p for p in _parts(plan)}
        for indicator in plan.indicators if kept else ():
            for name, rule in keepable(plan, indicator).items():
                part = kept.get((indicator.id, name))
                if part is None or not verbs & looked_at(rule):
                    continue
                if part.fingerprint != fingerprint(plan, rule, scope):
                    part.fingerprint = ""  # also when the old rule comes back: these rows are missing
                    continue
                _change(part, plan, rule, scope, sign)


def _parts(plan: Plan) -> list[KeptPart]:
    query = select(KeptPart).join(Indicator, Indicator.id == KeptPart.indicator_id)
    return list(db.session.scalars(query.where(Indicator.plan_id == plan.id)))


def _change(part: KeptPart, plan: Plan, rule: Rule, scope: Scope, sign: int) -> None:
    totals: dict[str, list] = defaultdict(lambda: [0, 0, 0, Decimal(0)])
    keys: dict[tuple[str, int], int] = defaultdict(int)
    for code, window in _windows(plan, scope):
        found = _totals_of(rule, window)
        totals[code] = [a + sign * b for a, b in zip(totals[code], found, strict=True)]
        for key, n in db.session.execute(_keys_of(rule, window)) if _key(rule) else ():
            keys[code, key] += sign * n
    _upsert(
        KeptTotal,
        [
            {"part_id": part.id, "period": code} | dict(zip(TOTALS, values, strict=True))
            for code, values in sorted(totals.items())
        ],
    )
    _upsert(
        KeptKey,
        [
            {"part_id": part.id, "period": code, "key": key, "rows": n}
            for (code, key), n in sorted(keys.items())
        ],
    )


def _windows(plan: Plan, scope: Scope) -> list[tuple[str, Scope]]:
    """The half-years that a scope touches, and the plan, each with the days of it to look at."""
    first, last = scope.start, scope.end
    found = []
    for year in range(first.year, last.year + 1):
        for half in (1, 2):
            p = periods.read(f"{year}-H{half}", plan)
            if p.start <= last and p.end >= first:
                found.append((p.code, replace(scope, start=p.start, end=p.end)))
    if plan.starts_on <= last and plan.ends_on >= first:
        found.append((PLAN, replace(scope, start=plan.starts_on, end=plan.ends_on)))
    return found


def _base(rule: Rule) -> Rule:
    """The rule without what is joined when read: companies and memberships."""
    if not rule.by_company:
        return replace(rule, split=())
    return replace(rule, split=(), measure=Measure.COUNT, members_only=False)


def _key(rule: Rule) -> str | None:
    if rule.by_company:
        return "company_id"
    return "contact_id" if rule.measure is Measure.PERSONS else None


def _totals_of(rule: Rule, scope: Scope) -> list:
    """What rows come to, in the order of TOTALS. By reason, so that SQLite finds each reason only once."""
    rows = counting.seen_rows(_base(rule), scope)
    amount = func.coalesce(func.sum(rows.c.amount), 0) if rule.measure in AMOUNTS else literal(0)
    counted = not_counted = neither = 0
    money = Decimal(0)
    for reason, n, total in db.session.execute(
        select(rows.c.reason, func.count(), amount).group_by("reason")
    ):
        if reason is None:
            counted, money = n, Decimal(str(total))
            continue
        not_counted += n
        if reason in ("reversal", "reversed") or reason.startswith(EXCLUSION):
            neither += n
    return [0 if rule.by_company else counted, not_counted, counted + not_counted - neither, money]


def _keys_of(rule: Rule, scope: Scope):
    rows = counting.seen_rows(_base(rule), scope)
    key = func.coalesce(rows.c[_key(rule)], 0)
    return select(key, func.count()).where(rows.c.reason.is_(None)).group_by(key)


def _upsert(model, values: list[dict]) -> None:
    """Add `values` to the rows that are there, or make them."""
    if not values:
        return
    table = model.__table__
    statement = insert_into(table)
    identity = [c.name for c in table.primary_key]
    update = {name: table.c[name] + statement.excluded[name] for name in values[0] if name not in identity}
    db.session.execute(statement.on_conflict_do_update(index_elements=identity, set_=update), values)


def stale(plan: Plan) -> list[tuple[int, str]]:
    """The parts of a plan that a recount is due for: (indicator id, part)."""
    day = plan.starts_on
    scope = Scope(plan.district_id, tuple(queries.exclusions(plan.district_id)), day, day, day)
    kept = {(p.indicator_id, p.part): p.fingerprint for p in _parts(plan)}
    return [
        (indicator.id, name)
        for indicator in plan.indicators
        for name, rule in keepable(plan, indicator).items()
        if kept.get((indicator.id, name)) != fingerprint(plan, rule, scope)
    ]


def recount(plan: Plan, indicator_id: int, name: str) -> None:
    """Count the totals of a part anew from the whole log, and trust them from now on."""
    db.session.execute(select(Plan.id).where(Plan.id == plan.id).with_for_update())
    indicator = db.session.get(Indicator, indicator_id)
    rule = keepable(plan, indicator).get(name) if indicator else None
    if rule is None:
        return
    part = db.session.scalar(
        select(KeptPart).where(KeptPart.indicator_id == indicator_id, KeptPart.part == name)
    )
    if part is None:
        part = KeptPart(indicator_id=indicator_id, part=name)
        db.session.add(part)
    db.session.flush()
    for model in (KeptTotal, KeptKey):
        db.session.execute(delete(model).where(model.part_id == part.id))
    scope = _all(plan, rule)
    if scope.start <= scope.end:
        _change(part, plan, rule, scope, 1)
    part.fingerprint = fingerprint(plan, rule, scope)
    db.session.flush()


def _all(plan: Plan, rule: Rule) -> Scope:
    """From the first to the last day on which the log has something for a rule."""
    exclusions = tuple(queries.exclusions(plan.district_id))
    days = [d for verb in looked_at(rule) for d in queries.days_of(plan.district_id, verb)]
    first, last = min(days, default=date(2, 1, 1)), max(days, default=date(1, 1, 1))
    return Scope(plan.district_id, exclusions, first, last, last)
