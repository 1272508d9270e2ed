"""The counting rule of an indicator: data in the plan, read strictly here. No database, no clock.

Keys of a rule (a JSON mapping, `Indicator.rule`):

measure       what is made of the rows:
    count          the rows
    sum            a number of theirs (`field`) added up
    mean           a number of theirs (`field`) averaged, shown with n
    companies      distinct companies by tax id, merged ones as one (R1)
    new_companies  companies whose first counted row ever lies in the period
    persons        distinct persons
    members        member companies at the period's end (or today, while it lasts); reads memberships
    ratio          `numerator` / `denominator` in percent, each a rule of its own or an indicator's code
    budget         spent / budget in percent, of the years that the period touches; reads the annex
    evidence       rows counted with full evidence / rows seen, in percent (R4)
verbs         the verbs whose rows are counted, e.g. ["workshop.held"]
field         of a sum or mean: "amount" (when left out), or an attribute that holds numbers
where         attribute -> allowed values; other rows are not this indicator's business
lines         kinds of activity line ("a", "b", "c") that the row must hang on
seen          verb -> reason code: rows shown as "seen, not counted"
despite       reason codes that do not stop this rule from counting a row, e.g. ["absent"]
members_only  true: count only companies that are members at the period's end
followed_by   {"verbs": [...], "days": n}: count a company's row only when one of these verbs follows in time
share_of      of a count: a rule or an indicator's code; the figure is also shown as a percentage of it
split         attributes to split the figure by; "line" splits by activity line
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _


class Measure(StrEnum):
    """What a rule makes of the rows that it counts."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    COMPANIES = "companies"
    NEW_COMPANIES = "new_companies"
    PERSONS = "persons"
    MEMBERS = "members"
    RATIO = "ratio"
    BUDGET = "budget"
    EVIDENCE = "evidence"


BY_COMPANY = frozenset({Measure.COMPANIES, Measure.NEW_COMPANIES})
DISTINCT = frozenset({*BY_COMPANY, Measure.PERSONS, Measure.MEMBERS})
PERCENT = frozenset({Measure.RATIO, Measure.BUDGET, Measure.EVIDENCE})
WITHOUT_VERBS = frozenset({Measure.MEMBERS, Measure.RATIO, Measure.BUDGET})
KEYS = frozenset({
    "measure", "verbs", "field", "where", "lines", "seen", "despite", "members_only", "followed_by",
    "numerator", "denominator", "share_of", "split",
})  # fmt: skip
LINES = frozenset({"a", "b", "c"})
AMOUNT = "amount"
OF_NUMBERS = frozenset({Measure.SUM, Measure.MEAN})
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")  # an attribute of the log, a reason
VERB = re.compile(r"(?=.{1,60}\Z)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
UNSEEN = re.compile(
    "[\x00-\x1f\x7f\ud800-\udfff]"
)  # controls and halves of characters: no database takes them
LONGEST = 200  # characters of a value
MOST = 200  # values in a list, attributes in a mapping


class RuleError(ValueError):
    """A rule that cannot be read; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass(frozen=True)
class Rule:
    """A rule as read. `numerator`, `denominator` and `share_of` are rules, or codes of indicators."""

    measure: Measure
    verbs: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lines: tuple[str, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    despite: tuple[str, ...] = ()
    members_only: bool = False
    followed_by: tuple[tuple[str, ...], int] | None = None
    numerator: "Rule | str | None" = None
    denominator: "Rule | str | None" = None
    share_of: "Rule | str | None" = None
    split: tuple[str, ...] = ()
    field: str = AMOUNT

    @property
    def by_company(self) -> bool:
        """Whether rows count through their company (R1)."""
        return self.measure in BY_COMPANY or self.members_only or self.followed_by is not None


def read(data: Any) -> Rule:
    """The rule in `data`. Raises RuleError with every problem found."""
    problems: list[str] = []
    rule = _read(data, problems, at="", inner=False)
    if problems or rule is None:
        raise RuleError(problems)
    return rule


def problems_of(data: Any) -> list[str]:
    """What is wrong with the rule in `data`; [] when it can be read."""
    try:
        read(data)
    except RuleError as error:
        return error.problems
    return []


def from_text(text: str) -> Any:
    """The JSON in `text`. Raises RuleError when it is none."""
    try:
        return json.loads(text)
    except RecursionError:
        raise RuleError([_("This is not JSON: it is nested too deeply.")]) from None
    except json.JSONDecodeError as error:
        words = _(
            "This is not JSON: line %(line)d, column %(column)d.", line=error.lineno, column=error.colno
        )
        raise RuleError([words]) from None
    except ValueError:  # a number of thousands of digits
        raise RuleError([_("This is not JSON: line %(line)d cannot be read.", line=1)]) from None


def problems_among(others: dict[str, Any], code: str, data: Any) -> list[str]:
    """As `problems_of`, and whether the indicator `code` may refer to those it names; `others`: code -> rule.

    What it names must be there, be another one, and be no percentage, which cannot be a part of one.
    """
    problems = problems_of(data)
    if problems:
        return problems
    for named in sorted(codes_of(read(data))):
        if named == code:
            problems.append(_("An indicator cannot be a part of itself."))
        elif named not in others:
            problems.append(_("No indicator has the code %(codes)s.", codes=named))
        elif problems_of(others[named]) or read(others[named]).measure in PERCENT:
            problems.append(_("%(code)s is a percentage itself and cannot be a part.", code=named))
    return problems


def verbs_of(rule: Rule) -> set[str]:
    """The verbs that feed a rule, those of its parts included (not those that are only seen)."""
    parts = [p for p in (rule.numerator, rule.denominator, rule.share_of) if isinstance(p, Rule)]
    return set(rule.verbs).union(*[verbs_of(p) for p in parts])


def codes_of(rule: Rule) -> set[str]:
    """The codes of indicators that a rule refers to."""
    return {p for p in (rule.numerator, rule.denominator, rule.share_of) if isinstance(p, str)}


def _read(data, problems, *, at: str, inner: bool) -> Rule | None:
    if not isinstance(data, dict):
        problems.append(f"{at or 'rule'}: " + _("must be a mapping"))
        return None
    problems += [f"{at}{key}: " + _("unknown key") for key in sorted(set(data) - KEYS, key=str)]
    try:
        measure = Measure(str(data.get("measure")))
    except ValueError:
        problems.append(f"{at}measure: " + _("must be one of %(values)s", values=", ".join(Measure)))
        return None
    if inner and measure in PERCENT:
        problems.append(f"{at}measure: " + _("a part cannot itself be %(measure)s", measure=measure))
        return None
    rule = Rule(
        measure=measure,
        verbs=_texts(data, "verbs", problems, at, like=VERB),
        where=_where(data.get("where", {}), problems, at),
        lines=_texts(data, "lines", problems, at, allowed=LINES),
        seen=_seen(data.get("seen", {}), problems, at),
        despite=_texts(data, "despite", problems, at, like=NAME),
        members_only=_flag(data, "members_only", problems, at),
        followed_by=_followed(data.get("followed_by"), problems, at),
        numerator=_part(data, "numerator", problems, at),
        denominator=_part(data, "denominator", problems, at),
        share_of=_part(data, "share_of", problems, at),
        split=_texts(data, "split", problems, at, like=NAME),
        field=_field(data, measure, problems, at),
    )
    _check_together(rule, problems, at)
    return rule


def _check_together(rule: Rule, problems, at):
    if rule.measure in WITHOUT_VERBS and rule.verbs:
        problems.append(f"{at}verbs: " + _("%(measure)s has none", measure=rule.measure))
    if rule.measure not in WITHOUT_VERBS and not rule.verbs:
        problems.append(f"{at}verbs: " + _("%(measure)s needs at least one", measure=rule.measure))
    is_ratio = rule.measure is Measure.RATIO
    for name in ("numerator", "denominator"):
        if is_ratio != (getattr(rule, name) is not None):
            problems.append(f"{at}{name}: " + (_("is missing") if is_ratio else _("only a ratio has one")))
    if rule.share_of is not None and rule.measure is not Measure.COUNT:
        problems.append(f"{at}share_of: " + _("only a count has one"))
    if rule.measure in (Measure.PERSONS, Measure.NEW_COMPANIES) and (rule.members_only or rule.followed_by):
        problems.append(f"{at}members_only, followed_by: " + _("not for %(measure)s", measure=rule.measure))
    both = sorted(set(rule.verbs) & {verb for verb, _reason in rule.seen})
    problems += [f"{at}seen: " + _("%(verb)s is counted already", verb=verb) for verb in both]


def _texts(data, key, problems, at, *, allowed=None, like=None) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(_is_text(v) for v in value) or len(value) > MOST:
        problems.append(f"{at}{key}: " + _("must be a list of texts"))
        return ()
    if allowed:
        listed = ", ".join(sorted(allowed))
        problems += [f"{at}{key}: " + _("%(value)r is not one of %(values)s", value=v, values=listed)
                     for v in sorted(set(value) - allowed)]  # fmt: skip
    problems += [_no_name(f"{at}{key}", v) for v in value if like and not like.fullmatch(v)]
    return tuple(dict.fromkeys(value))


def _is_text(value) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and not UNSEEN.search(value)


def _no_name(place: str, value) -> str:
    return f"{place}: " + _("%(value)r is no name: small letters, digits and _ only", value=str(value)[:60])


def _field(data, measure, problems, at) -> str:
    value = data.get("field")
    if value is None:
        return AMOUNT
    if measure not in OF_NUMBERS:
        problems.append(f"{at}field: " + _("only a sum or a mean has one"))
    elif not isinstance(value, str) or not NAME.fullmatch(value):
        problems.append(f"{at}field: " + _("must be amount or the name of an attribute"))
    else:
        return value
    return AMOUNT


def _flag(data, key, problems, at) -> bool:
    value = data.get(key, False)
    if not isinstance(value, bool):
        problems.append(f"{at}{key}: " + _("must be true or false"))
        return False
    return value


def _where(value, problems, at):
    if not isinstance(value, dict) or len(value) > MOST:
        problems.append(f"{at}where: " + _("must be a mapping of attribute to values"))
        return ()
    problems += [_no_name(f"{at}where", k) for k in value if not isinstance(k, str) or not NAME.fullmatch(k)]
    return tuple((str(k), _texts(value, k, problems, f"{at}where.")) for k in sorted(value, key=str))


def _seen(value, problems, at):
    if not isinstance(value, dict) or len(value) > MOST or not all(map(_is_text, [*value, *value.values()])):
        problems.append(f"{at}seen: " + _("must be a mapping of verb to reason"))
        return ()
    problems += [_no_name(f"{at}seen", k) for k in value if not VERB.fullmatch(k)]
    problems += [_no_name(f"{at}seen", v) for v in value.values() if not NAME.fullmatch(v)]
    return tuple(sorted(value.items()))


def _followed(value, problems, at):
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"verbs", "days"}:
        problems.append(f"{at}followed_by: " + _("needs exactly verbs and days"))
        return None
    verbs = _texts(value, "verbs", problems, f"{at}followed_by.", like=VERB)
    days = value["days"]
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 3660:
        problems.append(f"{at}followed_by.days: " + _("must be a whole number from 1 to 3660"))
        return None
    if not verbs:
        problems.append(f"{at}followed_by.verbs: " + _("needs at least one"))
    return verbs, days


def _part(data, key, problems, at):
    value = data.get(key)
    if value is None:
        return None
    if _is_text(value):
        return value
    return _read(value, problems, at=f"{at}{key}.", inner=True)
