"""The people pages at the desk: who may see and change what, and what the forms do."""

from datetime import date

import pytest
from sqlalchemy import event, select

from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.people import access, actions, queries
from dissemination.people.accounts import Account, Appointment
from dissemination.people.models import Company, Contact
from tests import factories

READ = ["companies/", "companies/{company}", "contacts/", "contacts/{contact}", "settings"]
CHANGE = [
    "companies/new", "companies/{company}/edit", "companies/{company}/merge",
    "companies/{company}/memberships/{membership}", "contacts/new", "contacts/{contact}/edit",
    "uploads/companies", "uploads/contacts", "settings/edit", "settings/sectors/new",
    "settings/sectors/{sector}", "access/",
]  # fmt: skip
POST_ONLY = [
    "companies/{company}/memberships", "companies/{company}/memberships/{membership}/removal",
    "uploads/companies/entries", "access/{appointment}", "access/{appointment}/withdrawal",
    "access/{appointment}/invitation",
]  # fmt: skip


@pytest.fixture
def rows(moda, bice):
    """One row of each kind in moda, by name."""
    with transaction():
        company = factories.company(moda, "Tessitura Gori")
        membership = actions.add_membership(company, since=date(2026, 1, 1))
        contact = factories.contact(moda, "carlo@gori.example", company=company)
    return {
        "company": company.id, "membership": membership.id, "contact": contact.id,
        "sector": moda.sectors[0].id, "appointment": bice.appointments[0].id,
    }  # fmt: skip


@pytest.fixture
def viewer(moda):
    """Somebody who only reads in moda."""
    with transaction():
        return factories.account("vito@moda.example", role="viewer", district=moda)


def statuses(browser, paths, rows, method="get"):
    return {getattr(browser, method)("/moda/desk/people/" + p.format(**rows)).status_code for p in paths}


def test_dora_finds_nothing_here(sign_in, dora, rows):
    browser = sign_in(dora)
    assert statuses(browser, READ + CHANGE, rows) == {404}
    assert statuses(browser, CHANGE + POST_ONLY, rows, "post") == {404}


def test_who_is_not_signed_in_is_asked_to(client, rows):
    assert statuses(client, READ + CHANGE, rows) == {302}
    assert statuses(client, CHANGE + POST_ONLY, rows, "post") == {302}
    asked = client.get("/moda/desk/people/companies/?q=gori")
    assert asked.location == "/login?next=/moda/desk/people/companies/?q%3Dgori"


@pytest.mark.parametrize("who", ["viewer", "ada", "elio"])
def test_others_read_but_do_not_change(request, sign_in, rows, who):
    browser = sign_in(request.getfixturevalue(who))
    assert statuses(browser, READ, rows) == {200}
    assert statuses(browser, CHANGE, rows) == {403}
    assert statuses(browser, CHANGE + POST_ONLY, rows, "post") == {403}


def test_the_manager_opens_every_page(sign_in, bice, rows):
    assert statuses(sign_in(bice), READ + CHANGE, rows) == {200}


def test_a_switched_off_account_sees_the_sign_in_page(sign_in, bice, rows):
    browser = sign_in(bice)
    with transaction():
        bice.active = False
    assert statuses(browser, READ, rows) == {302}


def test_rows_of_another_district_are_not_here(sign_in, bice, nautica, rows):
    with transaction():
        company = factories.company(nautica)
        contact = factories.contact(nautica)
        other = factories.account("x@nautica.example", role="manager", district=nautica)
    theirs = {
        **rows, "company": company.id, "contact": contact.id, "sector": nautica.sectors[0].id,
        "appointment": other.appointments[0].id,
    }  # fmt: skip
    browser = sign_in(bice)
    paths = [p for p in READ + CHANGE if "{" in p]
    assert statuses(browser, paths, theirs) == {404}
    assert statuses(browser, [p for p in POST_ONLY if "{" in p], theirs, "post") == {404}


def count_queries(browser, path):
    db.session.rollback()
    counted = []
    listener = lambda *a: counted.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    return len(counted)


@pytest.mark.parametrize("path", ["companies/", "contacts/"])
def test_a_list_asks_the_database_as_often_for_one_row_as_for_many(sign_in, ada, moda, path):
    browser = sign_in(ada)

    def add(n):
        with transaction():
            for _ in range(n):
                company = factories.company(moda, sector_id=moda.sectors[0].id)
                actions.add_membership(company, since=date(2026, 1, 1))
                factories.contact(moda, company=company)

    add(1)
    browser.get(f"/moda/desk/people/{path}")
    one = count_queries(browser, f"/moda/desk/people/{path}")
    add(30)
    assert count_queries(browser, f"/moda/desk/people/{path}") == one


def names(browser, query):
    import re

    page = browser.get(f"/moda/desk/people/companies/?{query}").text
    return re.findall(r'<th scope="row"><a [^>]*>([^<]+)<', page)


def test_the_list_is_searched_and_filtered(sign_in, ada, moda):
    tessile, pelle = moda.sectors
    with transaction():
        gori = factories.company(moda, "Tessitura Gori", sector_id=tessile.id, size="micro", province="PO")
        factories.company(moda, "Pelletteria Più", sector_id=pelle.id, size="large", province="FI")
        factories.company(moda, "100% Lana", tax_id="12345670488", province="PO")
        actions.add_membership(gori, since=date(2026, 1, 1))
    browser = sign_in(ada)
    found = {
        query: names(browser, query)
        for query in ("q=piu", "q=100%25", "q=IT 123456", f"sector={pelle.id}", "province=FI", "size=micro",
                      "member=yes", "member=no", "q=nothing", "sector=x&size=y&after=z")
    }  # fmt: skip
    assert found == {
        "q=piu": ["Pelletteria Più"], "q=100%25": ["100% Lana"], "q=IT 123456": ["100% Lana"],
        f"sector={pelle.id}": ["Pelletteria Più"], "province=FI": ["Pelletteria Più"],
        "size=micro": ["Tessitura Gori"], "member=yes": ["Tessitura Gori"],
        "member=no": ["100% Lana", "Pelletteria Più"], "q=nothing": [],
        "sector=x&size=y&after=z": ["100% Lana", "Pelletteria Più", "Tessitura Gori"],
    }  # fmt: skip


def test_a_long_list_is_paged_by_key(sign_in, ada, moda):
    import re

    with transaction():
        for n in range(120):
            factories.company(moda, f"Ditta {n:03d}")
    browser, seen, query = sign_in(ada), [], ""
    for _ in range(3):
        page = browser.get(f"/moda/desk/people/companies/?{query}").text
        seen += re.findall(r">(Ditta \d+)<", page)
        following = re.search(r'class="pager".*?(after=[\w-]+)', page, re.S)
        query = following[1] if following else ""
    assert seen == [f"Ditta {n:03d}" for n in range(120)]
    assert query == ""


FACTS = {"name": "Filati Nuovi", "tax_id": "IT 12345670488", "type": "company", "province": "po"}


def test_a_company_is_added_with_its_tax_id_checked(sign_in, bice, moda):
    browser = sign_in(bice)
    wrong = browser.post("/moda/desk/people/companies/new", data={**FACTS, "tax_id": "12345670489"})
    assert wrong.status_code == 422
    assert "Questa partita IVA non è valida" in wrong.text
    assert 'value="Filati Nuovi"' in wrong.text
    assert browser.post("/moda/desk/people/companies/new", data=FACTS).status_code == 302
    db.session.rollback()
    added = queries.company_by_tax_id(moda.id, "12345670488")
    assert (added.name, added.province, added.size) == ("Filati Nuovi", "PO", None)


def test_adding_a_company_again_leads_to_the_first(sign_in, bice, moda):
    with transaction():
        first = factories.company(moda, "Altro", tax_id="12345670488")
    again = sign_in(bice).post("/moda/desk/people/companies/new", data=FACTS)
    assert again.status_code == 422
    assert f"/moda/desk/people/companies/{first.id}" in again.text


def test_a_similar_name_is_shown_and_can_be_passed_deliberately(sign_in, bice, moda):
    with transaction():
        similar = factories.company(moda, "Filati Nuovi S.r.l.")
    browser = sign_in(bice)
    asked = browser.post("/moda/desk/people/companies/new", data=FACTS)
    assert asked.status_code == 422
    assert f"/moda/desk/people/companies/{similar.id}" in asked.text
    assert browser.post("/moda/desk/people/companies/new", data={**FACTS, "anyway": "1"}).status_code == 302


def test_of_two_who_edit_the_second_overwrites_nothing(sign_in, bice, moda, rows):
    browser, path = sign_in(bice), f"/moda/desk/people/companies/{rows['company']}/edit"
    facts = {"name": "Gori Tessuti", "type": "company", "version": "1"}
    assert browser.post(path, data=facts).status_code == 302
    second = browser.post(path, data={**facts, "name": "Gori Filati"})
    assert second.status_code == 422
    assert 'value="Gori Filati"' in second.text
    db.session.rollback()
    assert db.session.get(Company, rows["company"]).name == "Gori Tessuti"


def test_membership_is_entered_corrected_and_removed(sign_in, bice, moda, rows):
    browser, base = sign_in(bice), f"/moda/desk/people/companies/{rows['company']}/memberships"
    assert browser.post(base, data={"since": "2026-06-01"}).status_code == 422  # overlaps
    one = f"{base}/{rows['membership']}"
    assert browser.post(one, data={"since": "2026-01-01", "until": "2026-05-31"}).status_code == 302
    assert browser.post(base, data={"since": "2026-06-01"}).status_code == 302
    assert browser.post(f"{one}/removal").status_code == 302
    db.session.rollback()
    company = db.session.get(Company, rows["company"])
    assert [(m.since, m.until) for m in company.memberships] == [(date(2026, 6, 1), None)]


def test_a_merge_is_shown_before_it_is_done(sign_in, bice, moda, rows):
    with transaction():
        other = factories.company(moda, "Gori Tessitura snc")
        factories.contact(moda, "due@gori.example", company=other)
    browser, path = sign_in(bice), f"/moda/desk/people/companies/{rows['company']}/merge"
    assert f"duplicate={other.id}" in browser.get(path).text
    shown = browser.get(f"{path}?duplicate={other.id}").text
    assert "Gori Tessitura snc" in shown
    assert "Si sposta 1 contatto." in shown
    assert browser.post(path, data={"duplicate": other.id}).status_code == 302
    moved = browser.get(f"/moda/desk/people/companies/{other.id}")
    assert moved.location == f"/moda/desk/people/companies/{rows['company']}"
    again = browser.post(path, data={"duplicate": other.id})
    assert again.status_code == 409


def test_a_contact_is_added_and_revised(sign_in, bice, moda, rows):
    browser, tax_id = sign_in(bice), db.session.get(Company, rows["company"]).tax_id
    facts = {
        "given_name": "Rita", "family_name": "Neri", "email": "Rita@Gori.example", "language": "it",
        "company_tax_id": tax_id,
    }  # fmt: skip
    assert browser.post("/moda/desk/people/contacts/new", data=facts).status_code == 302
    twice = browser.post("/moda/desk/people/contacts/new", data=facts)
    assert "appartiene già a un altro contatto" in twice.text
    unknown = browser.post(
        "/moda/desk/people/contacts/new",
        data={**facts, "email": "x@y.example", "company_tax_id": "12345670488"},
    )
    assert "Prima inserisci l’impresa." in unknown.text
    db.session.rollback()
    rita = queries.contact_by_email(moda.id, "rita@gori.example")
    assert rita.company_id == rows["company"]
    path = f"/moda/desk/people/contacts/{rita.id}/edit"
    changed = {**facts, "family_name": "Bianchi", "version": "1"}
    assert browser.post(path, data=changed).status_code == 302
    assert browser.post(path, data=changed).status_code == 422  # written on the former version
    db.session.rollback()
    assert db.session.get(Contact, rita.id).name_folded == "bianchi rita"


def test_the_consent_ledger_is_on_the_contacts_page(sign_in, ada, moda, rows):
    with transaction():
        actions.record_consent(
            db.session.get(Contact, rows["contact"]), purpose="newsletter", given=True,
            text="Sì, scrivetemi <b>", version="3", source="preference page", proof="link in mail",
        )  # fmt: skip
    page = sign_in(ada).get(f"/moda/desk/people/contacts/{rows['contact']}").text
    assert "Sì, scrivetemi &lt;b&gt;" in page
    assert "Versione 3" in page


SETTINGS = {
    "name_it": "Moda", "name_en": "Fashion", "managing_body": "Ente", "mailbox_name": "Moda",
    "mailbox_address": "eventi@moda.example", "reminder_hours": "48", "office_from": "9", "office_until": "18",
}  # fmt: skip


def test_a_changed_privacy_text_gets_the_next_version(sign_in, bice, moda):
    browser, path = sign_in(bice), "/moda/desk/people/settings/edit"
    assert browser.post(path, data={**SETTINGS, "privacy_it": "Testo", "version": "1"}).status_code == 302
    assert browser.post(path, data={**SETTINGS, "privacy_it": "Testo\r\n", "version": "2"}).status_code == 302
    db.session.rollback()
    assert (moda.privacy_version, moda.reminder_hours, moda.name_en) == ("2", 48, "Fashion")
    late = browser.post(path, data={**SETTINGS, "name_it": "Altro", "version": "1"})
    assert late.status_code == 422
    assert 'value="Altro"' in late.text


def test_sectors_are_added_and_renamed(sign_in, bice, moda):
    browser, base = sign_in(bice), "/moda/desk/people/settings/sectors"
    new = {"name_it": "Oreficeria", "name_en": "Jewellery", "place": "Arezzo", "position": "0"}
    assert browser.post(f"{base}/new", data=new).status_code == 302
    assert browser.post(f"{base}/new", data=new).status_code == 422
    db.session.rollback()
    added = next(s for s in moda.sectors if s.code == "oreficeria")
    assert browser.post(f"{base}/{added.id}", data={**new, "name_it": "Orafo"}).status_code == 302
    db.session.rollback()
    assert [s.name_it for s in moda.sectors] == ["Tessile", "Orafo", "Pelle e cuoio"]


def test_somebody_is_invited_with_a_mail_in_the_districts_name(sign_in, bice, moda):
    browser = sign_in(bice)
    asked = {"name": "Nuova", "email": "nuova@moda.example", "role": "organiser", "language": "it"}
    assert browser.post("/moda/desk/people/access/", data=asked).status_code == 302
    assert browser.post("/moda/desk/people/access/", data=asked).status_code == 422
    db.session.rollback()
    mail = db.session.scalars(select(Delivery)).one()
    assert (mail.address, mail.letter.template) == ("nuova@moda.example", "people/invitation")
    assert mail.letter.source["sender"]["address"] == "eventi@moda.example"
    held = access.appointments(moda)
    assert [(a.account.email, a.role.value) for a in held] == [
        ("bice@moda.example", "manager"),
        ("nuova@moda.example", "organiser"),
    ]


def test_the_last_manager_stays(sign_in, bice, moda, ada):
    browser, held = sign_in(bice), bice.appointments[0]
    refused = "È l’unica persona responsabile del distretto."
    path = f"/moda/desk/people/access/{held.id}"
    assert refused in browser.post(f"{path}/withdrawal", follow_redirects=True).text
    assert refused in browser.post(path, data={"role": "viewer"}, follow_redirects=True).text
    adas = f"/moda/desk/people/access/{ada.appointments[0].id}"
    assert refused not in browser.post(adas, data={"role": "manager"}, follow_redirects=True).text
    assert refused not in browser.post(f"{path}/withdrawal").text
    assert browser.get("/moda/desk/people/access/").status_code == 404  # Bice is a stranger now
    db.session.rollback()
    assert [a.account.email for a in access.appointments(moda)] == ["ada@moda.example"]


def test_an_observer_is_appointed_for_all_districts_at_once(app, elio, moda, nautica):
    assert [elio.rank_in(d) for d in (moda, nautica)] == [1, 1]
    assert elio.only_observes(moda)


def test_a_withdrawn_role_takes_effect_at_the_next_click(sign_in, ada, rows):
    browser = sign_in(ada)
    assert statuses(browser, READ, rows) == {200}
    with transaction():
        access.withdraw(db.session.get(Account, ada.id).appointments[0])
    assert statuses(browser, READ, rows) == {404}
    assert db.session.scalars(select(Appointment).where(Appointment.account_id == ada.id)).all() == []
