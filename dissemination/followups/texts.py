"""What rules are called in words: when, to whom, where they stand."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dissemination.followups.models import Anchor, MailRule, State
from dissemination.followups.timing import DAY, Stage

STATES = {
    State.CONFIRMED: _l("who holds a seat"),
    State.WAITING: _l("who is on the waiting list"),
    State.ATTENDED: _l("who came"),
    State.ABSENT: _l("who had a seat and did not come"),
}
STAGES = {
    Stage.PAUSED: (_l("paused"), "warning"),
    Stage.OFF: (_l("workshop cancelled"), "secondary"),
    Stage.DRAFT: (_l("workshop not published"), "secondary"),
    Stage.MISSED: (_l("too late to be sent by itself"), "warning"),
    Stage.COMING: (_l("planned"), "primary"),
    Stage.OPEN: (_l("sending"), "success"),
    Stage.OVER: (_l("over"), "secondary"),
}
UNITS = {"days": DAY, "hours": 60, "minutes": 1}


def split(minutes: int) -> tuple[int, str, str]:
    """(number, unit, side) of a rule's minutes: -2880 is (2, "days", "before")."""
    side, rest = ("before" if minutes < 0 else "after"), abs(minutes)
    unit = next(name for name, worth in UNITS.items() if rest % worth == 0)
    return rest // UNITS[unit], "hours" if rest == 0 else unit, side


def when(rule: MailRule) -> str:
    """ "2 days before the start"."""
    n, unit, side = split(rule.minutes)
    if n == 0:
        return _("at the start") if rule.anchor is Anchor.START else _("at the end")
    span = {
        "days": lambda: ngettext("%(num)d day", "%(num)d days", n),
        "hours": lambda: ngettext("%(num)d hour", "%(num)d hours", n),
        "minutes": lambda: ngettext("%(num)d minute", "%(num)d minutes", n),
    }[unit]()
    words = {
        ("before", Anchor.START): _("%(span)s before the start", span=span),
        ("after", Anchor.START): _("%(span)s after the start", span=span),
        ("before", Anchor.END): _("%(span)s before the end", span=span),
        ("after", Anchor.END): _("%(span)s after the end", span=span),
    }
    return words[side, rule.anchor]


def to_whom(rule: MailRule) -> str:
    """ "who came, who is on the waiting list"."""
    return ", ".join(str(words) for state, words in STATES.items() if state.value in rule.states)
