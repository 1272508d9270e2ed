"""What several tests of workshops begin with."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from dissemination.workshops import actions
from tests import factories

ROME = ZoneInfo("Europe/Rome")


def rome(year, month, day, hour=9, minute=0):
    """A moment on Rome's wall clock."""
    return datetime(year, month, day, hour, minute, tzinfo=ROME)


def session(start, hours=2, **facts):
    """A session as `actions.add` takes it."""
    return {"title_it": "Apertura", "starts_at": start, "ends_at": start + timedelta(hours=hours), **facts}


def scheduled(district, *, publish=True, start=None, **facts):
    """A workshop made by the real action, in its own transaction."""
    values = {
        "title_it": "Tracciabilità", "venue": "Museo", "seats": 30,
        "sessions": [session(start or rome(2027, 3, 11))],
        "activity_line_id": factories.line(district).id, "sector_id": district.sectors[0].id, **facts,
    }  # fmt: skip
    with transaction():
        workshop = actions.add(district, by=None, **values)
        if publish:
            actions.publish(workshop, by=None)
    return workshop


def selects(client, path):
    """How many SELECTs a page costs."""
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        if statement.lstrip().upper().startswith("SELECT"):
            statements.append(statement)

    db.session.expire_all()
    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return len(statements)
