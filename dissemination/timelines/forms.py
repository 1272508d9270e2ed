"""What a company writes on its own page, and what the desk answers."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from dissemination.districts.models import District
from dissemination.kernel.forms import Form, WholeField, email_field
from dissemination.people.forms import CompanyForm
from dissemination.people.models import Company, SizeClass
from dissemination.research import queries as research
from dissemination.timelines.texts import FIELDS

MOST_DAYS = 1825


class _Choice(SelectField):
    """A choice among rows; the data is an id or None."""

    def __init__(self, label, **options):
        super().__init__(label, coerce=lambda v: int(v) if v and v != "None" else None, **options)
        self.type = "SelectField"  # what the form macro goes by


class AskForm(Form):
    """Whose address the link goes to."""

    email = email_field(_l("E-mail address"))


class LinkForm(Form):
    """To whom of the company the page is opened."""

    contact_id = _Choice(_l("Person of the company"), validators=[InputRequired()])

    def offer(self, company: Company):
        """Its people whose address is proven."""
        people = [c for c in research.contacts_of(company) if c.proven_at is not None]
        self.contact_id.choices = [(c.id, f"{c.name} ({c.email})") for c in people]
        return self


class CorrectionForm(CompanyForm):
    """The company's facts as they should be."""

    # WTForms takes a field of the class above away where its name is None.
    tax_id = None  # type: ignore[assignment]
    type = None  # type: ignore[assignment]
    sector_id = None  # type: ignore[assignment]
    in_managing_body = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]
    anyway = None  # type: ignore[assignment]
    words = TextAreaField(_l("Something else that is wrong"), validators=[Length(max=5000)])

    def wanted(self) -> dict[str, str]:
        """{column: what it should be}, as text."""
        return {name: self[name].data or "" for name in FIELDS}


def values_of(company: Company) -> dict[str, str]:
    """{column: what the registry holds}, as text."""
    facts = {name: getattr(company, name) or "" for name in FIELDS}
    return facts | {"size": company.size.value if company.size else ""}


def column_of(name: str, text: str):
    """The value of a column of companies that `text` stands for."""
    return (SizeClass(text) if text else None) if name == "size" else text


class WishForm(Form):
    """A company wishes to meet a laboratory."""

    laboratory_id = _Choice(_l("Laboratory"), validators=[InputRequired()])
    wish = TextAreaField(_l("What it is to be about"), validators=[DataRequired(), Length(max=5000)])

    def offer(self, district: District):
        """Laboratories that the public sees."""
        shown = [x for x in research.offered(district.id) if x.published_at is not None]
        self.laboratory_id.choices = [(x.id, f"{x.name} ({x.organisation.name})") for x in shown]
        return self


class AnswerForm(Form):
    """The organiser's word on a correction."""

    answer = TextAreaField(_l("A word to who asked"), validators=[Length(max=1000)])
    decision = SelectField(_l("Decision"), choices=[("accept", ""), ("decline", "")])

    def validate_answer(self, field):
        """Who is told no is told why."""
        if self.decision.data == "decline" and not field.data:
            raise ValidationError(_l("Write why: who asked reads it."))


class WindowForm(Form):
    """How long after a workshop to look."""

    days = WholeField(
        _l("Days after a workshop"),
        validators=[
            InputRequired(),
            NumberRange(min=1, max=MOST_DAYS, message=_l("Between 1 and 1825 days.")),
        ],
    )
