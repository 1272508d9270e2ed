"""The catalogue, the evidence and the log as other packages call them."""

from datetime import date

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.plan import activity, queries
from dissemination.plan.actions import add_evidence, adopt_catalogue
from dissemination.plan.log import Activity
from tests import factories


@pytest.fixture
def plan(moda):
    return queries.current_plan(moda.id)


def test_the_catalogue_has_25_indicators_and_is_adopted_once(plan):
    with transaction():
        first = adopt_catalogue(plan)
    with transaction():
        again = adopt_catalogue(plan)
    assert (len(first), again, len(plan.indicators)) == (25, [], 25)
    assert [(i.code, i.name_it, i.line and i.line.code) for i in plan.indicators[:4]] == [
        ("AD-01", "Imprese aderenti", None),
        ("AD-02", "Nuove imprese raggiunte", None),
        ("AD-03", "Quota di aderenti contattati", None),
        ("DV-01", "Workshop e seminari realizzati", "a"),
    ]
    assert [(e.valid_from, e.valid_until) for e in queries.exclusions(plan.district_id)] == [
        (date(2016, 1, 1), date(2017, 12, 31))
    ]


def test_missing_evidence_is_what_the_checklist_of_that_day_asks_and_nobody_has(moda, plan):
    with transaction():
        adopt_catalogue(plan)
    missing = queries.missing_evidence(
        moda.id, "workshop.held", date(2027, 3, 11), {"times", "abstract_it", "presence"}
    )
    assert [m.code for m in missing] == ["attendance_sheet", "abstract_en"]
    assert queries.missing_evidence(moda.id, "workshop.held", date(2015, 1, 1), set()) == []
    assert queries.missing_evidence(moda.id, "nothing.known", date(2027, 3, 11), set()) == []


def test_evidence_hangs_on_its_subject(moda, ada):
    with transaction():
        workshop, other = factories.workshop(moda), factories.workshop(moda)
        add_evidence(workshop, district_id=moda.id, code="times", note="14:00-17:05", by=ada)
        add_evidence(other, district_id=moda.id, code="times", note="9:00-11:00", by=ada)
    assert [(e.code, e.note, e.added_by) for e in queries.evidence_of(workshop)] == [
        ("times", "14:00-17:05", ada.id)
    ]


def test_many_facts_are_logged_as_one_is(moda, ada):
    values = {
        "district_id": moda.id, "title": "Tracciabilità", "happened_on": date(2027, 3, 11), "by": ada,
        "attributes": {"sector": "tessile"},
    }  # fmt: skip
    with transaction():
        workshop = factories.workshop(moda)
        activity.record("workshop.held", workshop, **values)
        n = activity.record_all(
            {"verb": "workshop.held", "subject_kind": "workshops", "subject_id": workshop.id, **values}
            for _ in range(3)
        )
    rows = [
        (r.verb, r.subject_kind, r.subject_id, r.title, r.happened_on, r.recorded_by, r.attributes)
        for r in db.session.query(Activity)
    ]
    assert n == 3
    day = date(2027, 3, 11)
    row = ("workshop.held", "workshops", workshop.id, "Tracciabilità", day, ada.id, {"sector": "tessile"})
    assert rows == [row] * 4


def test_attributes_are_texts(moda):
    with pytest.raises(ValueError, match="attributes must be texts: n"), transaction():
        activity.record(
            "workshop.held", moda, district_id=moda.id, title="x", happened_on=date(2027, 3, 11), by=None,
            attributes={"n": 3},
        )  # fmt: skip


def test_nothing_is_logged_outside_a_transaction(moda):
    with pytest.raises(RuntimeError, match="outside transaction"):
        activity.record_all([])
