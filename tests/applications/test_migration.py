"""Districts of before are asked for what proves an application too."""

from datetime import date

from flask_migrate import downgrade, upgrade

from dissemination.kernel.database import db, transaction
from dissemination.plan.models import EvidenceRequirement
from tests import factories


def test_a_district_with_a_checklist_is_asked_for_both_proofs_and_one_without_for_none(bare_app):
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
    downgrade(revision="0019")
    upgrade()
    upgrade()  # once is enough
    rows = EvidenceRequirement.query.filter(EvidenceRequirement.verb.startswith("application."))
    found = [
        (r.district_id, r.verb, r.code, r.valid_from) for r in rows.order_by(EvidenceRequirement.position)
    ]
    assert found == [
        (1, "application.submitted", "protocol_number", date(2016, 1, 1)),
        (1, "application.funded", "grant_decision", date(2016, 1, 1)),
    ]
