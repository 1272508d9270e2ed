"""Forms of the plan editor. What they clean is what `actions` takes."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from dissemination.kernel.forms import (
    DataRequired,
    DayField,
    Form,
    Length,
    MoneyField,
    WholeField,
    text_field,
)
from dissemination.kernel.languages import short_date
from dissemination.plan import periods
from dissemination.plan.fields import (
    LONGEST,
    NEW,
    CheckboxListField,
    LongText,
    long_text,
    must_be_a_code,
    without_marks,
)
from dissemination.plan.models import (
    AREAS_PER_MACRO_AREA,
    CARTELLA,
    OBJECTIVE_LEVELS,
    PROSPECTS,
    SITUATION_LIMIT,
    LineKind,
    MacroArea,
    Objective,
    Plan,
)
from dissemination.plan.queries import section_1_used
from dissemination.plan.walking import walk
from dissemination.plan.wording import THEMES

SIDES = ("opportunity", "risk")

KINDS = [
    SelectChoice(LineKind.DISSEMINATION.value, _l("a) technology dissemination")),
    SelectChoice(
        LineKind.INTELLIGENCE.value, _l("b) strategic information (economic intelligence, foresight)")
    ),
    SelectChoice(LineKind.RELATIONS.value, _l("c) relations between companies and research")),
]


def _number(value) -> int | None:
    """The id that a choice stands for; None for none."""
    return int(value) if value else None


class PlanForm(Form):
    """Title and dates of a plan."""

    version = HiddenField(default=NEW)
    title = text_field(_l("Title"), most=200)
    starts_on = DayField(_l("First day"), validators=[InputRequired()])
    ends_on = DayField(_l("Last day"), validators=[InputRequired()])

    def validate_ends_on(self, field):
        """A plan ends after it begins, and within ten years."""
        if not self.starts_on.data or not field.data:
            return
        try:
            periods.must_be_days_of_a_plan(self.starts_on.data, field.data)
        except periods.NoDaysOfAPlan as refusal:
            raise ValidationError(refusal.message) from None


class NewPlanForm(PlanForm):
    """The first page of a plan."""

    catalogue = BooleanField(
        _l("Begin with the 25 starter indicators and the evidence checklist"), default=True
    )


class SituationForm(Form):
    """Section 1: the text, within the decree's limit, and the studies that it comes from."""

    version = HiddenField(default=NEW)
    situation = LongText(_l("Situation"))
    sources = long_text(_l("Sources, one a line"), 4000)
    situation_en = LongText(_l("Situation in English"))
    elsewhere = {"it": 0, "en": 0}  # what the macro-areas use of section 1

    def prepare(self, plan: Plan) -> None:
        """Leave room for what the macro-areas say of their actors: that is section 1 too."""
        own = {"it": len(plan.situation), "en": len(plan.situation_en)}
        self.elsewhere = {lang: section_1_used(plan, lang) - own[lang] for lang in own}

    @property
    def limits(self) -> dict[str, int]:
        """The characters that each text may have."""
        return {
            "situation": SITUATION_LIMIT - self.elsewhere["it"],
            "situation_en": SITUATION_LIMIT - self.elsewhere["en"],
        }

    def validate_situation(self, field):
        """At most 8 cartelle of 1,800 characters with spaces, the actors of the macro-areas included."""
        over = len(field.data or "") - self.limits[field.short_name]
        if over > 0:
            raise ValidationError(
                _("The decree allows %(most)d characters (8 pages of %(page)d) for section 1, the actors of "
                  "the macro-areas included. Cut %(over)d.",
                  most=SITUATION_LIMIT, page=CARTELLA, over=over)
            )  # fmt: skip

    validate_situation_en = validate_situation


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
    actors_en = long_text(_l("Actors and features, in English"))
    scenarios_en = long_text(_l("Market scenarios, in English"))
    trends_en = long_text(_l("Trends, in English"))
    synergies_en = long_text(_l("Synergies, in English"))
    opportunities_en = long_text(_l("Opportunities, in English"))
    risks_en = long_text(_l("Risks, in English"))
    groups = (
        (_l("Name"), ("name_it", "name_en")),
        (_l("Section 1: situation"), ("actors", "sources")),
        (_l("Application areas, at most three, in order of priority"),
         ("area_it_1", "area_en_1", "area_it_2", "area_en_2", "area_it_3", "area_en_3")),
        (_l("Section 2: strategic vision"), ("scenarios", "trends", "synergies")),
        (_l("Section 2: opportunities and risks"), (
            "opportunities", "risks", *(f"{side}_{theme}_it" for theme in PROSPECTS for side in SIDES))),
    )  # fmt: skip
    folded = (
        _l("Texts in English"),
        ("actors_en", "scenarios_en", "trends_en", "synergies_en", "opportunities_en", "risks_en",
         *(f"{side}_{theme}_en" for theme in PROSPECTS for side in SIDES)),
    )  # fmt: skip
    elsewhere = {"it": 0, "en": 0}
    row: MacroArea | None = None  # the one that is edited

    def prepare(self, plan: Plan) -> None:
        """How much of section 1 is left for the actors of this macro-area."""
        row = self.row
        own = {"it": len(row.actors), "en": len(row.actors_en)} if row else {"it": 0, "en": 0}
        self.elsewhere = {lang: section_1_used(plan, lang) - own[lang] for lang in own}

    @property
    def limits(self) -> dict[str, int]:
        """The characters that each text may have where that is not what its field says."""
        left = {lang: max(SITUATION_LIMIT - used, 0) for lang, used in self.elsewhere.items()}
        return {"actors": min(left["it"], LONGEST), "actors_en": min(left["en"], LONGEST)}

    def validate_actors(self, field):
        """Section 1 has room for it."""
        over = len(field.data or "") - self.limits[field.short_name]
        if over > 0:
            raise ValidationError(
                _("The decree allows %(most)d characters (8 pages of %(page)d) for section 1, the actors of "
                  "the macro-areas included. Cut %(over)d.",
                  most=SITUATION_LIMIT, page=CARTELLA, over=over)
            )  # fmt: skip

    validate_actors_en = validate_actors

    def validate_area_en_1(self, field):
        """What has an English name has an Italian one."""
        if not self[field.short_name.replace("_en_", "_it_")].data:
            raise ValidationError(_("Write the Italian name too."))

    validate_area_en_2 = validate_area_en_3 = validate_area_en_1

    def validate_sources(self, field):
        """Existing studies only: what is said of the actors names its sources."""
        if self.actors.data and not field.data.strip():
            raise ValidationError(
                _("Name the studies that this comes from: the decree wants existing ones only.")
            )

    def fill(self, area) -> None:
        """Show the application areas of `area`, its opportunities and its risks."""
        for a in area.application_areas:
            self[f"area_it_{a.rank}"].data, self[f"area_en_{a.rank}"].data = a.name_it, a.name_en
        for theme, sides in (area.prospects or {}).items():
            for side, texts in sides.items():
                for lang, text in texts.items():
                    self[f"{side}_{theme}_{lang}"].data = text

    def facts(self) -> dict:
        """Columns, `prospects`, and `application_areas` as (Italian, English) in order of priority."""
        areas = [
            (self[f"area_it_{n}"].data, self[f"area_en_{n}"].data or "")
            for n in range(1, AREAS_PER_MACRO_AREA + 1)
        ]
        apart = ("area_", *(f"{side}_" for side in SIDES))
        facts = {k: v or "" for k, v in self.data.items() if not k.startswith(apart)}
        prospects = {
            theme: {
                side: {lang: self[f"{side}_{theme}_{lang}"].data or "" for lang in ("it", "en")}
                for side in SIDES
            }
            for theme in PROSPECTS
        }
        return without_marks(facts) | {
            "application_areas": [a for a in areas if a[0]], "prospects": prospects,
        }  # fmt: skip


for (_side, _theme), _label in THEMES.items():
    setattr(MacroAreaForm, f"{_side}_{_theme}_it", long_text(_label, 2000))
    setattr(MacroAreaForm, f"{_side}_{_theme}_en", long_text(_l("%(text)s, in English", text=_label), 2000))


class ObjectiveForm(Form):
    """Section 3: an objective, the one that it serves, and the macro-areas it is for."""

    version = HiddenField(default=NEW)
    text = LongText(_l("Objective"), validators=[DataRequired(), Length(max=4000)])
    text_en = long_text(_l("Objective in English"), 4000)
    parent_id = SelectField(_l("It serves"), coerce=_number, validators=[Optional()])
    macro_area_ids = CheckboxListField(_l("Macro-areas"), coerce=int)
    row: Objective | None = None  # the one that is edited

    def prepare(self, plan: Plan) -> None:
        """Offer the plan's macro-areas, and the objectives that this one may serve."""
        self.macro_area_ids.choices = [SelectChoice(m.id, m.name_it) for m in plan.macro_areas]
        above = [(o, number, level) for o, number, level in walk(plan) if o is not self.row]
        self.parent_id.choices = [
            SelectChoice("", _("no other objective: it is a main one")),
            *(SelectChoice(o.id, f"{number} {o.text[:80]}") for o, number, level in above
              if level < OBJECTIVE_LEVELS),
        ]  # fmt: skip

    def fill(self, objective) -> None:
        """Tick the macro-areas of `objective`."""
        self.macro_area_ids.data = [m.id for m in objective.macro_areas]

    def validate_macro_area_ids(self, field):
        """An objective is tied to a macro-area."""
        if field.choices and not field.data:
            raise ValidationError(_("Choose at least one macro-area."))

    def facts(self) -> dict:
        """Text, parent and macro-area ids."""
        return without_marks(self.data)


class OperationForm(Form):
    """Section 4: a planned operation of a line, with its days."""

    version = HiddenField(default=NEW)
    activity_line_id = SelectField(_l("Activity line"), coerce=int)
    title_it = text_field(_l("Operation"), most=300)
    title_en = text_field(_l("Operation in English"), most=300, required=False)
    starts_on = DayField(_l("First day"), validators=[InputRequired()])
    ends_on = DayField(_l("Last day"), validators=[InputRequired()])
    indicator_id = SelectField(_l("Indicator that it feeds"), coerce=_number, validators=[Optional()])
    planned = WholeField(
        _l("How many (workshops, audits …)"), validators=[Optional(), NumberRange(1, 100_000)]
    )
    done_on = DayField(_l("Done on"), validators=[Optional()])
    days = (date.min, date.max)

    def prepare(self, plan: Plan) -> None:
        """Offer the plan's lines and indicators, and know its days."""
        self.activity_line_id.choices = [SelectChoice(x.id, f"{x.code}) {x.name_it}") for x in plan.lines]
        self.indicator_id.choices = [
            SelectChoice("", _("none")),
            *(SelectChoice(i.id, f"{i.code} {i.name_it}") for i in plan.indicators),
        ]
        self.days = plan.starts_on, plan.ends_on

    def validate_starts_on(self, field):
        """An operation lies within its plan."""
        if field.data and not self.days[0] <= field.data <= self.days[1]:
            raise ValidationError(
                _("The plan runs from %(first)s to %(last)s.",
                  first=short_date(self.days[0]), last=short_date(self.days[1]))
            )  # fmt: skip

    def validate_ends_on(self, field):
        """It ends when or after it begins, within its plan."""
        self.validate_starts_on(field)
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError(_("The last day must not come before the first."))

    def validate_done_on(self, field):
        """Nothing is done before it began."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError(_("It cannot be done before its first day."))

    def facts(self) -> dict:
        """Columns."""
        facts = without_marks(self.data)
        return facts | {"title_en": facts["title_en"] or ""}


class LineForm(Form):
    """Section 4: an activity line, with its money by year (annex)."""

    version = HiddenField(default=NEW)
    code = text_field(_l("Code"), most=10)
    kind = SelectField(_l("Kind"), choices=KINDS)
    name_it = text_field(_l("Name in Italian"), most=200)
    name_en = text_field(_l("Name in English"), most=200, required=False)
    description = long_text(_l("Description"))
    description_en = long_text(_l("Description in English"))

    def validate_code(self, field):
        """It stands in names of files and sheets of the report."""
        must_be_a_code(field)

    def facts(self) -> dict:
        """Columns, and `budget` as {year: {column: value}}."""
        facts = {k: v for k, v in without_marks(self.data).items() if not k.startswith("year_")}
        facts["kind"] = LineKind(facts["kind"])
        budget = {
            y: {column: self[f"year_{name}_{y}"].data or 0 for name, column in MONEY.items()}
            for y in self.years
        }
        return facts | {"name_en": facts["name_en"] or "", "budget": budget}

    def fill(self, line) -> None:
        """Show the money of `line`."""
        self.kind.data = line.kind.value
        for b in line.budget:
            if b.year in self.years:
                for name, column in MONEY.items():
                    self[f"year_{name}_{b.year}"].data = getattr(b, column)


MONEY = {
    "budget": "budget_cents", "committed": "committed_cents", "spent": "spent_cents",
    "cofinanced": "cofinanced_cents", "rate": "cofinancing_percent",
}  # fmt: skip


def line_form(plan: Plan) -> type[LineForm]:
    """The form of a line with a field for each year of the plan."""
    years = list(range(plan.starts_on.year, plan.ends_on.year + 1))
    names = {"years": years}
    groups: list[tuple[Any, tuple[str, ...]]] = [
        (_l("Activity line"), ("code", "kind", "name_it", "name_en", "description", "description_en"))
    ]
    labels = {
        "budget": _l("Budget (EUR)"), "committed": _l("Committed by contracts and orders (EUR)"),
        "spent": _l("Spent (EUR)"), "cofinanced": _l("Co-financing granted by the Region (EUR)"),
    }  # fmt: skip
    for y in years:
        for name, label in labels.items():
            names[f"year_{name}_{y}"] = MoneyField(
                _l("%(label)s, %(year)s", label=label, year=y), validators=[not_negative]
            )
        names[f"year_rate_{y}"] = WholeField(
            _l("Co-financing %(year)s in percent (the decree pays at most 50)", year=y),
            default=50, validators=[Optional(), NumberRange(0, 100)],
        )  # fmt: skip
        groups.append((str(y), tuple(f"year_{name}_{y}" for name in MONEY)))
    return type("LineWithMoneyForm", (LineForm,), names | {"groups": groups})


def not_negative(_form, field):
    """Money of the annex is not negative, and fits its column."""
    if field.data is not None and not 0 <= field.data < 2**31:
        raise ValidationError(_("Write an amount from 0 to 21 million."))
