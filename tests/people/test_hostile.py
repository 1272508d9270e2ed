"""What our own pages never send: other kinds of bodies, forms without what we put into them."""

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


@pytest.mark.parametrize("path", ["/login", "/reset", "/verify"])
@pytest.mark.parametrize("body", ['"x"', "[]", "{", "null", '{"email": "\\ud800@x.it", "password": "x"}'])
def test_a_body_of_json_is_refused(moda, client, path, body):
    assert client.post(path, data=body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("path", ["/login", "/verify", "/account", "/change"])
def test_a_wish_for_json_is_answered_with_pages(moda, client, path):
    answer = client.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code in (200, 302), answer.mimetype) == (True, "text/html")


@pytest.mark.parametrize(
    "website", ["javascript://x.example/%0aalert(1)", "file:///etc/passwd", "data://x/y"]
)
def test_a_companys_website_is_of_the_web(moda, bice, sign_in, website):
    facts = {
        "name": "Nuova",
        "type": "company",
        "tax_id": factories.tax_id(),
        "province": "PO",
        "website": website,
    }
    answer = sign_in(bice).post("/moda/desk/people/companies/new", data=facts)
    assert (answer.status_code, db.session.query(Company).count()) == (422, 0)
