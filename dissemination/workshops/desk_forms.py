"""The smaller forms of the desk: reasons, dates, series, templates, speakers, materials."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, FieldList, HiddenField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import URL, InputRequired, StopValidation

from dissemination.kernel.forms import DataRequired, Form, Length, Optional, email_field, text_field
from dissemination.kernel.languages import translated
from dissemination.workshops.models import Audience
from dissemination.workshops.programme import Day

MOST = 52  # dates at once: once a week for a year


def _choice(value):
    return int(value) if value else None


def whole(text) -> int:
    """A number that a hidden field or an address brought back; 0 for anything else."""
    return int(text) if (text or "").isdecimal() and len(text) < 10 else 0


class ReasonForm(Form):
    """Why a workshop is called off, or takes place after all."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=500)])


class DayForm(Form):
    """When a workshop shall take place that is made of another one, or of a template."""

    day = Day(_l("Date of the first session"), validators=[InputRequired(_l("Give the date."))])
    form_mark = HiddenField()


class DatesForm(Form):
    """Several dates, each to become a workshop."""

    days = FieldList(Day(_l("Date"), validators=[Optional()]), label=_l("Dates"), max_entries=MOST)
    more = SubmitField(_l("More dates"))
    form_mark = HiddenField()

    def make_room(self, rows: int = 6) -> None:
        """Show at least `rows` dates, and two empty ones."""
        wanted = max(rows, sum(bool(e.data or e.errors) for e in self.days) + (6 if self.more.data else 2))
        while len(self.days.entries) < min(wanted, MOST):
            self.days.append_entry()

    @property
    def chosen(self) -> list:
        """The dates that were given."""
        return [e.data for e in self.days if e.data is not None]


class SeriesForm(Form):
    """The titles of a series."""

    title_it = text_field(_l("Title in Italian"), most=200)
    title_en = text_field(_l("Title in English"), most=200, required=False)
    version = HiddenField(default="0")


class JoinForm(Form):
    """A workshop to take into a series."""

    workshop_id = SelectField(
        _l("Workshop"), coerce=_choice, validators=[InputRequired(_l("Choose a workshop."))]
    )


class TemplateForm(Form):
    """The name and sector of a template."""

    name = text_field(_l("Name"), most=120)
    sector_id = SelectField(_l("Sector"), coerce=_choice)
    version = HiddenField(default="0")

    def offer(self, district) -> "TemplateForm":
        """Fill the choices."""
        named = [(row.id, translated(row, "name")) for row in district.sectors]
        self.sector_id.choices = [("", "–"), *named]
        return self


class ProfileForm(Form):
    """What is known of a speaker."""

    name = text_field(_l("Name"), most=200)
    affiliation = text_field(_l("Affiliation"), most=200, required=False)
    email = email_field(_l("E-mail"), required=False)
    website = StringField(_l("Website"), validators=[Optional(), Length(max=300), URL(require_tld=False)])
    biography_it = TextAreaField(_l("Biography in Italian"), validators=[Optional(), Length(max=4000)])
    biography_en = TextAreaField(_l("Biography in English"), validators=[Optional(), Length(max=4000)])
    version = HiddenField(default="0")

    def validate_website(self, field):
        """Only the web: no javascript:, no file:."""
        if field.data and not field.data.lower().startswith(("https://", "http://")):
            raise StopValidation(_l("Write a whole address, such as https://www.example.org."))

    def facts(self) -> dict:
        """The columns to write."""
        names = ("name", "affiliation", "email", "website", "biography_it", "biography_en")
        return {name: self[name].data or "" for name in names}


class ConsentForm(Form):
    """How a speaker agreed to be presented in public."""

    agreed_text = text_field(_l("How the consent was given"), most=500)
    version = HiddenField(default="0")


class MaterialForm(Form):
    """A file to hand out, for whom and when."""

    title_it = text_field(_l("Title in Italian"), most=200)
    title_en = text_field(_l("Title in English"), most=200, required=False)
    file = FileField(_l("File"))
    session_id = SelectField(_l("Session"), coerce=_choice)
    audience = SelectField(
        _l("Who may open it"),
        choices=[(Audience.PARTICIPANTS.value, _l("Participants, by their personal link")),
                 (Audience.PUBLIC.value, _l("Everybody, on the public page"))],
    )  # fmt: skip
    after_end = BooleanField(_l("Only after the end of the workshop"), default=True)
    version = HiddenField(default="0")

    def offer(self, workshop) -> "MaterialForm":
        """Fill the choices."""
        sessions = [(s.id, translated(s, "title")) for s in workshop.sessions]
        self.session_id.choices = [("", "–"), *sessions]
        return self

    def facts(self) -> dict:
        """The columns to write."""
        return {
            "title_it": self.title_it.data, "title_en": self.title_en.data or "",
            "session_id": self.session_id.data, "audience": Audience(self.audience.data),
            "after_end": self.after_end.data,
        }  # fmt: skip
