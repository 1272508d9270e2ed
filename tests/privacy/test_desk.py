"""The manager's pages: what is held, until when, purging by hand, keeping longer, handing over."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event

from dissemination.guests.models import Guest
from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import Purpose
from dissemination.plan.actions import add_evidence
from dissemination.privacy.models import Erasure, RetentionChange
from dissemination.registrations.models import AnswerFile
from dissemination.workshops.models import Question
from tests import factories
from tests.followups import cast

START = datetime(2026, 3, 11, 13, 0, tzinfo=UTC)
NOW = START + timedelta(days=40)
DESK = "/moda/desk/privacy"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, starts_at=START, title="Filati")


@pytest.fixture
def desk(sign_in, bice):
    browser = sign_in(bice)
    browser.get("/moda/desk/?lang=en")
    return browser


def held(workshop, *emails, **more):
    with transaction():
        return [cast.registration(workshop, email, **more) for email in emails]


def test_guests_of_workshops_to_come_are_counted_too(desk, moda, nautica):
    with transaction():
        for n, district in enumerate((moda, moda, nautica)):
            coming = factories.workshop(district, starts_at=NOW + timedelta(days=5))
            db.session.add(Guest(public_id=f"g{n}", workshop_id=coming.id, email="o@x.example", added_at=NOW))
    page = " ".join(desk.get(DESK).text.split())
    assert "<dt>People on guest lists</dt><dd>2 <span" in page


def test_the_page_says_what_is_held_of_each_workshop_and_until_when(desk, workshop, moda):
    held(workshop, "a@x.example", answers={"1": "sì"})
    held(workshop, "b@x.example", "c@x.example")
    with transaction():
        db.session.add(Guest(public_id="g", workshop_id=workshop.id, email="o@x.example", added_at=START))
        factories.workshop(moda, starts_at=NOW + timedelta(days=5), title="A venire")
    page = " ".join(desk.get(DESK).text.split())
    assert "11/03/2028" in page
    assert '<td class="n">3</td><td class="n">1</td><td class="n">0</td><td class="n">1</td>' in page
    assert "A venire" not in page
    assert "the oldest of a workshop of 11/03/2026" in page


def test_an_organiser_does_not_see_it(sign_in, ada, workshop):
    assert sign_in(ada).get(DESK).status_code == 403


def test_a_workshop_is_purged_before_its_time_after_a_question_and_with_a_reason(desk, workshop, bice):
    (row,) = held(workshop, "a@x.example")
    path = f"{DESK}/workshops/{workshop.slug}/purge"
    assert "Erase 1 person" in desk.get(path).text
    assert desk.post(path, data={"reason": "", "sure": ""}).status_code == 422
    open_books = desk.post(path, data={"reason": "Fine progetto", "sure": "y"})
    assert "not over, or not closed" in open_books.text
    with transaction():
        cast.closed(workshop)
    assert desk.post(path, data={"reason": "Fine progetto", "sure": "y"}).status_code == 303
    db.session.rollback()
    assert row.purged_at == NOW
    erasure = db.session.scalars(db.select(Erasure)).one()
    assert (erasure.by, erasure.reason) == (bice.id, "Fine progetto")
    page = desk.get(DESK).text
    assert "No past workshop holds a person." in page
    assert "Fine progetto" in page


def test_keeping_longer_needs_a_reason_and_is_kept(desk, workshop, bice):
    held(workshop, "a@x.example")
    path = f"{DESK}/workshops/{workshop.slug}/longer"
    assert desk.post(path, data={"months": "36", "reason": ""}).status_code == 422
    shorter = desk.post(path, data={"months": "12", "reason": "Controllo"})
    assert "Choose a longer time than now" in shorter.text
    assert desk.post(path, data={"months": "121", "reason": "Controllo"}).status_code == 422
    assert desk.post(path, data={"months": "36", "reason": "Controllo della Regione"}).status_code == 303
    db.session.rollback()
    change = db.session.scalars(db.select(RetentionChange)).one()
    assert (change.months_before, change.months, change.by, workshop.retention_months) == (
        24,
        36,
        bice.id,
        36,
    )
    assert "11/03/2029" in desk.get(DESK).text
    assert "from 24 to 36 months, Controllo della Regione" in desk.get(path).text


def full_person(moda, workshop):
    with transaction():
        question = Question(workshop_id=workshop.id, text_it="Che telai usate?")
        db.session.add(question)
        db.session.flush()
        contact = factories.contact(
            moda, "carlo@tessitura.example", given_name="Carlo", family_name="Bonciani"
        )
        row = cast.registration(workshop, "", contact=contact, job_title="Tecnico",
                                answers={str(question.id): "=Jacquard"})  # fmt: skip
        stored = files.put(io.BytesIO(b"%PDF-1.4 cv"), "cv.pdf", district_id=moda.id)
        db.session.flush()
        db.session.add(AnswerFile(file_id=stored.id, workshop_id=workshop.id, question_id=9,
                                  registration_id=row.id, created_at=START))  # fmt: skip
        cast.present(row)
        people.record_consent(contact, purpose=Purpose.REGISTRATION, given=True, text="Acconsento", version="1",
                              source="registration form")  # fmt: skip
    return contact


def test_all_that_is_held_about_a_person_can_be_handed_over(desk, workshop, moda):
    contact = full_person(moda, workshop)
    with transaction():
        contact.job_title = '=HYPERLINK("https://x.example")'
    path = f"{DESK}/people/{contact.id}"
    page = desk.get(path).text
    for words in ("Carlo", "carlo@tessitura.example", "Filati", "Che telai usate?", "Acconsento", "cv.pdf"):
        assert words in page
    assert "registered for a workshop whose time of keeping is not over" in page
    found = json.loads(desk.get(f"{path}/data.json").text)
    assert found["registrations"][0]["answers"] == {"Che telai usate?": "=Jacquard"}
    assert found["contact"][0]["email"] == "carlo@tessitura.example"
    assert found["presence"][0]["workshop"] == "Filati"
    lines = list(csv.reader(io.StringIO(desk.get(f"{path}/data.csv").text.lstrip("\ufeff"))))
    assert ["contact", "1", "email", "carlo@tessitura.example"] in lines
    archive = zipfile.ZipFile(io.BytesIO(desk.get(f"{path}/data.zip").data))
    assert archive.namelist() == ["data.html", "data.json", "data.csv", "files/01-cv.pdf"]
    for sheet in (archive.read("data.csv").decode(), desk.get(f"{path}/data.csv").text):
        assert ",=HYPERLINK" not in sheet.replace('"', ""), "no formula that a spreadsheet would run"
        assert "'=HYPERLINK" in sheet
    assert archive.read("files/01-cv.pdf") == b"%PDF-1.4 cv"
    assert "Bonciani" in archive.read("data.html").decode()


def test_people_of_another_district_are_not_found(desk, nautica, workshop):
    with transaction():
        theirs = factories.contact(nautica)
    pages = ("", "/data.json", "/erasure")
    assert {desk.get(f"{DESK}/people/{theirs.id}{p}").status_code for p in pages} == {404}
    assert (
        desk.post(f"{DESK}/people/{theirs.id}/erasure", data={"reason": "x", "sure": "y"}).status_code == 404
    )


def test_the_contact_page_and_the_settings_lead_here_and_the_erased_are_in_no_list(desk, workshop, moda):
    contact = full_person(moda, workshop)
    assert f"{DESK}/people/{contact.id}" in desk.get(f"/moda/desk/people/contacts/{contact.id}").text
    assert DESK in desk.get("/moda/desk/people/settings").text
    page = desk.post(f"{DESK}/people/{contact.id}/erasure", data={"reason": "Bonciani lo vuole", "sure": "y"})
    assert "without the person&#39;s name" in page.text
    assert (
        desk.post(f"{DESK}/people/{contact.id}/erasure", data={"reason": "Chiesto", "sure": "y"}).status_code
        == 303
    )
    assert "erased.invalid" not in desk.get("/moda/desk/people/contacts/").text
    assert desk.get(f"{DESK}/people/{contact.id}").status_code == 404
    assert desk.get(f"/moda/desk/people/contacts/{contact.id}").status_code == 200


def test_attendance_sheets_are_listed_with_the_reason_to_keep_them(desk, workshop, moda, bice):
    with transaction():
        stored = files.put(io.BytesIO(b"%PDF-1.4 firme"), "firme.pdf", district_id=moda.id)
        add_evidence(workshop, district_id=moda.id, code="attendance_sheet", file=stored, by=bice)
    page = desk.get(f"{DESK}/evidence").text
    assert "firme.pdf" in page
    assert "the Region may ask for them" in page


def test_contacts_without_another_reason_are_listed_with_their_end(desk, moda, workshop):
    with transaction():
        factories.contact(moda, "sola@ditta.example", given_name="Sola", family_name="Neri")
    held(workshop, "tenuta@ditta.example")
    page = desk.get(f"{DESK}/contacts").text
    assert "Sola Neri" in page
    assert "01/01/2028" in page
    assert "Tenuta" not in page


def count(browser, page):
    statements = []

    def note(*args):
        statements.append(args[2])

    browser.get(page)
    db.session.rollback()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert browser.get(page).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(statements)


@pytest.mark.parametrize("page", ["", "/contacts", "/evidence"])
def test_each_list_makes_the_same_number_of_queries_for_one_and_for_many(desk, moda, bice, page):
    def add(n):
        for _ in range(n):
            with transaction():
                w = factories.workshop(moda, starts_at=START)
                cast.registration(w, "", contact=factories.contact(moda))
                factories.contact(moda, company=factories.company(moda))
                stored = files.put(
                    io.BytesIO(b"%PDF-1.4 " + str(w.id).encode()), "f.pdf", district_id=moda.id
                )
                add_evidence(w, district_id=moda.id, code="attendance_sheet", file=stored, by=bice)

    add(1)
    one = count(desk, f"{DESK}{page}")
    add(20)
    assert count(desk, f"{DESK}{page}") == one
