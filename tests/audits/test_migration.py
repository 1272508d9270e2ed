"""Districts of before are asked for the visit sheet too."""

from datetime import date

from flask_migrate import downgrade, upgrade

from dissemination.kernel.database import db, transaction
from dissemination.plan.models import EvidenceRequirement
from tests import factories


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
    rows = EvidenceRequirement.query.filter(EvidenceRequirement.verb.in_(("workshop.held", "audit.visited")))
    rows = rows.order_by(EvidenceRequirement.position).all()
    assert [(r.district_id, r.verb, r.code, r.position, r.valid_from) for r in rows] == [
        (1, "workshop.held", "times", 7, date(2016, 1, 1)),
        (1, "audit.visited", "visit_sheet", 8, date(2016, 1, 1)),
    ]
