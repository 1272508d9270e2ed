"""Forms of the evidence pages."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from dissemination.kernel.forms import Form, Length, text_field
from dissemination.kernel.languages import translated
from dissemination.plan.fields import LongText


class ProofForm(Form):
    """Files, or a note, that prove a line of the checklist."""

    code = SelectField(_l("What it proves"))
    files = MultipleFileField(_l("Files"))
    note = text_field(_l("Note"), most=500, required=False)

    def offer(self, lines) -> "ProofForm":
        """The lines of the checklist that a file can prove."""
        self.code.choices = [SelectChoice(line.code, translated(line, "name")) for line in lines]
        return self

    def uploads(self) -> list:
        """(stream, name) of each file that was chosen."""
        return [(f.stream, f.filename) for f in self.files.data or [] if getattr(f, "filename", "")]


class RemovalForm(Form):
    """Why a file was wrong."""

    reason = LongText(_l("Reason"), validators=[Length(max=500)])
