"""The forms of this package."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from dissemination.districts.models import District
from dissemination.kernel.forms import (
    DataRequired,
    Form,
    InputRequired,
    Length,
    Optional,
    TaxIdField,
    email_field,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.newsletters import queries
from dissemination.newsletters.models import BlockKind, Topic
from dissemination.plan.queries import lines

LANGUAGE_CHOICES = [SelectChoice("it", "Italiano"), SelectChoice("en", "English")]
LONGEST_TEXT = 20_000


class CheckboxListField(SelectMultipleField):
    """Several of a list, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class VersionField(IntegerField):
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
    """A subscriber's topics and language."""

    topics = CheckboxListField(_l("Topics"), coerce=int)
    language = RadioField(_l("Language of the newsletters"), choices=LANGUAGE_CHOICES)

    def offer(self, topics: list[Topic]) -> None:
        """Say which topics there are."""
        self.topics.choices = [(t.id, translated(t, "name")) for t in topics]


class TopicForm(Form):
    """A topic that people can subscribe to."""

    name_it = text_field(_l("Name in Italian"), most=120)
    name_en = text_field(_l("Name in English"), most=120, required=False)
    sector_id = SelectField(_l("Sector"), coerce=int, validate_choice=True, default=0)
    version = VersionField(validators=[Optional()])

    def offer(self, district: District) -> None:
        """Say which sectors there are."""
        none = (0, _l("no sector"))
        self.sector_id.choices = [none, *((s.id, translated(s, "name")) for s in district.sectors)]


class ClosingForm(Form):
    """Taking a topic out of the offer although people are subscribed."""

    acknowledged = BooleanField(_l("I know that these people will get nothing more on this topic"))


class IssueForm(Form):
    """The facts of an issue."""

    subject_it = text_field(_l("Subject in Italian"), most=200)
    subject_en = text_field(_l("Subject in English"), most=200, required=False)
    preheader_it = text_field(_l("Preheader in Italian"), most=200, required=False)
    preheader_en = text_field(_l("Preheader in English"), most=200, required=False)
    topics = CheckboxListField(_l("Topics"), coerce=int)
    activity_line_id = SelectField(_l("Activity line of the plan"), coerce=int, validators=[InputRequired()])
    version = VersionField(validators=[Optional()])

    def offer(self, district: District, chosen: Sequence[Topic] = ()) -> None:
        """Say which topics and activity lines there are; a closed topic only where it is chosen already."""
        topics = queries.topics(district.id)
        topics += [t for t in chosen if t not in topics]
        self.topics.choices = [(t.id, translated(t, "name")) for t in topics]
        self.activity_line_id.choices = [
            (line.id, f"{line.code}) {translated(line, 'name')}") for line in lines(district.id)
        ]

    def facts(self, district: District) -> dict:
        """What was entered, as arguments of `actions.compose` and `actions.revise`."""
        chosen = {t.id: t for t in queries.topics(district.id, closed=True)}
        return {
            "subject_it": self.subject_it.data, "subject_en": self.subject_en.data or "",
            "preheader_it": self.preheader_it.data or "", "preheader_en": self.preheader_en.data or "",
            "topics": [chosen[i] for i in self.topics.data or [] if i in chosen],
            "activity_line_id": self.activity_line_id.data,
        }  # fmt: skip


class HeadingForm(Form):
    """The words of a heading."""

    kind = HiddenField(default=BlockKind.HEADING.value)
    text_it = text_field(_l("Heading in Italian"), most=200, required=False)
    text_en = text_field(_l("Heading in English"), most=200, required=False)
    version = VersionField(validators=[Optional()])

    def words(self) -> dict[str, str]:
        """What was written, as arguments of `actions.add_block` and `actions.revise_block`."""
        return {"text_it": self.text_it.data or "", "text_en": self.text_en.data or ""}

    def validate(self, extra_validators=None) -> bool:
        """At least one language has words."""
        valid = super().validate(extra_validators)
        if valid and not self.text_it.data and not self.text_en.data:
            self.text_it.errors = [_l("Write something in at least one language.")]
            valid = False
        return valid


class TextForm(HeadingForm):
    """The words of a text block."""

    kind = HiddenField(default=BlockKind.TEXT.value)
    text_it = TextAreaField(_l("Text in Italian"), validators=[Length(max=LONGEST_TEXT)])
    text_en = TextAreaField(_l("Text in English"), validators=[Length(max=LONGEST_TEXT)])


FORM_OF = {BlockKind.HEADING: HeadingForm, BlockKind.TEXT: TextForm}
