"""The form of a rule."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import NumberRange
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from dissemination.followups import texts
from dissemination.followups.fields import MOST_BODY, parse
from dissemination.followups.mails import Draft
from dissemination.followups.models import Anchor, MailRule
from dissemination.followups.timing import DAY, MOST_DAYS
from dissemination.kernel.forms import DataRequired, Form, InputRequired, Length, WholeField, text_field

UNITS = [
    SelectChoice("days", _l("days")),
    SelectChoice("hours", _l("hours")),
    SelectChoice("minutes", _l("minutes")),
]
SIDES = [SelectChoice("before", _l("before")), SelectChoice("after", _l("after"))]
ANCHORS = [SelectChoice(Anchor.START.value, _l("the start")), SelectChoice(Anchor.END.value, _l("the end"))]


HALF = _l("Give both subject and text in English, or leave both empty: then everybody gets the Italian mail.")


class CheckboxListField(SelectMultipleField):
    """Several of a list, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RuleForm(Form):
    """When, to whom, and what it says in Italian and English."""

    number = WholeField(
        _l("How long"), default=1, validators=[InputRequired(), NumberRange(min=0, max=MOST_DAYS * DAY)]
    )
    unit = SelectField(_l("Unit"), choices=UNITS, default="days")
    side = SelectField(_l("Before or after"), choices=SIDES, default="after")
    anchor = SelectField(_l("Of the workshop"), choices=ANCHORS, default=Anchor.END.value)
    states = CheckboxListField(
        _l("To whom"), choices=[SelectChoice(s.value, words) for s, words in texts.STATES.items()],
        validators=[DataRequired(_l("Tick at least one group of people."))],
    )  # fmt: skip
    subject_it = text_field(_l("Subject in Italian"), most=200)
    body_it = TextAreaField(_l("Text in Italian"), validators=[DataRequired(), Length(max=MOST_BODY)])
    subject_en = text_field(_l("Subject in English"), most=200, required=False)
    body_en = TextAreaField(_l("Text in English"), validators=[Length(max=MOST_BODY)])
    version = WholeField(widget=HiddenInput(), default=1)

    @classmethod
    def of(cls, rule: MailRule) -> "RuleForm":
        """The form that shows `rule`, or what was sent of it."""
        number, unit, side = texts.split(rule.minutes)
        return cls(obj=rule, number=number, unit=unit, side=side, anchor=rule.anchor.value)

    def validate(self, extra_validators=None) -> bool:
        """Fields that exist, English whole or not at all, at most 200 days."""
        valid = super().validate(extra_validators)
        if not self.number.errors and self.number.data * texts.UNITS[self.unit.data] > MOST_DAYS * DAY:
            self.number.errors = [_("At most %(n)d days.", n=MOST_DAYS)]
        for empty, other in ((self.subject_en, self.body_en), (self.body_en, self.subject_en)):
            if other.data and not empty.data:
                empty.errors = [*empty.errors, HALF]
        for f in (self.subject_it, self.subject_en, self.body_it, self.body_en):
            f.errors = [*f.errors, *self._problems(f)]
        return valid and not any(f.errors for f in self)

    def _problems(self, f) -> list[str]:
        is_subject = f.name.startswith("subject")
        _lines, problems = parse(f.data or "", shared_only=is_subject)
        if is_subject:
            return [p.message for p in problems]
        return [_("Line %(line)d: %(message)s", line=p.line, message=p.message) for p in problems]

    @property
    def draft(self) -> Draft:
        """The texts as they stand in the form."""
        return Draft(
            self.subject_it.data or "", self.subject_en.data or "",
            _unix(self.body_it.data), _unix(self.body_en.data),
        )  # fmt: skip

    def facts(self) -> dict:
        """What `actions.add` takes."""
        minutes = self.number.data * texts.UNITS[self.unit.data]
        return {
            "anchor": Anchor(self.anchor.data),
            "minutes": -minutes if self.side.data == "before" else minutes,
            "states": self.states.data, **vars(self.draft),
        }  # fmt: skip


def _unix(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()
