"""Forms of this package."""

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from dissemination.kernel.forms import DataRequired, Form, Length


class WithdrawalForm(Form):
    """Why a certificate is no longer valid."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=300)])
