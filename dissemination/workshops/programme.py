"""The parts of the workshop form that repeat: sessions with their speakers, co-organisers; days and hours."""

from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, FieldList, FormField, HiddenField, StringField, TimeField
from wtforms.validators import URL, InputRequired, StopValidation

from dissemination.kernel.clock import local, now
from dissemination.kernel.forms import Form, Length, Optional, local_moment, text_field
from dissemination.kernel.languages import short_date
from dissemination.workshops.models import FIRST_YEAR, YEARS_AHEAD

MOST_SPEAKERS = 40
MOST_CO_ORGANISERS = 12


class Part(Form):
    """A part of a form; the whole form has the token."""

    class Meta(Form.Meta):
        """No token of its own."""

        csrf = False


class Day(DateField):
    """A date between the year 2000 and ten years ahead."""

    def process_formdata(self, valuelist):
        """Read the date, or say why not."""
        super().process_formdata(valuelist)
        last = now().year + YEARS_AHEAD
        if self.data is not None and not FIRST_YEAR <= self.data.year <= last:
            self.data = None
            raise ValueError(
                _("Write a date between the years %(first)d and %(last)d.", first=FIRST_YEAR, last=last)
            )


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


def is_doubled(moment: datetime) -> bool:
    """Whether the clocks show that hour twice, on the night they go back."""
    wall = moment.replace(tzinfo=None)
    first, second = (wall.replace(tzinfo=moment.tzinfo, fold=fold) for fold in (0, 1))
    # At an hour that is skipped the two differ as well, the other way round.
    return first.utcoffset() > second.utcoffset()  # type: ignore[operator]


class SpeakerForm(Part):
    """A speaker of a session; a known name brings her profile along."""

    name = StringField(_l("Name"), validators=[Length(max=200)])
    affiliation = StringField(_l("Affiliation"), validators=[Length(max=200)])

    def validate_name(self, field):
        """An affiliation belongs to somebody."""
        if self.affiliation.data and not field.data:
            raise StopValidation(_l("Write the speaker’s name."))


class SessionForm(Part):
    """One item of the programme."""

    id = HiddenField()
    title_it = text_field(_l("Title"), most=200)
    title_en = text_field(_l("Title in English"), most=200, required=False)
    day = Day(_l("Date"), validators=[InputRequired(_l("Give the date."))])
    start = Clock(_l("Start"), validators=[InputRequired(_l("Give the start."))])
    end = Clock(_l("End"), validators=[InputRequired(_l("Give the end."))])
    overnight = BooleanField(_l("It ends on the next day"))
    room = text_field(_l("Room"), most=120, required=False)
    track = text_field(_l("Track"), most=80, required=False)
    speakers = FieldList(FormField(SpeakerForm), label=_l("Speakers"), max_entries=MOST_SPEAKERS)

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
        rows = [e.form for e in self.speakers.entries]
        return [(r.name.data, r.affiliation.data or "") for r in rows if r.name.data]

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written in it."""
        told = (self.title_it, self.title_en, self.day, self.start, self.end, self.room)
        written = any((f.raw_data[0].strip() if f.raw_data else f.data) for f in told)
        return not written and not any(e.form.name.data or e.form.affiliation.data for e in self.speakers)

    def doubled(self) -> list[str]:
        """What to say of hours that the clocks show twice that night; [] nearly always."""
        moments = [local_moment(self.day.data, self.start.data), local_moment(self._last_day, self.end.data)]
        return [
            _(
                "On %(day)s the clocks go back and %(hour)s comes twice. The first of the two is meant.",
                day=short_date(m), hour=m.strftime("%H:%M"),
            )
            for m in moments
            if is_doubled(m)
        ]  # fmt: skip

    def facts(self) -> dict:
        """The session as `actions.add` takes it."""
        return {
            "id": int(self.id.data) if (self.id.data or "").isdecimal() and len(self.id.data) < 10 else None,
            "title_it": self.title_it.data, "title_en": self.title_en.data or "",
            "starts_at": local_moment(self.day.data, self.start.data),
            "ends_at": local_moment(self._last_day, self.end.data),
            "room": self.room.data or "", "track": self.track.data or "", "speakers": self._speakers(),
        }  # fmt: skip


class CoOrganiserForm(Part):
    """Who organises the workshop with the district."""

    name = StringField(_l("Name"), validators=[Length(max=200)])
    website = StringField(_l("Website"), validators=[Optional(), Length(max=300), URL(require_tld=False)])

    def validate_name(self, field):
        """A website belongs to somebody."""
        if self.website.data and not field.data:
            raise StopValidation(_l("Write the name."))

    def validate_website(self, field):
        """Only the web: no javascript:, no file:."""
        if field.data and not field.data.lower().startswith(("https://", "http://")):
            raise StopValidation(_l("Write a whole address, such as https://www.example.org."))


def session_values(session, zone) -> dict:
    """What the form shows of an existing session, on the wall clock of `zone`."""
    start, end = local(session.starts_at, zone), local(session.ends_at, zone)
    return {
        "id": session.id, "title_it": session.title_it, "title_en": session.title_en, "day": start.date(),
        "start": start.time(), "end": end.time(), "overnight": end.date() > start.date(),
        "room": session.room, "track": session.track,
        "speakers": [{"name": p.name, "affiliation": p.affiliation} for p in session.speakers],
    }  # fmt: skip


def open_rows(entries: FieldList, *, more: int = 1) -> None:
    """Let `more` empty rows follow the written ones, as far as the list may grow."""
    blank = [e for e in entries.entries if not any(f.data for f in e.form)]
    for _row in range(more - len(blank)):
        if len(entries.entries) < (entries.max_entries or 0):
            entries.append_entry()
