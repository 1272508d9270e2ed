"""The rule editor: a counting rule as fields, and back. `rules.read` takes JSON; here it has labels."""

import json
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional

from dissemination.kernel.forms import Form, WholeField, text_field
from dissemination.plan import queries, readings, rules, texts
from dissemination.plan.fields import NEW, CheckboxListField, LongText
from dissemination.plan.models import Plan
from dissemination.plan.rules import AMOUNT, Measure

MEASURES = {
    Measure.COUNT: _l("number of rows"),
    Measure.SUM: _l("sum of a number in the rows"),
    Measure.MEAN: _l("mean of a number in the rows, with n"),
    Measure.COMPANIES: _l("different companies"),
    Measure.NEW_COMPANIES: _l("companies reached for the first time"),
    Measure.PERSONS: _l("different persons"),
    Measure.MEMBERS: _l("member companies (from the memberships)"),
    Measure.RATIO: _l("ratio of two figures, in percent"),
    Measure.BUDGET: _l("spent of budget, in percent (from the annex)"),
    Measure.EVIDENCE: _l("rows with all their evidence, in percent"),
}
SEEN = {"attendance.absent": "absent", "workshop.cancelled": "cancelled", "newsletter.bounced": "bounced"}
DESPITE = ("absent", "without_counting", "cancelled", "bounced", "newer_version")
OWN = "own"
PARTS = {"over_": "numerator", "under_": "denominator", "share_": "share_of"}


def _part_fields(prefix: str, *, inner: bool) -> dict:
    measures = [m for m in MEASURES if not (inner and m in rules.PERCENT)]
    found = {
        "measure": SelectField(
            _l("What is counted"), choices=[SelectChoice(m.value, MEASURES[m]) for m in measures]
        ),
        "verbs": CheckboxListField(_l("Of which rows of the log")),
        "field": text_field(
            _l("Which number (for a sum or a mean)"), most=40, required=False, default=AMOUNT
        ),
        "where": LongText(_l("Only rows where, one condition a line: attribute = value, value")),
        "lines": CheckboxListField(
            _l("Only on activity lines of kind"),
            choices=[SelectChoice(k, v) for k, v in readings.LINES.items()],
        ),
        "seen": CheckboxListField(_l("Show as seen, not counted")),
        "despite": CheckboxListField(_l("Count although they are marked as")),
        "members_only": BooleanField(_l("Only companies that are members on the period's last day")),
        "follow_verbs": CheckboxListField(_l("Only when the same company has one of these afterwards")),
        "follow_days": WholeField(
            _l("… within so many days"), validators=[Optional(), NumberRange(1, 3660)]
        ),
    }  # fmt: skip
    return {prefix + name: field for name, field in found.items()}


class _RuleForm(Form):
    """A rule, the two sides of a ratio, and what a count is a share of."""

    version = HiddenField(default=NEW)
    split = CheckboxListField(_l("Split by"))
    over_code = SelectField(_l("Above the line"))
    under_code = SelectField(_l("Below the line"))
    share_code = SelectField(_l("Also shown as a share of"))
    as_json = LongText(_l("The rule as JSON"))

    def prepare(self, plan: Plan, code: str, data: Any) -> None:
        """Offer what the plan and the log have, and whatever the rule has already."""
        self.plan = plan
        named = [
            SelectChoice(i.code, f"{i.code} {i.name_it}")
            for i in plan.indicators
            if i.code != code and _can_be_a_part(i.rule)
        ]
        own = [SelectChoice("", "–"), SelectChoice(OWN, _("what is described here"))]
        for name in ("over_code", "under_code", "share_code"):
            self[name].choices = [*own, *named]
        written = json.dumps(data)
        verbs = sorted({*readings.VERBS, *queries.verbs_that_occurred(plan.district_id), *_verbs_in(data)})
        offered = [SelectChoice(v, readings.verb_name(v)) for v in verbs]
        for prefix in ("", *PARTS):
            self[prefix + "verbs"].choices = offered
            self[prefix + "follow_verbs"].choices = offered
            self[prefix + "seen"].choices = [
                c for c in offered if c.value in SEEN or f'"{c.value}": "' in written
            ]
            self[prefix + "despite"].choices = [SelectChoice(r, texts.REASONS[r]) for r in DESPITE]
        names = dict.fromkeys(
            [*texts.ATTRIBUTES, *(data.get("split") or [] if isinstance(data, dict) else [])]
        )
        self.split.choices = [SelectChoice(n, texts.attribute_name(n)) for n in names]

    def fill(self, data: dict) -> None:
        """Show a rule in the fields."""
        self._fill_part("", data)
        self.split.data = data.get("split", [])
        for prefix, key in PARTS.items():
            part = data.get(key)
            self[prefix + "code"].data = part if isinstance(part, str) else OWN if part else ""
            self._fill_part(prefix, part if isinstance(part, dict) else {"measure": "count"})
        self.as_json.data = json.dumps(data, indent=2, ensure_ascii=False)

    def _fill_part(self, prefix: str, data: dict) -> None:
        follow = data.get("followed_by") or {}
        values = {
            "measure": data.get("measure"), "verbs": data.get("verbs", []),
            "field": data.get("field", AMOUNT),
            "where": "\n".join(f"{k} = {', '.join(v)}" for k, v in data.get("where", {}).items()),
            "lines": data.get("lines", []), "seen": list(data.get("seen", {})),
            "despite": data.get("despite", []), "members_only": data.get("members_only", False),
            "follow_verbs": follow.get("verbs", []), "follow_days": follow.get("days"),
        }  # fmt: skip
        for name, value in values.items():
            self[prefix + name].data = value

    def rule(self, former: Any) -> dict:
        """The rule that the fields say, as JSON; reasons of `seen` as in the `former` rule."""
        data = self._part("", former)
        if data["measure"] == Measure.RATIO:
            data = {"measure": data["measure"]} | self._parts(("over_", "under_"), former)
        elif data["measure"] == Measure.COUNT:
            data |= self._parts(("share_",), former)
        if self.split.data:
            data["split"] = in_order(self.split.data, former, "split")
        return data

    def _parts(self, prefixes, former) -> dict:
        found: dict = {}
        for prefix in prefixes:
            code, key = self[prefix + "code"].data, PARTS[prefix]
            if code == OWN:
                inner = former.get(key) if isinstance(former, dict) else None
                found[key] = self._part(prefix, inner)
            elif code:
                found[key] = code
        return found

    def _part(self, prefix: str, former: Any) -> dict:
        measure = Measure(self[prefix + "measure"].data)
        data: dict[str, Any] = {"measure": measure.value}
        if measure in rules.WITHOUT_VERBS:
            return data
        reasons = SEEN | (former.get("seen", {}) if isinstance(former, dict) else {})
        given = {
            "verbs": in_order(self[prefix + "verbs"].data, former, "verbs"),
            "where": conditions(self[prefix + "where"].data),
            "lines": self[prefix + "lines"].data, "despite": self[prefix + "despite"].data,
            "seen": {verb: reasons.get(verb, "absent") for verb in self[prefix + "seen"].data or []},
        }  # fmt: skip
        field = self[prefix + "field"].data or AMOUNT
        if measure in rules.OF_NUMBERS and field != AMOUNT:
            given["field"] = field
        if self[prefix + "members_only"].data:
            given["members_only"] = True
        if self[prefix + "follow_verbs"].data:
            given["followed_by"] = {
                "verbs": self[prefix + "follow_verbs"].data, "days": self[prefix + "follow_days"].data or 365,
            }  # fmt: skip
        return data | {k: v for k, v in given.items() if v}


PLACES = {
    "measure": _l("What is counted"), "verbs": _l("Of which rows of the log"),
    "field": _l("Which number (for a sum or a mean)"), "where": _l("Only rows where"),
    "lines": _l("Only on activity lines of kind"), "seen": _l("Show as seen, not counted"),
    "despite": _l("Count although they are marked as"), "followed_by": _l("Only when something follows"),
    "numerator": _l("Above the line"), "denominator": _l("Below the line"),
    "share_of": _l("Also shown as a share of"), "split": _l("Split by"),
}  # fmt: skip


def in_words(problem: str) -> str:
    """What `rules` says of a key, said of the field in which it was written: "verbs: …"."""
    place, sign, words = problem.partition(": ")
    keys = place.split(".")
    if not sign or keys[0] not in PLACES:
        return problem
    return " – ".join(str(PLACES[key]) if key in PLACES else key for key in keys) + ": " + words


def _can_be_a_part(data: Any) -> bool:
    return not rules.problems_of(data) and rules.read(data).measure not in rules.PERCENT


def _verbs_in(data: Any) -> set[str]:
    """The verbs that a rule names anywhere."""
    if not isinstance(data, dict):
        return set()
    found = {*data.get("verbs", []), *data.get("seen", {}), *(data.get("followed_by") or {}).get("verbs", [])}
    return found.union(*[_verbs_in(data.get(key)) for key in PARTS.values()])


def in_order(values: list[str] | None, former: Any, key: str) -> list[str]:
    """Ticked values in the order in which the former rule has them, new ones after them."""
    before = former.get(key, []) if isinstance(former, dict) else []
    return sorted(values or [], key=lambda v: before.index(v) if v in before else len(before))


def conditions(text: str | None) -> dict[str, list[str]]:
    """ "sector = pelle, tessile" lines as a mapping; a line without "=" becomes a name without values."""
    found: dict[str, list[str]] = {}
    for line in (text or "").splitlines():
        name, _sign, values = line.partition("=")
        if name.strip():
            found.setdefault(name.strip(), []).extend(v.strip() for v in values.split(",") if v.strip())
    return found


FIELDS_OF_PARTS: dict[str, Any] = {}
for _prefix in ("", *PARTS):
    FIELDS_OF_PARTS |= _part_fields(_prefix, inner=bool(_prefix))
RuleForm: type[_RuleForm] = type("RuleForm", (_RuleForm,), FIELDS_OF_PARTS)
