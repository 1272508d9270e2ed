"""Forms of laboratories, meetings and agreements."""

import re
from datetime import UTC, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import SelectField, SelectMultipleField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import URL, DataRequired, InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.kernel.forms import (
    DayField,
    Form,
    HourField,
    WholeField,
    email_field,
    local_moment,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.people import queries as people
from dissemination.people.models import Company
from dissemination.plan import queries as plans
from dissemination.research import queries
from dissemination.research.models import Agreement, Cooperation, Laboratory, Meeting
from dissemination.research.texts import COOPERATIONS

TEXT = 5000


class _Choice(SelectField):
    """A choice among rows or nothing; the data is an id or None."""

    def __init__(self, label, **options):
        super().__init__(label, coerce=lambda v: int(v) if v and v != "None" else None, **options)
        self.type = "SelectField"  # what the form macro goes by


def _version():
    return WholeField(widget=HiddenInput(), validators=[Optional()])


def _named(laboratory: Laboratory) -> str:
    return f"{laboratory.name} ({laboratory.organisation.name})"


class LaboratoryForm(Form):
    """A laboratory as companies should know it."""

    organisation_id = _Choice(_l("Research body"), validators=[InputRequired()])
    name = text_field(_l("Name of the laboratory"), most=200)
    competences_it = TextAreaField(_l("Competences, in Italian"), validators=[Length(max=TEXT)])
    competences_en = TextAreaField(_l("Competences, in English"), validators=[Length(max=TEXT)])
    equipment_it = TextAreaField(_l("Equipment, in Italian"), validators=[Length(max=TEXT)])
    equipment_en = TextAreaField(_l("Equipment, in English"), validators=[Length(max=TEXT)])
    keywords = text_field(_l("Keywords"), most=1000, required=False)
    sectors = SelectMultipleField(_l("Sectors"))
    contact_email = email_field(_l("E-mail address of its contact"), required=False)
    website = text_field(_l("Website"), most=300, required=False)
    version = _version()

    def offer(self, district: District):
        """The district's research bodies and sectors."""
        self.district = district
        self.organisation_id.choices = [(c.id, c.name) for c in queries.bodies(district.id)]
        self.sectors.choices = [(s.code, translated(s, "name")) for s in district.sectors]
        return self

    def validate_website(self, field):
        """A whole address, or none."""
        if field.data:
            URL()(self, field)
            if not re.match(r"https?://", field.data):
                raise ValidationError(_l("Write a whole address that starts with https:// or http://."))

    def validate_contact_email(self, field):
        """Somebody of the registry, of that research body."""
        self.contact = None
        if not field.data:
            return
        found = people.contact_by_email(self.district.id, field.data)
        if found is None or found.erased_at is not None:
            raise ValidationError(_l("The registry has no contact with this address. Enter it first."))
        if found.company_id != self.organisation_id.data:
            raise ValidationError(_l("This person belongs to another organisation."))
        self.contact = found

    def facts(self) -> dict:
        """What `labs.add` and `labs.revise` take."""
        names = ("name", "competences_it", "competences_en", "equipment_it", "equipment_en", "website")
        keywords = (" ".join(k.split()) for k in re.split(r"[,;]", self.keywords.data or ""))
        return {name: self[name].data or "" for name in names} | {
            "organisation_id": self.organisation_id.data, "sectors": list(self.sectors.data or ()),
            "keywords": list(dict.fromkeys(k for k in keywords if k)),
            "contact_id": self.contact.id if self.contact else None,
        }  # fmt: skip


def values_of(laboratory: Laboratory) -> dict:
    """The form's values for a laboratory that is there."""
    names = (
        "organisation_id", "name", "competences_it", "competences_en", "equipment_it", "equipment_en",
        "sectors", "website", "version",
    )  # fmt: skip
    contact = laboratory.contact
    known = contact.email if contact is not None and contact.erased_at is None else ""
    return {n: getattr(laboratory, n) for n in names} | {
        "keywords": ", ".join(laboratory.keywords), "contact_email": known,
    }  # fmt: skip


class _OfCompany(Form):
    """A form that names a company of the registry by its partita IVA or name."""

    company = text_field(_l("Company"), most=200, required=False)
    activity_line_id = _Choice(_l("Activity line of the plan"))

    def offer_lines(self, district: District, chosen: int | None = None) -> None:
        """The plan's lines; relations between companies and research first."""
        self.district = district
        lines = plans.lines(district.id)
        self.activity_line_id.choices = [(x.id, f"{x.code}) {translated(x, 'name')}") for x in lines]
        if not self.is_submitted():
            first = next((x.id for x in lines if x.code == "c"), None)
            self.activity_line_id.data = chosen or first

    def validate_activity_line_id(self, field):
        """What is counted hangs on a line of the plan."""
        if field.data is None:
            raise ValidationError(_l("Choose a line. If there is none, a manager first writes the plan."))

    def validate_company(self, field):
        """One company of the registry."""
        self.found = company_named(self.district, field.data or "")


def company_named(district: District, text: str) -> Company:
    """The company that a person means. Raises ValidationError, which names those that are alike."""
    if not text:
        raise ValidationError(_l("Write the company's name or partita IVA."))
    tax_id = "".join(text.split()).upper().removeprefix("IT")
    if tax_id.isdigit():
        found = people.company_by_tax_id(district.id, tax_id)
        if found is not None:
            return found
    rows = people.companies(district.id, search=text, on=today(district.zone)).rows
    exact = [c for c in rows if c.name.casefold() == text.casefold()]
    if len(exact or rows) == 1:
        return (exact or rows)[0]
    alike = exact or rows[:5] or people.similar_companies(district.id, text)
    names = ", ".join(f"{c.name} ({c.tax_id})" if c.tax_id else c.name for c in alike)
    if not names:
        raise ValidationError(_l("The registry has no company of this name."))
    raise ValidationError(_("Did you mean one of these? Write its partita IVA: %(names)s", names=names))


class MeetingForm(_OfCompany):
    """A wish for a meeting."""

    laboratory_id = _Choice(_l("Laboratory"))
    expert = text_field(_l("Expert, if no laboratory takes part"), most=200, required=False)
    wish = TextAreaField(_l("What it is to be about"), validators=[Length(max=TEXT)])

    def offer(self, district: District):
        """Laboratories and lines."""
        self.offer_lines(district)
        laboratories = [(x.id, _named(x)) for x in queries.offered(district.id)]
        self.laboratory_id.choices = [("", _l("No choice")), *laboratories]
        return self

    def validate_expert(self, field):
        """Somebody is to be met: a laboratory or an expert."""
        if (self.laboratory_id.data is None) == (not field.data):
            raise ValidationError(_l("Choose a laboratory, or name an expert: one of the two."))


class ArrangeForm(Form):
    """Date, place and who is invited."""

    contact_id = _Choice(_l("Who comes for the company"))
    laboratory_contact_id = _Choice(_l("Who comes for the laboratory"))
    day = DayField(_l("Day"), validators=[InputRequired()])
    begins = HourField(_l("From what time"), validators=[InputRequired()])
    ends = HourField(_l("Until what time"), validators=[InputRequired()])
    place = text_field(_l("Place"), most=300)
    message = TextAreaField(_l("Words to both, in the mail"), validators=[Length(max=TEXT)])
    version = _version()

    def offer(self, meeting: Meeting):
        """The people of both sides."""
        self.contact_id.choices = [(c.id, c.name or c.email) for c in queries.contacts_of(meeting.company)]
        body = meeting.laboratory.organisation if meeting.laboratory else None
        people_there = queries.contacts_of(body) if body is not None else []
        self.laboratory_contact_id.choices = [
            ("", _l("Nobody is invited by mail")), *((c.id, c.name or c.email) for c in people_there)
        ]  # fmt: skip
        return self

    def validate_contact_id(self, field):
        """Somebody of the company gets the invitation."""
        if field.data is None:
            raise ValidationError(
                _l("Choose somebody. If there is nobody, add a contact to the company first.")
            )

    def validate_ends(self, field):
        """It ends after it begins."""
        if self.begins.data and field.data and field.data <= self.begins.data:
            raise ValidationError(_l("It must end after it begins."))

    def facts(self) -> dict:
        """What `meetings.arrange` takes."""
        return {
            "contact_id": self.contact_id.data, "laboratory_contact_id": self.laboratory_contact_id.data,
            "starts_at": local_moment(self.day.data, self.begins.data).astimezone(UTC),
            "ends_at": local_moment(self.day.data, self.ends.data).astimezone(UTC),
            "place": self.place.data, "message": self.message.data or "",
            "version": self.version.data or 0,
        }  # fmt: skip


def arranged(meeting: Meeting) -> dict:
    """The form's values: what stands, or whom the laboratory names."""
    zone, lab = meeting.district.zone, meeting.laboratory
    values: dict[str, Any] = {"version": meeting.version}
    values["contact_id"] = meeting.contact_id
    values["laboratory_contact_id"] = meeting.laboratory_contact_id or (lab.contact_id if lab else None)
    if meeting.starts_at is None or meeting.ends_at is None:
        return values | {"place": meeting.company.municipality, "day": today(zone) + timedelta(days=7)}
    begins, ends = meeting.starts_at.astimezone(zone), meeting.ends_at.astimezone(zone)
    return values | {
        "day": begins.date(), "begins": begins.time(), "ends": ends.time(), "place": meeting.place,
    }  # fmt: skip


class HeldForm(Form):
    """That it took place."""

    held_on = DayField(_l("Day on which it took place"), validators=[InputRequired()])
    minutes = TextAreaField(_l("Minutes of the meeting"), validators=[DataRequired(), Length(max=20_000)])
    version = _version()


class ReasonForm(Form):
    """Why something is declined, ended or taken back."""

    reason = text_field(_l("Reason"), most=300)
    version = _version()


class AgreementForm(_OfCompany):
    """An agreement between a company and a research body."""

    partner_id = _Choice(_l("Research body"), validators=[InputRequired()])
    laboratory_id = _Choice(_l("Laboratory"))
    title = text_field(_l("Title"), most=300)
    purpose = TextAreaField(_l("Purpose of the agreement"), validators=[Length(max=TEXT)])
    cooperation = SelectField(
        _l("Kind of cooperation"), choices=[SelectChoice(k.value, name) for k, name in COOPERATIONS.items()]
    )
    starts_on = DayField(_l("First day"), validators=[Optional()])
    ends_on = DayField(_l("Last day"), validators=[Optional()])
    version = _version()

    def offer(self, district: District, chosen: Agreement | None = None):
        """Research bodies, laboratories and lines."""
        self.chosen = chosen
        self.offer_lines(district, chosen.activity_line_id if chosen else None)
        bodies = queries.bodies(district.id)
        if chosen is not None and chosen.partner not in bodies:
            bodies = [chosen.partner, *bodies]
        self.partner_id.choices = [(c.id, c.name) for c in bodies]
        offered = queries.offered(district.id, chosen=chosen.laboratory_id if chosen else None)
        self.laboratory_id.choices = [("", _l("No choice")), *((x.id, _named(x)) for x in offered)]
        return self

    def validate_company(self, field):
        """Who it is with does not change; a new one names it."""
        self.found = self.chosen.company if self.chosen else company_named(self.district, field.data or "")

    def validate_ends_on(self, field):
        """It ends after it begins."""
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError(_l("The last day lies before the first."))

    def facts(self) -> dict:
        """What `agreements.draft` and `agreements.revise` take."""
        names = ("partner_id", "laboratory_id", "title", "starts_on", "ends_on", "activity_line_id")
        return {name: self[name].data for name in names} | {
            "purpose": self.purpose.data or "", "cooperation": Cooperation(self.cooperation.data),
        }  # fmt: skip


class SigningForm(Form):
    """The signed file, and when it was signed."""

    signed_on = DayField(_l("Day of the last signature"), validators=[InputRequired()])
    file = FileField(_l("Signed file"))
    version = _version()

    def validate_file(self, field):
        """A file was chosen."""
        if not getattr(field.data, "filename", ""):
            raise ValidationError(_l("Choose the signed file."))
