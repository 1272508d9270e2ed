"""The forms of this package: a reason with each decision."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TextAreaField
from wtforms.validators import NumberRange

from dissemination.kernel.forms import DataRequired, Form, InputRequired, Length, WholeField, text_field
from dissemination.privacy.terms import MOST_MONTHS


class ReasonForm(Form):
    """Why, and that it is meant."""

    reason = text_field(_l("Reason"), most=300)
    sure = BooleanField(
        _l("I know that this cannot be undone"), validators=[DataRequired(_l("Tick this to go on."))]
    )


class LongerForm(Form):
    """For how long, and why."""

    months = WholeField(
        _l("Months after the workshop"), validators=[InputRequired(), NumberRange(min=1, max=MOST_MONTHS)]
    )
    reason = text_field(_l("Reason"), most=300)


class RefusalForm(Form):
    """What the person is told."""

    answer = TextAreaField(_l("What the person is told"), validators=[DataRequired(), Length(max=500)])
