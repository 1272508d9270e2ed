"""How a subscriber wants her newsletters: cadence and pause. Topics are in `subscribing`."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from dissemination.delivery import outbox
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.people.models import Contact
from dissemination.subscriptions import hooks
from dissemination.subscriptions.models import Cadence, ReaderChoice

LONGEST_PAUSE = timedelta(days=366)


class PauseOutOfRange(Refusal):
    """The day on which a pause ends is past, or more than a year ahead."""

    status = 422
    field = "paused_until"
    message = _l("A pause ends on a day after today, within a year.")


def chosen(contact: Contact) -> tuple[Cadence, datetime | None]:
    """What holds now: the cadence, and until when she is on pause (None: she is not)."""
    row = db.session.get(ReaderChoice, contact.id)
    if row is None:
        return Cadence.EACH, None
    return row.cadence, row.paused_until if row.paused_until and row.paused_until > now() else None


def end_of_pause(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a pause until `day` ends: the day begins, and she is written to again."""
    return datetime.combine(day, time(), tzinfo=zone)


def choose(contact: Contact, *, cadence: Cadence, paused_until: datetime | None) -> bool:
    """Set cadence and pause; whether anything changed. What waits to be sent to who pauses is called back.

    Raises PauseOutOfRange.
    """
    before, moment = chosen(contact), now()
    if before == (cadence, paused_until):
        return False
    if paused_until and not moment < paused_until <= moment + LONGEST_PAUSE:
        raise PauseOutOfRange
    row = db.session.get(ReaderChoice, contact.id, with_for_update=True)
    if row is None:
        row = ReaderChoice(contact_id=contact.id, updated_at=moment)
        db.session.add(row)
    row.paused_at = (row.paused_at if before[1] else moment) if paused_until else None
    row.cadence, row.paused_until, row.updated_at = cadence, paused_until, moment
    db.session.flush()
    if paused_until:
        outbox.skip_queued(contact_id=contact.id, about_kind="digests", reason="paused")
        for told in hooks.paused:
            told(contact)
    return True
