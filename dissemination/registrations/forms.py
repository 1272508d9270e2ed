"""The forms: registering, changing one's registration, adding a person by hand.

A workshop's questions are fields `question_<id>` made for that workshop.
"""

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from dissemination.kernel.forms import DataRequired, Form, Optional, TaxIdField, email_field, text_field
from dissemination.kernel.languages import language, translated
from dissemination.people.models import OrganisationType, Purpose, SizeClass
from dissemination.registrations.kept import thing
from dissemination.registrations.queries import workshop_of
from dissemination.workshops.models import Workshop

PROVINCES = frozenset(
    """AG AL AN AO AP AQ AR AT AV BA BG BI BL BN BO BR BS BT BZ CA CB CE CH CL CN CO CR CS CT CZ EN FC FE
    FG FI FM FR GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OR PA PC PD PE PG
    PI PN PO PR PT PU PV PZ RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP TR TS TV UD
    VA VB VC VE VI VR VT VV""".split()  # noqa: SIM905 (a list of quoted codes would be four times as long)
)
KINDS = (
    SelectChoice(OrganisationType.COMPANY.value, _l("Company")),
    SelectChoice(OrganisationType.RESEARCH.value, _l("University or research body")),
    SelectChoice(OrganisationType.PUBLIC.value, _l("Public body")),
    SelectChoice(OrganisationType.ASSOCIATION.value, _l("Association or foundation")),
    SelectChoice(OrganisationType.OTHER.value, _l("Other")),
)
SIZES = (
    SelectChoice("", _l("I do not know")),
    SelectChoice(SizeClass.MICRO.value, _l("Micro: fewer than 10 people")),
    SelectChoice(SizeClass.SMALL.value, _l("Small: 10 to 49 people")),
    SelectChoice(SizeClass.MEDIUM.value, _l("Medium: 50 to 249 people")),
    SelectChoice(SizeClass.LARGE.value, _l("Large: 250 people or more")),
)
LANGUAGE_NAMES = (SelectChoice("it", "Italiano"), SelectChoice("en", "English"))
ANSWER = 1000
CONSENT = _l(
    "I have read the privacy notice and I agree that %(body)s uses these data to manage my registration for "
    "this workshop."
)


class _PersonForm(Form):
    """Who comes, and for which organisation."""

    given_name = text_field(_l("Given name"), most=100)
    family_name = text_field(_l("Family name"), most=100)
    email = email_field(_l("E-mail address"))
    job_title = text_field(_l("Role"), most=120, required=False)
    private = BooleanField(_l("I come as a private person, not for an organisation"))
    organisation_type = SelectField(_l("Kind of organisation"), choices=KINDS, default="company")
    tax_id = TaxIdField(_l("Partita IVA"), validators=[Optional(), Length(max=20)])
    company_name = text_field(_l("Name of the organisation"), most=200, required=False)
    province = StringField(_l("Province (two letters)"), validators=[Optional()])
    size = SelectField(_l("Size"), choices=SIZES, default="")

    def validate_province(self, field):
        """Two letters of an Italian province."""
        field.data = field.data.upper()
        if not self.private.data and field.data not in PROVINCES:
            raise ValidationError(_l("Write the two letters of an Italian province, such as PO."))

    def validate(self, extra_validators=None):
        """An organisation needs its name, a company its partita IVA too; a private person neither."""
        correct = super().validate(extra_validators)
        if self.private.data:
            for name in ("tax_id", "province"):  # what was typed there is not used
                self[name].errors = []
            return not self.errors
        if self.organisation_type.data == "company":
            correct &= self._asks(
                self.tax_id, _l("Write the company's partita IVA, or say that you come as a private person.")
            )
        return correct & self._asks(self.company_name, _l("Write the name of the organisation."))

    @staticmethod
    def _asks(field, message) -> bool:
        if not field.data and not field.errors:
            field.errors = [*field.errors, message]
        return not field.errors

    def organisation(self) -> dict:
        """The arguments of `actions.register` that tell of the organisation."""
        if self.private.data:
            return {}
        return {
            "tax_id": self.tax_id.data or "", "company_name": self.company_name.data,
            "province": self.province.data or "", "sector_id": self.sector_id.data or None,
            "size": SizeClass(self.size.data) if self.size.data else None,
            "organisation_type": OrganisationType(self.organisation_type.data),
        }  # fmt: skip

    def facts(self) -> dict:
        """The arguments of `actions.register`."""
        return {
            "email": self.email.data, "given_name": self.given_name.data,
            "family_name": self.family_name.data, "job_title": self.job_title.data or "",
            "answers": answers(self), "language": language(), "form_mark": form_mark(),
            **self.organisation(),
        }  # fmt: skip


class _PublicForm(_PersonForm):
    """The same with the consent, which only the person herself can give."""

    def facts(self) -> dict:
        """The arguments of `actions.register`, with the consent as it was shown."""
        return {
            **super().facts(), "consents": {Purpose.REGISTRATION: str(self.consent.label.text)},
            "newsletter_issue_id": issue_id(),
        }  # fmt: skip


class _MineForm(Form):
    """What a person may change of her registration."""

    given_name = text_field(_l("Given name"), most=100)
    family_name = text_field(_l("Family name"), most=100)
    job_title = text_field(_l("Role"), most=120, required=False)
    language = RadioField(_l("Language of our messages"), choices=LANGUAGE_NAMES)


def public_form(door, district) -> _PublicForm:
    """The form by which a person registers."""
    return thing(("public", door.id, door.version), lambda: _class_for(_PublicForm, door, district))()


def _class_for(form: type[Form], door, district) -> type[Form]:
    """`form` for one workshop, in the current language."""
    consent = BooleanField(
        CONSENT % {"body": district.managing_body},
        validators=[DataRequired(_l("Without this consent we cannot register you."))],
    )
    asked = _with_questions(form, workshop_of(door))
    return type(form.__name__, (asked,), {"consent": consent, "sector_id": _sector_field(district)})


def desk_form(workshop: Workshop) -> _PersonForm:
    """The form by which an organiser adds a person."""
    asked = _with_questions(_PersonForm, workshop, ask=False)
    return type(asked.__name__, (asked,), {"sector_id": _sector_field(workshop.district)})()


def mine_form(registration) -> _MineForm:
    """The form by which a person changes her registration, filled with what stands."""
    contact = registration.contact
    kept = {f"question_{key}": value for key, value in registration.answers.items()}
    return _with_questions(_MineForm, registration.workshop)(
        given_name=contact.given_name, family_name=contact.family_name, job_title=registration.job_title,
        language=registration.language, **kept,
    )  # fmt: skip


def questions(form) -> list:
    """The fields of the workshop's questions, in their order."""
    return [field for field in form if field.name.startswith("question_")]


def answers(form) -> dict[str, str]:
    """Question id (as str) -> what was answered."""
    return {f.name.removeprefix("question_"): f.data or "" for f in questions(form)}


def form_mark() -> str | None:
    """The random mark of the form that was sent (see `http.form_token`)."""
    return request.form.get("form_mark") or None


def issue_id() -> int | None:
    """The newsletter issue that brought the person: `?n=`, kept in the form."""
    given = request.form.get("n") or request.args.get("n") or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _with_questions(form: type[Form], workshop: Workshop, *, ask: bool = True) -> type[Form]:
    """`form` with one field for each question of `workshop`; none is required unless `ask`."""
    fields = {}
    for question in workshop.questions:
        checks = [DataRequired() if question.required and ask else Optional(), Length(max=ANSWER)]
        fields[f"question_{question.id}"] = TextAreaField(translated(question, "text"), validators=checks)
    return type(form.__name__, (form,), fields)


def _sector_field(district) -> SelectField:
    sectors = [SelectChoice(str(s.id), translated(s, "name")) for s in district.sectors]
    none = SelectChoice("0", _l("Other, or none of these"))
    return SelectField(_l("Sector"), coerce=int, default=0, choices=[none, *sectors])
