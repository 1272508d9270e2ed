"""Running an import: the transaction at its edge, undone where lines are wrong or it was only a look."""

from dissemination.applications.importing import Report, Undone, carry_out
from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.people.accounts import Account
from dissemination.people.models import Company


def run(
    district: District, data: bytes, *, by: Account | None, only_check: bool, sheet: str = ""
) -> Report:  # fmt: skip
    """Import a file of past applications. Raises reading.NotReadable."""
    report = Report()
    try:
        with transaction():
            report = carry_out(district, data, by=by, sheet=sheet)
            if report.problems or only_check:
                raise Undone
    except Undone:
        # What was added by one plain statement (`insert_once`) is gone, and the session knows it not.
        for row in [row for row in db.session.identity_map.values() if isinstance(row, Company)]:
            db.session.expunge(row)
    return report
