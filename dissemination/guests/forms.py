"""The forms of the guest list."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from dissemination.guests.mails import Words
from dissemination.guests.queries import Wanted
from dissemination.guests.screening import Person
from dissemination.kernel.forms import Form, email_field, text_field

MOST_WORDS = 2000
LANGUAGES = (SelectChoice("it", "Italiano"), SelectChoice("en", "English"))


class GuestForm(Form):
    """One guest, typed by hand."""

    given_name = text_field(_l("Given name"), most=100, required=False)
    family_name = text_field(_l("Family name"), most=100, required=False)
    email = email_field(_l("E-mail address"))
    company_name = text_field(_l("Company"), most=200, required=False)
    language = RadioField(_l("Language"), choices=LANGUAGES, default="it")

    def person(self) -> Person:
        """The guest as `actions.add_one` takes her."""
        return Person(
            email=self.email.data or "", given_name=self.given_name.data or "",
            family_name=self.family_name.data or "", company_name=self.company_name.data or "",
            language=self.language.data,
        )  # fmt: skip


class ListForm(Form):
    """A file with a guest list."""

    file = FileField(_l("CSV file"), validators=[FileRequired(_l("Choose a file."))])


class WordsForm(Form):
    """What the organiser adds to the mail in her own words."""

    words_it = TextAreaField(_l("Your words in Italian"), validators=[Optional(), Length(max=MOST_WORDS)])
    words_en = TextAreaField(_l("Your words in English"), validators=[Optional(), Length(max=MOST_WORDS)])

    def words(self) -> Words:
        """The texts by language."""
        return Words(it=_lines(self.words_it.data), en=_lines(self.words_en.data))


def _lines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def wanted_from(values, district) -> Wanted:
    """What the contacts are narrowed by, from a query string or a form; what is not known is left out."""
    sector = values.get("sector", "")
    known = {str(s.id) for s in district.sectors}
    return Wanted(
        text=values.get("q", "")[:100], company=values.get("company", "")[:100],
        sector_id=int(sector) if sector in known else None,
        member={"yes": True, "no": False}.get(values.get("member", "")),
    )  # fmt: skip
