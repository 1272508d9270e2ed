"""Forms of the plan as a document."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectField

from dissemination.kernel.forms import DayField, Form, Length, Optional, text_field
from dissemination.plan.fields import LongText
from dissemination.plan.forms import PlanForm


class ApprovalForm(Form):
    """What the manager approves, and on which act."""

    mark = HiddenField()
    words = text_field(_l("Act or note (may stay empty)"), most=500, required=False)


class WithdrawalForm(Form):
    """Why an approval is taken back."""

    reason = LongText(_l("Reason"), validators=[Length(max=500)])


class CopyForm(PlanForm):
    """Where a copy goes, and for which days."""

    district_id = SelectField(_l("District"), coerce=int)


class ImportForm(Form):
    """A file, and the days of the plan that it becomes."""

    file = FileField(_l("File (JSON)"), validators=[FileRequired(_l("Choose the file."))])
    title = text_field(_l("Title (empty: as in the file)"), most=200, required=False)
    starts_on = DayField(_l("First day (empty: as in the file)"), validators=[Optional()])
    ends_on = DayField(_l("Last day (empty: as in the file)"), validators=[Optional()])
