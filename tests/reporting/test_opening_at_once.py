"""Two managers who open overlapping periods at the same moment."""

import threading
from functools import partial

from dissemination.kernel.database import db, transaction
from dissemination.plan.models import Plan
from dissemination.reporting import actions
from dissemination.reporting.models import ReportingPeriod
from dissemination.reporting.refusals import PeriodsOverlap


def test_of_two_overlapping_periods_opened_at_once_one_is_refused(app, half):
    identity, ready, answers = half.plan.id, threading.Barrier(2), []
    db.session.remove()

    def attempt(code):
        with app.app_context():
            ready.wait()
            try:
                with transaction():
                    actions.open_period(db.session.get(Plan, identity), code, due_on=None, by=None)
                answers.append("opened")
            except PeriodsOverlap:
                answers.append("refused")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=partial(attempt, code)) for code in ("2026-H1", "2026-Q2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["opened", "refused"]
    assert db.session.query(ReportingPeriod).count() == 1
