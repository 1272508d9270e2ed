"""Forms of the plan editor. What they clean is what `actions` takes."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from dissemination.kernel.forms import DataRequired, DayField, Form, Length, MoneyField, text_field
from dissemination.plan.fields import NEW, CheckboxListField, LongText, long_text, without_marks
from dissemination.plan.models import (
    AREAS_PER_MACRO_AREA,
    CARTELLA,
    SITUATION_LIMIT,
    LineKind,
    Plan,
)

KINDS = [
    SelectChoice(LineKind.DISSEMINATION.value, _l("a) technology dissemination")),
    SelectChoice(
        LineKind.INTELLIGENCE.value, _l("b) strategic information (economic intelligence, foresight)")
    ),
    SelectChoice(LineKind.RELATIONS.value, _l("c) relations between companies and research")),
]


class PlanForm(Form):
    """Title and dates of a plan."""

    version = HiddenField(default=NEW)
    title = text_field(_l("Title"), most=200)
    starts_on = DayField(_l("First day"), validators=[InputRequired()])
    ends_on = DayField(_l("Last day"), validators=[InputRequired()])

    def validate_ends_on(self, field):
        """A plan ends after it begins, and within ten years."""
        if self.starts_on.data and field.data and field.data <= self.starts_on.data:
            raise ValidationError(_("The last day must come after the first."))
        if self.starts_on.data and field.data and field.data.year - self.starts_on.data.year > 10:
            raise ValidationError(_("A plan lasts at most ten years."))


class NewPlanForm(PlanForm):
    """The first page of a plan."""

    catalogue = BooleanField(
        _l("Begin with the 25 starter indicators and the evidence checklist"), default=True
    )


class SituationForm(Form):
    """Section 1: the text, within the decree's limit."""

    version = HiddenField(default=NEW)
    situation = LongText(_l("Situation"))

    def validate_situation(self, field):
        """At most 8 cartelle of 1,800 characters with spaces."""
        over = len(field.data or "") - SITUATION_LIMIT
        if over > 0:
            raise ValidationError(
                _("The decree allows %(most)d characters (8 pages of %(page)d). Cut %(over)d.",
                  most=SITUATION_LIMIT, page=CARTELLA, over=over)
            )  # fmt: skip


class MacroAreaForm(Form):
    """A macro-area: its situation with up to three ranked application areas, and its vision."""

    version = HiddenField(default=NEW)
    name_it = text_field(_l("Name in Italian"), most=200)
    name_en = text_field(_l("Name in English"), most=200, required=False)
    actors = long_text(_l("Actors and features: how many, how innovative, where in the market"))
    sources = long_text(_l("Sources, one a line"))
    area_it_1 = text_field(_l("Application area 1 (first priority)"), most=200, required=False)
    area_en_1 = text_field(_l("Application area 1 in English"), most=200, required=False)
    area_it_2 = text_field(_l("Application area 2"), most=200, required=False)
    area_en_2 = text_field(_l("Application area 2 in English"), most=200, required=False)
    area_it_3 = text_field(_l("Application area 3"), most=200, required=False)
    area_en_3 = text_field(_l("Application area 3 in English"), most=200, required=False)
    scenarios = long_text(_l("Market scenarios"))
    trends = long_text(_l("Trends"))
    synergies = long_text(_l("Synergies with other districts, national clusters, European platforms"))
    opportunities = long_text(_l("Opportunities"))
    risks = long_text(_l("Risks"))
    groups = (
        (_l("Name"), ("name_it", "name_en")),
        (_l("Section 1: situation"), ("actors", "sources")),
        (_l("Application areas, at most three, in order of priority"),
         ("area_it_1", "area_en_1", "area_it_2", "area_en_2", "area_it_3", "area_en_3")),
        (_l("Section 2: strategic vision"), ("scenarios", "trends", "synergies", "opportunities", "risks")),
    )  # fmt: skip

    def validate_sources(self, field):
        """Existing studies only: what is said of the actors names its sources."""
        if self.actors.data and not field.data.strip():
            raise ValidationError(
                _("Name the studies that this comes from: the decree wants existing ones only.")
            )

    def fill(self, area) -> None:
        """Show the application areas of `area`."""
        for a in area.application_areas:
            self[f"area_it_{a.rank}"].data, self[f"area_en_{a.rank}"].data = a.name_it, a.name_en

    def facts(self) -> dict:
        """Columns, and `application_areas` as (Italian, English) in order of priority."""
        areas = [
            (self[f"area_it_{n}"].data, self[f"area_en_{n}"].data or "")
            for n in range(1, AREAS_PER_MACRO_AREA + 1)
        ]
        facts = {k: v or "" for k, v in self.data.items() if not k.startswith("area_")}
        return without_marks(facts) | {"application_areas": [a for a in areas if a[0]]}


class ObjectiveForm(Form):
    """Section 3: an objective and the macro-areas it is for."""

    version = HiddenField(default=NEW)
    text = LongText(_l("Objective"), validators=[DataRequired(), Length(max=4000)])
    macro_area_ids = CheckboxListField(_l("Macro-areas"), coerce=int)

    def prepare(self, plan: Plan) -> None:
        """Offer the plan's macro-areas."""
        self.macro_area_ids.choices = [SelectChoice(m.id, m.name_it) for m in plan.macro_areas]

    def fill(self, objective) -> None:
        """Tick the macro-areas of `objective`."""
        self.macro_area_ids.data = [m.id for m in objective.macro_areas]

    def validate_macro_area_ids(self, field):
        """An objective is tied to a macro-area."""
        if field.choices and not field.data:
            raise ValidationError(_("Choose at least one macro-area."))

    def facts(self) -> dict:
        """Text and macro-area ids."""
        return without_marks(self.data)


class LineForm(Form):
    """Section 4: an activity line, with its money by year (annex)."""

    version = HiddenField(default=NEW)
    code = text_field(_l("Code"), most=10)
    kind = SelectField(_l("Kind"), choices=KINDS)
    name_it = text_field(_l("Name in Italian"), most=200)
    name_en = text_field(_l("Name in English"), most=200, required=False)
    description = long_text(_l("Description"))

    def facts(self) -> dict:
        """Columns, and `budget` as {year: (budget, spent, co-financing)}."""
        facts = {k: v for k, v in without_marks(self.data).items() if not k.startswith("year_")}
        facts["kind"] = LineKind(facts["kind"])
        return facts | {
            "budget": {
                y: (self[f"year_budget_{y}"].data or 0, self[f"year_spent_{y}"].data or 0,
                    self[f"year_rate_{y}"].data or 0)
                for y in self.years
            }
        }  # fmt: skip

    def fill(self, line) -> None:
        """Show the money of `line`."""
        self.kind.data = line.kind.value
        for b in line.budget:
            if b.year in self.years:
                self[f"year_budget_{b.year}"].data = b.budget_cents
                self[f"year_spent_{b.year}"].data = b.spent_cents
                self[f"year_rate_{b.year}"].data = b.cofinancing_percent


def line_form(plan: Plan) -> type[LineForm]:
    """The form of a line with a field for each year of the plan."""
    years = list(range(plan.starts_on.year, plan.ends_on.year + 1))
    names = {"years": years}
    groups: list[tuple[Any, tuple[str, ...]]] = [
        (_l("Activity line"), ("code", "kind", "name_it", "name_en", "description"))
    ]
    for y in years:
        names[f"year_budget_{y}"] = MoneyField(_l("Budget %(year)s (EUR)", year=y), validators=[not_negative])
        names[f"year_spent_{y}"] = MoneyField(_l("Spent %(year)s (EUR)", year=y), validators=[not_negative])
        names[f"year_rate_{y}"] = IntegerField(
            _l("Co-financing %(year)s in percent (the decree pays at most 50)", year=y),
            default=50, validators=[Optional(), NumberRange(0, 100)],
        )  # fmt: skip
        groups.append((str(y), (f"year_budget_{y}", f"year_spent_{y}", f"year_rate_{y}")))
    return type("LineWithMoneyForm", (LineForm,), names | {"groups": groups})


def not_negative(_form, field):
    """Money of the annex is not negative, and fits its column."""
    if field.data is not None and not 0 <= field.data < 2**31:
        raise ValidationError(_("Write an amount from 0 to 21 million."))
