from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import select

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import Person
from dissemination.kernel.database import db, transaction
from dissemination.publications import actions, contents, doubles, extracting, linking, queries
from dissemination.publications.models import Link, Publication, Relation
from dissemination.submissions.models import Submission
from tests import factories
from tests.publications.cast import publication

DESK = "/moda/desk/publications"
LATER = date(2099, 1, 1)


@pytest.fixture
def pair(moda):
    """A public report, and a draft of the same with what the first one lacks."""
    with transaction():
        first = publication(moda, title_it="Lana riciclata", authors=[Person("Rossi", "M.")])
        second = publication(
            moda, title_it="LANA, riciclata!", doi="10.1000/lana", abstract_it="Che cosa dice.",
            authors=[Person("Rossi", "Maria", orcid="0000-0002-1825-0097")], published=False,
        )  # fmt: skip
        actions.attach(second, BytesIO(b"%PDF-1.4\n%\n"), "lana.pdf")
    return first, second


def test_what_is_there_twice_is_found_and_nothing_else(moda, nautica, pair):
    with transaction():
        publication(moda, title_it="Altro")
        publication(nautica, title_it="Lana riciclata")
        taken_back = publication(moda, title_it="Lana riciclata")
        actions.withdraw(taken_back, reason="doppia", by=None)
    assert [[row.id for row in group] for group in doubles.groups(moda)] == [[p.id for p in pair]]
    assert doubles.groups(nautica) == []


def test_a_chain_of_shared_doi_and_title_is_one_group(moda, pair):
    with transaction():
        third = publication(
            moda, title_it="Wool", doi="10.1000/LANA", issued=factories.DAY.date().replace(year=1999)
        )
    assert [[row.id for row in group] for group in doubles.groups(moda)] == [
        [*(p.id for p in pair), third.id]
    ]


def test_merging_completes_the_one_that_stays_and_removes_the_draft(moda, ada, sign_in, pair):
    first, _second = pair
    browser = sign_in(ada)
    assert "Lana riciclata" in browser.get(f"{DESK}/duplicates").text
    page = browser.get(f"{DESK}/{first.slug}/merging").text
    assert "LANA, riciclata!" in page
    answer = browser.post(f"{DESK}/{first.slug}/merging")
    assert (answer.status_code, answer.location) == (303, f"{DESK}/{first.slug}")
    db.session.expire_all()
    assert db.session.scalars(select(Publication)).all() == [first]
    assert (first.title_it, first.doi, first.abstract_it) == (
        "Lana riciclata",
        "10.1000/lana",
        "Che cosa dice.",
    )
    assert [(a.given_name, a.orcid) for a in first.authors] == [("M.", "0000-0002-1825-0097")]
    assert [f.file.name for f in first.files] == ["lana.pdf"]
    assert "Nessuna pubblicazione compare due volte" in browser.get(f"{DESK}/duplicates").text


def test_what_was_related_to_a_duplicate_is_related_to_the_one_that_stays(moda, pair):
    first, second = pair
    with transaction():
        third = publication(moda, title_it="Altro")
        linking.add(second, Relation.REFERENCES, identifier="10.1000/182")
        linking.add(second, Relation.REFERENCES, subject_kind="publications", subject_id=first.id)
        linking.add(third, Relation.REFERENCES, subject_kind="publications", subject_id=second.id)
    with transaction():
        doubles.merge(first, [second], address="https://moda.example/x", by=None)
    assert [(x.publication_id, x.subject_id, x.identifier) for x in db.session.query(Link).order_by(Link.id)] == [
        (first.id, None, "10.1000/182"), (third.id, first.id, ""),
    ]  # fmt: skip


def test_the_author_of_a_duplicate_is_told_of_the_one_that_stays(moda, pair):
    first, second = pair
    with transaction():
        row = Submission(
            district_id=moda.id, contact_id=factories.contact(moda).id, publication_id=second.id,
            asked_at=factories.DAY,
        )  # fmt: skip
        db.session.add(row)
    with transaction():
        doubles.merge(first, [second], address="https://moda.example/x", by=None)
    assert db.session.get(Submission, row.id).publication_id == first.id


def test_a_public_duplicate_is_withdrawn_and_its_page_says_where_to_go(moda, ada, client, sign_in, pair):
    first, second = pair
    assert sign_in(ada).post(f"{DESK}/{second.slug}/merging").status_code == 303
    db.session.expire_all()
    assert (first.state, first.withdrawals[0].reason.endswith(f"/moda/publications/{second.slug}")) == (
        "withdrawn", True,
    )  # fmt: skip
    page = client.get(f"/moda/publications/{first.slug}")
    assert (page.status_code, second.slug in page.text) == (410, True)


def test_merging_what_is_no_duplicate_any_more_changes_nothing(moda, ada, sign_in, pair):
    first, second = pair
    browser = sign_in(ada)
    with transaction():
        actions.revise(second, by=None, version=1, title_it="Seta")
    assert browser.get(f"{DESK}/{first.slug}/merging").status_code == 404
    answer = browser.post(f"{DESK}/{first.slug}/merging", follow_redirects=True)
    assert "Queste pubblicazioni non sono più doppioni" in answer.text
    assert len(db.session.scalars(select(Publication)).all()) == 2


def test_somebody_of_another_district_is_refused(moda, dora, sign_in, pair):
    browser = sign_in(dora)
    for place in ("duplicates", f"{pair[0].slug}/merging"):
        assert browser.get(f"{DESK}/{place}").status_code in (403, 404)


@pytest.mark.parametrize(
    ("moving", "stays", "opens"),
    [
        ({"access": Access.CLOSED}, {}, True), ({"access": Access.MEMBERS}, {}, True),
        ({"access": Access.EMBARGOED, "embargo_until": LATER}, {}, True),
        ({"access": Access.EMBARGOED, "embargo_until": date(2020, 1, 1)}, {}, False),
        ({"access": Access.CLOSED}, {"access": Access.MEMBERS}, True),
        ({"access": Access.MEMBERS}, {"access": Access.EMBARGOED, "embargo_until": LATER}, True),
        ({"access": Access.EMBARGOED, "embargo_until": LATER}, {"access": Access.MEMBERS}, True),
        ({"access": Access.EMBARGOED, "embargo_until": LATER},
         {"access": Access.EMBARGOED, "embargo_until": date(2098, 1, 1)}, True),
        ({"access": Access.EMBARGOED, "embargo_until": LATER},
         {"access": Access.EMBARGOED, "embargo_until": LATER}, False),
        ({}, {"access": Access.MEMBERS}, False), ({"access": Access.MEMBERS}, {"access": Access.CLOSED}, False),
    ],
)  # fmt: skip
def test_merging_does_not_give_files_readers_for_whom_they_are_not(
    moda, ada, client, sign_in, moving, stays, opens
):
    with transaction():
        first = publication(moda, title_it="Lana riciclata", **stays)
        second = publication(moda, title_it="LANA, riciclata!", **moving)
        actions.attach(second, BytesIO(b"%PDF-1.4\n%\n"), "lana.pdf")
    answer = sign_in(ada).post(f"{DESK}/{first.slug}/merging", follow_redirects=True)
    db.session.expire_all()
    assert ("Non è stato unito nulla" in answer.text, len(first.files), second.state == "published") == (
        opens, 0 if opens else 1, opens,
    )  # fmt: skip


def test_the_texts_of_files_and_the_datestamp_follow_a_merged_duplicate(moda, pair):
    first, second = pair
    extracting.read_waiting()
    with transaction():
        contents.store(second.files[0].id, contents.Reading.READ, kept="segretissimo", words=1, pages=1)
        before = first.changed_at
    with transaction():
        doubles.merge(first, [second], address="https://moda.example/x", by=None)
    db.session.expire_all()
    found = queries.listed(moda.id, wanted=queries.Filter(text="segretissimo"), public=True).rows
    assert (found, list(contents.of_publication(first.id))) == ([first], [first.files[0].id])
    assert first.changed_at > before


def test_of_two_who_merge_the_same_two_at_once_each_into_the_other_one_is_told(app, moda, ada, bice, sign_in):
    with transaction():
        slugs = [publication(moda, title_it="Lana").slug for _ in range(2)]
    asked = list(zip((sign_in(ada), sign_in(bice)), slugs, strict=True))

    def merge(one):
        browser, slug = one
        with app.app_context():
            return browser.post(f"{DESK}/{slug}/merging").status_code

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(merge, asked)) == [303, 303]
    db.session.rollback()
    db.session.expire_all()
    assert sorted(p.state for p in db.session.scalars(select(Publication))) == ["published", "withdrawn"]
