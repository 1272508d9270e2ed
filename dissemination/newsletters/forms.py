"""The forms of this package."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import (
    HiddenField,
    SelectField,
    TextAreaField,
)

from dissemination.districts.models import District
from dissemination.kernel.forms import (
    Form,
    InputRequired,
    Length,
    Optional,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.newsletters.models import BlockKind
from dissemination.plan.queries import lines
from dissemination.subscriptions.forms import CheckboxListField, VersionField
from dissemination.subscriptions.models import Topic
from dissemination.subscriptions.queries import topics as topics_of

LONGEST_TEXT = 20_000


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
        topics = topics_of(district.id)
        topics += [t for t in chosen if t not in topics]
        self.topics.choices = [(t.id, translated(t, "name")) for t in topics]
        self.activity_line_id.choices = [
            (line.id, f"{line.code}) {translated(line, 'name')}") for line in lines(district.id)
        ]

    def facts(self, district: District) -> dict:
        """What was entered, as arguments of `actions.compose` and `actions.revise`."""
        chosen = {t.id: t for t in topics_of(district.id, closed=True)}
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
