"""Forms of section 5 and of the counting rules: indicators, targets, exclusions, evidence."""

import json
import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from dissemination.kernel.forms import DataRequired, DayField, Form, WholeField, text_field
from dissemination.plan import rules
from dissemination.plan.fields import NEW, LongText, NumberField, must_be_a_code, without_marks
from dissemination.plan.models import Direction, Indicator, Plan

VERB = re.compile(r"[a-z_]+\.[a-z_]+")
CODE = re.compile(r"[a-z0-9_]+")


class IndicatorForm(Form):
    """Section 5: an indicator and its counting rule."""

    version = HiddenField(default=NEW)
    code = text_field(_l("Code"), most=10)
    name_it = text_field(_l("Name in Italian"), most=200)
    name_en = text_field(_l("Name in English"), most=200)
    unit = text_field(_l("Unit"), most=40)
    direction = SelectField(
        _l("Direction"),
        choices=[
            SelectChoice(Direction.UP.value, _l("more is better")),
            SelectChoice(Direction.DOWN.value, _l("less is better")),
        ],
    )
    threshold = NumberField(_l("Minimum threshold"))
    source_it = text_field(_l("Means of verification in Italian"), most=300, required=False)
    source_en = text_field(_l("Means of verification in English"), most=300, required=False)
    activity_line_id = SelectField(_l("Activity line"), coerce=int)
    public = BooleanField(_l("Show on the public page"), default=True)
    rule = LongText(_l("Counting rule (JSON)"), validators=[DataRequired()])
    row: Indicator | None = None  # the one that is edited

    def prepare(self, plan: Plan) -> None:
        """Offer the plan's lines."""
        self.plan = plan
        self.activity_line_id.choices = [SelectChoice(0, _("the whole plan"))] + [
            SelectChoice(x.id, f"{x.code}) {x.name_it}") for x in plan.lines
        ]

    def fill(self, indicator) -> None:
        """Show the rule as text."""
        self.direction.data = indicator.direction.value
        self.activity_line_id.data = indicator.activity_line_id or 0
        self.rule.data = json.dumps(indicator.rule, indent=2, ensure_ascii=False)

    def validate_code(self, field):
        """It stands in addresses, and in the names of sheets and files of the report."""
        must_be_a_code(field)

    def validate_rule(self, field):
        """The rule must be readable, and refer only to indicators that are there and can be a part."""
        others = {i.code: i.rule for i in self.plan.indicators if i is not self.row}
        try:
            problems = rules.problems_among(others, self.code.data, rules.from_text(field.data))
        except rules.RuleError as error:
            problems = error.problems
        if problems:
            raise ValidationError(_("The rule cannot be read: %(problems)s", problems="; ".join(problems)))

    def facts(self) -> dict:
        """Columns of the indicator."""
        facts = without_marks(self.data)
        return facts | {
            "rule": rules.from_text(facts["rule"]), "activity_line_id": facts["activity_line_id"] or None,
            "direction": Direction(facts["direction"]),
        }  # fmt: skip


def target_field(indicator: Indicator, name: str) -> str:
    """The name of a cell in the table of targets."""
    return f"i{indicator.id}_{name.replace('-', '_')}"


def targets_form(plan: Plan, codes: list[str]) -> type[Form]:
    """The table of baselines and targets: a row per indicator, a column per period code."""
    cells: dict = {"version": HiddenField(default=NEW)}
    for i in plan.indicators:
        cells[target_field(i, "baseline")] = NumberField(f"{i.code}: " + _("baseline"))
        cells[target_field(i, "year")] = WholeField(
            f"{i.code}: " + _("year of the baseline"), validators=[Optional(), NumberRange(1990, 2100)]
        )
        for code in codes:
            cells[target_field(i, code)] = NumberField(f"{i.code}: " + _("target %(period)s", period=code))
    return type("TargetsForm", (Form,), cells)


class ExclusionForm(Form):
    """A rule of the call: rows that do not count (R2)."""

    version = HiddenField(default=NEW)
    attribute = text_field(_l("Attribute"), most=40)
    values = text_field(_l("Refused values, separated by commas"), most=300)
    verbs = LongText(_l("Kinds of row, one a line (none: all)"))
    reason_it = text_field(_l("Reason in Italian"), most=300)
    reason_en = text_field(_l("Reason in English"), most=300)
    valid_from = DayField(_l("In force from"), validators=[InputRequired()])
    valid_until = DayField(_l("In force to (empty: until further notice)"), validators=[Optional()])

    def fill(self, exclusion) -> None:
        """Show condition and verbs as text."""
        self.attribute.data, values = next(iter(exclusion.condition.items()))
        self.values.data = ", ".join(values)
        self.verbs.data = "\n".join(exclusion.verbs)

    def validate_attribute(self, field):
        """The name of an attribute of the log."""
        if not CODE.fullmatch(field.data):
            raise ValidationError(_("Small letters, digits and _ only, such as in_managing_body."))

    def validate_values(self, field):
        """At least one value."""
        if not any(v.strip() for v in field.data.split(",")):
            raise ValidationError(_("Write at least one value."))

    def validate_verbs(self, field):
        """Verbs as the log writes them."""
        field.data = field.data or ""  # not sent at all: every kind
        wrong = [v for v in field.data.split() if not VERB.fullmatch(v)]
        if wrong:
            raise ValidationError(_("Not a kind of row: %(verbs)s.", verbs=", ".join(wrong)))

    def validate_valid_until(self, field):
        """Ends after it begins."""
        ends_after_start(self, field)

    def facts(self) -> dict:
        """Columns of the exclusion."""
        facts = without_marks(self.data)
        values = [v.strip() for v in facts.pop("values").split(",") if v.strip()]
        return facts | {"condition": {facts.pop("attribute"): values}, "verbs": facts["verbs"].split()}


class RequirementForm(Form):
    """A line of the evidence checklist (R4)."""

    version = HiddenField(default=NEW)
    verb = text_field(_l("Kind of row, such as workshop.held"), most=60)
    code = text_field(_l("Code of the evidence"), most=40)
    name_it = text_field(_l("Name in Italian"), most=200)
    name_en = text_field(_l("Name in English"), most=200)
    valid_from = DayField(_l("In force from"), validators=[InputRequired()])
    valid_until = DayField(_l("In force to (empty: until further notice)"), validators=[Optional()])

    def validate_verb(self, field):
        """A verb as the log writes it."""
        if not VERB.fullmatch(field.data):
            raise ValidationError(_("Not a kind of row: %(verbs)s.", verbs=field.data))

    def validate_code(self, field):
        """A code."""
        if not CODE.fullmatch(field.data):
            raise ValidationError(_("Small letters, digits and _ only, such as attendance_sheet."))

    def validate_valid_until(self, field):
        """Ends after it begins."""
        ends_after_start(self, field)

    def facts(self) -> dict:
        """Columns of the requirement."""
        return without_marks(self.data)


def ends_after_start(form, field) -> None:
    """Raise ValidationError when a validity ends before it begins."""
    if form.valid_from.data and field.data and field.data < form.valid_from.data:
        raise ValidationError(_("The last day must come after the first."))
