"""Fields of the plan's forms."""

from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _
from wtforms import Field, SelectMultipleField, TextAreaField
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

LONGEST = 8000  # characters of a text that the decree does not limit
NEW = ""  # the version of a row that is not there yet


class NumberField(Field):
    """A number as people write it ("1.234,5"); the data is a Decimal with at most two decimals."""

    widget = TextInput()

    def _value(self):
        if self.raw_data:
            return self.raw_data[0]
        if self.data is None:
            return ""
        return f"{self.data.normalize():f}".replace(".", ",")

    def process_formdata(self, valuelist):
        """Read what was written; the last comma is the decimal one."""
        raw = (valuelist[0] if valuelist else "").strip().replace(" ", "").removesuffix("%")
        self.data = None
        if not raw:
            return
        if "," in raw:
            raw = raw.replace(".", "").replace(",", ".")
        try:
            value = Decimal(raw)
            self.data = value.quantize(Decimal("0.01"))
        except InvalidOperation:
            raise ValueError(_("Write a number such as 12 or 1.234,5.")) from None
        if self.data != value or abs(value) >= 10**12:
            self.data = None
            raise ValueError(_("Write a number such as 12 or 1.234,5."))


class CheckboxListField(SelectMultipleField):
    """Several choices as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class LongText(TextAreaField):
    """A text of several lines, its line ends made one character (they count in the decree's limits)."""

    def process_formdata(self, valuelist):
        """Make every line end one character."""
        super().process_formdata(valuelist)
        self.data = (self.data or "").replace("\r\n", "\n").replace("\r", "\n")


def long_text(label, most=LONGEST):
    """A text of several lines, at most `most` characters."""
    return LongText(label, validators=[Length(max=most)])


def without_marks(data: dict) -> dict:
    """What a form holds for the row itself."""
    return {k: v for k, v in data.items() if k not in ("version", "csrf_token", "submit")}
