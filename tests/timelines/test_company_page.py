"""A company reads what is held about it by a mailed link, takes it along, corrects it, asks to meet a laboratory."""

import io
import json
import re
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import Company, SizeClass
from dissemination.privacy import actions as privacy
from dissemination.research import labs
from dissemination.research.models import Meeting
from dissemination.timelines import actions
from dissemination.timelines.models import CompanyCorrection, CompanyLink
from tests.audits import cast as audit_cast
from tests.research import cast as research
from tests.timelines import cast


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


@pytest.fixture
def blu(moda):
    with transaction():
        return cast.company(moda, municipality="Prato", address="Via Vecchia 1")


@pytest.fixture
def carlo(moda, blu):
    with transaction():
        return cast.contact(moda, blu)


@pytest.fixture
def path(moda, ada, blu, carlo, sign_in):
    """Where Carlo's mail leads."""
    sign_in(ada).post(f"/moda/desk/people/companies/{blu.id}/links", data={"contact_id": carlo.id})
    return urlsplit(db.session.scalars(select(Delivery)).one().merge["link_url"]).path


def facts(**values):
    return {
        "name": "Tessitura Blu", "size": "small", "ateco": "", "address": "Via Vecchia 1", "municipality": "Prato",
        "province": "PO", "website": "", "words": "", **values,
    }  # fmt: skip


def mails():
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [(d.address, d.letter.template) for d in rows]


def test_the_page_says_what_is_held_and_no_names_of_colleagues(moda, ada, blu, carlo, client, path):
    with transaction():
        eva = cast.contact(moda, blu, "eva@blu.example", given_name="Eva", family_name="Verdi")
        cast.workshop(moda, carlo, eva)
        cast.application(moda, blu)
        audit_cast.visited(moda, blu, by=ada, on=date(2026, 10, 20))
    page = client.get(path)
    for words in (
        "Tessitura Blu",
        "Via Vecchia 1",
        "Presenza: Tingere con meno acqua",
        "12.000,50",
        "Domanda finanziata",
    ):
        assert words in page.text
    for words in ("Verdi", "eva@", "Recupero dell", "Tintoria propria", "/desk/"):
        assert words not in page.text
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_it_is_taken_along_as_json_csv_and_an_accessible_pdf(moda, blu, carlo, client, path):
    with transaction():
        cast.workshop(moda, carlo, title="=cmd()")
        cast.application(moda, blu)
    data = json.loads(client.get(f"{path}/data.json").data)
    assert (data["company"]["name"], data["received"]["workshops"], data["received"]["granted"]) == (
        "Tessitura Blu", 1, "12000.50",
    )  # fmt: skip
    assert [line["kind"] for line in data["timeline"]] == [
        "application", "application", "application", "presence", "registration",
    ]  # fmt: skip
    sheet = client.get(f"{path}/data.csv").data.decode("utf-8-sig")
    assert len(sheet.strip().splitlines()) == 6
    pdf = client.get(f"{path}/data.pdf")
    assert "filename=tessitura-blu.pdf" in pdf.headers["Content-Disposition"]
    assert (pdf.data[:5], pdf.mimetype, b"pdfuaid" in pdf.data) == (b"%PDF-", "application/pdf", True)
    from pypdf import PdfReader

    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.data)).pages)
    assert ("Tessitura Blu" in text, "Domanda finanziata" in text) == (True, True)


def test_a_correction_goes_to_the_desk_and_into_the_registry(moda, ada, blu, client, sign_in, path):
    asked = facts(address="Via Nuova 7", size="medium", words="Eva non lavora più qui")
    assert client.post(f"{path}/corrections", data=asked).status_code == 303
    row = db.session.scalars(select(CompanyCorrection)).one()
    assert row.facts == {"address": ["Via Vecchia 1", "Via Nuova 7"], "size": ["small", "medium"]}
    assert db.session.get(Company, blu.id).address == "Via Vecchia 1"
    assert "aspetta una risposta" in client.get(path).text
    browser = sign_in(ada)
    assert "1 correzione" in browser.get("/moda/desk/").text
    shown = browser.get(f"/moda/desk/people/companies/corrections/{row.id}").text
    for words in ("Via Vecchia 1", "Via Nuova 7", "Media", "Eva non lavora più qui"):
        assert words in shown
    decision = {"decision": "accept", "answer": "Grazie"}
    at = f"/moda/desk/people/companies/corrections/{row.id}/decision"
    assert browser.post(at, data=decision).status_code == 303
    db.session.expire_all()
    assert (blu.address, blu.size, row.accepted, row.decided_by) == (
        "Via Nuova 7",
        SizeClass.MEDIUM,
        True,
        ada.id,
    )
    assert browser.post(at, data=decision).status_code == 422
    assert [m[1] for m in mails()] == ["timelines/link", "timelines/told", "timelines/decided"]
    assert "aspetta una risposta" not in client.get(path).text


def test_a_correction_is_declined_with_a_word(moda, ada, blu, client, sign_in, path):
    client.post(f"{path}/corrections", data=facts(name="Altro nome"))
    row = db.session.scalars(select(CompanyCorrection)).one()
    at = f"/moda/desk/people/companies/corrections/{row.id}/decision"
    assert sign_in(ada).post(at, data={"decision": "decline", "answer": " "}).status_code == 422
    assert (
        sign_in(ada).post(at, data={"decision": "decline", "answer": "La visura dice altro"}).status_code
        == 303
    )
    db.session.expire_all()
    assert (blu.name, row.accepted) == ("Tessitura Blu", False)
    told = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert (told.address, told.letter.source["shared"]["answer"]) == (
        "carlo@blu.example",
        "La visura dice altro",
    )


def test_what_changed_meanwhile_is_not_overwritten(moda, ada, bice, blu, client, sign_in, path):
    client.post(f"{path}/corrections", data=facts(address="Via Nuova 7"))
    with transaction():
        people.revise_company(
            blu, version=blu.version, tax_id=blu.tax_id, name=blu.name, address="Via Ancora 3"
        )
    row = db.session.scalars(select(CompanyCorrection)).one()
    at = f"/moda/desk/people/companies/corrections/{row.id}/decision"
    assert sign_in(ada).post(at, data={"decision": "accept"}).status_code == 422
    db.session.expire_all()
    assert (blu.address, row.decided_at) == ("Via Ancora 3", None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, None),
        ({"province": "PRATO"}, "province"),
        ({"website": "javascript:x"}, "website"),
        ({"name": ""}, "name"),
    ],
)
def test_a_mistake_in_a_correction_is_told_and_nothing_is_kept(client, path, values, field):
    page = client.post(f"{path}/corrections", data=facts(**values))
    assert (page.status_code, field is None or f'id="{field}-errors"' in page.text) == (422, True)
    assert db.session.scalar(select(CompanyCorrection)) is None


def test_the_company_asks_to_meet_a_laboratory(moda, ada, blu, carlo, client, sign_in, path):
    with transaction():
        lab = research.laboratory(moda)
        hidden = research.laboratory(moda, organisation=research.body(moda, "Altro ente"), name="Nascosto")
        labs.publish(lab)
    page = client.get(path).text
    assert ("Laboratorio Acque" in page, "Nascosto" in page) == (True, False)
    asked = {"wish": "Riusare l'acqua", "laboratory_id": hidden.id}
    assert client.post(f"{path}/meetings", data=asked).status_code == 422
    assert client.post(f"{path}/meetings", data=asked | {"laboratory_id": lab.id}).status_code == 303
    row = db.session.scalars(select(Meeting)).one()
    assert (row.company_id, row.contact_id, row.asked_by, row.wish) == (
        blu.id,
        carlo.id,
        None,
        "Riusare l'acqua",
    )
    assert ("eventi@moda.example", "research/asked") in mails()
    assert "Riusare" in sign_in(ada).get(f"/moda/desk/research/meetings/{row.id}").text


def test_a_link_ends_is_revoked_and_follows_the_person(
    moda, nautica, ada, blu, carlo, client, sign_in, path, time_machine
):
    assert [client.get(p).status_code for p in (path, path + "x", path.replace("/moda/", "/nautica/"))] == [
        200, 404, 404,
    ]  # fmt: skip
    with transaction():
        people.revise_contact(
            carlo, version=carlo.version, email=carlo.email, given_name="Carlo", family_name="Neri",
            company=cast.company(moda, "Altra"),
        )  # fmt: skip
    every = ("", "/data.json", "/data.csv", "/data.pdf")
    assert {client.get(path + p).status_code for p in every} == {404}
    assert client.post(f"{path}/corrections", data=facts(name="X")).status_code == 404
    assert client.post(f"{path}/meetings", data={}).status_code == 404
    with transaction():
        people.revise_contact(
            carlo,
            version=carlo.version,
            email=carlo.email,
            given_name="Carlo",
            family_name="Neri",
            company=blu,
        )
    assert client.get(path).status_code == 200
    link = db.session.scalars(select(CompanyLink)).one()
    assert sign_in(ada).post(f"/moda/desk/people/companies/links/{link.id}/revocation").status_code == 303
    assert client.get(path).status_code == 404
    time_machine.move_to(cast.NOW + timedelta(days=1), tick=False)
    sign_in(ada).post(f"/moda/desk/people/companies/{blu.id}/links", data={"contact_id": carlo.id})
    anew = urlsplit(
        db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first().merge["link_url"]
    ).path
    assert (client.get(anew).status_code, client.get(path).status_code) == (200, 404)
    time_machine.move_to(cast.NOW + timedelta(days=62), tick=False)
    assert client.get(anew).status_code == 404


def test_a_new_link_is_mailed_to_whom_the_desk_opened_it_and_nobody_learns_who_that_is(
    moda, blu, carlo, client, path, time_machine
):
    with transaction():
        cast.contact(moda, blu, "eva@blu.example")
    time_machine.move_to(cast.NOW + timedelta(minutes=1), tick=False)
    for email in ("eva@blu.example", "nessuno@x.example", "carlo@blu.example"):
        answer = client.post("/moda/company/", data={"email": email})
        assert (answer.status_code, answer.location) == (303, "/moda/company/asked")
    assert [m[0] for m in mails()] == ["carlo@blu.example", "carlo@blu.example"]
    answers = [client.post("/moda/company/", data={"email": "carlo@blu.example"}) for _ in range(3)]
    assert [a.status_code for a in answers] == [303, 303, 422]


def test_only_proven_addresses_of_the_company_get_the_link(moda, ada, blu, sign_in):
    with transaction():
        unproven = cast.contact(moda, blu, "ugo@blu.example", proven=False)
        stranger = cast.contact(moda, cast.company(moda, "Altra"), "zoe@altra.example")
    at = f"/moda/desk/people/companies/{blu.id}/links"
    for who in (unproven, stranger):
        assert sign_in(ada).post(at, data={"contact_id": who.id}).status_code == 422
    for who, refusal in ((unproven, actions.NotProven), (stranger, actions.NotOfCompany)):
        with pytest.raises(refusal), transaction():
            actions.open_to(blu, who, by=ada)
    assert mails() == []


def test_the_link_of_a_merged_company_shows_the_one_it_went_into(moda, ada, blu, client, path):
    with transaction():
        other = cast.company(moda, "Gruppo Blu")
        people.merge_companies(other, blu, by=ada)
    page = client.get(path)
    assert (page.status_code, "Gruppo Blu" in page.text) == (200, True)


def test_an_erased_person_loses_her_link_and_her_words(moda, bice, blu, carlo, client, path):
    client.post(f"{path}/corrections", data=facts(address="Via Nuova 7", words="Sono Carlo Neri"))
    with transaction():
        privacy.erase(carlo, reason="Lo ha chiesto", by=bice)
    row = db.session.scalars(select(CompanyCorrection)).one()
    link = db.session.scalars(select(CompanyLink)).one()
    assert (client.get(path).status_code, row.words, link.revoked_at) == (404, "", cast.NOW)
    assert row.facts == {"address": ["Via Vecchia 1", "Via Nuova 7"]}
    assert "Neri" not in str([d.letter.source for d in db.session.scalars(select(Delivery))])


def test_the_forms_work_without_javascript_and_name_their_fields(client, path):
    page = client.get(path).text
    labelled = set(re.findall(r'<label for="([^"]+)"', page))
    fields = set(re.findall(r'<(?:input|select|textarea)[^>]*\bid="([^"]+)"', page))
    assert fields - labelled == set()
    assert {"name", "address", "words", "kind"} <= labelled


def test_dora_is_refused(moda, nautica, dora, blu, client, sign_in, path):
    client.post(f"{path}/corrections", data=facts(name="X"))
    row = db.session.scalars(select(CompanyCorrection)).one()
    link = db.session.scalars(select(CompanyLink)).one()
    browser = sign_in(dora)
    for district in ("moda", "nautica"):
        at = f"/{district}/desk/people/companies"
        assert browser.get(f"{at}/corrections/{row.id}").status_code == 404
        assert (
            browser.post(f"{at}/corrections/{row.id}/decision", data={"decision": "accept"}).status_code
            == 404
        )
        assert browser.post(f"{at}/links/{link.id}/revocation").status_code == 404
        assert browser.post(f"{at}/{blu.id}/links", data={"contact_id": 1}).status_code == 404
