"""The forms of companies, contacts, access, uploads and one's own account."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from dissemination.kernel.forms import Form, text_field
from dissemination.kernel.languages import LANGUAGES

LANGUAGE_NAMES = {"it": "Italiano", "en": "English"}


def language_field():
    """Italian or English."""
    return RadioField(
        _l("Language"), choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES], default="it"
    )


class AccountForm(Form):
    """My own facts."""

    name = text_field(_l("Name"), most=200)
    language = language_field()
