"""People with a place in a workshop, as rows: what rules look at, without the way there."""

from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

from dissemination.attendance.models import Presence
from dissemination.followups import actions
from dissemination.followups.models import Anchor, State
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.registrations.models import Attends, Registration, Standing
from dissemination.workshops.models import Closing
from tests import factories

_numbers = count(1)


def registration(
    workshop, email, *, standing=Standing.CONFIRMED, attends=Attends.ROOM, language="it", **more
):
    """A person with a place in `workshop`."""
    contact = more.pop("contact", None) or factories.contact(workshop.district, email, given_name="Carlo")
    row = Registration(
        public_id=uuid4().hex, workshop_id=workshop.id, contact_id=contact.id, number=next(_numbers),
        standing=standing, attends=attends, language=language, told_revision=1,
        created_at=datetime(2026, 6, 1, tzinfo=UTC), **more,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def present(row):
    """She was there."""
    db.session.add(Presence(registration_id=row.id, at=now(), via=row.attends))
    db.session.flush()


def closed(workshop):
    """The books are closed."""
    db.session.add(Closing(workshop_id=workshop.id, at=now()))
    db.session.flush()


def rule(workshop, *, anchor=Anchor.END, minutes=120, states=(State.ATTENDED,), by=None, **texts):
    """A rule with short texts."""
    texts = {
        "subject_it": "Grazie",
        "subject_en": "",
        "body_it": "Buongiorno {{ nome }}",
        "body_en": "",
        **texts,
    }
    return actions.add(workshop, by=by, anchor=anchor, minutes=minutes, states=list(states), **texts)
