"""The workshop form: its programme grows and shrinks without JavaScript, by named buttons."""

from datetime import date, datetime, time

from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import InputRequired, NumberRange, StopValidation

from dissemination.kernel.clock import local
from dissemination.kernel.forms import DataRequired, Form, Length, Optional, local_moment, text_field
from dissemination.kernel.languages import translated
from dissemination.plan import queries as plan
from dissemination.workshops.models import Mode, State, Workshop
from dissemination.workshops.programme import Clock, SessionForm, moment_of, session_values
from dissemination.workshops.queries import Filters, When

MOST = 60  # sessions


def _choice(value):
    return int(value) if value else None


def _long_text(label, *, most: int):
    return TextAreaField(label, validators=[Optional(), Length(max=most)])


class WorkshopForm(Form):
    """All facts of a workshop."""

    version = HiddenField(default="0")
    title_it = text_field(_l("Title in Italian"), most=200)
    title_en = text_field(_l("Title in English"), most=200, required=False)
    theme = text_field(_l("Theme"), most=120, required=False)
    sector_id = SelectField(_l("Sector"), coerce=_choice)
    macro_area_id = SelectField(_l("Macro-area"), coerce=_choice)
    activity_line_id = SelectField(
        _l("Activity line"), coerce=_choice,
        validators=[InputRequired(_l("Choose the activity line of the plan that it belongs to."))],
    )  # fmt: skip
    abstract_it = _long_text(_l("Abstract in Italian"), most=20_000)
    abstract_en = _long_text(_l("Abstract in English"), most=20_000)
    venue = text_field(_l("Venue"), most=200, required=False)
    address = text_field(_l("Address"), most=300, required=False)
    directions_it = TextAreaField(
        _l("How to get there, in Italian"), validators=[Optional(), Length(max=2000)]
    )
    directions_en = TextAreaField(
        _l("How to get there, in English"), validators=[Optional(), Length(max=2000)]
    )
    online_url = text_field(_l("Online link"), most=500, required=False)
    seats = IntegerField(
        _l("Seats"),
        validators=[InputRequired(_l("Give the number of seats.")),
                    NumberRange(1, 100_000, _l("Seats must be a number from 1 to 100,000."))],
    )  # fmt: skip
    registration_deadline = DateField(_l("Registration is possible until (date)"), validators=[Optional()])
    registration_deadline_time = Clock(_l("Hour"))
    sessions = FieldList(FormField(SessionForm), label=_l("Programme"), max_entries=MOST)
    add_session = SubmitField(_l("Add a session"))
    remove_session = StringField()

    def offer(self, district, workshop: Workshop | None = None) -> "WorkshopForm":
        """Fill the choices: those of the plan in force, and what the workshop already has."""
        areas, lines = plan.macro_areas(district.id), plan.lines(district.id)
        if workshop is not None:
            areas += [a for a in [workshop.macro_area] if a is not None and a not in areas]
            lines += [x for x in [workshop.line] if x not in lines]
        named = [(row.id, translated(row, "name")) for row in district.sectors]
        self.sector_id.choices = [("", "–"), *named]
        self.macro_area_id.choices = [("", "–"), *((row.id, translated(row, "name")) for row in areas)]
        self.activity_line_id.choices = [(row.id, f"{row.code}) {translated(row, 'name')}") for row in lines]
        return self

    def reshape(self) -> bool:
        """Do what a named button asks (add or remove a part); True when one was pressed."""
        entries = self.sessions.entries
        if self.add_session.data and len(entries) < MOST:
            self.sessions.append_entry(_like_the_last(entries))
        elif self.remove_session.data:
            entries[:] = [e for e in entries if e.name != self.remove_session.data]
        if not entries:
            self.sessions.append_entry()
        return bool(self.add_session.data or self.remove_session.data)

    def drop_blanks(self) -> None:
        """Leave out parts in which nobody wrote; one session stays, to say what is missing."""
        entries = self.sessions.entries
        entries[:] = [e for e in entries if not e.form.is_blank] or entries[:1]

    def validate_registration_deadline_time(self, field):
        """The deadline's hour has its date, and exists."""
        if field.data is not None and not self.registration_deadline.data:
            raise StopValidation(_l("Give the date."))
        if field.data is not None:
            try:
                moment_of(self.registration_deadline.data, field.data)
            except ValueError as error:
                raise StopValidation(error.args[0]) from None

    def facts(self) -> dict:
        """Everything as `actions.add` and `actions.revise` take it."""
        plain = (
            "title_it", "title_en", "theme", "abstract_it", "abstract_en", "venue", "address",
            "directions_it", "directions_en", "online_url",
        )  # fmt: skip
        facts = {name: getattr(self, name).data or "" for name in plain}
        chosen = ("sector_id", "macro_area_id", "activity_line_id", "seats")
        facts |= {name: getattr(self, name).data for name in chosen}
        day = self.registration_deadline.data
        # Without an hour: until the end of that day. Without a date: until the start.
        at = self.registration_deadline_time.data or time(23, 59)
        facts["registration_deadline"] = local_moment(day, at) if day else None
        facts["sessions"] = [e.form.facts() for e in self.sessions.entries]
        return facts


def _like_the_last(entries) -> dict:
    """A new session begins where the last one ends."""
    last = entries[-1].form if entries else None
    if last is None or last.day.data is None:
        return {}
    return {"day": last.day.data, "start": last.end.data, "room": last.room.data}


def values_of(workshop: Workshop) -> dict:
    """What the form shows of an existing workshop, on the district's wall clock."""
    zone = workshop.district.zone
    deadline = local(workshop.registration_deadline, zone)
    plain = {name: getattr(workshop, name) for name in WorkshopForm()._fields if hasattr(workshop, name)}
    return plain | {
        "version": str(workshop.version),
        "registration_deadline": deadline.date(),
        "registration_deadline_time": deadline.time(),
        "sessions": [session_values(s, zone) for s in workshop.sessions],
    }


class ReasonForm(Form):
    """Why a workshop is called off."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=500)])


class CopyForm(Form):
    """When a copy of a workshop shall take place."""

    day = DateField(_l("Date of the first session"), validators=[InputRequired(_l("Give the date."))])


def filters_from(arguments, district, *, public: bool) -> Filters:
    """Filters out of a query string; what cannot be read is left out, never an error."""
    state = _member(State, arguments.get("state"))
    if public and state is not State.CANCELLED:
        state = None
    default = When.ALL if state is not None else When.COMING
    sectors = {s.code: s.id for s in district.sectors}
    return Filters(
        when=_member(When, arguments.get("when")) or default,
        state=state,
        sector_id=sectors.get(arguments.get("sector", "")),
        mode=_member(Mode, arguments.get("mode")),
        text=arguments.get("q", "")[:100],
        month=_month(arguments.get("month", "")),
    )


def _member(kind, value):
    return kind(value) if value in set(kind) else None


def _month(text: str) -> date | None:
    try:
        found = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 (a month has no zone)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9000 else None
