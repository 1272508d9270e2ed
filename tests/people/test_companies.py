"""Companies: never twice, never overwritten, merged without losing anything."""

import threading
from datetime import date

import pytest
from sqlalchemy import func, select

from dissemination.kernel.database import db, transaction
from dissemination.people import actions, queries
from dissemination.people.models import Company, Contact
from tests import factories


def add(district, tax_id="12345670488", name="Tessitura Gori S.r.l.", **facts):
    return actions.find_or_add_company(district_id=district.id, tax_id=tax_id, name=name, **facts)


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_the_same_tax_id_gives_the_same_company_and_changes_nothing(moda):
    with transaction():
        first = add(moda, province="PO")
        again = add(moda, name="Altro nome", province="FI")
    assert (first.id, first.name, first.province) == (again.id, "Tessitura Gori S.r.l.", "PO")


def test_each_district_has_its_own_registry(moda, nautica):
    with transaction():
        assert add(moda).id != add(nautica).id


def test_without_a_tax_id_the_folded_name_decides(moda):
    with transaction():
        first = add(moda, tax_id=None, name="Università di Firenze")
        again = add(moda, tax_id=None, name="UNIVERSITA di  Firenze")
        other = add(moda, tax_id=None, name="Università di Pisa")
    assert again.id == first.id != other.id


@pytest.mark.parametrize("tax_id", ["12345670488", None])
def test_simultaneous_requests_add_a_company_once(app, moda, tax_id):
    together, found, district_id = threading.Barrier(8), [], moda.id
    db.session.rollback()

    def enter():
        with app.app_context():
            together.wait()
            with transaction():
                found.append(
                    actions.find_or_add_company(district_id=district_id, tax_id=tax_id, name="Gori").id
                )
            db.session.remove()

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert count(Company) == 1


def test_adding_by_hand_what_exists_is_refused(moda):
    with transaction():
        first = add(moda)
    with pytest.raises(actions.CompanyExists) as refused, transaction():
        actions.add_company(district_id=moda.id, tax_id="12345670488", name="Gori")
    assert (refused.value.company.id, refused.value.field) == (first.id, "tax_id")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("TESSITURA GORI", True),
        ("Tessitura Gori s. r. l.", True),
        ("Tesitura Gorri spa", True),
        ("Gori Tessitura di Mario Gori & C. snc", True),
        ("Tessi Tura Gori", True),
        ("Tessitura Bianchi", False),
        ("S.r.l.", False),
        ("", False),
    ],
)
def test_did_you_mean_finds_the_name_in_other_clothes(moda, asked, meant):
    with transaction():
        add(moda)
    assert [c.name for c in queries.similar_companies(moda.id, asked)] == ["Tessitura Gori S.r.l."] * meant


def test_did_you_mean_stays_in_the_district(moda, nautica):
    with transaction():
        add(nautica)
    assert queries.similar_companies(moda.id, "Tessitura Gori") == []


def test_a_second_save_on_an_old_version_is_refused(moda):
    with transaction():
        company = add(moda)
    with transaction():
        actions.revise_company(company, version=1, tax_id=company.tax_id, name="Gori Tessuti", size=None)
    with pytest.raises(actions.ChangedMeanwhile), transaction():
        actions.revise_company(company, version=1, tax_id=company.tax_id, name="Gori Filati", size=None)
    assert (company.name, company.name_folded, company.version) == ("Gori Tessuti", "gori tessuti", 2)


def test_revising_to_a_tax_id_that_exists_is_refused(moda):
    with transaction():
        one, other = factories.company(moda), factories.company(moda)
    with pytest.raises(actions.CompanyExists), transaction():
        actions.revise_company(one, version=1, tax_id=other.tax_id, name=one.name)


def test_membership_counts_from_its_first_to_its_last_day(moda):
    with transaction():
        company = add(moda)
        actions.add_membership(company, since=date(2026, 3, 1), until=date(2026, 6, 30))
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [queries.is_member(company, day) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (date(2026, 6, 30), None),
        (date(2025, 1, 1), None),
        (date(2026, 4, 1), date(2026, 5, 1)),
        (date(2027, 2, 1), date(2027, 1, 1)),
    ],
)
def test_overlapping_memberships_are_refused(moda, since, until):
    with transaction():
        company = add(moda)
        actions.add_membership(company, since=date(2026, 3, 1), until=date(2026, 6, 30))
    with pytest.raises(actions.MembershipOverlaps), transaction():
        actions.add_membership(company, since=since, until=until)
    assert [(m.since, m.until) for m in company.memberships] == [(date(2026, 3, 1), date(2026, 6, 30))]


@pytest.fixture
def pair(moda):
    """A company and its duplicate, each with a contact and overlapping memberships."""
    with transaction():
        survivor = factories.company(moda, "Gori", tax_id=None, province="")
        duplicate = factories.company(moda, "Tessitura Gori", province="PO")
        factories.contact(moda, "uno@gori.example", company=survivor)
        factories.contact(moda, "due@gori.example", company=duplicate)
        actions.add_membership(survivor, since=date(2024, 1, 1), until=date(2025, 12, 31))
        actions.add_membership(duplicate, since=date(2025, 6, 1))
    return survivor, duplicate


def test_a_merge_moves_everything_and_keeps_the_duplicates_row(moda, pair, bice):
    survivor, duplicate = pair
    tax_id = duplicate.tax_id
    with transaction():
        actions.merge_companies(survivor, duplicate, by=bice)
    assert [c.email for c in queries.contacts_of(survivor)] == ["due@gori.example", "uno@gori.example"]
    assert [(m.since, m.until) for m in survivor.memberships] == [(date(2024, 1, 1), None)]
    assert (survivor.tax_id, survivor.province) == (tax_id, "PO")
    assert (duplicate.merged_into_id, duplicate.merged_by_id) == (survivor.id, bice.id)
    assert queries.surviving_id(duplicate.id) == survivor.id
    assert queries.surviving_ids([duplicate.id, survivor.id]) == {
        duplicate.id: survivor.id,
        survivor.id: survivor.id,
    }


def test_after_a_merge_the_duplicates_tax_id_finds_the_survivor(moda, bice):
    with transaction():
        survivor, duplicate = factories.company(moda), factories.company(moda)
        actions.merge_companies(survivor, duplicate, by=bice)
    with transaction():
        assert add(moda, tax_id=duplicate.tax_id).id == survivor.id


def test_chains_of_merges_lead_to_the_last_survivor_at_once(moda, bice):
    with transaction():
        a, b, c = (factories.company(moda) for _ in range(3))
        actions.merge_companies(b, a, by=bice)
        actions.merge_companies(c, b, by=bice)
    assert [queries.surviving_id(x.id) for x in (a, b, c)] == [c.id] * 3


def test_a_company_is_not_merged_with_itself_or_another_districts(moda, nautica, bice):
    with transaction():
        ours, theirs = factories.company(moda), factories.company(nautica)
    for other in (ours, theirs):
        with pytest.raises(actions.CannotMerge), transaction():
            actions.merge_companies(ours, other, by=bice)


def test_a_strangers_form_fills_only_what_is_empty(moda):
    with transaction():
        company = add(moda)
        actions.find_or_add_contact(
            district_id=moda.id, email="Carlo@Gori.example", given_name="Carlo", family_name="Gori"
        )
    with transaction():
        found = actions.find_or_add_contact(
            district_id=moda.id, email=" carlo@gori.EXAMPLE", given_name="Falso", family_name="Nome",
            company=company, job_title="Titolare", language="en",
        )  # fmt: skip
    assert (found.email, found.name, found.language) == ("carlo@gori.example", "Carlo Gori", "it")
    assert (found.company_id, found.job_title) == (company.id, "Titolare")
    assert count(Contact) == 1


def test_the_company_of_a_contact_is_not_replaced_by_a_form(moda):
    with transaction():
        first, second = factories.company(moda), factories.company(moda)
        person = factories.contact(moda, "carlo@gori.example", company=first)
        actions.find_or_add_contact(
            district_id=moda.id, email=person.email, given_name="C", family_name="G", company=second
        )
    assert person.company_id == first.id


def test_the_consent_ledger_grows_and_the_last_line_holds(moda):
    with transaction():
        person = factories.contact(moda)
        for given in (True, False):
            actions.record_consent(
                person, purpose="newsletter", given=given, text="Sì", version="1", source="preference page"
            )
    assert [c.given for c in queries.consents(person)] == [False, True]
    assert queries.current_consent(person, "newsletter").given is False
