"""What people fill in at the desk and on the shared page."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, SelectChoice, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from dissemination.audits.models import Department
from dissemination.audits.texts import DEPARTMENTS
from dissemination.kernel.forms import Form, text_field


class CheckboxListField(SelectMultipleField):
    """Several of a list, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class PhotoForm(Form):
    """What a photo shows."""

    caption = text_field(_l("What the photo shows"), most=300, required=False)
    department = SelectField(_l("Department"))
    in_report = BooleanField(_l("Show it in the report"), default=True)

    def __init__(self, *args, **values):
        super().__init__(*args, **values)
        self.department.choices = [
            SelectChoice("", "–"), *(SelectChoice(one.value, DEPARTMENTS[one]) for one in Department)
        ]  # fmt: skip

    def facts(self) -> dict:
        """The values for `photos.describe`; `photos.add` takes the first two."""
        chosen = self.department.data
        return {
            "caption": self.caption.data or "", "department": Department(chosen) if chosen else None,
            "in_report": bool(self.in_report.data),
        }  # fmt: skip


class NewPhotoForm(PhotoForm):
    """A photo from the desk."""

    file = FileField(_l("Photo (JPEG or PNG, at most 15 MB)"), validators=[DataRequired()])


class ShareForm(Form):
    """Who of the company gets the link."""

    contacts = CheckboxListField(_l("People of the company"), coerce=int)

    def offer(self, contacts) -> "ShareForm":
        """Let these people be chosen."""
        self.contacts.choices = [SelectChoice(one.id, f"{one.name}, {one.email}") for one in contacts]
        return self


class RemarkForm(Form):
    """A comment, about one improvement area or the whole report."""

    area_id = SelectField(_l("About"), coerce=int, default=0)
    text = TextAreaField(_l("Comment"), validators=[DataRequired(), Length(max=5000)])

    def offer(self, areas) -> "RemarkForm":
        """`areas`: (id, title) of those that the report names."""
        self.area_id.choices = [
            SelectChoice(0, _l("the whole report")),
            *(SelectChoice(*area) for area in areas),
        ]
        return self
