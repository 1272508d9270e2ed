"""The forms of this package."""

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
)
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from dissemination.districts.models import District
from dissemination.kernel.forms import (
    DataRequired,
    Form,
    Optional,
    TaxIdField,
    WholeField,
    email_field,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.plan.queries import macro_areas
from dissemination.subscriptions.models import Cadence, Topic, TopicKind
from dissemination.subscriptions.texts import CADENCES, KINDS, TOPIC_LANGUAGES

LANGUAGE_CHOICES = [SelectChoice("it", "Italiano"), SelectChoice("en", "English")]


class CheckboxListField(SelectMultipleField):
    """Several of a list, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class VersionField(WholeField):
    """The version that the form was opened with, for two people who edit at once."""

    widget = HiddenInput()


class SubscriptionForm(Form):
    """The public form: who, which topics, and the consent that is recorded as shown."""

    email = email_field(_l("E-mail address"))
    given_name = text_field(_l("Given name"), most=100, required=False)
    family_name = text_field(_l("Family name"), most=100, required=False)
    language = RadioField(_l("Language of the newsletters"), choices=LANGUAGE_CHOICES, default="it")
    topics = CheckboxListField(
        _l("Topics"), coerce=int, validators=[DataRequired(_l("Choose at least one topic."))]
    )
    company_name = text_field(_l("Company"), most=200, required=False)
    company_tax_id = TaxIdField(_l("Partita IVA of the company"), validators=[Optional()])
    consent = BooleanField("", validators=[DataRequired(_l("Without your consent we may not write to you."))])

    def offer(self, topics: list[Topic], consent_text: str) -> None:
        """Say which topics there are and what the consent says."""
        self.topics.choices = [(t.id, translated(t, "name")) for t in topics]
        self.consent.label.text = consent_text

    def validate(self, extra_validators=None) -> bool:
        """A company is named and identified, or left out."""
        valid = super().validate(extra_validators)
        pair = (self.company_name, self.company_tax_id)
        if any(f.data for f in pair):
            for empty in (f for f in pair if not f.data and not f.errors):
                empty.errors = [_l("Give both the name and the partita IVA of the company, or neither.")]
                valid = False
        return valid


class PreferenceForm(Form):
    """A subscriber's topics, language, cadence and pause. What a form does not send stays as it is."""

    topics = CheckboxListField(_l("Topics"), coerce=int)
    language = RadioField(_l("Language of the newsletters"), choices=LANGUAGE_CHOICES)
    cadence = RadioField(
        _l("How often"), choices=[SelectChoice(c.value, label) for c, label in CADENCES.items()],
        validators=[Optional()],
    )  # fmt: skip
    paused_until = DateField(_l("Pause until"), validators=[Optional()])

    def chosen_cadence(self, before: Cadence) -> Cadence:
        """The cadence that was sent, else the one that holds."""
        return Cadence(self.cadence.data) if self.cadence.data else before

    def offer(self, topics: list[Topic]) -> None:
        """Say which topics there are."""
        self.topics.choices = [(t.id, translated(t, "name")) for t in topics]


class TopicForm(Form):
    """A topic that people can subscribe to."""

    name_it = text_field(_l("Name in Italian"), most=120)
    name_en = text_field(_l("Name in English"), most=120, required=False)
    kind = SelectField(
        _l("What it is about"), choices=[SelectChoice(k.value, label) for k, label in KINDS.items()],
        default=TopicKind.NEWS.value,
    )  # fmt: skip
    sector_id = SelectField(_l("Sector"), coerce=int, validate_choice=True, default=0)
    macro_area_id = SelectField(
        _l("Macro-area of the plan"), coerce=int, default=0, filters=[lambda value: value or 0]
    )  # fmt: skip
    language = SelectField(
        _l("Language"), choices=[SelectChoice(c, label) for c, label in TOPIC_LANGUAGES.items()], default=""
    )
    version = VersionField(validators=[Optional()])

    def offer(self, district: District) -> None:
        """Say which sectors there are."""
        none = (0, _l("no sector"))
        self.sector_id.choices = [none, *((s.id, translated(s, "name")) for s in district.sectors)]
        areas = ((a.id, translated(a, "name")) for a in macro_areas(district.id))
        self.macro_area_id.choices = [(0, _l("no macro-area")), *areas]


class ClosingForm(Form):
    """Taking a topic out of the offer although people are subscribed."""

    acknowledged = BooleanField(_l("I know that these people will get nothing more on this topic"))
