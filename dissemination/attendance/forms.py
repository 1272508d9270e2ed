"""Forms of the attendance page: who just came, the evidence, the closing."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import StopValidation

from dissemination.kernel.clock import local
from dissemination.kernel.forms import (
    DataRequired,
    Form,
    Length,
    Optional,
    TaxIdField,
    email_field,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.workshops.models import Workshop
from dissemination.workshops.programme import Clock, moment_of


class WalkInForm(Form):
    """Somebody who came without having registered."""

    form_mark = HiddenField()
    given_name = text_field(_l("Given name"), most=100)
    family_name = text_field(_l("Family name"), most=100)
    email = email_field(_l("E-mail"), required=False)
    tax_id = TaxIdField(_l("Partita IVA of the company"), validators=[Optional()])
    company_name = text_field(_l("Company"), most=200, required=False)
    job_title = text_field(_l("Role"), most=120, required=False)

    def validate_company_name(self, field):
        """A partita IVA needs the name that goes with it."""
        if self.tax_id.data and not field.data:
            raise StopValidation(_l("Write the company's name too."))

    def facts(self) -> dict:
        """The person as `actions.walk_in` takes her."""
        names = ("email", "given_name", "family_name", "tax_id", "company_name", "job_title")
        return {name: getattr(self, name).data or "" for name in names} | {"form_mark": self.form_mark.data}


class EvidenceForm(Form):
    """A file that proves a line of the checklist."""

    code = SelectField(_l("What it proves"))
    file = FileField(_l("File"), validators=[FileRequired(_l("Choose the file."))])
    note = StringField(_l("Note"), validators=[Optional(), Length(max=500)])

    def offer(self, checklist) -> "EvidenceForm":
        """The lines of the checklist that a file can prove; the attendance sheet also without one."""
        computed = ("times", "abstract_it", "abstract_en", "presence")
        lines = {
            p.requirement.code: translated(p.requirement, "name")
            for p in checklist
            if p.requirement.code not in computed
        }
        lines.setdefault("attendance_sheet", _l("Attendance sheet"))
        self.code.choices = list(lines.items())
        return self


class ClosingForm(Form):
    """When it really began and ended, and the reason if it shall not count."""

    started_on = DateField(_l("It began on"), validators=[Optional()])
    started_at = Clock(_l("Hour"))
    ended_on = DateField(_l("It ended on"), validators=[Optional()])
    ended_at = Clock(_l("Hour"))
    without_counting = TextAreaField(
        _l("Reason for closing without counting"), validators=[Optional(), Length(max=500)]
    )

    def validate_started_at(self, field):
        """Day and hour go together, and the hour exists."""
        self._check(self.started_on, field)

    def validate_ended_at(self, field):
        """Day and hour go together, and the hour exists."""
        self._check(self.ended_on, field)

    @staticmethod
    def _check(day, at):
        if bool(day.data) != bool(at.data is not None):
            raise StopValidation(_l("Give the date and the hour, or neither."))
        if day.data and at.data is not None:
            try:
                moment_of(day.data, at.data)
            except ValueError as error:
                raise StopValidation(error.args[0]) from None

    def times(self) -> dict:
        """`started_at` and `ended_at` as `actions.close` takes them."""
        pairs = {"started_at": self.started_on, "ended_at": self.ended_on}
        return {
            name: moment_of(day.data, getattr(self, name).data) if day.data else None
            for name, day in pairs.items()
        }


def planned_times(workshop: Workshop) -> dict:
    """The planned start and end, to begin with."""
    start, end = (local(m, workshop.district.zone) for m in (workshop.starts_at, workshop.ends_at))
    return {
        "started_on": start.date(), "started_at": start.time(),
        "ended_on": end.date(), "ended_at": end.time(),
    }  # fmt: skip


class ReopeningForm(Form):
    """Why a closing is taken back."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=500)])


class RemovalForm(Form):
    """Why a file of evidence was wrong."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=500)])


class ReportForm(Form):
    """The participants report of the online platform."""

    report = FileField(_l("Participants report (CSV)"), validators=[FileRequired(_l("Choose the file."))])
