"""Forms sent without what our pages put into them."""

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company
from tests import factories


@pytest.mark.parametrize("version", [{}, {"version": ""}, {"version": "-1"}, {"version": "9" * 30}])
def test_a_company_is_not_overwritten_without_the_version_that_was_read(moda, bice, sign_in, version):
    with transaction():
        company = factories.company(moda, "Tessitura Prima")
    facts = {"name": "Altra", "type": "company", "tax_id": company.tax_id, "province": "PO", **version}
    answer = sign_in(bice).post(f"/moda/desk/people/companies/{company.id}/edit", data=facts)
    db.session.rollback()
    assert (answer.status_code, db.session.get(Company, company.id).name) == (422, "Tessitura Prima")
