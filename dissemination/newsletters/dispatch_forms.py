"""The forms around sending: when, approval, once more, keeping out of the archive, a district's settings."""

import re
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import NumberRange

from dissemination.districts.models import District
from dissemination.kernel.forms import DayField, Form, HourField, Length, Optional, WholeField, text_field
from dissemination.newsletters import quiet
from dissemination.subscriptions.forms import VersionField

FASTEST = 1000
SLOWEST = 0.01
MOST_DOMAINS = 50
RATE = re.compile(
    r"(?P<domain>\*|[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9})[ \t=:]+(?P<rate>\d{1,4}(?:[.,]\d{1,2})?)"
)


class RatesField(TextAreaField):
    """Messages per second by receiving domain, a line each: "gmail.com 5", "*" for each that is not named.

    `data` is {domain: rate}. What is wrong is said with its line.
    """

    def _value(self) -> str:
        if self.raw_data:
            return self.raw_data[0]
        return "\n".join(f"{domain} {rate:g}" for domain, rate in (self.data or {}).items())

    def process_formdata(self, valuelist) -> None:
        """Read the lines. Raises ValueError."""
        self.data: dict[str, float] = {}
        lines = (valuelist[0] if valuelist else "").splitlines()
        for number, line in enumerate(lines, start=1):
            if line.strip():
                self._read(number, line.strip())
        if len(self.data) > MOST_DOMAINS:
            raise ValueError(_("At most %(most)s domains.", most=MOST_DOMAINS))

    def _read(self, number: int, line: str) -> None:
        found = RATE.fullmatch(line)
        rate = float(found["rate"].replace(",", ".")) if found else 0.0
        if found is None or not SLOWEST <= rate <= FASTEST:
            raise ValueError(
                _(
                    'Line %(line)s is not like "gmail.com 5": a domain and a number from 0.01 to 1,000.',
                    line=number,
                )
            )
        domain = found["domain"].lower()
        if domain in self.data:
            raise ValueError(_("Line %(line)s: %(domain)s stands there twice.", line=number, domain=domain))
        self.data[domain] = rate


class WhenForm(Form):
    """When an issue goes out, and how fast."""

    when = RadioField(
        _l("When"),
        default="now",
        choices=[SelectChoice("now", _l("Now")), SelectChoice("later", _l("At a chosen moment"))],
    )
    day = DayField(_l("Day"), validators=[Optional()])
    hour = HourField(_l("Time"), validators=[Optional()])
    anyhow = BooleanField(_l("Also in quiet hours, on Sundays and on public holidays"))
    per_second = WholeField(
        _l("At most so many messages a second"), validators=[Optional(), NumberRange(1, FASTEST)]
    )
    version = VersionField(validators=[Optional()])

    def validate(self, extra_validators=None) -> bool:
        """A chosen moment needs its day and its time."""
        valid = super().validate(extra_validators)
        if valid and self.when.data == "later" and not (self.day.data and self.hour.data):
            field = self.hour if self.day.data else self.day
            field.errors = [_l("Say on which day and at what time it goes out.")]
            return False
        return valid

    def moment(self, district: District) -> tuple[datetime | None, str]:
        """The chosen moment in UTC (None: now), and what is odd about it: "", "gap" or "twice"."""
        if self.when.data != "later" or not (self.day.data and self.hour.data):
            return None, ""
        found = quiet.real(self.day.data, self.hour.data, district.zone)
        return found.moment, found.odd


class DecisionForm(Form):
    """What the second person says; which button was pressed says yes or no."""

    words = TextAreaField(_l("What you want to say about it"), validators=[Length(max=500)])


class ReasonForm(Form):
    """A reason in words, which is kept."""

    reason = text_field(_l("Reason"), most=200)


class SettingsForm(Form):
    """How a district sends its newsletters."""

    approval_above = WholeField(
        _l("A second person approves issues to more than so many people"),
        validators=[Optional(), NumberRange(0, 10_000_000)],
    )
    quiet_from = HourField(_l("Quiet hours from"), validators=[Optional()])
    quiet_until = HourField(_l("Quiet hours until"), validators=[Optional()])
    quiet_days = BooleanField(_l("Nothing goes out on Sundays and public holidays"))
    per_second = WholeField(
        _l("At most so many messages a second"), validators=[Optional(), NumberRange(1, FASTEST)]
    )
    domain_rates = RatesField(_l("At most so many messages a second to single receiving domains"))
    counts_clicks = BooleanField(_l("Count how often each link is opened"))
    version = VersionField(validators=[Optional()])

    def validate(self, extra_validators=None) -> bool:
        """Quiet hours have two ends, which differ."""
        valid = super().validate(extra_validators)
        start, end = self.quiet_from.data, self.quiet_until.data
        if valid and (start is None) != (end is None):
            self.quiet_until.errors = [_l("Give both ends of the quiet hours, or none of them.")]
            return False
        if valid and start is not None and start == end:
            self.quiet_until.errors = [_l("Quiet hours that end when they begin are none: leave both empty.")]
            return False
        return valid

    def facts(self) -> dict:
        """The columns to write."""
        return {
            name: self[name].data
            for name in (
                "approval_above", "quiet_from", "quiet_until", "quiet_days", "per_second", "domain_rates",
                "counts_clicks",
            )
        }  # fmt: skip


class DomainForm(Form):
    """A selector of DKIM, which only whoever set the mail server up knows."""

    selector = StringField(_l("DKIM selector"), validators=[Optional(), Length(max=63)])
