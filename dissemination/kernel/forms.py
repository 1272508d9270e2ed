"""Forms: Flask-WTF with the fields and checks that several packages need."""

import re
from datetime import datetime, time
from decimal import Decimal
from functools import cache

from babel.support import NullTranslations, Translations
from flask import g
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.it import iva
from wtforms import DateField, Field, IntegerField, StringField, TimeField, ValidationError
from wtforms.i18n import messages_path
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional
from wtforms.widgets import TextInput

from dissemination.kernel.clock import ROME
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import one_spelling

__all__ = [
    "DataRequired",
    "Form",
    "InputRequired",
    "Length",
    "MoneyField",
    "Optional",
    "TaxIdField",
    "WholeField",
    "email_field",
    "local_moment",
    "text_field",
    "two_decimals",
]  # fmt: skip


THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}((\.\d{3})+|(,\d{3})+)", re.ASCII)
MOST_DIGITS = 15
MOST_CENTS = 10**14  # a thousand billion euro


# What WTForms says of what it cannot read: better Italian, and what to do.
PLAINER = {
    "Not a valid integer value.": _l("Write a whole number."),
    "Not a valid decimal value.": _l("Write a number."),
    "Not a valid date value.": _l("Write a date that exists."),
    "Not a valid time value.": _l("Write a time such as 14:30."),
    "Not a valid choice.": _l("Choose one of the values offered."),
    "Invalid URL.": _l("Write a whole address, such as https://www.example.org."),
}


@cache
def _texts(lang: str) -> NullTranslations:
    """WTForms' own texts. Read once: Flask-WTF parses the catalogue anew for each request."""
    return Translations.load(messages_path(), [lang], domain="wtforms")


class _PlainerTexts:
    """WTForms' translations with `PLAINER` before them."""

    def __init__(self, others):
        self.ngettext = others.ngettext
        self._others = others

    def gettext(self, text):
        return str(PLAINER[text]) if text in PLAINER else self._others.gettext(text)


def _strip(value):
    return value.strip() if isinstance(value, str) else value


def _one_spelling(value):
    return one_spelling(value) if isinstance(value, str) else value


class Form(FlaskForm):
    """A form whose texts are trimmed and whose refusals land at the field at fault."""

    class Meta(FlaskForm.Meta):
        """Trim what people paste."""

        def bind_field(self, form, unbound_field, options):
            """Add the trimming filter to every text field."""
            filters = unbound_field.kwargs.get("filters", ())
            if _strip not in filters and issubclass(unbound_field.field_class, StringField):
                unbound_field.kwargs["filters"] = [*filters, _strip]
            return unbound_field.bind(form=form, **options)

        def get_translations(self, form):  # noqa: ARG002 (WTForms' signature)
            """WTForms' own texts, some said better."""
            return _PlainerTexts(_texts(language()))

    def refuse(self, refusal: Refusal) -> None:
        """Show `refusal` at its field, or above the form when it has none."""
        target = self._fields.get(refusal.field) if refusal.field else None
        if target is not None:
            target.errors = [*target.errors, refusal.message]
        else:
            self.form_errors = [*getattr(self, "form_errors", []), refusal.message]


def text_field(label, *, most: int, required=True, **options):
    """A one-line text of at most `most` characters."""
    checks = [Length(max=most)]
    checks.insert(0, DataRequired() if required else Optional())
    return StringField(label, validators=checks, **options)


def email_field(label, *, required=True, **options):
    """An e-mail address as RFC 5321 allows; no look-up on the network."""
    checks = [DataRequired() if required else Optional(), Length(max=254), Email(), check_mailbox]
    filters = [*options.pop("filters", ()), _one_spelling]
    return StringField(label, validators=checks, filters=filters, **options)


def check_mailbox(_form, field) -> None:
    """Few mail servers take "nicolò@" (RFC 6531): who writes it has mistyped. Domains may have accents."""
    if not (field.data or "").rpartition("@")[0].isascii():
        raise ValidationError(_l("An e-mail address has no accented letters before the @."))


class TaxIdField(StringField):
    """A partita IVA: 11 digits with their checksum; spaces and a leading "IT" are dropped."""

    def pre_validate(self, form):  # noqa: ARG002 (WTForms' signature)
        """Keep the bare digits, or refuse."""
        if not self.data:
            return
        try:
            self.data = iva.validate(self.data)
        except StdnumError:
            raise ValidationError(
                _l("This is not a valid partita IVA: it has 11 digits, the last one is a check digit.")
            ) from None


class WholeField(IntegerField):
    """A whole number, of no more digits than anybody counts."""

    def process_formdata(self, valuelist):
        """Read what was written; hundreds of digits break a comparison and fit no column."""
        if valuelist and len(valuelist[0].strip()) > MOST_DIGITS:
            self.data = None
            raise ValueError(PLAINER["Not a valid integer value."])
        super().process_formdata(valuelist)


class MoneyField(Field):
    """Euro as people write them ("1.234,50"); the data is integer cents."""

    widget = TextInput()

    def _value(self):
        if self.raw_data:
            return self.raw_data[0]
        return "" if self.data is None else f"{Decimal(self.data) / 100:.2f}".replace(".", ",")

    def process_formdata(self, valuelist):
        """Read what the person wrote into integer cents."""
        raw = (valuelist[0] if valuelist else "").replace("€", "").strip()
        self.data = None
        if not raw:
            return
        value = two_decimals(raw)
        if value is None or abs(value) * 100 >= MOST_CENTS:
            raise ValueError(_l("Write an amount such as 1.234,50."))
        self.data = int(value * 100)


def two_decimals(raw: str) -> Decimal | None:
    """A number as people write it, "1.234,50", "1,234.50" or "1234.5"; None when it has other decimals.

    "20.000" is twenty thousand, for nothing here has three decimals; "20,000" is in English, and could be
    either in Italian: None.
    """
    raw = re.sub(r"[\s'’]", "", raw)
    if "," in raw and "." in raw:  # the last one of the two is the decimal sign
        raw = raw.replace("." if raw.rindex(",") > raw.rindex(".") else ",", "")
    elif THOUSANDS.fullmatch(raw):
        raw = raw.replace(".", "").replace(",", "" if language() == "en" else ",")
    raw = raw.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d{1,20}(\.\d{0,2})?|\.\d{1,2})", raw, re.ASCII):
        return None
    return Decimal(raw).quantize(Decimal("0.01"))


def local_moment(day, at: time) -> datetime:
    """`day` at `at` on the district's wall clock, as an aware datetime.

    A time that does not exist (the night clocks go forward) moves on by the missing hour; one that
    exists twice is the first of the two.
    """
    district = g.get("district")
    zone = district.zone if district is not None else ROME
    moment = datetime.combine(day, at, tzinfo=zone)
    return datetime.fromtimestamp(moment.timestamp(), tz=zone)


DayField = DateField
HourField = TimeField
