"""What a workshop that was held still lacks stands among its gaps, until its books are closed."""

import time_machine
from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from dissemination.plan import actions as plan
from dissemination.plan.queries import evidence_of
from dissemination.workshops import gaps
from tests import factories
from tests.attendance.test_actions import AFTER, START, close, prove, room, tick  # noqa: F401 (a fixture)


def evidence(workshop):
    db.session.expire_all()
    return [(gap.endpoint, gap.anchor) for gap in gaps.of(workshop) if gap.anchor in ("people", "evidence")]


def test_after_the_end_presence_and_the_signed_sheet_are_missing_until_they_are_there(room, sign_in, ada):  # noqa: F811
    page = f"/moda/desk/workshops/{room.slug}"
    with time_machine.travel(START):
        assert evidence(room) == []
    with time_machine.travel(AFTER):
        both = [("attendance_desk.show", "people"), ("attendance_desk.show", "evidence")]
        assert evidence(room) == both
        assert f'href="{page}/attendance#evidence"' in sign_in(ada).get(page).text
        tick(room, "carlo")
        assert evidence(room) == both[1:]
        prove(room)
        assert evidence(room) == []
        with transaction():
            plan.remove_evidence(evidence_of(room)[0], reason="Foglio sbagliato", by=ada)
        assert evidence(room) == both[1:]
        prove(room)
        close(room)
        assert evidence(room) == []


def test_many_that_are_over_cost_as_many_queries_as_one(room, moda):  # noqa: F811
    def queries_of(workshops):
        sent = []
        assert all(row.id for row in (moda, *workshops))  # read again after the commit
        event.listen(db.engine, "before_cursor_execute", note := lambda *facts: sent.append(facts[2]))
        found = gaps.count_many(workshops, moda.id)
        event.remove(db.engine, "before_cursor_execute", note)
        return len(sent), found

    with time_machine.travel(AFTER):
        one, _found = queries_of([room])
        with transaction():
            more = [factories.workshop(moda, title=f"Lana {n}") for n in range(30)]
        many, found = queries_of([room, *more])
    assert many == one
    assert len(found) == 31
