"""Totals kept up while facts are logged, so that a page of figures costs the same whatever the log holds.

A part of a rule (see `tallies.parts_of`) has one total per month, quarter, half-year and year and for the
plan, and one row per company or person in it; for half-years, years and the plan also by each class of
the rule's split. They are made by the same SQL as a live count (`counting.seen_rows`), over the new rows
only, in the transaction that logs them: once for each stretch of days that lies in the same windows, then
added up. What decides a company's worth (its tax id, type, merges, memberships) is joined when read
(`kept.py`), so a changed company needs nothing here. A changed rule, exclusion, line or plan changes the
fingerprint: until a job has counted anew, figures are counted live. Rules with `followed_by`, members
and budget are always counted live: they read little. Of evidence, which comes and goes without a row of
the log, all rows are kept; those that lack it are few, and are taken off when read.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise

from sqlalchemy import String, Text, bindparam, cast, delete, func, literal, select

from dissemination.kernel.database import db, insert_into, is_sqlite, writing
from dissemination.plan import counting, periods, queries, rules
from dissemination.plan.counting import EXCLUSION, Scope
from dissemination.plan.log import Activity, KeptClass, KeptClassKey, KeptKey, KeptPart, KeptTotal
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import Grain
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.tallies import looked_at, parts_of

LIVE = frozenset({Measure.MEMBERS, Measure.BUDGET, Measure.RATIO})
AMOUNTS = frozenset({Measure.SUM, Measure.MEAN})
SPLIT_GRAINS = frozenset({Grain.HALF, Grain.YEAR, Grain.PLAN})  # a month's or quarter's rows are few: live
LONGEST = 300  # characters of a class
TOTALS = ("counted", "not_counted", "looked_at", "amount")
MODELS = (KeptTotal, KeptKey, KeptClass, KeptClassKey)
DAY = timedelta(days=1)


def keepable(plan: Plan, indicator: Indicator) -> dict[str, Rule]:
    """The parts of an indicator whose totals can be kept, each with the split that the indicator has."""
    if rules.problems_of(indicator.rule):
        return {}
    rule = rules.read(indicator.rule)
    return {
        name: replace(part, split=rule.split)
        for name, part in parts_of(plan, rule).items()
        if part is not None and part.measure not in LIVE and not part.followed_by
    }


def fingerprint(plan: Plan, rule: Rule, scope: Scope) -> str:
    """A mark of what the totals of a part depend on: the rule, the exclusions, lines and dates."""
    exclusions = [
        (e.id, e.verbs, sorted(e.condition.items()), e.valid_from, e.valid_until) for e in scope.exclusions
    ]
    lines = sorted((x.id, x.kind.value) for x in plan.lines) if rule.lines else []
    codes = sorted((x.id, x.code) for x in plan.lines) if "line" in rule.split else []
    parts = (2, base(rule), exclusions, lines, codes, plan.starts_on, plan.ends_on)
    return sha256(repr(parts).encode()).hexdigest()


def base(rule: Rule) -> Rule:
    """The rule without what is joined when read: companies, memberships, evidence."""
    joined = rule.by_company or rule.measure is Measure.EVIDENCE
    return replace(rule, measure=Measure.COUNT, members_only=False) if joined else rule


def unproven(district_id: int, verbs: Iterable[str]):
    """The query of the rows (ids) whose evidence is not complete."""
    mine = Activity.district_id == district_id, Activity.verb.in_(list(verbs))
    return select(Activity.id).where(*mine, counting.unproven())


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
    found = db.session.execute(
        select(Activity.verb, Activity.happened_on).where(Activity.id.in_(ids)).distinct()
    ).all()
    verbs, days = {r[0] for r in found}, sorted({r[1] for r in found})
    exclusions = tuple(queries.exclusions(district_id))
    for plan in plans:
        scope = Scope(district_id, exclusions, days[0], days[-1], days[-1], only=ids)
        kept = {(p.indicator_id, p.part): p for p in _parts(plan)}
        stretches = [s for s in _stretches(plan, scope) if any(s.start <= day <= s.end for day in days)]
        for indicator in plan.indicators if kept else ():
            for name, rule in keepable(plan, indicator).items():
                part = kept.get((indicator.id, name))
                if part is None or not verbs & looked_at(rule):
                    continue
                if part.fingerprint != fingerprint(plan, rule, scope):
                    part.fingerprint = ""  # also when the old rule comes back: these rows are missing
                    continue
                _change(part, plan, rule, stretches, sign)


def _parts(plan: Plan) -> list[KeptPart]:
    query = select(KeptPart).join(Indicator, Indicator.id == KeptPart.indicator_id)
    return list(db.session.scalars(query.where(Indicator.plan_id == plan.id)))


def _stretches(plan: Plan, scope: Scope) -> list[Scope]:
    """The months that a scope touches, cut where the plan begins and ends: all days of one lie in the same
    windows."""
    cuts = {plan.starts_on, plan.ends_on + DAY}
    day, stretches = scope.start.replace(day=1), []
    while day <= scope.end:
        following = (day + 31 * DAY).replace(day=1)
        edges = [day, *sorted(cut for cut in cuts if day < cut < following), following]
        stretches += [
            replace(scope, start=first, end=last - DAY)
            for first, last in pairwise(edges)
        ]  # fmt: skip
        day = following
    return stretches


@dataclass
class _Sums:
    """What rows come to, by window: totals, keys, and both by class."""

    totals: dict = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, Decimal(0)]))
    keys: dict = field(default_factory=lambda: defaultdict(int))
    classes: dict = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, Decimal(0)]))
    class_keys: dict = field(default_factory=lambda: defaultdict(int))

    def add(self, codes: list[str], split: tuple[str, ...], values, change: list) -> None:
        """Some rows with the same classes."""
        for code in codes:
            _plus(self.totals[code], change)
            if periods.grain_of(code) in SPLIT_GRAINS:
                for attribute, value in zip(split, values, strict=True):
                    _plus(self.classes[code, attribute, value[:LONGEST]], change)

    def add_key(self, codes: list[str], split: tuple[str, ...], values, key: int, n: int) -> None:
        """Some rows of one company or person with the same classes."""
        for code in codes:
            self.keys[code, key] += n
            if periods.grain_of(code) in SPLIT_GRAINS:
                for attribute, value in zip(split, values, strict=True):
                    self.class_keys[code, attribute, value[:LONGEST], key] += n


def _plus(total: list, change: list) -> None:
    for n, value in enumerate(change):
        total[n] += value


def _change(part: KeptPart, plan: Plan, rule: Rule, stretches: list[Scope], sign: int) -> None:
    sums = _Sums()
    for stretch in stretches:
        codes = periods.windows(stretch.start, plan)
        for values, change in _totals_of(rule, stretch):
            sums.add(codes, rule.split, values, [sign * x for x in change])
        for values, key, n in _keys_of(rule, stretch) if _key(rule) else ():
            sums.add_key(codes, rule.split, values, key, sign * n)
    _upsert(KeptTotal, part, ("period",), sums.totals)
    _upsert(KeptKey, part, ("period", "key"), sums.keys)
    _upsert(KeptClass, part, ("period", "attribute", "value"), sums.classes)
    _upsert(KeptClassKey, part, ("period", "attribute", "value", "key"), sums.class_keys)


def _key(rule: Rule) -> str | None:
    if rule.by_company:
        return "company_id"
    return "contact_id" if rule.measure is Measure.PERSONS else None


def _totals_of(rule: Rule, scope: Scope):
    """(classes, [counted, not counted, looked at, amount]) of rows with the same reason and classes."""
    rows, classes = _rows(rule, scope)
    amount = func.coalesce(func.sum(rows.c.amount), 0) if rule.measure in AMOUNTS else literal(0)
    query = select(rows.c.reason, *classes, func.count(), amount)
    for reason, *values, n, total in db.session.execute(
        query.group_by("reason", *[c.name for c in classes])
    ).all():
        if reason is not None:
            neither = reason in ("reversal", "reversed") or reason.startswith(EXCLUSION)
            yield values, [0, n, 0 if neither else n, Decimal(0)]
        else:  # a company is asked for its worth when the figure is read
            yield values, [0 if rule.by_company else n, 0, n, Decimal(str(total))]


def _keys_of(rule: Rule, scope: Scope):
    """(classes, key, rows) of the rows that count."""
    rows, classes = _rows(rule, scope)
    key = func.coalesce(rows.c[_key(rule)], 0).label("key")
    query = select(key, *classes, func.count()).where(rows.c.reason.is_(None))
    for found, *values, n in db.session.execute(
        query.group_by("key", *[c.name for c in classes])
    ).all():  # fmt: skip
        yield values, found, n


def _rows(rule: Rule, scope: Scope):
    rows = counting.seen_rows(base(rule), scope)
    columns = [rows.c[f"by_{n}"] for n in range(len(rule.split))]
    return rows, [func.coalesce(cast(c, String), "").label(f"class_{n}") for n, c in enumerate(columns)]


def _upsert(model, part: KeptPart, names: tuple[str, ...], values: dict) -> None:
    """Add `values` to the rows that are there, or make them."""
    if not values:
        return
    made = []
    for key, value in sorted(values.items()):
        found = dict(zip(names, key if isinstance(key, tuple) else (key,), strict=True))
        worth = dict(zip(TOTALS, value, strict=True)) if isinstance(value, list) else {"rows": value}
        made.append({"part_id": part.id, **found, **worth})
    table = model.__table__
    statement = insert_into(table)
    numbers = TOTALS if "counted" in made[0] else ("rows",)
    update = {name: table.c[name] + statement.excluded[name] for name in numbers}
    identity = ["part_id", *names]
    db.session.execute(statement.on_conflict_do_update(index_elements=identity, set_=update), made)


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
    for model in MODELS:
        db.session.execute(delete(model).where(model.part_id == part.id))
    scope = _all(plan, rule)
    if scope.start <= scope.end:
        _change(part, plan, rule, _stretches(plan, scope), 1)
    part.fingerprint = fingerprint(plan, rule, scope)
    db.session.flush()


def _all(plan: Plan, rule: Rule) -> Scope:
    """From the first to the last day on which the log has something for a rule."""
    exclusions = tuple(queries.exclusions(plan.district_id))
    days = [d for verb in looked_at(rule) for d in queries.days_of(plan.district_id, verb)]
    first, last = min(days, default=date(2, 1, 1)), max(days, default=date(1, 1, 1))
    return Scope(plan.district_id, exclusions, first, last, last)
