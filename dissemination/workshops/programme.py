"""The parts of the workshop form that repeat: sessions, and hours of the wall clock."""

from datetime import date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, TextAreaField, TimeField
from wtforms.validators import InputRequired, StopValidation

from dissemination.kernel.clock import local
from dissemination.kernel.forms import Form, Length, Optional, local_moment, text_field


class Clock(TimeField):
    """An hour of the wall clock, 00:00 to 23:59; "14.30" is read too. Says what to write instead."""

    def __init__(self, label=None, validators=None, **options):
        super().__init__(label, validators, format=["%H:%M", "%H:%M:%S", "%H.%M"], **options)

    def process_formdata(self, valuelist):
        """Read the hour, or say why not."""
        text = (valuelist[0] if valuelist else "").strip()
        if not text:
            return
        if text.startswith("24"):
            raise ValueError(_l("24:00 does not exist: midnight is 00:00 of the next day."))
        try:
            super().process_formdata([text])
        except ValueError:
            raise ValueError(_l("Write an hour from 00:00 to 23:59, such as 14:30.")) from None


def moment_of(day: date, at: time) -> datetime:
    """`day` at `at` on the district's wall clock. Raises ValueError for an hour that the clocks skip."""
    moment = local_moment(day, at)
    if (moment.date(), moment.time()) != (day, at):
        raise ValueError(
            _l("This hour does not exist: on that night the clocks go forward. Choose another one.")
        )
    return moment


class SessionForm(Form):
    """One item of the programme."""

    class Meta(Form.Meta):
        """The whole form has the token."""

        csrf = False

    id = HiddenField()
    title_it = text_field(_l("Title"), most=200)
    title_en = text_field(_l("Title in English"), most=200, required=False)
    day = DateField(_l("Date"), validators=[InputRequired(_l("Give the date."))])
    start = Clock(_l("Start"), validators=[InputRequired(_l("Give the start."))])
    end = Clock(_l("End"), validators=[InputRequired(_l("Give the end."))])
    overnight = BooleanField(_l("It ends on the next day"))
    room = text_field(_l("Room"), most=120, required=False)
    speakers = TextAreaField(_l("Speakers"), validators=[Optional(), Length(max=4000)])

    def validate_start(self, field):
        """The hour exists on that night."""
        self._exists(field, self.day.data)

    def validate_end(self, field):
        """The hour exists, and comes after the start."""
        if self.day.data and self.start.data and field.data:
            self._exists(field, self._last_day)
            if not self.overnight.data and field.data <= self.start.data:
                raise StopValidation(
                    _l("The end comes before the start. If it goes past midnight, tick the next day.")
                )

    def validate_speakers(self, _field):
        """Names and affiliations fit."""
        if any(not name or len(name) > 200 or len(place) > 200 for name, place in self._speakers()):
            raise StopValidation(_l("Write one speaker a line: Name, Affiliation."))

    @staticmethod
    def _exists(field, day):
        if day and field.data:
            try:
                moment_of(day, field.data)
            except ValueError as error:
                raise StopValidation(error.args[0]) from None

    @property
    def _last_day(self):
        return self.day.data + timedelta(days=1 if self.overnight.data else 0)

    def _speakers(self) -> list[tuple[str, str]]:
        lines = [line for line in (self.speakers.data or "").splitlines() if line.strip(" ,")]
        return [tuple(part.strip() for part in [*line.split(",", 1), ""][:2]) for line in lines]

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written in it."""
        told = (self.title_it, self.title_en, self.day, self.start, self.end, self.room, self.speakers)
        return not any((f.raw_data[0].strip() if f.raw_data else f.data) for f in told)

    def facts(self) -> dict:
        """The session as `actions.add` takes it."""
        return {
            "id": int(self.id.data) if (self.id.data or "").isdigit() else None,
            "title_it": self.title_it.data, "title_en": self.title_en.data or "",
            "starts_at": local_moment(self.day.data, self.start.data),
            "ends_at": local_moment(self._last_day, self.end.data),
            "room": self.room.data or "", "speakers": self._speakers(),
        }  # fmt: skip


def session_values(session, zone) -> dict:
    """What the form shows of an existing session, on the wall clock of `zone`."""
    start, end = local(session.starts_at, zone), local(session.ends_at, zone)
    lines = (f"{p.name}, {p.affiliation}" if p.affiliation else p.name for p in session.speakers)
    return {
        "id": session.id, "title_it": session.title_it, "title_en": session.title_en, "day": start.date(),
        "start": start.time(), "end": end.time(), "overnight": end.date() > start.date(),
        "room": session.room, "speakers": "\n".join(lines),
    }  # fmt: skip
