"""Districts of before are asked for the visit sheet too."""

from datetime import date

import pytest
from flask_migrate import downgrade, upgrade

import config
from app import create_app
from dissemination.kernel.database import db, transaction
from dissemination.plan.models import EvidenceRequirement
from tests import factories
from tests.conftest import empty_database


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_app(request, tmp_path):
    with empty_database(request, tmp_path) as url:
        app = create_app(config.load({"INSTANCE": str(tmp_path / "i"), "DATABASE_URL": url}))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


def test_a_district_with_a_checklist_gets_the_visit_sheet_and_one_without_gets_none(bare_app):
    upgrade()
    with transaction():
        one = factories.district("uno")
        factories.district("due")
        db.session.add(
            EvidenceRequirement(
                district_id=one.id, verb="workshop.held", code="times", name_it="Orari", name_en="Times",
                position=7, valid_from=date(2016, 1, 1),
            )
        )  # fmt: skip
    db.session.remove()
    downgrade(revision="0018")
    upgrade()
    upgrade()  # once is enough
    rows = EvidenceRequirement.query.filter(
        ~EvidenceRequirement.verb.startswith("application."),  # these three come with later migrations
        ~EvidenceRequirement.verb.startswith("meeting."), ~EvidenceRequirement.verb.startswith("agreement."),
    )  # fmt: skip
    rows = rows.order_by(EvidenceRequirement.position).all()
    assert [(r.district_id, r.verb, r.code, r.position, r.valid_from) for r in rows] == [
        (1, "workshop.held", "times", 7, date(2016, 1, 1)),
        (1, "audit.visited", "visit_sheet", 8, date(2016, 1, 1)),
    ]
