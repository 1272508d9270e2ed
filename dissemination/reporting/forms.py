"""Forms of the reporting desk."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from dissemination.kernel.forms import DayField, Form, text_field
from dissemination.reporting.models import REASON


class PeriodForm(Form):
    """A period to report."""

    code = SelectField(_l("Period"), validators=[InputRequired()])
    due_on = DayField(_l("The Region expects it by"), validators=[Optional()])


class SignOffForm(Form):
    """Why it is signed with points open; empty when none is."""

    despite = TextAreaField(_l("Why you sign with points open"), validators=[Length(max=2000)])


class ReasonForm(Form):
    """A reason that stays visible."""

    because = TextAreaField(_l("Reason"), validators=[InputRequired(), Length(max=REASON)])


class TransmissionForm(Form):
    """How the report went to the Region."""

    recipient = text_field(_l("Sent to"), most=200)
    sent_on = DayField(_l("Sent on"), validators=[InputRequired()])
    protocol = text_field(_l("Protocol number"), most=100, required=False)
    note = TextAreaField(_l("Note"), validators=[Length(max=REASON)])
