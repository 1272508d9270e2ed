"""The forms of the audits' desk."""

import re
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from dissemination.audits import queries, texts
from dissemination.audits.models import Audit, Dimension, ImprovementArea, Outcome
from dissemination.bibliography.records import one_line
from dissemination.calls.models import AreaType
from dissemination.districts.models import District
from dissemination.kernel.clock import local, today
from dissemination.kernel.forms import (
    DayField,
    Form,
    HourField,
    InputRequired,
    WholeField,
    local_moment,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.people.models import Contact
from dissemination.people.queries import contacts_of
from dissemination.plan import queries as plans
from dissemination.plan.fields import CheckboxListField

LONGEST = 10_000
NOTHING = ("", _l("No choice"))


class _Choice(SelectField):
    """A choice among rows or nothing; the data is an id or None."""

    def __init__(self, label, **options):
        super().__init__(label, coerce=lambda v: int(v) if v and v != "None" else None, **options)
        self.type = "SelectField"  # what the form macro goes by


def _long(label, **options):
    return TextAreaField(label, validators=[Length(max=LONGEST)], **options)


def _version():
    return WholeField(widget=HiddenInput(), validators=[Optional()])


class _Placed(Form):
    """Who makes an audit, and where it belongs in the plan."""

    auditor_id = _Choice(_l("Who visits"))
    auditor_name = text_field(_l("or an expert without an account"), most=200, required=False)
    activity_line_id = _Choice(_l("Activity line of the plan"))
    macro_area_id = _Choice(_l("Macro-area"))

    def offer(self, district: District, audit: Audit | None = None):
        """The district's people, lines and macro-areas."""
        accounts = queries.auditors(district.id, also=audit.auditor if audit else None)
        lines = queries.lines(district.id)
        if audit is not None and audit.activity_line_id not in {x.id for x in lines}:
            lines = [*lines, queries.line_of(audit)]
        self.auditor_id.choices = [NOTHING, *((a.id, a.name or a.email) for a in accounts)]
        self.activity_line_id.choices = [(x.id, f"{x.code}) {translated(x, 'name')}") for x in lines]
        areas = plans.macro_areas(district.id)
        self.macro_area_id.choices = [NOTHING, *((x.id, translated(x, "name")) for x in areas)]
        return self

    def placed(self) -> dict:
        """The chosen values by their columns."""
        return {
            "auditor_id": self.auditor_id.data, "auditor_name": self.auditor_name.data or "",
            "activity_line_id": self.activity_line_id.data, "macro_area_id": self.macro_area_id.data,
        }  # fmt: skip


class PlanForm(_Placed):
    """Audits of the companies that were chosen."""

    reason = _long(_l("Why these companies, or what they asked for"))
    repeat_meant = BooleanField(_l("A second audit in this plan is meant"))


class SettingsForm(_Placed):
    """What stands around an audit."""

    site = text_field(_l("Address of the plant"), most=300, required=False)
    reason = _long(_l("Why this company, or what it asked for"))
    version = _version()


class StepForm(Form):
    """A step on a day."""

    on = DayField(_l("Day"), validators=[InputRequired()])
    reason = text_field(_l("Note"), most=300, required=False)


class ReasonForm(Form):
    """Why: kept with the audit."""

    on = DayField(_l("Day"), validators=[InputRequired()])
    reason = text_field(_l("Reason"), most=300)


class BackForm(Form):
    """Why an audit goes back."""

    reason = text_field(_l("Reason"), most=300)


class AppointmentForm(Form):
    """A date agreed with somebody of the company."""

    contact_id = _Choice(_l("With whom"))
    day = DayField(_l("Day"), validators=[InputRequired()])
    start = HourField(_l("From what time"), validators=[InputRequired()])
    until = HourField(_l("Until what time"), validators=[InputRequired()])
    place = text_field(_l("Where"), most=300, required=False)
    message = _long(_l("Your words in the e-mail"))

    def offer(self, contacts: list[Contact]):
        """The people of the company."""
        self.contact_id.choices = [
            NOTHING, *((c.id, ", ".join(x for x in (c.name, c.job_title, c.email) if x)) for c in contacts)
        ]  # fmt: skip
        return self

    def validate_contact_id(self, field):
        """Somebody must be invited."""
        if field.data is None:
            raise ValidationError(_l("Choose a person of this company with an e-mail address."))

    def moments(self) -> dict:
        """The beginning and the end, aware."""
        return {
            "starts_at": local_moment(self.day.data, self.start.data),
            "ends_at": local_moment(self.day.data, self.until.data),
        }


class CallOffForm(Form):
    """Words to who was invited."""

    message = _long(_l("Your words in the e-mail"))


def written_people(people) -> str:
    """One person a line: "Name, role"; the reverse of `read_people`."""
    return "\n".join(", ".join(part for part in (p.name, p.role) if part) for p in people)


def read_people(text: str) -> list[dict]:
    """The people of as many lines, each "Name, role"."""
    found = []
    for line in text.splitlines():
        name, _comma, role = one_line(line).partition(",")
        if name.strip():
            found.append({"name": name.strip(), "role": role.strip()})
    return found


class VisitForm(Form):
    """What was seen and heard in the company."""

    on = DayField(_l("Day of the visit"), validators=[Optional()])
    starts = HourField(_l("From what time"), validators=[Optional()])
    ends = HourField(_l("Until what time"), validators=[Optional()])
    contacts = CheckboxListField(_l("People met, known to the registry"))
    others = _long(_l("Other people met"))
    departments = CheckboxListField(_l("Departments visited"))
    strengths = _long(_l("Strengths"))
    weaknesses = _long(_l("Weaknesses"))
    summary = _long(_l("Summary for the report"))
    version = _version()

    def offer(self, audit: Audit):
        """The company's people, and the departments."""
        known = contacts_of(queries.standing_company(audit))
        self.known = {c.id: c for c in known if c.erased_at is None}
        self.contacts.choices = [
            (str(c.id), ", ".join(part for part in (c.name, c.job_title) if part))
            for c in self.known.values()
        ]
        self.departments.choices = [(d.value, name) for d, name in texts.DEPARTMENTS.items()]
        if not self.known:
            del self.contacts
        if audit.visited_on is not None:
            del self.on
        return self

    def validate_on(self, field):
        """A visit has its day."""
        if field.data is None:
            raise ValidationError(_l("Write the day of the visit."))

    def validate_ends(self, field):
        """It ends after it began."""
        if field.data and self.starts.data and field.data <= self.starts.data:
            raise ValidationError(_l("The visit ends after it began."))

    def validate_others(self, field):
        """Each line is a person."""
        for person in read_people(field.data or ""):
            if len(person["name"]) > 200 or len(person["role"]) > 120:
                raise ValidationError(_l("One person a line: name, role."))

    def facts(self, audit: Audit) -> dict:
        """What `actions.revise` takes."""
        roles = {p.contact_id: p.role for p in audit.people if p.contact_id}
        met = [self.known[int(i)] for i in (self.contacts.data if "contacts" in self else [])]
        people = [{"name": c.name, "role": roles.get(c.id) or c.job_title, "contact_id": c.id} for c in met]
        return {
            "visited_from": self.starts.data, "visited_until": self.ends.data,
            "departments": self.departments.data, "strengths": self.strengths.data,
            "weaknesses": self.weaknesses.data, "summary": self.summary.data,
            "people": people + read_people(self.others.data or ""),
        }  # fmt: skip


def visit_values(audit: Audit) -> dict:
    """What the visit's form shows."""
    return {
        "starts": audit.visited_from, "ends": audit.visited_until, "departments": audit.departments,
        "strengths": audit.strengths, "weaknesses": audit.weaknesses, "summary": audit.summary,
        "contacts": [str(p.contact_id) for p in audit.people if p.contact_id],
        "others": written_people(p for p in audit.people if p.contact_id is None),
        "version": audit.version, "on": _first_day(audit),
    }  # fmt: skip


def _first_day(audit: Audit) -> date:
    """The day agreed, when it is not in the future; else today."""
    row, now = queries.appointment(audit), today(audit.district.zone)
    agreed = local(row.starts_at, audit.district.zone).date() if row is not None else now
    return min(agreed, now)


class AreaForm(Form):
    """Something to improve."""

    type = RadioField(
        _l("What it concerns"), choices=[SelectChoice(t.value, name) for t, name in texts.AREA_TYPES.items()]
    )
    title = text_field(_l("In a few words"), most=200)
    priority = RadioField(
        _l("Priority"), choices=[SelectChoice(n, name) for n, name in texts.PRIORITIES.items()],
        coerce=int, default=2,
    )  # fmt: skip
    description = _long(_l("What was seen"))
    proposed_action = _long(_l("What we propose"))
    expected_result = _long(_l("What it would bring"))
    keywords = text_field(_l("Keywords"), most=1000, required=False)
    service_id = _Choice(_l("Qualified service"))
    call_id = _Choice(_l("Call"))
    laboratory_id = _Choice(_l("Laboratory"))
    deadline = DayField(_l("By when"), validators=[Optional()])
    outcome = SelectField(
        _l("What became of it"), choices=[SelectChoice(o.value, name) for o, name in texts.OUTCOMES.items()],
        default=Outcome.OPEN.value,
    )  # fmt: skip
    outcome_note = text_field(_l("Note on it"), most=300, required=False)
    version = _version()

    def offer(self, district: District, area: ImprovementArea | None = None):
        """The district's services, calls and laboratories; what the area names already is among them."""
        self.service_id.choices = [
            NOTHING,
            *((s.id, f"{s.code} {translated(s, 'title')}") for s in queries.services(district.id, area)),
        ]
        self.call_id.choices = [
            NOTHING, *((c.id, translated(c, "title")) for c in queries.calls(district.id, area))
        ]  # fmt: skip
        self.laboratory_id.choices = [
            NOTHING,
            *((x.id, f"{x.name}, {x.organisation.name}") for x in queries.laboratories(district.id, area)),
        ]
        return self

    def facts(self) -> dict:
        """What an area of `actions.revise` holds."""
        words = [one_line(word) for word in re.split(r"[,;]", self.keywords.data or "")]
        names = (
            "title", "description", "proposed_action", "expected_result", "service_id", "call_id",
            "laboratory_id", "deadline", "outcome_note",
        )  # fmt: skip
        return {name: self[name].data for name in names} | {
            "type": AreaType(self.type.data), "priority": self.priority.data, "keywords": words,
            "outcome": Outcome(self.outcome.data),
        }  # fmt: skip


def area_values(area: ImprovementArea) -> dict:
    """What the form shows of an area."""
    own = {n: getattr(area, n) for n in AreaForm()._fields if hasattr(area, n)}
    return own | {
        "type": area.type.value, "outcome": area.outcome.value, "keywords": ", ".join(area.keywords),
        "version": area.audit.version,
    }  # fmt: skip


class ScoresForm(Form):
    """Points from 1 to 5 in the five dimensions, each with a note."""

    version = _version()

    def pairs(self):
        """(points, note, dimension) of each dimension."""
        return [(self[d.value], self[f"{d.value}_note"], d) for d in Dimension]

    def scores(self) -> dict:
        """What `actions.revise` takes."""
        return {d: (int(p.data) if p.data else None, n.data or "") for p, n, d in self.pairs()}


POINTS = [SelectChoice("", _l("not scored")), *(SelectChoice(str(n), w) for n, w in texts.POINTS.items())]
for _dimension in Dimension:
    _label = texts.DIMENSIONS[_dimension]
    _field = RadioField(_label, validators=[Optional()], default="", choices=POINTS)
    setattr(ScoresForm, _dimension.value, _field)
    setattr(ScoresForm, f"{_dimension.value}_note", text_field(_l("Why"), most=300, required=False))


def score_values(audit: Audit) -> dict:
    """What the form of scores shows."""
    values: dict = {"version": audit.version}
    for score in audit.scores:
        values |= {score.dimension.value: str(score.points), f"{score.dimension.value}_note": score.note}
    return values


class SheetForm(Form):
    """The signed visit sheet: a scan, or where the paper is."""

    file = FileField(_l("Scan or photo of the signed sheet"))
    note = text_field(_l("or where the signed sheet is kept"), most=500, required=False)

    def validate_note(self, field):
        """One of the two."""
        if not field.data and not (self.file.data and self.file.data.filename):
            raise ValidationError(_("Choose a file, or write where the signed sheet is kept."))


class ImportForm(Form):
    """A file of past audits."""

    file = FileField(_l("File (CSV or XLSX)"))

    def validate_file(self, field):
        """A file must be chosen."""
        if not field.data or not field.data.filename:
            raise ValidationError(_l("Choose a file."))
