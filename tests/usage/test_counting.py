"""COUNTER's rules over plain values, and against a count that is written otherwise."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissemination.usage.counting import Hit, counted, hour_of
from dissemination.usage.models import What

TEN = datetime(2026, 5, 4, 10, tzinfo=UTC)
ELEVEN = TEN + timedelta(hours=1)


def hit(seconds, *, visitor=b"a", work=1, what=What.VIEW, file=0):
    return Hit(visitor, work, what, file, TEN + timedelta(seconds=seconds))


def shown(hits, until=ELEVEN):
    """(seconds after ten, unique) of what counts."""
    return [((c.hit.at - TEN).total_seconds(), c.unique) for c in counted(hits, until=until)]


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([hit(0)], [(0, True)]),
        ([hit(0), hit(30)], [(30, True)]),
        ([hit(0), hit(31)], [(0, True), (31, False)]),
        ([hit(0), hit(20), hit(40), hit(60)], [(60, True)]),  # each within 30 seconds of the one before
        ([hit(0), hit(5, visitor=b"b")], [(0, True), (5, True)]),
        ([hit(0), hit(5, work=2)], [(0, True), (5, True)]),
        ([hit(0), hit(5, what=What.DOWNLOAD, file=1)], [(0, True), (5, True)]),
        ([hit(0, what=What.DOWNLOAD, file=1), hit(5, what=What.DOWNLOAD, file=2)], [(0, True), (5, False)]),
        ([hit(0, what=What.DOWNLOAD, file=1), hit(5, what=What.DOWNLOAD, file=1)], [(5, True)]),
        ([hit(3590), hit(3610)], []),  # the later click counts, in its own hour
        ([hit(3560), hit(3600)], [(3560, True)]),
        ([hit(3600)], []),
        ([hit(0), hit(0)], [(0, True)]),
    ],
)  # fmt: skip
def test_what_counts_in_an_hour(hits, expected):
    assert shown(hits) == expected
    assert shown(reversed(hits)) == expected


def test_an_item_is_unique_once_more_in_the_next_hour():
    assert shown([hit(3000), hit(3700), hit(3900)], until=ELEVEN + timedelta(hours=1)) == [
        (3000, True), (3700, True), (3900, False),
    ]  # fmt: skip


HITS = st.lists(
    st.builds(
        hit, st.integers(0, 7300), visitor=st.sampled_from([b"a", b"b"]), work=st.integers(1, 2),
        what=st.sampled_from(What), file=st.integers(0, 1),
    ),
    max_size=30, unique=True,
)  # fmt: skip


@given(HITS)
def test_counting_hour_by_hour_gives_what_counting_all_at_once_gives(hits):
    end = TEN + timedelta(hours=4)
    whole = counted(hits, until=end)
    rest, found = list(hits), []
    for n in range(1, 5):
        until = TEN + timedelta(hours=n)
        near = [h for h in rest if h.at <= until + timedelta(seconds=30)]
        found += counted(near, until=until)
        rest = [h for h in rest if h.at >= until]
    assert sorted(found, key=str) == sorted(whole, key=str)


@given(HITS)
def test_unique_ones_are_as_many_as_sessions_with_something_that_counts(hits):
    found = counted(hits, until=TEN + timedelta(hours=4))
    sessions = {(c.hit.visitor, c.hit.publication_id, c.hit.what, hour_of(c.hit.at)) for c in found}
    assert sum(c.unique for c in found) == len(sessions)
    for c in found:  # no two that count are of one double click
        same = [o.hit for o in found if o.hit != c.hit and (o.hit.visitor, o.hit.publication_id, o.hit.what, o.hit.file_id)
                == (c.hit.visitor, c.hit.publication_id, c.hit.what, c.hit.file_id)]  # fmt: skip
        assert all(abs(o.at - c.hit.at) > timedelta(seconds=30) for o in same)
