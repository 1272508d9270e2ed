"""The desk's forms besides topics and segments: exclusions, guard, imports, suppressions."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, RadioField, TextAreaField
from wtforms.validators import NumberRange

from dissemination.kernel.forms import (
    DataRequired,
    Form,
    Length,
    Optional,
    WholeField,
    email_field,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.subscriptions.forms import LANGUAGE_CHOICES, CheckboxListField, VersionField
from dissemination.subscriptions.models import Topic


class ExclusionForm(Form):
    """Somebody who gets no newsletter, and why."""

    whom = text_field(_l("E-mail address of a person, or partita IVA of a company"), most=254)
    reason = text_field(_l("Reason"), most=300)


class GuardForm(Form):
    """At most so many newsletters in so many days to one person."""

    most = WholeField(_l("At most so many newsletters"), validators=[Optional(), NumberRange(1, 100)])
    days = WholeField(_l("in so many days"), validators=[Optional(), NumberRange(1, 366)])
    version = VersionField(validators=[Optional()])

    def validate(self, extra_validators=None) -> bool:
        """Both numbers, or neither."""
        valid = super().validate(extra_validators)
        if valid and bool(self.most.data) != bool(self.days.data):
            empty = self.days if self.most.data else self.most
            empty.errors = [_l("Write both numbers, or neither.")]
            return False
        return valid


class ImportForm(Form):
    """Files of subscribers, what they are subscribed to, and on which legal basis."""

    files = MultipleFileField(_l("Files of subscribers"))
    refusals = MultipleFileField(_l("Files of people who must not be written to"))
    topics = CheckboxListField(
        _l("Topics"), coerce=int, validators=[DataRequired(_l("Choose at least one topic."))]
    )
    language = RadioField(_l("Language where the file says none"), choices=LANGUAGE_CHOICES, default="it")
    basis = TextAreaField(
        _l("Legal basis"),
        validators=[
            DataRequired(_l("Without a legal basis we may not write to them.")),
            Length(min=20, max=2000, message=_l("Between 20 and 2,000 characters.")),
        ],
    )  # fmt: skip
    declared = BooleanField(
        _l("I declare that I can prove this, and that these people know who writes to them and why"),
        validators=[DataRequired(_l("Without this declaration nothing is imported."))],
    )

    def offer(self, topics: list[Topic]) -> None:
        """Say which topics there are."""
        self.topics.choices = [(t.id, translated(t, "name")) for t in topics]


class SuppressionForm(Form):
    """An address that must not be written to, by hand."""

    email = email_field(_l("E-mail address"))
    reason = text_field(_l("Reason"), most=200)


class ReinstatementForm(Form):
    """Taking an address off the list."""

    reason = text_field(_l("Why it may be written to again"), most=200)
