"""What is approved is what was looked at."""

import re
from io import BytesIO

import pytest

from dissemination.bibliography.records import Person
from dissemination.kernel.database import db, transaction
from dissemination.publications import actions, linking
from dissemination.publications.models import Publication, Relation, State
from tests.publications.cast import publication

DESK = "/moda/desk/publications"


def seen_by(browser, path):
    return {"seen": re.search(r'name="seen" value="([^"]+)"', browser.get(path).text)[1]}


def state_of(row):
    db.session.expire_all()
    return db.session.get(Publication, row.id).state


CHANGES = {
    "words": lambda row, by: actions.revise(row, by=by, version=row.version, title_it="Altro"),
    "file": lambda row, by: actions.attach(row, BytesIO(b"%PDF-1.7 x"), "altro.pdf", by=by),
    "link": lambda row, _by: linking.add(row, Relation.CITES, identifier="10.1000/182"),
    "authors": lambda row, by: actions.revise(
        row, by=by, version=row.version, authors=[Person("Altri", "Ada")]
    ),
}


@pytest.mark.parametrize("verb", ["approval", "publication"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_after_the_manager_opened_the_page_is_not_approved(
    moda, ada, bice, sign_in, verb, change
):
    with transaction():
        row = publication(moda, by=ada, published=False)
        actions.ask_approval(row, by=ada)
    browser, path = sign_in(bice), f"{DESK}/{row.slug}"
    looked_at = seen_by(browser, path)
    with transaction():
        CHANGES[change](row, ada)
    answer = browser.post(f"{path}/{verb}", data=looked_at)
    assert (answer.status_code, "è cambiata da quando" in answer.text) == (409, True)
    assert state_of(row) is State.REVIEW
    assert browser.post(f"{path}/{verb}", data=seen_by(browser, path)).status_code == 303
    assert state_of(row) is (State.APPROVED if verb == "approval" else State.PUBLISHED)


@pytest.mark.parametrize(
    "seen", ["", "x", "2026-01-01", "9999-12-31T23:59:59-14:00", "2026-13-01T00:00:00+00:00"]
)
def test_a_moment_that_no_page_showed_breaks_nothing(moda, ada, bice, sign_in, seen):
    with transaction():
        row = publication(moda, by=ada, published=False)
    answer = sign_in(bice).post(f"{DESK}/{row.slug}/approval", data={"seen": seen})
    assert answer.status_code in (303, 409)
