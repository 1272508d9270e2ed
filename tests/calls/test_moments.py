"""Deadlines: the last second of a day on the wall clock of Rome, also where the clock changes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dissemination.calls import moments
from dissemination.kernel.clock import ROME


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 7, 31), "2026-07-31T21:59:59"),
        (date(2026, 12, 31), "2026-12-31T22:59:59"),
        (date(2026, 3, 28), "2026-03-28T22:59:59"),  # the night in which the clocks go forward
        (date(2026, 3, 29), "2026-03-29T21:59:59"),
        (date(2026, 10, 24), "2026-10-24T21:59:59"),  # the night in which they go back
        (date(2026, 10, 25), "2026-10-25T22:59:59"),
    ],
)
def test_a_day_ends_at_23_59_59_in_rome_whatever_the_season(day, utc):
    assert moments.last_moment(day, ROME) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_the_last_second_counts_to_its_end_and_the_next_does_not():
    closes = moments.last_moment(date(2026, 10, 25), ROME)
    after = [timedelta(0), timedelta(microseconds=999_999), timedelta(seconds=1)]
    assert [moments.is_in_time(closes + more, closes) for more in after] == [True, True, False]


def test_days_left_are_days_of_the_calendar():
    closes = moments.last_moment(date(2026, 10, 25), ROME)
    at = [datetime(2026, 10, 24, 22, 30, tzinfo=UTC), datetime(2026, 10, 24, 21, 0, tzinfo=UTC)]
    assert [moments.days_left(closes, moment, ROME) for moment in at] == [0, 1]
    assert moments.days_left(closes, closes + timedelta(seconds=1), ROME) == -1


def test_what_people_write_is_read_and_written_back(app):
    found = moments.read_deadlines("30/9/2026\n2026-06-30 12:00\n\n30.9.2026\n", ROME)
    assert moments.written_deadlines(found, ROME) == "30/06/2026 12:00\n30/09/2026"
    assert moments.read_deadlines(moments.written_deadlines(found, ROME), ROME) == found


@pytest.mark.parametrize("line", ["31/02/2026", "domani", "30/09/26", "30/09/2026 25:00", "30/09/9999"])
def test_what_is_no_date_is_named(app, line):
    with pytest.raises(ValueError, match=line.replace("/", "/")):
        moments.read_deadlines(f"30/09/2026\n{line}", ROME)
