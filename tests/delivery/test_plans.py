"""The statements of the sending loop find their rows by an index, however many mails lie in the table."""

import pytest
from sqlalchemy import text

from dissemination.delivery import leases
from dissemination.kernel.clock import now
from dissemination.kernel.database import as_stored, db, is_sqlite

LOOKS = ("any_queued", "any_deferred", "single_queued", "single_deferred", "bulk_queued", "bulk_deferred")


def plan(statement) -> str:
    """How the database means to find the rows; PostgreSQL without the choice of reading a small table whole."""
    if not is_sqlite():
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
    values = {"at": as_stored(now()), "most": 5, "kind": "issues", "subject": 1}
    wanted = statement.compile().params
    explain = text(f"{'EXPLAIN QUERY PLAN' if is_sqlite() else 'EXPLAIN'} {statement.text}")
    rows = db.session.execute(explain, {name: values[name] for name in wanted})
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_for_mail_reads_no_more_rows_than_it_takes(app, look):
    found = plan(leases._statement(look, is_sqlite()))
    index = "ix_deliveries_subject" if look.startswith("bulk") else "ix_deliveries_due"
    assert index in found
    assert "SCAN deliveries" not in found
    assert "Seq Scan" not in found
    assert "TEMP B-TREE" not in found
