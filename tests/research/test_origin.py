"""Where a wish for a meeting came from is a page of this district."""

import pytest
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.research.models import Meeting
from tests import factories
from tests.research import cast


@pytest.fixture(autouse=True)
def spring(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


def test_a_wish_never_leads_to_a_page_of_another_district(moda, nautica, ada, sign_in):
    with transaction():
        blu = factories.company(moda, "Tessitura Blu")
        lab = cast.laboratory(moda)
        hidden = factories.workshop(nautica, title="Segreto di altri")
        own = factories.workshop(moda, title="Nostro")
    line = factories.line(moda, "c")
    facts = {"company": blu.name, "laboratory_id": lab.id, "wish": "Acqua", "activity_line_id": line.id}
    browser = sign_in(ada)
    for workshop in (hidden, own):
        at = f"/moda/desk/research/meetings/new?from=workshops&of={workshop.id}"
        assert browser.post(at, data=facts).status_code == 303
    first, second = db.session.scalars(select(Meeting).order_by(Meeting.id)).all()
    assert (first.origin_kind, first.origin_id) == (None, None)
    assert "segreto" not in browser.get(f"/moda/desk/research/meetings/{first.id}").text
    assert (second.origin_kind, second.origin_id) == ("workshops", own.id)
