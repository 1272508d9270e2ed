"""A rule as SQL, the same on SQLite and PostgreSQL: which rows it sees, and why one does not count.

`seen_rows` gives one line per row of the log that a rule looks at in a stretch of days, with the reason
for which it is not counted (NULL: it counts). Figures add these lines up, pages list them.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Date, Numeric, and_, case, func, literal, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import GenericFunction

from dissemination.people.models import Company, Membership, OrganisationType
from dissemination.plan.log import Activity
from dissemination.plan.models import ActivityLine, EvidenceState, Exclusion
from dissemination.plan.rules import AMOUNT, OF_NUMBERS, Measure, Rule

EXCLUSION = "exclusion:"


@dataclass(frozen=True)
class Scope:
    """Where and when to count: a district, its exclusions, first and last day, and today."""

    district_id: int
    exclusions: tuple[Exclusion, ...]
    start: date
    end: date
    today: date
    only: tuple[int, ...] | None = None  # of the log's rows only these

    @property
    def members_on(self) -> date:
        """The day on which membership is looked at: the last one, or today while the period lasts."""
        return min(self.end, self.today)

    def without_exclusions(self) -> "Scope":
        """The same stretch under no exclusion (R2: "what would we score under the other rule")."""
        return replace(self, exclusions=())


class days_after(GenericFunction):
    """A date plus a number of days."""

    type = Date()
    inherit_cache = True


@compiles(days_after, "sqlite")
def _days_after_sqlite(element, compiler, **kw):
    day, days = element.clauses
    return f"date({compiler.process(day, **kw)}, {compiler.process(days, **kw)} || ' days')"


@compiles(days_after, "postgresql")
def _days_after_postgresql(element, compiler, **kw):
    day, days = element.clauses
    return f"({compiler.process(day, **kw)} + CAST({compiler.process(days, **kw)} AS INTEGER))"


class number_in(GenericFunction):
    """The number that a text holds ("12", "-3.5"); NULL of any other text, which is no error."""

    type = Numeric(16, 2)
    inherit_cache = True


@compiles(number_in, "sqlite")
def _number_in_sqlite(element, compiler, **kw):
    text = compiler.process(next(iter(element.clauses)), **kw)
    digits = f"CASE WHEN substr({text}, 1, 1) = '-' THEN substr({text}, 2) ELSE {text} END"
    plain = f"{digits} GLOB '[0-9]*[0-9]' OR {digits} GLOB '[0-9]'"
    other = f"{digits} GLOB '*[^0-9.]*' OR {digits} GLOB '*.*.*' OR length({digits}) > 15"
    return f"CASE WHEN ({plain}) AND NOT ({other}) THEN round(CAST({text} AS REAL), 2) END"


@compiles(number_in, "postgresql")
def _number_in_postgresql(element, compiler, **kw):
    text = compiler.process(next(iter(element.clauses)), **kw)
    plain = f"{text} ~ '^-?[0-9]+([.][0-9]+)?$' AND length(ltrim({text}, '-')) <= 15"
    return f"CASE WHEN {plain} THEN round(CAST({text} AS NUMERIC), 2) END"


def number_of(rule: Rule):
    """The number that a sum or mean takes of a row: its amount, or an attribute that holds numbers."""
    return Activity.amount if rule.field == AMOUNT else number_in(attribute(rule.field))


def roots(district_id: int):
    """Each company of a district with the one it was merged into, over several merges (id, root_id)."""
    base = select(Company.id, Company.id.label("root_id")).where(
        Company.district_id == district_id, Company.merged_into_id.is_(None)
    )
    tree = base.cte("roots", recursive=True)
    return tree.union_all(
        select(Company.id, tree.c.root_id).join(tree, Company.merged_into_id == tree.c.id)
    )  # fmt: skip


def attribute(name: str):
    """A row's attribute as text; `line` is the code of its activity line."""
    if name == "line":
        return (
            select(ActivityLine.code)
            .where(ActivityLine.id == Activity.activity_line_id)
            .correlate(Activity)
            .scalar_subquery()
        )
    return Activity.attributes[name].as_string()


def seen_rows(rule: Rule, scope: Scope, tree=None):
    """The rows that a rule looks at: a subquery (id, happened_on, root_id, contact_id, amount, reason)."""
    if tree is None and rule.by_company:
        tree = roots(scope.district_id)
    root = Company.__table__.alias()
    columns = [
        Activity.id, Activity.happened_on, Activity.contact_id, Activity.company_id,
        number_of(rule).label("amount"),
        (root.c.id if rule.by_company else null()).label("root_id"),
        *[attribute(name).label(f"by_{n}") for n, name in enumerate(rule.split)],
    ]  # fmt: skip
    reasons = _common_reasons(rule, scope)
    if rule.by_company:
        reasons += _company_reasons(rule, scope, root, tree)
    firsts = None
    if rule.measure is Measure.NEW_COMPANIES:
        firsts = first_rows(rule, scope, tree).subquery("firsts")
        reasons.append((firsts.c.first_on < scope.start, literal("returning")))
    query = select(*columns, case(*reasons, else_=null()).label("reason")).where(*_business(rule, scope))
    if tree is not None:
        query = query.outerjoin(tree, tree.c.id == Activity.company_id)
        query = query.outerjoin(root, root.c.id == tree.c.root_id)
    if firsts is not None:
        query = query.outerjoin(firsts, firsts.c.root_id == root.c.id)
    return query.subquery("seen")


def first_rows(rule: Rule, scope: Scope, tree):
    """The first day on which each company counted, ever (root_id, first_on)."""
    ever = replace(scope, start=date.min)
    plain = replace(rule, measure=Measure.COMPANIES, split=())
    rows = seen_rows(plain, ever, tree)
    return (
        select(rows.c.root_id, func.min(rows.c.happened_on).label("first_on"))
        .where(rows.c.reason.is_(None))
        .group_by(rows.c.root_id)
    )


def _business(rule: Rule, scope: Scope):
    """What makes a row this rule's business at all."""
    verbs = [*rule.verbs, *[verb for verb, _ in rule.seen]]
    district_id: Any = Activity.district_id
    verb: Any = Activity.verb
    day: Any = Activity.happened_on
    terms: list[Any] = []
    if scope.only is not None:  # by their ids: no other index may look tempting
        terms.append(Activity.id.in_(scope.only))
        district_id, verb = func.coalesce(district_id, 0), func.coalesce(verb, "")
        day = func.coalesce(day, scope.start)
    terms += [district_id == scope.district_id, verb.in_(verbs), day.between(scope.start, scope.end)]
    terms += [attribute(name).in_(values) for name, values in rule.where]
    if rule.lines:
        kinds = select(ActivityLine.id).where(ActivityLine.kind.in_(rule.lines))
        terms.append(Activity.activity_line_id.in_(kinds))
    return terms


def _common_reasons(rule: Rule, scope: Scope) -> list:
    back = aliased(Activity)
    reversed_ = select(back.id).where(back.reverses_id == Activity.id).correlate(Activity).exists()
    stopped: Any = Activity.not_counted.is_not(None)
    if rule.despite:
        stopped = and_(stopped, Activity.not_counted.not_in(rule.despite))
    reasons = [
        (Activity.reverses_id.is_not(None), literal("reversal")),
        (reversed_, literal("reversed")),
        (stopped, Activity.not_counted),
    ]
    reasons += [(Activity.verb == verb, literal(reason)) for verb, reason in rule.seen]
    reasons += [(is_excluded(e), literal(f"{EXCLUSION}{e.id}")) for e in scope.exclusions]
    if rule.measure is Measure.EVIDENCE:
        reasons.append((unproven(), literal("evidence_missing")))
    if rule.measure is Measure.PERSONS:
        reasons.append((Activity.contact_id.is_(None), literal("no_person")))
    if rule.measure in OF_NUMBERS:
        reasons.append((number_of(rule).is_(None), literal("no_amount")))
    return reasons


def unproven():
    """The row's activity was looked at, and its evidence is not complete (`proofs` keeps the states)."""
    return (
        select(EvidenceState.subject_id)
        .where(
            EvidenceState.subject_kind == Activity.subject_kind,
            EvidenceState.subject_id == Activity.subject_id,
            EvidenceState.verb == Activity.verb,
            EvidenceState.complete.is_(False),
        )
        .correlate(Activity)
        .exists()
    )


def is_excluded(exclusion: Exclusion):
    """Whether an exclusion leaves a row of the log out, as SQL."""
    terms = [Activity.happened_on >= exclusion.valid_from]
    if exclusion.valid_until is not None:
        terms.append(Activity.happened_on <= exclusion.valid_until)
    if exclusion.verbs:
        terms.append(Activity.verb.in_(exclusion.verbs))
    terms += [attribute(name).in_(values) for name, values in exclusion.condition.items()]
    return and_(*terms)


def _company_reasons(rule: Rule, scope: Scope, root, tree) -> list:
    reasons = [
        (root.c.id.is_(None), literal("no_company")),
        (root.c.type != OrganisationType.COMPANY, literal("not_a_company")),
        (or_(root.c.tax_id.is_(None), root.c.tax_id == ""), literal("no_tax_id")),
    ]
    if rule.members_only:
        reasons.append((root.c.id.not_in(member_ids(scope, tree)), literal("not_a_member")))
    if rule.followed_by:
        reasons.append((~_followed(rule, scope, root, tree), literal("not_followed")))
    return reasons


def member_ids(scope: Scope, tree):
    """The companies (after merges) with a membership on the scope's day."""
    return (
        select(tree.c.root_id)
        .join(Membership, Membership.company_id == tree.c.id)
        .where(Membership.since <= scope.members_on)
        .where(or_(Membership.until.is_(None), Membership.until >= scope.members_on))
    )


def _followed(rule: Rule, scope: Scope, root, tree):
    verbs, days = rule.followed_by  # type: ignore[misc]
    later, back, other = aliased(Activity), aliased(Activity), tree.alias()
    return (
        select(later.id)
        .join(other, other.c.id == later.company_id)
        .where(
            other.c.root_id == root.c.id,
            later.district_id == scope.district_id,
            later.verb.in_(verbs),
            later.happened_on >= Activity.happened_on,
            later.happened_on <= days_after(Activity.happened_on, days),
            later.not_counted.is_(None),
            later.reverses_id.is_(None),
            ~select(back.id).where(back.reverses_id == later.id).exists(),
        )
        .correlate(Activity, root)
        .exists()
    )


def memberships(scope: Scope):
    """The memberships that a count of members looks at: (id, root_id, sector…, reason)."""
    tree, root = roots(scope.district_id), Company.__table__.alias()
    reason = case(
        (Membership.since > scope.members_on, literal("not_yet_member")),
        (Membership.until < scope.members_on, literal("no_longer_member")),
        (root.c.type != OrganisationType.COMPANY, literal("not_a_company")),
        (or_(root.c.tax_id.is_(None), root.c.tax_id == ""), literal("no_tax_id")),
        else_=null(),
    )
    return (
        select(Membership.id, root.c.id.label("root_id"), root.c.sector_id, root.c["size"], root.c.province,
               reason.label("reason"))
        .join(tree, tree.c.id == Membership.company_id)
        .join(root, root.c.id == tree.c.root_id)
        .where(Membership.since <= scope.end)
        .where(or_(Membership.until.is_(None), Membership.until >= scope.start))
        .subquery("memberships_seen")
    )  # fmt: skip
