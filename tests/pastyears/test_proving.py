"""Past activities in the list of missing evidence: where to open them, whom to remind, what proves them."""

from datetime import date
from io import BytesIO

import pytest

from dissemination.attendance.setup import proving as workshops
from dissemination.kernel.database import db, transaction
from dissemination.pastyears import texts
from dissemination.plan import holders
from dissemination.plan.log import Activity
from dissemination.plan.models import EvidenceState
from dissemination.privacy import held
from dissemination.proofs import actions as proofs
from dissemination.proofs import queries
from tests import factories
from tests.pastyears.conftest import HEADER, entered, judged, uploaded, workbook


@pytest.fixture
def past(moda, plan, bice):
    """A workshop of last year that came by an import; the row of the log."""
    line = {"Tipo": "workshop", "Data": date(2026, 2, 3), "Oggetto": "Filati riciclati"}
    data = workbook([[line.get(name) for name in HEADER]])
    entered(judged(uploaded(moda, data, by=bice)), by=bice)
    return db.session.query(Activity).filter_by(district_id=moda.id, subject_kind="past_activities").one()


def test_every_kind_that_is_imported_has_who_knows_its_evidence(app):
    for verb in texts.VERBS:
        assert holders.of(verb, "past_activities").kind == "past_activities"
    assert holders.of("workshop.held", "workshops") is workshops.HOLDER


def test_a_past_workshop_stands_on_the_list_with_its_page_and_who_entered_it(app, moda, past, bice):
    with transaction():
        proofs.judge_district(moda.id)
    with app.test_request_context():
        lack = queries.missing(moda.id).rows[0]
    assert (lack.title, lack.who) == ("Filati riciclati", bice)
    assert lack.url == f"/moda/desk/plan/past/activities/{past.subject_id}"


def test_files_prove_what_nobody_can_count_again(moda, past, bice, sign_in):
    """Of a workshop of ours the presences prove it; nobody can close a workshop of another year again."""
    with transaction():
        proofs.judge_district(moda.id)
        missing = db.session.query(EvidenceState).filter_by(subject_id=past.subject_id).one().missing
    assert "presence" in missing
    page = sign_in(bice).get(f"/moda/desk/plan/past/activities/{past.subject_id}")
    place = f"/moda/desk/evidence/past_activities/{past.subject_id}"
    assert place in page.text
    assert "non da un file" not in sign_in(bice).get(place).text
    with transaction():
        for code in missing:
            proofs.add(
                moda.id, past.subject_kind, past.subject_id, code=code, uploads=[], note="fascicolo", by=bice
            )
        proofs.judge_district(moda.id)
    assert db.session.query(EvidenceState).filter_by(subject_id=past.subject_id).one().complete


def test_its_attendance_sheet_is_listed_as_its_own_and_not_as_that_of_a_workshop(moda, past, bice, sign_in):
    with transaction():
        other = factories.workshop(moda, title="Tutt'altro")
        other_id = past.subject_id
        assert other.id == other_id or factories.workshop(moda, title="Tutt'altro")
        proofs.add(moda.id, past.subject_kind, past.subject_id, code="attendance_sheet",
                   uploads=[(BytesIO(b"%PDF-1.7 firme"), "firme.pdf")], note="", by=bice)  # fmt: skip
    page, proven = held.evidence(moda)
    found = proven[page.rows[0].subject_kind, page.rows[0].subject_id]
    assert (found.title, found.on) == ("Filati riciclati", date(2026, 2, 3))
    shown = sign_in(bice).get("/moda/desk/privacy/evidence").text
    assert "Filati riciclati" in shown
    assert f"/moda/desk/evidence/files/{page.rows[0].id}" in shown
    assert "Tutt" not in shown
