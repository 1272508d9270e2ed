"""The forms of applications."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.it import iva
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from dissemination.applications import queries
from dissemination.applications.models import Application, Stage
from dissemination.audits.models import ImprovementArea
from dissemination.calls import queries as catalogue
from dissemination.calls.forms import not_negative
from dissemination.calls.models import Call
from dissemination.calls.moments import is_in_time, written
from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.kernel.forms import Form, text_field
from dissemination.kernel.languages import short_date, translated
from dissemination.people.models import Company
from dissemination.people.queries import company_by_tax_id
from dissemination.plan import queries as plans
from dissemination.plan.fields import CheckboxListField, NumberField, long_text
from dissemination.plan.models import LineKind


def _id(value) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def amount_field(label):
    """Euro or nothing."""
    return NumberField(label, validators=[not_negative])


class ApplicationForm(Form):
    """An application before it is submitted."""

    title = text_field(_l("Project"), most=300)
    target = SelectField(_l("Call and deadline"))
    service_ids = CheckboxListField(_l("Services of the catalogue"), coerce=int)
    area_id = SelectField(_l("Improvement area it comes from"), coerce=_id)
    without_audit = text_field(_l("Why no audit stands behind it"), most=300, required=False)
    partners = TextAreaField(_l("Other companies of the grouping"), validators=[Length(max=1000)])
    cost = amount_field(_l("Cost of the project, in euro"))
    requested = amount_field(_l("Contribution requested, in euro"))
    activity_line_id = SelectField(_l("Activity line of the plan"), coerce=_id)
    on = DateField(_l("Since"), validators=[Optional()])
    in_preparation = BooleanField(_l("It is in preparation already"))
    notes = long_text(_l("Notes"))
    version = HiddenField(default="0")

    def of(self, district: District, company: Company, chosen: Application | None = None):
        """The form with the district's calls, services and lines, and the company's improvement areas."""
        self.district, self.company = district, company
        self.calls = catalogue.offered(district.id)
        if chosen is not None and chosen.call not in self.calls:
            self.calls = [chosen.call, *self.calls]
        self._offer_targets()
        on, named = today(district.zone), {s.id for s in chosen.services} if chosen is not None else set()
        self.services = [
            s for s in catalogue.services(district.id) if s.id in named or catalogue.is_valid(s, on)
        ]
        self.service_ids.choices = [(s.id, f"{s.code} {translated(s, 'title')}") for s in self.services]
        self._offer_areas(company, chosen)
        self._offer_lines(chosen)
        return self

    def _offer_targets(self) -> None:
        """First what can still be met, the soonest deadline first; then what is over."""
        at, zone = now(), self.district.zone
        self.target.flags.required, self.target.choices = True, [("", "–")]
        for is_over in (False, True):
            dated = [c for call in self.calls for c in call.cutoffs if is_in_time(at, c.closes_at) != is_over]
            for c in sorted(dated, key=lambda c: c.closes_at, reverse=is_over):
                words = f"{translated(c.call, 'title')[:90]} · {written(c.closes_at, zone)}"
                over = _("%(call)s (over)", call=words) if is_over else words
                self.target.choices.append((f"{c.call_id}:{c.id}", over))
            if not is_over:
                undated = [call for call in self.calls if not call.cutoffs]
                self.target.choices += [(f"{x.id}:", translated(x, "title")[:90]) for x in undated]

    def _offer_areas(self, company: Company, chosen: Application | None) -> None:
        members = [company.id, *(p.id for p in chosen.partners)] if chosen is not None else [company.id]
        self.areas = {area.id: area for area in queries.areas_of(self.district.id, members)}
        named = [("", _("None"))]
        self.area_id.choices = named + [(str(area.id), _area_words(area)) for area in self.areas.values()]

    def _offer_lines(self, chosen: Application | None) -> None:
        lines = sorted(plans.lines(self.district.id), key=lambda x: x.kind is not LineKind.RELATIONS)
        self.activity_line_id.choices = [(str(x.id), f"{x.code}) {translated(x, 'name')}") for x in lines]
        known = {x.id for x in lines}
        if chosen is not None and chosen.activity_line_id not in known:
            same = (str(chosen.activity_line_id), _("The line chosen before"))
            self.activity_line_id.choices.insert(0, same)

    def validate_target(self, field):
        """A call is needed."""
        if not field.data:
            raise ValidationError(_l("Choose a call. If it is not in the list, write it down first."))

    def validate_partners(self, field):
        """One partita IVA a line, each of a company of the registry."""
        self.members = []
        for number in (field.data or "").replace(",", "\n").split("\n"):
            if number.strip():
                self.members.append(_member(self.district, number.strip()))

    def chosen_call(self) -> Call:
        """The call that was chosen."""
        wanted = _id(self.target.data.partition(":")[0])
        return next(call for call in self.calls if call.id == wanted)

    def facts(self) -> dict:
        """What `actions.Facts` holds."""
        call, cutoff_id = self.chosen_call(), _id(self.target.data.partition(":")[2])
        return {
            "call": call, "company": self.company, "title": self.title.data,
            "line_id": self.activity_line_id.data, "partners": self.members,
            "cutoff": next((c for c in call.cutoffs if c.id == cutoff_id), None),
            "services": [s for s in self.services if s.id in (self.service_ids.data or [])],
            "area": self.areas.get(self.area_id.data or 0), "without_audit": self.without_audit.data or "",
            "cost": self.cost.data, "requested": self.requested.data, "notes": self.notes.data or "",
        }  # fmt: skip


def _member(district: District, number: str) -> Company:
    try:
        found = company_by_tax_id(district.id, iva.validate(number))
    except StdnumError:
        found = None
    if found is None:
        words = _("“%(value)s” is not the partita IVA of a company of the registry.", value=number[:30])
        raise ValidationError(words)
    return found


def _area_words(area: ImprovementArea) -> str:
    when = short_date(area.audit.visited_on) if area.audit.visited_on else ""
    return " · ".join(filter(None, (area.title[:100], when)))


def values_of(application: Application) -> dict:
    """What the form shows of an application."""
    plain = ("title", "without_audit", "cost", "requested", "notes")
    return {
        **{name: getattr(application, name) for name in plain},
        "target": f"{application.call_id}:{application.cutoff_id or ''}",
        "service_ids": [s.id for s in application.services], "area_id": application.area_id,
        "partners": "\n".join(p.tax_id or p.name for p in application.partners),
        "activity_line_id": application.activity_line_id, "version": application.version,
    }  # fmt: skip


class StepForm(Form):
    """The next state: its day, and what this state needs. The others' fields are taken away."""

    on = DateField(_l("Day"), validators=[InputRequired()])
    hour = TimeField(_l("At what hour"), validators=[Optional()])
    protocol_number = text_field(_l("Protocol number"), most=60, required=False)
    cost = amount_field(_l("Cost of the project, in euro"))
    requested = amount_field(_l("Contribution requested, in euro"))
    granted = amount_field(_l("Contribution granted, in euro"))
    paid = amount_field(_l("Contribution paid, in euro"))
    note = text_field(_l("Note"), most=300, required=False)
    file = FileField(_l("Grant decision"))
    version = HiddenField(default="0")

    def of(self, stage: Stage, application: Application):
        """The form of one state."""
        mine = {
            Stage.SUBMITTED: ("hour", "protocol_number", "cost", "requested"),
            Stage.FUNDED: ("granted", "file"), Stage.PAID: ("paid",),
        }.get(stage, ())  # fmt: skip
        for name in ("hour", "protocol_number", "cost", "requested", "granted", "paid", "file"):
            if name not in mine:
                delattr(self, name)
        if stage is Stage.FUNDED:
            self.note.label.text = _("Number and date of the grant decision")
        needed = {Stage.SUBMITTED: ("protocol_number",), Stage.FUNDED: ("granted", "note")}
        for name in needed.get(stage, ()):
            self[name].flags.required = True
        if not self.is_submitted():
            self.on.data = today(application.district.zone)
            for name in ("protocol_number", "cost", "requested"):
                if name in mine:
                    self[name].data = getattr(application, name)
            if stage is Stage.FUNDED:
                self.granted.data = application.requested
            if stage is Stage.PAID:
                self.paid.data = application.granted
        return self

    def amount(self):
        """The amount that the state means, None when it has none."""
        return next((self[n].data for n in ("requested", "granted", "paid") if n in self), None)


class BackForm(Form):
    """Why a step is taken back."""

    reason = text_field(_l("Why"), most=300)
    version = HiddenField(default="0")


class CorrectionForm(Form):
    """What may be corrected after the submission."""

    title = text_field(_l("Project"), most=300)
    protocol_number = text_field(_l("Protocol number"), most=60, required=False)
    cost = amount_field(_l("Cost of the project, in euro"))
    requested = amount_field(_l("Contribution requested, in euro"))
    granted = amount_field(_l("Contribution granted, in euro"))
    paid = amount_field(_l("Contribution paid, in euro"))
    notes = long_text(_l("Notes"))
    reason = text_field(_l("Why it is corrected"), most=300, required=False)
    version = HiddenField(default="0")

    def of(self, reached):
        """The form without the amounts of states that were not reached."""
        for stage, name in ((Stage.FUNDED, "granted"), (Stage.PAID, "paid")):
            if stage not in reached:
                delattr(self, name)
        return self

    def facts(self) -> dict:
        """What `actions.Corrected` holds."""
        return {
            **{name: self[name].data or "" for name in ("title", "notes", "protocol_number")},
            **{n: self[n].data if n in self else None for n in ("cost", "requested", "granted", "paid")},
        }  # fmt: skip


class ImportForm(Form):
    """A spreadsheet of past applications."""

    file = FileField(_l("CSV or XLSX file"), validators=[FileRequired(_l("Choose a file."))])
    only_check = BooleanField(_l("Only look at the lines, enter nothing"))


class ConsentForm(Form):
    """What a person said about being told of opportunities, and how."""

    given = SelectField(_l("Answer"), choices=[("yes", _l("Yes")), ("no", _l("No"))])
    proof = StringField(_l("How the person said so"), validators=[InputRequired(), Length(max=300)])


class AlertForm(Form):
    """Who is to be told of a call."""

    contact_ids = CheckboxListField(_l("People"), coerce=int)
