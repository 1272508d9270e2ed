"""What reporting asks of the packages below: the one place where their names stand.

The head of the log, the rows behind a figure, evidence and its state, completeness, forecasts.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import Sector
from dissemination.editions import queries as editions
from dissemination.forecast import queries as forecast_queries
from dissemination.kernel import files
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.people.models import Company, Membership
from dissemination.plan import counting, figures, holders, queries, rules
from dissemination.plan import splits as splitting
from dissemination.plan.counting import Scope
from dissemination.plan.keeping import LONGEST
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.models import BudgetLine, Indicator, Plan
from dissemination.plan.periods import Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.tallies import parts_of, source, tally
from dissemination.plan.texts import shown, unit_name
from dissemination.proofs import actions as proofs
from dissemination.reporting.frozen import FrozenRow, Head
from dissemination.seals import queries as seals
from dissemination.seals import sealing
from dissemination.seals.actions import publish
from dissemination.seals.models import Place

CHUNK = 500


@dataclass(frozen=True)
class Forecast:
    """What an indicator is expected to come to at the end of a period, with its range."""

    expected: Decimal
    low: Decimal
    high: Decimal


def head(district_id: int) -> Head:
    """The head of the district's log: of the rows that are sealed."""
    found = seals.head(district_id)
    return Head(found.position, found.chain) if found else Head(0, "0" * 64)


def sealed_head(district_id: int) -> Head:
    """The head with every row logged up to now in it. Called inside a transaction."""
    found = sealing.seal(district_id)
    return Head(found.position, found.chain)


def publish_head(district_id: int, *, about: str, by) -> None:
    """Note that the head was printed or sent, so that the log can be held against it later."""
    found = seals.head(district_id)
    if found is not None:
        publish(found, where=Place.SIGN_OFF, about=about, by=by)


@dataclass(frozen=True)
class Named:
    """A company after merges, as it is called today."""

    id: int
    name: str
    tax_id: str


def companies(district_id: int) -> dict[int, Named]:
    """Each company of a district with the one it was merged into."""
    tree = counting.roots(district_id)
    query = select(tree.c.id, Company.id, Company.name, Company.tax_id).join(
        Company, Company.id == tree.c.root_id
    )
    return {own: Named(root, name, tax_id or "") for own, root, name, tax_id in db.session.execute(query)}


def identities(indicator: Indicator, period: Period, known: dict[int, Named]) -> list[FrozenRow]:
    """Every row behind a figure, counted or not, of each part of its rule; by part, date and id."""
    plan, rule = indicator.plan, rules.read(indicator.rule)
    if rule.measure is Measure.BUDGET:
        return _money(plan, period)
    found: list[FrozenRow] = []
    scope = figures.scope_of(plan, period)
    for name, part in parts_of(plan, rule).items():
        if part is None:
            continue
        if part.measure is Measure.MEMBERS:
            found += _members(name, scope, known, rule.split, plan)
        else:
            found += _logged(name, replace(part, split=rule.split), scope, known, plan)
    return found


def _logged(name: str, rule: Rule, scope: Scope, known, plan: Plan) -> list[FrozenRow]:
    seen = source(rule, scope)
    query = select(
        seen, Activity.title, Activity.activity_line_id, Activity.subject_kind, Activity.subject_id
    ).join(Activity, Activity.id == seen.c.id)
    lines = {line.id: line.code for line in plan.lines}
    rows = []
    for r in db.session.execute(query):
        company = known.get(r.company_id)
        classes = {a: str(getattr(r, f"by_{n}") or "")[:LONGEST] for n, a in enumerate(rule.split)}
        rows.append(FrozenRow(
            part=name, table="activities", id=r.id, on=r.happened_on, title=r.title,
            company_id=company.id if company else None, company=company.name if company else "",
            tax_id=company.tax_id if company else "", line=lines.get(r.activity_line_id, ""),
            amount=r.amount, reason=r.reason, kind=r.subject_kind, subject_id=r.subject_id, classes=classes,
        ))  # fmt: skip
    return _sorted(rows)


def _members(name: str, scope: Scope, known, split: tuple[str, ...], plan: Plan) -> list[FrozenRow]:
    seen = counting.memberships(scope)
    query = select(seen, Membership.since, Membership.company_id).join(Membership, Membership.id == seen.c.id)
    sectors = dict(
        db.session.execute(select(Sector.id, Sector.code).where(Sector.district_id == plan.district_id)).all()
    )
    rows = []
    for r in db.session.execute(query):
        company = known[r.company_id]
        values = {
            "sector": sectors.get(r.sector_id, ""), "size": r.size or "", "province": r.province or "",
        }  # fmt: skip
        rows.append(FrozenRow(
            part=name, table="memberships", id=r.id, on=r.since, title=company.name, company_id=company.id,
            company=company.name, tax_id=company.tax_id, line="", amount=None, reason=r.reason,
            kind="companies", subject_id=company.id,
            classes={a: str(values.get(a, "")) for a in split},
        ))  # fmt: skip
    return _sorted(rows)


def _money(plan: Plan, period: Period) -> list[FrozenRow]:
    wanted = [line.id for line in plan.lines]
    codes = {line.id: line.code for line in plan.lines}
    query = select(BudgetLine).where(
        BudgetLine.activity_line_id.in_(wanted), BudgetLine.year.between(period.start.year, period.end.year)
    )
    rows = [
        FrozenRow(
            part="", table="budget_lines", id=b.id, on=date(b.year, 1, 1),
            title=f"{codes[b.activity_line_id]} {b.year}: {Decimal(b.spent_cents) / 100:.2f}"
            f" / {Decimal(b.budget_cents) / 100:.2f} EUR",
            company_id=None, company="", tax_id="", line=codes[b.activity_line_id],
            amount=Decimal(b.spent_cents) / 100, reason=None, kind="budget_lines", subject_id=b.id,
            classes={"line": codes[b.activity_line_id]},
        )
        for b in db.session.scalars(query)
    ]  # fmt: skip
    return _sorted(rows)


def _sorted(rows: list[FrozenRow]) -> list[FrozenRow]:
    return sorted(rows, key=lambda row: (row.on or date.min, row.id))


def evidence(district_id: int, subjects: Iterable[tuple[str, int]]) -> list[Evidence]:
    """The proofs of some subjects that were not taken back, with their files; oldest first."""
    by_kind: dict[str, list[int]] = {}
    for kind, subject_id in sorted(set(subjects)):
        by_kind.setdefault(kind, []).append(subject_id)
    found: list[Evidence] = []
    for kind, ids in by_kind.items():
        for start in range(0, len(ids), CHUNK):
            query = select(Evidence).where(
                Evidence.district_id == district_id, Evidence.subject_kind == kind,
                Evidence.subject_id.in_(ids[start : start + CHUNK]), Evidence.removed_at.is_(None),
            )  # fmt: skip
            found += db.session.scalars(query.options(joinedload(Evidence.file)).order_by(Evidence.id))
    return found


def is_confidential(kind: str) -> bool:
    """Whether what proves subjects of `kind` stays with the district's organisers."""
    return holders.is_confidential(kind)


def content_of(sha256: str) -> tuple[str, bytes]:
    """("ok", its bytes), ("lost", b"") when the storage has no such file, ("changed", b"") when its bytes
    are no longer those of the hash."""
    try:
        data = files.read(StoredFile(sha256=sha256))
    except FileNotFoundError:
        return "lost", b""
    return ("ok", data) if hashlib.sha256(data).hexdigest() == sha256 else ("changed", b"")


def judge_evidence(district_id: int) -> None:
    """Look at the evidence of what is new, and again of what lacked some. Called inside a transaction."""
    proofs.judge_district(district_id)


def completeness(plan: Plan, period: Period) -> tuple[int, int]:
    """(activities with all their evidence, activities that have to have it) in a period."""
    rule = _evidence_rule(plan)
    if rule is None:
        return 0, 0
    found = tally(rule, figures.scope_of(plan, period))
    return found.counted, int(found.value or 0)


def missing(plan: Plan, period: Period) -> list[FrozenRow]:
    """The activities of a period that lack evidence."""
    rule = _evidence_rule(plan)
    if rule is None:
        return []
    rows = _logged("", rule, figures.scope_of(plan, period), {}, plan)
    return [row for row in rows if row.reason == "evidence_missing"]


def _evidence_rule(plan: Plan) -> Rule | None:
    verbs = sorted({line.verb for line in queries.evidence_requirements(plan.district_id)})
    return rules.read({"measure": "evidence", "verbs": verbs}) if verbs else None


def splits(indicator: Indicator, period: Period, rows: list[FrozenRow]) -> list[splitting.Split]:
    """The figure by each attribute of its rule; `rows` are those of `identities`.

    Whether a company is new is looked up over all the past: that is not done again for each attribute.
    """
    rule = rules.read(indicator.rule)
    if rule.measure is not Measure.NEW_COMPANIES:
        return splitting.splits(indicator, period)
    return [_new_by(name, rows) for name in rule.split]


def _new_by(name: str, rows: list[FrozenRow]) -> splitting.Split:
    found: dict[str, set[int | None]] = {}
    for row in rows:
        if row.reason is None:
            found.setdefault(row.classes[name], set()).add(row.company_id)
    lines = [splitting.SplitLine(value, Decimal(len(found[value]))) for value in sorted(found)]
    return splitting.Split(name, lines, overlaps=True)


def forecasts(plan: Plan, period: Period) -> dict[str, Forecast]:
    """What is expected at the period's end, by the indicator's code, as the nightly job found it."""
    made = forecast_queries.of_plan(plan, period.code)
    return {
        i.code: Forecast(made[i.id].expected, made[i.id].low, made[i.id].high)
        for i in plan.indicators
        if i.id in made
    }


def approved_version(plan: Plan) -> dict | None:
    """The approved version of the plan ({"number", "at"}), while there is one; `at` is the approval's."""
    found, approval = editions.approved(plan), editions.approval(plan)
    if found is None or approval is None:
        return None
    return {"number": found.number, "at": approval.at.isoformat()}


def in_words(
    actual: Decimal | None, target: Decimal | None, unit: str, *, less: bool = False, over: bool = False
) -> str:
    """A figure as one plain sentence in the reader's language.

    `less`: of this one less is better. `over`: the period is over, so nothing more is coming.
    """
    if actual is None:
        return _("Nothing can be said yet.")
    value, words = shown(actual, unit), "" if unit == "%" or actual == 1 else unit_name(unit)
    reached = _("Reached: %(value)s %(unit)s.", value=value, unit=words).replace(" .", ".")
    if not target:
        return reached
    promised = shown(target, unit)
    if actual <= target if less else actual >= target:
        return f"{reached} " + _("The promise was %(target)s: it is kept.", target=promised)
    if unit == "%" or less:
        was, now = (
            _("The promise was %(target)s.", target=promised),
            _("The promise is %(target)s.", target=promised),
        )
        return f"{reached} {was if over else now}"
    share = shown(figures.percent(actual, target), "%")
    if over:
        return f"{reached} " + _(
            "The promise was %(target)s: %(share)s of it was reached.", target=promised, share=share
        )
    return f"{reached} " + _(
        "The promise is %(target)s: %(share)s of it is there.", target=promised, share=share
    )
