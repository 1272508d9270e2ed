"""A log of a few facts, sealed."""

from datetime import date
from decimal import Decimal

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.plan import activity
from dissemination.plan.log import Activity
from dissemination.seals.sealing import seal
from tests import factories


def fact(district, n, **values):
    """The keyword arguments of one presence in the log."""
    return {
        "verb": "attendance.present", "subject_kind": "workshops", "subject_id": 1, "district_id": district.id,
        "title": f"Tracciabilità dei tessuti {n}", "happened_on": date(2026, 5, n), "by": None,
        "attributes": {"sector": "tessile", "città": "Prato"}, **values,
    }  # fmt: skip


@pytest.fixture
def people(moda):
    """Two persons of moda."""
    with transaction():
        return [factories.contact(moda) for _ in range(2)]


@pytest.fixture
def log(moda, people, ada):
    """Nine sealed rows of moda's log: eight presences, an amount among them, and a correction."""
    line = None
    with transaction():
        line = factories.line(moda).id
        activity.record_all([
            fact(moda, n, contact_id=people[n % 2].id, by=ada, activity_line_id=line,
                 amount=Decimal("12.345") if n == 3 else None, not_counted="absent" if n == 4 else None)
            for n in range(1, 9)
        ])  # fmt: skip
        first = db.session.query(Activity).filter_by(district_id=moda.id).order_by(Activity.id).first()
        activity.reverse(first, by=ada, happened_on=date(2026, 6, 1), reason="contato due volte")
    with transaction():
        seal(moda.id)
    return [row.id for row in db.session.query(Activity).filter_by(district_id=moda.id).order_by(Activity.id)]
