"""The forms of the registrations page at the desk."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange

from dissemination.kernel.forms import (
    DayField,
    Form,
    HourField,
    InputRequired,
    TaxIdField,
    WholeField,
    local_moment,
    text_field,
)
from dissemination.registrations import rooms
from dissemination.registrations.history import REASON
from dissemination.registrations.models import Attends
from dissemination.registrations.texts import WAYS


def _reason(**options):
    return text_field(_l("Reason"), most=REASON, **options)


class ReasonForm(Form):
    """Why: for the history, and for the person where the page says so."""

    reason = _reason()


class CancelForm(Form):
    """The same, where no reason is asked for."""

    reason = _reason(required=False)


class PlaceForm(Form):
    """A place in the waiting list."""

    position = WholeField(_l("New place"), validators=[InputRequired(), NumberRange(min=1, max=100_000)])
    reason = _reason()


class PoolForm(Form):
    """Seats for a company until a moment."""

    company_tax_id = TaxIdField(_l("Partita IVA of the company"), validators=[InputRequired()])
    seats = WholeField(_l("Seats"), validators=[InputRequired(), NumberRange(min=1, max=100_000)])
    until_day = DayField(_l("Until the day"), validators=[InputRequired()])
    until_hour = HourField(_l("at"), validators=[InputRequired()])
    attends = RadioField(_l("Where"), choices=[])

    def until(self):
        """The moment, aware."""
        return local_moment(self.until_day.data, self.until_hour.data)

    def way(self) -> Attends | None:
        """Where, when there is a choice."""
        return Attends(self.attends.data) if "attends" in self._fields else None


def pool_form(workshop, **values) -> PoolForm:
    """The form for seats kept in `workshop`; it asks where only when there is a choice."""
    form = PoolForm(data=values)
    if rooms.is_hybrid(workshop):
        form.attends.choices = [SelectChoice(way.value, WAYS[way]) for way in rooms.ways(workshop)]
        if form.attends.data not in {way.value for way in rooms.ways(workshop)}:
            form.attends.data = Attends.ROOM.value
    else:
        del form.attends
    return form
