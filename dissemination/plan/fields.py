"""Fields of the plan's forms."""

import re

from flask_babel import gettext as _
from wtforms import Field, SelectMultipleField, TextAreaField, ValidationError
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from dissemination.kernel.forms import two_decimals

LONGEST = 8000  # characters of a text that the decree does not limit
CODE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?")  # plan.schema.json says so too
NEW = ""  # the version of a row that is not there yet


class NumberField(Field):
    """A number as people write it ("1.234,5"); the data is a Decimal with two decimals."""

    widget = TextInput()

    def _value(self):
        if self.raw_data:
            return self.raw_data[0]
        if self.data is None:
            return ""
        return f"{self.data.normalize():f}".replace(".", ",")

    def process_formdata(self, valuelist):
        """Read what was written, as `two_decimals` does."""
        raw = (valuelist[0] if valuelist else "").strip().removesuffix("%")
        self.data = None
        if not raw:
            return
        value = two_decimals(raw)
        if value is None or abs(value) >= 10**12:
            raise ValueError(_("Write a number such as 12 or 1.234,5."))
        self.data = value


class CheckboxListField(SelectMultipleField):
    """Several choices as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class LongText(TextAreaField):
    """A text of several lines, its line ends made one character (they count in the decree's limits)."""

    def process_formdata(self, valuelist):
        """Make every line end one character."""
        super().process_formdata(valuelist)
        given = self.data if isinstance(self.data, str) else ""  # without an answer it is still the row's
        self.data = given.replace("\r\n", "\n").replace("\r", "\n")


def long_text(label, most=LONGEST):
    """A text of several lines, at most `most` characters."""
    return LongText(label, validators=[Length(max=most)])


def must_be_a_code(field) -> None:
    """Raise ValidationError for a code that no address, sheet or file name of the report can hold."""
    if field.data and not CODE.fullmatch(field.data):
        raise ValidationError(_("Letters without accents, digits, - and . only, such as DV-01 or a.1."))


def without_marks(data: dict) -> dict:
    """What a form holds for the row itself."""
    return {k: v for k, v in data.items() if k not in ("version", "csrf_token", "submit")}
