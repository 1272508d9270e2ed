"""Forms of the plan as a document."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from dissemination.kernel.forms import Form, Length, text_field
from dissemination.plan.fields import LongText


class ApprovalForm(Form):
    """What the manager approves, and on which act."""

    mark = HiddenField()
    words = text_field(_l("Act or note (may stay empty)"), most=500, required=False)


class WithdrawalForm(Form):
    """Why an approval is taken back."""

    reason = LongText(_l("Reason"), validators=[Length(max=500)])
