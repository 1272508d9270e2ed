"""Rows that people put in order: they carry a `position`."""

from dissemination.kernel.database import db


def swap(rows: list, row, *, up: bool) -> None:
    """Let `row` change places with its neighbour among `rows`; the ends stay where they are."""
    at = next((i for i, r in enumerate(rows) if r.id == row.id), None)
    if at is None:
        return
    to = at - 1 if up else at + 1
    if 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    for position, r in enumerate(rows):
        r.position = position
    db.session.flush()
