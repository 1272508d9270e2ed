"""Forms and addresses of the plan with what no browser sends: an answer that says what is wrong, never a crash."""

import re

import pytest

from dissemination.kernel.database import transaction
from dissemination.plan import queries
from dissemination.plan.actions import adopt_catalogue

HUGE = "9" * 400


@pytest.fixture
def plan(moda):
    found = queries.current_plan(moda.id)
    with transaction():
        adopt_catalogue(found)
    return found


@pytest.mark.parametrize("page", ["operations/new", "lines/new", "targets"])
def test_a_number_of_four_hundred_digits_is_refused(moda, plan, bice, sign_in, page):
    browser = sign_in(bice)
    url = f"/moda/desk/plan/{page}"
    names = set(re.findall(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"', browser.get(url).text))
    answer = browser.post(url, data=dict.fromkeys(names - {"csrf_token", "q"}, HUGE))
    assert answer.status_code == 422


@pytest.mark.parametrize("part", ["indicators", "exclusions"])
def test_a_form_without_one_of_its_fields_is_answered(moda, plan, bice, sign_in, part):
    row = plan.indicators[0] if part == "indicators" else queries.exclusions(moda.id)[0]
    for url in (f"/moda/desk/plan/{part}/{row.id}", f"/moda/desk/plan/{part}/new"):
        assert sign_in(bice).post(url, data={"name_it": "x", "version": "x"}).status_code == 422


@pytest.mark.parametrize(
    "url", ["evidence/workshops/", "plan/past/", "plan/log/heads/", "plan/lines/", "reports/"]
)
def test_a_number_that_no_database_has_finds_nothing(moda, plan, bice, sign_in, url):
    assert sign_in(bice).get(f"/moda/desk/{url}{HUGE[:20]}").status_code == 404
