"""The forms of the catalogue and the calls."""

from datetime import time

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import URL, Length, NumberRange, Optional, Regexp, ValidationError

from dissemination.calls import moments, queries
from dissemination.calls.models import AreaType, Call, Family, Service
from dissemination.calls.texts import AREA_TYPES, FAMILIES
from dissemination.districts.models import District
from dissemination.kernel.clock import local, today
from dissemination.kernel.forms import Form, WholeField, text_field
from dissemination.kernel.languages import translated
from dissemination.people.models import SizeClass
from dissemination.people.texts import SIZES
from dissemination.plan.fields import CheckboxListField, NumberField, long_text

PERCENT = NumberRange(0, 100, _l("Write a percentage from 0 to 100."))


def words_of(text: str | None) -> list[str]:
    """Keywords separated by commas, each once, at most 30 of 60 characters."""
    words = [" ".join(word.split())[:60] for word in (text or "").split(",")]
    return list(dict.fromkeys(filter(None, words)))[:30]


def not_negative(_form, field):
    """No amount below zero."""
    if field.data is not None and field.data < 0:
        raise ValidationError(_l("The amount cannot be negative."))


def percent_field(label):
    """A whole percentage or nothing."""
    return WholeField(label, validators=[Optional(), PERCENT])


class ServiceForm(Form):
    """A service of the catalogue."""

    code = text_field(_l("Code"), most=20)
    family = SelectField(_l("Family"), choices=[(f.value, words) for f, words in FAMILIES.items()])
    title_it = text_field(_l("Title in Italian"), most=300)
    title_en = text_field(_l("Title in English"), most=300, required=False)
    description_it = long_text(_l("Description in Italian"))
    description_en = long_text(_l("Description in English"))
    cost_cap = NumberField(_l("Highest admissible cost, in euro"), validators=[not_negative])
    months = WholeField(_l("Longest duration, in months"), validators=[Optional(), NumberRange(1, 120)])
    percent_micro = percent_field(SIZES["micro"])
    percent_small = percent_field(SIZES["small"])
    percent_medium = percent_field(SIZES["medium"])
    percent_large = percent_field(SIZES["large"])
    area_types = CheckboxListField(
        _l("Serves improvements of"), choices=[(t.value, words) for t, words in AREA_TYPES.items()]
    )
    keywords = StringField(_l("Keywords"), validators=[Length(max=1000)])
    valid_from = DateField(_l("Valid from"), validators=[Optional()])
    valid_until = DateField(_l("Valid until"), validators=[Optional()])
    version = HiddenField(default="0")

    def validate_code(self, field):
        """Letters, digits and dots: it stands in figures and files."""
        Regexp(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", message=_l("Write a code such as B.1.2."))(self, field)

    def validate_valid_until(self, field):
        """A validity does not end before it begins."""
        if field.data and self.valid_from.data and field.data < self.valid_from.data:
            raise ValidationError(_l("The last day is before the first."))

    def facts(self) -> dict:
        """The columns to write."""
        texts = ("title_it", "title_en", "description_it", "description_en")
        percents = {s.value: self[f"percent_{s.value}"].data for s in SizeClass}
        return {
            "code": self.code.data.upper(), "family": Family(self.family.data),
            **{name: self[name].data or "" for name in texts},
            **{name: self[name].data for name in ("cost_cap", "months", "valid_from", "valid_until")},
            "intensity": {size: percent for size, percent in percents.items() if percent is not None},
            "area_types": [AreaType(t).value for t in self.area_types.data or ()],
            "keywords": words_of(self.keywords.data),
        }  # fmt: skip


def values_of_service(service: Service) -> dict:
    """What the form shows of a service."""
    columns = (
        "code", "title_it", "title_en", "description_it", "description_en", "cost_cap", "months",
        "area_types", "valid_from", "valid_until", "version",
    )  # fmt: skip
    return {
        **{name: getattr(service, name) for name in columns}, "family": service.family.value,
        **{f"percent_{size}": percent for size, percent in service.intensity.items()},
        "keywords": ", ".join(service.keywords),
    }  # fmt: skip


class CatalogueFileForm(Form):
    """A CSV of services."""

    file = FileField(_l("CSV file"), validators=[FileRequired(_l("Choose a file."))])


class CallForm(Form):
    """A call for funding."""

    title_it = text_field(_l("Title in Italian"), most=300)
    title_en = text_field(_l("Title in English"), most=300, required=False)
    body = text_field(_l("Body that publishes it"), most=200)
    url = StringField(
        _l("Address of its official page"), validators=[Optional(), Length(max=500), URL(require_tld=False)]
    )
    summary_it = long_text(_l("Summary in Italian"))
    summary_en = long_text(_l("Summary in English"))
    opens_on = DateField(_l("Opens on"), validators=[Optional()])
    deadlines = TextAreaField(_l("Deadlines"), validators=[Length(max=2000)])
    service_ids = CheckboxListField(_l("Services of the catalogue that it pays for"), coerce=int)
    cap = NumberField(_l("Highest contribution for one application, in euro"), validators=[not_negative])
    intensity = percent_field(_l("Highest percentage of the cost"))
    sizes = CheckboxListField(_l("Sizes that may apply"), choices=list(SIZES.items()))
    sectors = CheckboxListField(_l("Sectors that may apply"))
    keywords = StringField(_l("Keywords"), validators=[Length(max=1000)])
    version = HiddenField(default="0")

    def of(self, district: District, chosen: Call | None = None):
        """The form with the district's sectors and services; one no longer valid where the call names it."""
        self.district = district
        self.sectors.choices = [(s.code, translated(s, "name")) for s in district.sectors]
        named = {s.id for s in chosen.services} if chosen is not None else set()
        on = today(district.zone)
        self.service_ids.choices = [
            (s.id, f"{s.code} {translated(s, 'title')}")
            for s in queries.services(district.id) if s.id in named or queries.is_valid(s, on)
        ]  # fmt: skip
        return self

    def validate_url(self, field):
        """Only the web: no javascript:, no file:."""
        if field.data and not field.data.lower().startswith(("https://", "http://")):
            raise ValidationError(_l("Write a whole address, such as https://www.example.org."))

    def validate_deadlines(self, field):
        """Every line is a date."""
        try:
            self.moments = moments.read_deadlines(field.data or "", self.district.zone)
        except ValueError as wrong:
            raise ValidationError(str(wrong)) from None
        opens = self._opens_at()
        if opens is not None and any(moment < opens for moment in self.moments):
            raise ValidationError(_l("A deadline is before the day on which the call opens."))

    def _opens_at(self):
        day = self.opens_on.data
        return moments.last_moment(day, self.district.zone, time(0)) if day else None

    def facts(self) -> dict:
        """What `actions.add_call` and `revise_call` take."""
        texts = ("title_it", "title_en", "body", "url", "summary_it", "summary_en")
        return {
            **{name: self[name].data or "" for name in texts}, "opens_at": self._opens_at(),
            "cap": self.cap.data, "intensity": self.intensity.data, "deadlines": self.moments,
            "service_ids": self.service_ids.data or [], "keywords": words_of(self.keywords.data),
            "sizes": list(self.sizes.data or ()), "sectors": list(self.sectors.data or ()),
        }  # fmt: skip


def values_of_call(call: Call) -> dict:
    """What the form shows of a call."""
    columns = (
        "title_it", "title_en", "body", "url", "summary_it", "summary_en", "cap", "intensity", "sizes",
        "sectors", "version",
    )  # fmt: skip
    zone = call.district.zone
    return {
        **{name: getattr(call, name) for name in columns},
        "opens_on": local(call.opens_at, zone).date() if call.opens_at else None,
        "deadlines": moments.written_deadlines((c.closes_at for c in call.cutoffs), zone),
        "service_ids": [s.id for s in call.services], "keywords": ", ".join(call.keywords),
    }  # fmt: skip
