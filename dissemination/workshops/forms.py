"""The workshop form: its programme grows and shrinks without JavaScript, by named buttons."""

from datetime import date, datetime, time

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import InputRequired, NumberRange, StopValidation

from dissemination.kernel.clock import local
from dissemination.kernel.forms import Form, Length, Optional, WholeField, local_moment, text_field
from dissemination.kernel.languages import short_date, translated
from dissemination.plan import queries as plan
from dissemination.workshops.models import Mode, State, Workshop
from dissemination.workshops.programme import (
    MOST_CO_ORGANISERS,
    Clock,
    CoOrganiserForm,
    Day,
    SessionForm,
    moment_of,
    open_rows,
    session_values,
)
from dissemination.workshops.queries import Filters, When

MOST = 60  # sessions
USUAL = {"offer_hours": 0, "required_share": 75, "retention_months": 24}  # where a number is left empty
FOLDED = (
    "theme", "co_organisers", "is_private", "needs_approval", "offer_hours",
    "required_share", "retention_months",
)  # fmt: skip


def _choice(value):
    return int(value) if value else None


def _number(label, lowest: int, highest: int):
    """A whole number that may be left empty."""
    return WholeField(label, validators=[Optional(), NumberRange(lowest, highest)])


def _long_text(label, *, most: int):
    return TextAreaField(label, validators=[Optional(), Length(max=most)])


class WorkshopForm(Form):
    """All facts of a workshop."""

    version = HiddenField(default="0")
    form_mark = HiddenField()
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
    seats = WholeField(
        _l("Seats"),
        validators=[InputRequired(_l("Give the number of seats.")),
                    NumberRange(1, 100_000, _l("Seats must be a number from 1 to 100,000."))],
    )  # fmt: skip
    online_seats = _number(_l("Seats online"), 1, 100_000)
    is_private = BooleanField(_l("By invitation only"))
    needs_approval = BooleanField(_l("An organiser approves each registration"))
    offer_hours = _number(_l("Office hours to take a freed seat"), 0, 200)
    required_share = _number(_l("Presence required for the certificate, in percent"), 0, 100)
    retention_months = _number(_l("Months to keep personal data after the end"), 1, 120)
    registration_deadline = Day(_l("Registration is possible until (date)"), validators=[Optional()])
    registration_deadline_time = Clock(_l("Hour"))
    sessions = FieldList(FormField(SessionForm), label=_l("Programme"), max_entries=MOST)
    co_organisers = FieldList(
        FormField(CoOrganiserForm), label=_l("Co-organisers"), max_entries=MOST_CO_ORGANISERS
    )  # fmt: skip
    add_session = SubmitField(_l("Add a session"))
    remove_session = StringField()
    more_speakers = StringField()  # the name of the session that wants more rows
    look = SubmitField(_l("Show what it will feed"))

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
        elif self.more_speakers.data:
            for entry in (e for e in entries if e.name == self.more_speakers.data):
                open_rows(entry.form.speakers, more=4)
        if not entries:
            self.sessions.append_entry()
        pressed = (self.add_session, self.remove_session, self.more_speakers, self.look)
        return any(button.data for button in pressed)

    def make_room(self) -> None:
        """Show an empty row after the speakers of each session and after the co-organisers."""
        if not self.sessions.entries:
            self.sessions.append_entry()
        for entry in self.sessions.entries:
            open_rows(entry.form.speakers)
        open_rows(self.co_organisers)

    @property
    def unfolded(self) -> bool:
        """Whether the further settings are shown open: something in them is wrong, or was set."""
        plain = ("theme", "is_private", "needs_approval")
        return bool(
            any(self[name].errors for name in FOLDED)
            or any(self[name].data for name in plain)
            or any(e.form.name.data for e in self.co_organisers)
            or any(self[name].data not in (None, usual) for name, usual in USUAL.items())
        )

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
        chosen = (
            "sector_id", "macro_area_id", "activity_line_id", "seats", "online_seats", "is_private",
            "needs_approval",
        )  # fmt: skip
        facts |= {name: getattr(self, name).data for name in chosen}
        numbers = {name: self[name].data for name in USUAL}
        facts |= {name: USUAL[name] if n is None else n for name, n in numbers.items()}
        day = self.registration_deadline.data
        # Without an hour: until the end of that day. Without a date: until the start.
        at = self.registration_deadline_time.data or time(23, 59)
        facts["registration_deadline"] = local_moment(day, at) if day else None
        facts["sessions"] = [e.form.facts() for e in self.sessions.entries]
        rows = [e.form for e in self.co_organisers.entries]
        facts["co_organisers"] = [(r.name.data, r.website.data or "") for r in rows if r.name.data]
        return facts

    def doubled(self) -> list[str]:
        """What to say of hours that the clocks show twice."""
        return [text for entry in self.sessions.entries for text in entry.form.doubled()]


def _like_the_last(entries) -> dict:
    """A new session begins where the last one ends."""
    last = entries[-1].form if entries else None
    if last is None or last.day.data is None:
        return {}
    return {"day": last.day.data, "start": last.end.data, "room": last.room.data, "track": last.track.data}


def values_of(workshop: Workshop) -> dict:
    """What the form shows of an existing workshop, on the district's wall clock."""
    zone = workshop.district.zone
    deadline = None if workshop.deadline_follows else local(workshop.registration_deadline, zone)
    plain = {name: getattr(workshop, name) for name in WorkshopForm()._fields if hasattr(workshop, name)}
    return plain | {
        "version": str(workshop.version),
        "registration_deadline": deadline and deadline.date(),
        "registration_deadline_time": deadline and deadline.time(),
        "co_organisers": [{"name": c.name, "website": c.website} for c in workshop.co_organisers],
        "sessions": [session_values(s, zone) for s in workshop.sessions],
    }


def differing(form: WorkshopForm, workshop: Workshop) -> list[tuple[str, str]]:
    """Where `form` differs from what is saved: the field's name, and what is saved as words ("" for parts).

    For who wrote while somebody else saved: she sees what saving again would replace.
    """
    saved = values_of(workshop)
    saved["sessions"] = [{**s, "id": str(s["id"])} for s in saved["sessions"]]
    other = WorkshopForm(formdata=None, data=saved).offer(workshop.district, workshop)
    mine, theirs = form.facts(), other.facts()
    return [(name, _in_words(other[name])) for name in theirs if _plain(mine[name]) != _plain(theirs[name])]


def _plain(value):
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _in_words(field) -> str:
    """What a field holds, on one line; a choice by its label; "" for what is no single value."""
    if isinstance(field, SelectField):
        return next((str(label) for value, label, *_rest in field.iter_choices() if value == field.data), "–")
    if isinstance(field, FieldList):
        return ""
    if isinstance(field, BooleanField):
        return str(_l("yes") if field.data else _l("no"))
    if isinstance(field.data, date):
        return short_date(field.data)
    text = " ".join(str("" if field.data is None else field.data).split())
    return f"{text[:120]}…" if len(text) > 120 else text or "–"


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
