"""Forms of imports of past activities."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField

from dissemination.kernel.forms import Form, text_field


class UploadForm(Form):
    """The spreadsheet."""

    file = FileField(_l("Spreadsheet (CSV or XLSX)"))


class UndoForm(Form):
    """Why an import is taken back."""

    reason = text_field(_l("Reason"), most=300)
