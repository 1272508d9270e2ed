"""The sample is alive on whatever day it is loaded."""

import shutil
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from dissemination.delivery.models import Delivery, Fate
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.plan.figures import figures_for
from dissemination.plan.queries import current_plan
from dissemination.sample.dates import coming_dates, is_working_day, past_dates, plan_years
from tests.sample.conftest import loaded_app

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(4 * 366)]


def test_past_dates_lie_in_the_plan_in_order_and_end_last_week_on_any_day():
    for today in DAYS:
        dates = past_dates(today, 14)
        assert len(dates) == 14
        assert dates == sorted(dates)
        assert date(plan_years(today)[0], 1, 15) < dates[0]
        assert timedelta(days=3) < today - dates[-1] < timedelta(days=16)
        assert all(is_working_day(d) for d in dates)


def test_coming_dates_are_working_days_of_the_next_ten_weeks_on_any_day():
    for today in DAYS:
        dates = coming_dates(today)
        assert dates == sorted(set(dates))
        assert today + timedelta(days=10) <= dates[0]
        assert dates[-1] <= today + timedelta(days=70)
        assert all(is_working_day(d) for d in dates)


@pytest.mark.parametrize(
    "moment", [datetime(2028, 1, 2, 7, tzinfo=UTC), datetime(2028, 8, 20, 22, tzinfo=UTC)]
)
def test_with_a_mail_server_nothing_of_the_sample_may_leave(moment, sqlite_template, tmp_path):
    path = tmp_path / "sample.sqlite"
    shutil.copy(sqlite_template, path)
    with time_machine.travel(moment, tick=True):
        app = loaded_app(tmp_path / "instance", f"sqlite:///{path}", MAIL_SERVER="mail.example")
        with app.app_context():
            assert db.session.query(Delivery).filter_by(state=Fate.QUEUED).count() == 0
            plan = current_plan(1)
            held = figures_for(plan, "plan")["DV-01"]["actual"]
            assert (plan.starts_on, int(held)) == (date(2027, 1, 1), 12)
            db.session.remove()


def test_the_clock_is_moved_inside_the_block_only():
    then = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)
    with clock.at(then):
        assert clock.now() == then
        with clock.at(then + timedelta(days=1)):
            assert clock.today() == date(2025, 3, 2)
        assert clock.now() == then
    assert clock.now() > then


def test_the_clock_refuses_a_moment_without_a_zone():
    with pytest.raises(ValueError, match="naive"), clock.at(datetime(2025, 3, 1)):  # noqa: DTZ001
        pass
