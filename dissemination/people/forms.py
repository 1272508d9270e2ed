"""The forms of companies, contacts, access, uploads and one's own account."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import URL, InputRequired, Length, Optional, Regexp, ValidationError

from dissemination.kernel.forms import Form, TaxIdField, email_field, text_field
from dissemination.kernel.languages import LANGUAGES, translated
from dissemination.kernel.rights import Role
from dissemination.people.models import OrganisationType, SizeClass
from dissemination.people.texts import ROLE_NAMES, ROLES, SIZES, TYPES

LANGUAGE_NAMES = {"it": "Italiano", "en": "English"}


def language_field():
    """Italian or English."""
    return RadioField(
        _l("Language"), choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES], default="it"
    )


def sector_choices(district) -> list[tuple[str, str]]:
    """The sectors of the district, after an empty choice."""
    return [("", "–"), *((str(s.id), translated(s, "name")) for s in district.sectors)]


class AccountForm(Form):
    """My own facts."""

    name = text_field(_l("Name"), most=200)
    language = language_field()


class CompanyForm(Form):
    """A company of the registry."""

    name = text_field(_l("Name"), most=200)
    tax_id = TaxIdField(_l("Partita IVA"), validators=[Length(max=20)])
    type = SelectField(_l("Kind of organisation"), choices=list(TYPES.items()))
    size = SelectField(_l("Size"), choices=[("", "–"), *SIZES.items()], validators=[Optional()])
    sector_id = SelectField(_l("Sector"), validators=[Optional()])
    ateco = StringField(
        _l("ATECO code"),
        validators=[
            Optional(),
            Regexp(r"^\d{2}(\.\d{1,2}){0,2}$", message=_l("Write an ATECO code as 13.20.00.")),
        ],
    )
    province = StringField(
        _l("Province"),
        filters=[lambda value: value.strip().upper() if value else value],
        validators=[
            Optional(),
            Regexp("^[A-Z]{2}$", message=_l("The province is written with two letters, such as PO.")),
        ],
    )
    municipality = text_field(_l("Municipality"), most=120, required=False)
    address = text_field(_l("Street and number"), most=200, required=False)
    website = StringField(_l("Website"), validators=[Optional(), Length(max=300), URL(require_tld=False)])
    in_managing_body = BooleanField(_l("Belongs to the managing body"))
    version = HiddenField(default="0")
    anyway = HiddenField()

    def validate_website(self, field):
        """Only the web: no javascript:, no file:."""
        if field.data and not field.data.lower().startswith(("https://", "http://")):
            raise ValidationError(_l("Write a whole address, such as https://www.example.org."))

    def of(self, district):
        """The form with the district's sectors."""
        self.sector_id.choices = sector_choices(district)
        return self

    def facts(self) -> dict:
        """The columns to write."""
        return {
            "name": self.name.data, "tax_id": self.tax_id.data or None,
            "type": OrganisationType(self.type.data),
            "size": SizeClass(self.size.data) if self.size.data else None,
            "sector_id": int(self.sector_id.data) if self.sector_id.data else None,
            "in_managing_body": self.in_managing_body.data,
            **{n: self[n].data or "" for n in ("ateco", "province", "municipality", "address", "website")},
        }  # fmt: skip


class MembershipForm(Form):
    """A period of membership, both days included."""

    since = DateField(_l("Member since"), validators=[InputRequired()])
    until = DateField(_l("Until (empty while it lasts)"), validators=[Optional()])


class ContactForm(Form):
    """A person of the registry."""

    given_name = text_field(_l("Given name"), most=100)
    family_name = text_field(_l("Family name"), most=100)
    email = email_field(_l("E-mail address"))
    company_tax_id = TaxIdField(_l("Partita IVA of the company"), validators=[Length(max=20)])
    job_title = text_field(_l("Job title"), most=120, required=False)
    phone = text_field(_l("Telephone"), most=40, required=False)
    language = language_field()
    version = HiddenField(default="0")

    def facts(self) -> dict:
        """The columns to write, without the company."""
        names = ("given_name", "family_name", "email", "job_title", "phone", "language")
        return {name: self[name].data or "" for name in names}


class UploadForm(Form):
    """A CSV file."""

    file = FileField(_l("CSV file"), validators=[FileRequired(_l("Choose a file."))])


class InvitationForm(Form):
    """Somebody new at the desk."""

    name = text_field(_l("Name"), most=200)
    email = email_field(_l("E-mail address"))
    role = RadioField(
        _l("Role"), choices=[(r, ROLES[r]) for r in (Role.VIEWER, Role.ORGANISER, Role.MANAGER)],
        default="organiser",
    )  # fmt: skip
    language = language_field()


class RoleForm(Form):
    """Another role for somebody."""

    role = SelectField(_l("Role"), choices=list(ROLE_NAMES.items()))
