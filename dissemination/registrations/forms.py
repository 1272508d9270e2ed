"""The forms: registering (alone or with colleagues), changing one's registration, adding a person by hand.

A workshop's questions are fields `question_<id>` made for that workshop (see `answers`). What the district
reports by (size, province, role, sector) is asked by itself when an indicator that the workshop feeds is
split by it, and not asked otherwise.
"""

from collections.abc import Collection

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from dissemination.kernel.forms import DataRequired, Form, Optional, TaxIdField, email_field, text_field
from dissemination.kernel.languages import language, translated
from dissemination.people.models import OrganisationType, Purpose, SizeClass
from dissemination.plan import contract
from dissemination.registrations import answers, rooms
from dissemination.registrations.kept import NEWSLETTER, thing
from dissemination.registrations.models import Attends
from dissemination.registrations.plain import named, plain
from dissemination.registrations.queries import workshop_of
from dissemination.workshops.models import Workshop

PROVINCES = frozenset(
    """EE AG AL AN AO AP AQ AR AT AV BA BG BI BL BN BO BR BS BT BZ CA CB CE CH CL CN CO CR CS CT CZ EN FC FE
    FG FI FM FR GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OR PA PC PD PE PG
    PI PN PO PR PT PU PV PZ RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP TR TS TV UD
    VA VB VC VE VI VR VT VV""".split()  # noqa: SIM905 (a list of quoted codes would be four times as long)
)
KINDS = (
    SelectChoice(OrganisationType.COMPANY.value, _l("Company")),
    SelectChoice(OrganisationType.RESEARCH.value, _l("University or research body")),
    SelectChoice(OrganisationType.PUBLIC.value, _l("Public body")),
    SelectChoice(OrganisationType.ASSOCIATION.value, _l("Association or foundation")),
    SelectChoice(OrganisationType.OTHER.value, _l("Other, or a company of another country")),
)
SIZES = (
    SelectChoice("", _l("I do not know")),
    SelectChoice(SizeClass.MICRO.value, _l("Micro: fewer than 10 people")),
    SelectChoice(SizeClass.SMALL.value, _l("Small: 10 to 49 people")),
    SelectChoice(SizeClass.MEDIUM.value, _l("Medium: 50 to 249 people")),
    SelectChoice(SizeClass.LARGE.value, _l("Large: 250 people or more")),
)
NO_PROVINCE = _l("Write the two letters of an Italian province, such as PO, or EE for another country.")
LANGUAGE_NAMES = (SelectChoice("it", "Italiano"), SelectChoice("en", "English"))
SPLITS = frozenset({"size", "province", "role", "sector"})  # what this form can ask for the figures
MOST = 10  # colleagues in one go (`groups.MOST`)
CONSENT = _l(
    "I have read the privacy notice and I agree that %(body)s uses these data to manage my registration for "
    "this workshop."
)


def _name_field(label, **options):
    return text_field(label, most=100, filters=[plain], **options)


def check_name(_form, field) -> None:
    """A person's name holds no link: it stands in mails to others."""
    if field.data and not named(field.data):
        raise ValidationError(_l("Write a name here, without addresses of sites."))


class _Names(Form):
    """The name of a person."""

    given_name = _name_field(_l("Given name"))
    family_name = _name_field(_l("Family name"))
    validate_given_name = validate_family_name = staticmethod(check_name)


class _PersonForm(_Names):
    """Who comes, and for which organisation. Classes made for a workshop say in `splits` what is asked."""

    splits: Collection[str] = SPLITS
    email = email_field(_l("E-mail address"), filters=[plain])
    job_title = text_field(_l("Role"), most=120, required=False, filters=[plain])
    private = BooleanField(_l("I come as a private person, not for an organisation"))
    organisation_type = SelectField(_l("Kind of organisation"), choices=KINDS, default="company")
    tax_id = TaxIdField(_l("Partita IVA"), validators=[Optional(), Length(max=20)])
    company_name = text_field(_l("Name of the organisation"), most=200, required=False, filters=[plain])
    province = StringField(_l("Province (two letters)"), validators=[Optional()])
    size = SelectField(_l("Size"), choices=SIZES, default="")

    def validate_province(self, field):
        """Two letters of an Italian province."""
        field.data = (field.data or "").upper()
        if "province" in self.splits and not self.private.data and field.data not in PROVINCES:
            raise ValidationError(NO_PROVINCE)

    def validate_company_name(self, field):
        """It stands in mails: no links."""
        if field.data and "://" in field.data:
            raise ValidationError(_l("Write a name here, without addresses of sites."))

    def validate(self, extra_validators=None):
        """An organisation needs its name, a company its partita IVA too; a private person neither."""
        correct = super().validate(extra_validators)
        if self.private.data:
            for name in ("tax_id", "province", "company_name"):  # what was typed there is not used
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
        told = self.splits
        return {
            "tax_id": self.tax_id.data or "", "company_name": self.company_name.data,
            "province": (self.province.data or "") if "province" in told else "",
            "sector_id": (self.sector_id.data or None) if "sector" in told else None,
            "size": SizeClass(self.size.data) if self.size.data and "size" in told else None,
            "organisation_type": OrganisationType(self.organisation_type.data),
        }  # fmt: skip

    def person(self) -> dict:
        """The arguments of `actions.register` that tell of the person."""
        return {
            "email": self.email.data, "given_name": self.given_name.data,
            "family_name": self.family_name.data, "job_title": self.job_title.data or "",
            "answers": answers.given(self),
        }  # fmt: skip

    def way(self) -> Attends | None:
        """Room or online, where there is a choice."""
        return Attends(self.attends.data) if "attends" in self._fields else None

    def facts(self) -> dict:
        """The arguments of `actions.register`."""
        return {
            **self.person(), **self.organisation(), "attends": self.way(), "language": language(),
            "form_mark": form_mark(),
        }  # fmt: skip


class _ColleagueForm(_Names):
    """A colleague who is registered too."""

    class Meta(Form.Meta):
        """The whole form has the token."""

        csrf = False

    email = email_field(_l("E-mail address"), filters=[plain])
    job_title = text_field(_l("Role"), most=120, required=False, filters=[plain])

    def person(self) -> dict:
        """What `groups.Person` is made of."""
        names = ("email", "given_name", "family_name")
        return {**{name: self[name].data for name in names}, "job_title": self.job_title.data or ""}

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written in it."""
        return not any(field.data for field in self)


class _PublicForm(_PersonForm):
    """The same with the consent, which only the person herself can give, and with colleagues."""

    colleagues = FieldList(FormField(_ColleagueForm), label=_l("Colleagues"), max_entries=MOST)
    only_colleagues = BooleanField(_l("I do not come myself: I only register my colleagues"))
    add_colleague = StringField(validators=[Length(max=10)])
    remove_colleague = StringField(validators=[Length(max=40)])

    def reshape(self) -> bool:
        """Do what a named button asks (add or remove a colleague); True when one was pressed."""
        entries = self.colleagues.entries
        if self.add_colleague.data and len(entries) < MOST:
            self.colleagues.append_entry({})
        elif self.remove_colleague.data:
            entries[:] = [e for e in entries if e.name != self.remove_colleague.data]
        return bool(self.add_colleague.data or self.remove_colleague.data)

    def drop_blanks(self) -> None:
        """Leave out colleagues of whom nothing was written."""
        self.colleagues.entries[:] = [e for e in self.colleagues.entries if not e.form.is_blank]

    def validate(self, extra_validators=None):
        """Colleagues come for an organisation, and each once."""
        correct = super().validate(extra_validators)
        people = [e.form for e in self.colleagues.entries]
        if self.only_colleagues.data and not people:
            self.only_colleagues.errors = [_("Add the colleagues whom you want to register.")]
        if people and self.private.data:
            self.private.errors = [_("Colleagues are registered for an organisation: fill in which one.")]
        seen = {} if self.only_colleagues.data else {self._address(self): _("This is your own address too.")}
        for n, person in enumerate(people, 1):
            address = self._address(person)
            if address and address in seen:
                person.email.errors = [seen[address]]
            seen.setdefault(address, _("This is the address of colleague %(n)d too.", n=n))
        self.colleagues.errors = [e.errors for e in self.colleagues.entries if e.errors]
        return correct and not self.errors

    @staticmethod
    def _address(form) -> str:
        return (form.email.data or "").strip().lower()

    def facts(self) -> dict:
        """The arguments of `actions.register`, with the consent as it was shown."""
        return {**super().facts(), **self._consent(), **brought_by()}

    def group_facts(self) -> dict:
        """The arguments of `actions.register_group`, people as dicts for `groups.Person`.

        Who books comes last, so that the lines which refusals name are those of the form.
        """
        facts = self.facts()
        booker = {name: facts.pop(name) for name in self.person()}
        others = [e.form.person() for e in self.colleagues.entries]
        people = others if self.only_colleagues.data else [*others, booker]
        return {**facts, "booker": booker, "colleagues": people}

    def _consent(self) -> dict:
        return {"consents": {Purpose.REGISTRATION: str(self.consent.label.text)}}


class _MineForm(_Names):
    """What a person may change of her registration."""

    job_title = text_field(_l("Role"), most=120, required=False, filters=[plain])
    language = RadioField(_l("Language of our messages"), choices=LANGUAGE_NAMES)


def public_form(door, *, data: dict | None = None) -> _PublicForm:
    """The form by which a person registers; `data` is what is filled in for her.

    It has no token of its own: the page writes one into it (`registering.Frame`), and CSRFProtect, or the
    view of the embedded form, has looked at it before.
    """
    made = thing(("public", door.id, door.version), lambda: _class_of(workshop_of(door)))
    return made(data=data, meta={"csrf": False})


def preview_form(workshop: Workshop) -> _PublicForm:
    """The same, empty, of a workshop in whatever state."""
    return _class_of(workshop)(formdata=None, meta={"csrf": False})


def _class_of(workshop: Workshop) -> type[_PublicForm]:
    """The form for one workshop, in the current language."""
    district, asked = workshop.district, answers.fields_for(workshop)
    consent = BooleanField(
        CONSENT % {"body": district.managing_body},
        validators=[DataRequired(_l("Without this consent we cannot register you."))],
    )
    fields = {"splits": splits_of(workshop), "consent": consent, "sector_id": _sector_field(district)}
    if rooms.is_hybrid(workshop):
        fields["attends"] = RadioField(
            _l("How do you want to take part?"), default=Attends.ROOM.value,
            choices=[SelectChoice(Attends.ROOM.value, _("In the room")),
                     SelectChoice(Attends.ONLINE.value, _("Online"))],
        )  # fmt: skip
    return type("PublicForm", (_PublicForm,), {**asked, **fields})


def splits_of(workshop: Workshop) -> frozenset[str]:
    """What the indicators that count who came to `workshop` are split by, of what this form can ask."""
    fed = contract.fed_by(workshop.district_id, workshop.counted_on, workshop.activity_line_id)
    return SPLITS & contract.splits_of(fed, verb="attendance.present")


def desk_form(workshop: Workshop) -> _PersonForm:
    """The form by which an organiser adds a person; no question needs an answer."""
    fields = answers.fields_for(workshop, ask=False)
    return type("DeskForm", (_PersonForm,), {**fields, "sector_id": _sector_field(workshop.district)})()


def mine_form(registration) -> _MineForm:
    """The form by which a person changes her registration, filled with what stands."""
    contact, given = registration.contact, registration.answers
    fields = answers.fields_for(registration.workshop, answers=given)
    return type("MineForm", (_MineForm,), fields)(
        data={
            "given_name": contact.given_name, "family_name": contact.family_name,
            "job_title": registration.job_title, "language": registration.language,
            **answers.initial(given),
        }
    )  # fmt: skip


def form_mark() -> str | None:
    """The random mark of the form that was sent (see `http.form_token`)."""
    return request.form.get("form_mark") or None


def newsletter() -> str | None:
    """Which newsletter brought the person, kept in the form: `?n=<issue>` or `?n=<issue>.<block>`."""
    given = request.form.get("n") or request.args.get("n") or ""
    return given if NEWSLETTER.fullmatch(given) else None


def brought_by() -> dict[str, int | None]:
    """The issue and the block of `newsletter()`, as arguments of `actions.register`."""
    issue, _dot, block = (newsletter() or "").partition(".")
    return {
        "newsletter_issue_id": int(issue) if issue else None,
        "newsletter_block_id": int(block) if block else None,
    }


def _sector_field(district) -> SelectField:
    sectors = [SelectChoice(str(s.id), translated(s, "name")) for s in district.sectors]
    none = SelectChoice("0", _l("Other, or none of these"))
    return SelectField(_l("Sector"), coerce=int, default=0, choices=[none, *sectors])
