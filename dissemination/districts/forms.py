"""The forms of a district's settings and sectors."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import URL, InputRequired, Length, NumberRange, Optional

from dissemination.kernel.forms import Form, WholeField, email_field, text_field


def long_text(label):
    """A text of several paragraphs."""
    return TextAreaField(label, validators=[Length(max=20_000)])


class SettingsForm(Form):
    """What a manager sets for the district."""

    name_it = text_field(_l("Name in Italian"), most=200)
    name_en = text_field(_l("Name in English"), most=200)
    managing_body = text_field(_l("Managing body"), most=200)
    place = text_field(_l("Place"), most=120, required=False)
    mailbox_name = text_field(_l("Sender’s name"), most=120)
    mailbox_address = email_field(_l("Mailbox"))
    website = StringField(_l("Website"), validators=[Optional(), Length(max=300), URL(require_tld=False)])
    reminder_hours = WholeField(
        _l("Reminder, hours before a workshop"), validators=[InputRequired(), NumberRange(1, 336)]
    )
    office_from = WholeField(_l("Office hours from"), validators=[InputRequired(), NumberRange(0, 23)])
    office_until = WholeField(_l("Office hours until"), validators=[InputRequired(), NumberRange(1, 24)])
    embed_origins = TextAreaField(
        _l("Sites that may show the registration form"), validators=[Length(max=4000)]
    )  # fmt: skip
    about_it = long_text(_l("About the district, in Italian"))
    about_en = long_text(_l("About the district, in English"))
    privacy_it = long_text(_l("Privacy text in Italian"))
    privacy_en = long_text(_l("Privacy text in English"))
    version = HiddenField(validators=[InputRequired()])

    def facts(self) -> dict:
        """The columns to write."""
        return {name: field.data or "" for name, field in self._fields.items() if name in FACTS} | {
            name: self[name].data for name in ("reminder_hours", "office_from", "office_until")
        }


FACTS = (
    "name_it", "name_en", "managing_body", "place", "mailbox_name", "mailbox_address", "website",
    "about_it", "about_en", "privacy_it", "privacy_en", "embed_origins",
)  # fmt: skip


class SectorForm(Form):
    """A sector."""

    name_it = text_field(_l("Name in Italian"), most=120)
    name_en = text_field(_l("Name in English"), most=120)
    place = text_field(_l("Place"), most=120, required=False)
    position = WholeField(
        _l("Position in lists"), default=0, validators=[InputRequired(), NumberRange(0, 999)]
    )
