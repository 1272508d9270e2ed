"""What registrants and organisers see and do over HTTP."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.delivery.models import Delivery
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company, Consent, Contact
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.queries import current_plan
from dissemination.registrations import actions, jobs, queries
from dissemination.registrations.models import Registration, Room
from dissemination.workshops.models import Cancellation, Question
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        adopt_catalogue(current_plan(moda.id))  # so the form asks for size and province
        return factories.workshop(moda, seats=2, title="Lana")


@pytest.fixture
def page(workshop):
    return f"/moda/workshops/{workshop.slug}/registrations"


@pytest.fixture
def desk(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/registrations"


def form(name="carlo", **facts):
    return {
        "given_name": name.title(), "family_name": "Rossi", "email": f"{name}@tessitura.example",
        "organisation_type": "company", "tax_id": factories.tax_id(7), "company_name": "Tessitura Rossi",
        "province": "po", "size": "small", "sector_id": "0", "consent": "y", "form_mark": f"mark-{name}",
        **facts,
    }  # fmt: skip


def enter(workshop, name, **facts):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            **{"proven": True, **facts},
        )  # fmt: skip


def everybody():
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.scalars(select(Registration).order_by(Registration.number)).all()
    return [(r.contact.given_name, r.standing.value) for r in rows]


def my(registration, tail=""):
    return f"/r/{queries.token(registration)}{tail}"


def test_the_form_registers_and_thanks(client, workshop, page):
    assert client.get(page).status_code == 200
    answer = client.post(page, data=form())
    assert answer.status_code == 303
    thanks = client.get(answer.location)
    assert thanks.status_code == 200
    assert "C'è un posto per te: guarda la tua posta" in unescape(thanks.text)
    assert "/moda/subscriptions" in thanks.text
    assert everybody() == [("Carlo", "confirmed")]
    company = db.session.scalars(select(Company)).one()
    assert (company.name, company.province, company.size.value) == ("Tessitura Rossi", "PO", "small")
    consent = db.session.scalars(select(Consent)).one()
    assert consent.text == (
        "Ho letto l'informativa sulla privacy e accetto che Ente gestore usi questi dati per gestire la mia "
        "iscrizione a questo workshop."
    )


def test_the_newsletter_that_brought_somebody_is_kept_through_the_form(client, page):
    shown = client.get(f"{page}?n=12").text
    assert '<input type="hidden" name="n" value="12">' in shown
    client.post(page, data=form(n="12"))
    client.post(page, data=form("dino", n="nonsense"))
    db.session.rollback()
    assert db.session.scalars(select(Registration.newsletter_issue_id).order_by(Registration.id)).all() == [
        12,
        None,
    ]


def test_a_private_person_needs_no_company(client, page):
    answer = client.post(page, data=form(private="y", tax_id="", company_name="", province=""))
    assert answer.status_code == 303
    assert everybody() == [("Carlo", "confirmed")]
    assert db.session.scalars(select(Company)).all() == []


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"tax_id": "12345678901"}, "partita IVA"),
        ({"tax_id": ""}, "Scrivi la partita IVA"),
        ({"company_name": ""}, "Scrivi il nome dell&#39;organizzazione"),
        ({"email": "carlo@"}, "carlo@"),
        ({"given_name": ""}, "Nome"),
        ({"province": "XX"}, "sigla di una provincia"),
        ({"consent": ""}, "Senza questo consenso"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_rest_is_kept(client, page, wrong, said):
    data = {k: v for k, v in form(job_title="Responsabile", **wrong).items() if v}
    answer = client.post(page, data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Responsabile"' in answer.text
    assert 'value="mark-carlo"' in answer.text
    assert "1 cosa da correggere" in answer.text
    assert everybody() == []


def test_the_workshops_questions_are_asked_and_answered(client, workshop, page):
    with transaction() as session:
        question = Question(workshop_id=workshop.id, text_it="Allergie?", required=True, position=1)
        session.add(question)
        session.flush()
        field = f"question_{question.id}"
    assert "Allergie?" in client.get(page).text
    assert client.post(page, data=form()).status_code == 422
    assert client.post(page, data=form(**{field: "Noci"})).status_code == 303
    db.session.rollback()
    registration = db.session.scalars(select(Registration)).one()
    assert registration.answers == {field.removeprefix("question_"): "Noci"}


def test_a_double_submit_registers_once_and_shows_the_same_page(client, page):
    first, second = client.post(page, data=form()), client.post(page, data=form())
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert everybody() == [("Carlo", "confirmed")]
    assert len(db.session.scalars(select(Delivery)).all()) == 1


def test_a_stranger_cannot_tell_who_is_registered(client, workshop, page):
    new = client.post(page, data=form("carlo"))
    enter(workshop, "dino")
    known = client.post(page, data=form("dino", form_mark="other"))  # the room is full by now
    fresh = client.post(page, data=form("fabio"))
    assert known.location == fresh.location != new.location
    letters = db.session.scalars(select(Delivery).order_by(Delivery.id))
    assert [(d.address.split("@")[0], d.letter.template.split("/")[1]) for d in letters][2:] == [
        ("dino", "my_link"), ("fabio", "confirm_address"),
    ]  # fmt: skip


def test_when_all_seats_are_taken_the_form_says_so_and_one_waits(client, workshop, page):
    for name in ("carlo", "dino"):
        enter(workshop, name)
    assert "i posti sono esauriti: sarai il primo nome della lista d'attesa" in unescape(
        client.get(page).text
    )
    answer = client.post(page, data=form("eva"))
    assert "Sei in lista d'attesa" in unescape(client.get(answer.location).text)
    assert everybody()[2] == ("Eva", "waiting")


def test_after_the_deadline_the_form_says_why_and_refuses(client, workshop, page):
    with time_machine.travel(workshop.registration_deadline, tick=False):
        assert "Il termine per iscriversi è scaduto" in client.get(page).text
        answer = client.post(page, data=form())
        assert (answer.status_code, everybody()) == (409, [])
        assert "Il termine per iscriversi è scaduto" in answer.text


def test_a_draft_has_no_form(client, moda):
    with transaction():
        draft = factories.workshop(moda, published=False)
    url = f"/moda/workshops/{draft.slug}/registrations"
    assert (client.get(url).status_code, client.post(url, data=form()).status_code) == (404, 404)


def test_the_workshop_of_another_district_has_no_form_here(client, workshop, nautica):
    url = f"/nautica/workshops/{workshop.slug}/registrations"
    assert (client.get(url).status_code, client.post(url, data=form()).status_code) == (404, 404)


def test_the_panel_says_seats_queue_and_reasons_in_words(client, workshop):
    url = f"/moda/workshops/{workshop.slug}"
    assert "2 posti liberi" in client.get(url).text
    enter(workshop, "carlo")
    assert "1 posto libero" in client.get(url).text
    enter(workshop, "dino")
    assert "I posti sono esauriti." in client.get(url).text
    enter(workshop, "eva")
    assert "1 persona è in attesa" in client.get(url).text
    with time_machine.travel(workshop.registration_deadline, tick=False):
        assert "Il termine per iscriversi è scaduto" in client.get(url).text
    with time_machine.travel(workshop.starts_at, tick=False):
        assert "Questo workshop è già iniziato" in client.get(url).text


def test_my_registration_shows_state_and_facts_and_stays_private(client, workshop):
    carlo = enter(workshop, "carlo")
    answer = client.get(my(carlo))
    assert answer.status_code == 200
    assert "Il tuo posto è confermato" in answer.text
    assert "carlo@tessitura.example" in answer.text
    assert [answer.headers[h] for h in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")] == [
        "no-store", "noindex", "no-referrer",
    ]  # fmt: skip


def test_who_waits_sees_the_position_and_no_link_to_take_part(client, workshop):
    with transaction():
        workshop.venue, workshop.online_url = "", "https://meet.example/x"
    carlo, *_rest, fabio = [enter(workshop, n) for n in ("carlo", "dino", "eva", "fabio")]
    assert "Il tuo link per partecipare" in client.get(my(carlo)).text
    shown = client.get(my(fabio)).text
    assert "Il tuo posto in lista: 2." in shown
    assert "Il tuo link per partecipare" not in shown
    assert "meet.example" not in shown
    assert client.get(my(fabio, "/workshop.ics")).status_code == 404


@pytest.mark.parametrize("tail", ["", "/cancellation", "/workshop.ics"])
def test_forged_links_open_nothing(client, workshop, tail):
    carlo = enter(workshop, "carlo")
    good = queries.token(carlo)
    value, _dot, signature = good.rpartition(".")
    # Not the last letter: of a signature's last letter not every bit counts.
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    forged = [
        f"{value}.{other}", good[:20], "x", links.sign("subscriber", carlo.public_id),
        links.sign("registration", carlo.id), links.sign("registration", "0" * 32),
    ]  # fmt: skip
    for token in forged:
        answer = client.get(f"/r/{token}{tail}")
        assert answer.status_code == 404
        assert "carlo" not in answer.text
    assert client.post(f"/r/{forged[0]}/cancellation").status_code == 404
    assert client.post(f"/r/{forged[0]}/restoration").status_code == 404
    assert everybody() == [("Carlo", "confirmed")]


def test_the_thank_you_page_cannot_be_forged(client, page):
    assert client.get(f"{page}/x").status_code == 404
    assert client.get(f"{page}/{links.sign('registered', ['other', 'confirmed'])}").status_code == 404


def test_getting_the_cancellation_page_cancels_nothing(client, workshop):
    carlo = enter(workshop, "carlo")
    assert client.get(my(carlo, "/cancellation")).status_code == 200
    assert everybody() == [("Carlo", "confirmed")]


def test_cancel_promotes_and_undo_is_offered_only_while_a_seat_is_free(client, workshop):
    carlo, dino, _eva = [enter(workshop, n) for n in ("carlo", "dino", "eva")]
    answer = client.post(my(carlo, "/cancellation"), follow_redirects=True)
    assert "La tua iscrizione è annullata" in answer.text
    assert "Riprendi il posto" not in answer.text
    assert everybody() == [("Carlo", "cancelled"), ("Dino", "confirmed"), ("Eva", "confirmed")]
    assert client.post(my(carlo, "/restoration")).status_code == 409
    answer = client.post(my(dino, "/cancellation"), follow_redirects=True)
    assert "Riprendi il posto" in answer.text
    client.post(my(dino, "/restoration"))
    assert everybody() == [("Carlo", "cancelled"), ("Eva", "confirmed"), ("Dino", "confirmed")]


def test_i_can_correct_my_data_and_what_is_wrong_is_kept(client, workshop):
    carlo = enter(workshop, "carlo")
    data = {"given_name": "Carla", "family_name": "", "job_title": "CTO", "language": "en"}
    answer = client.post(my(carlo), data=data)
    assert (answer.status_code, 'value="Carla"' in answer.text) == (422, True)
    assert client.post(my(carlo), data={**data, "family_name": "Bianchi"}).status_code == 303
    db.session.expire_all()
    assert (carlo.contact.name, carlo.job_title, carlo.language) == ("Carla Bianchi", "CTO", "en")


def test_my_dates_as_a_file_have_no_attendee_and_no_secret(client, workshop):
    with transaction():
        workshop.online_url = "https://meet.example/x"
    carlo = enter(workshop, "carlo")
    answer = client.get(my(carlo, "/workshop.ics"))
    assert answer.mimetype == "text/calendar"
    assert "METHOD:PUBLISH" in answer.text
    assert f"UID:{carlo.invitations[0].uid}" in answer.text
    assert [word for word in ("ATTENDEE", "meet.example", "/r/") if word in answer.text] == []


def test_a_cancelled_workshop_says_so_on_my_page(client, workshop):
    carlo = enter(workshop, "carlo")
    with transaction() as session:
        session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=now()))
    shown = client.get(my(carlo)).text
    assert "Questo workshop è stato annullato" in shown
    assert "Sciopero" in shown
    assert "Annulla la mia iscrizione" not in shown


def test_the_desk_lists_who_comes_and_who_waits_in_order(sign_in, ada, workshop, desk):
    for name in ("carlo", "dino", "eva", "fabio"):
        enter(workshop, name)
    shown = sign_in(ada).get(desk).text
    assert re.findall(r"Rossi (\w+)</a><br>", shown) == ["Carlo", "Dino", "Eva", "Fabio"]
    assert "posti occupati: 2 su 2; in attesa: 2" in shown


def test_the_desk_shows_whose_calendar_still_holds_the_old_date(sign_in, ada, workshop, desk):
    enter(workshop, "carlo")
    with transaction():
        workshop.revision += 1
    assert "ha ancora i dati precedenti" in sign_in(ada).get(desk).text
    jobs.tell_changed()
    assert "ha ancora i dati precedenti" not in sign_in(ada).get(desk).text


def test_the_desk_makes_as_many_queries_for_one_as_for_many(sign_in, ada, workshop, desk):
    browser, counts = sign_in(ada), []
    with transaction():
        workshop.seats = 6
    for names in (["n0"], [f"n{i}" for i in range(1, 6)]):
        for name in names:
            enter(workshop, name)
        seen = []

        def note(*args, seen=seen):
            seen.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        assert browser.get(desk).status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] > 3


def test_the_desk_searches_by_name_mail_and_company(sign_in, ada, moda, workshop, desk):
    with transaction():
        company = factories.company(moda, "Pellicceria Bianchi")
    enter(workshop, "carlo", company=company)
    enter(workshop, "dino")
    for term in ("CARLO", "bianch", "carlo@"):
        shown = sign_in(ada).get(desk, query_string={"q": term}).text
        assert re.findall(r"Rossi (\w+)</a><br>", shown) == ["Carlo"]
    assert "Nessun risultato" in sign_in(ada).get(f"{desk}?q=zzz").text


def test_an_organiser_adds_a_person_after_the_deadline_and_takes_one_out(sign_in, ada, workshop, desk):
    with time_machine.travel(workshop.registration_deadline + timedelta(minutes=1), tick=False):
        browser = sign_in(ada)
        assert browser.get(f"{desk}/new").status_code == 200
        assert browser.post(desk, data=form()).status_code == 303
    db.session.rollback()
    carlo, browser = db.session.scalars(select(Registration)).one(), sign_in(ada)
    url = f"{desk}/{carlo.id}/cancellation"
    assert browser.get(url).status_code == 200
    assert everybody() == [("Carlo", "confirmed")]
    assert browser.post(url).status_code == 303
    assert everybody() == [("Carlo", "cancelled")]
    db.session.expire_all()
    assert db.session.get(Registration, carlo.id).cancelled_by == ada.id


def test_at_the_desk_a_person_twice_is_said_at_the_field(sign_in, ada, workshop, desk):
    enter(workshop, "carlo")
    answer = sign_in(ada).post(desk, data=form(form_mark="other"))
    assert answer.status_code == 409
    assert "Questa persona risulta già iscritta" in answer.text


def test_a_registration_of_another_workshop_is_not_found(sign_in, ada, moda, workshop, desk):
    with transaction():
        other = factories.workshop(moda)
    carlo = enter(other, "carlo")
    assert sign_in(ada).post(f"{desk}/{carlo.id}/cancellation").status_code == 404


ROUTES = (
    ("get", ""), ("get", "/pools"), ("get", "/1"), ("get", "/new"), ("post", ""), ("get", "/1/cancellation"),
    ("post", "/1/cancellation"),
)  # fmt: skip


@pytest.mark.parametrize("method, tail", ROUTES)
def test_dora_is_refused(sign_in, dora, workshop, desk, method, tail):
    enter(workshop, "carlo")
    assert getattr(sign_in(dora), method)(desk + tail).status_code == 404
    assert everybody() == [("Carlo", "confirmed")]


@pytest.mark.parametrize("method, tail", ROUTES)
def test_an_observer_reads_and_changes_nothing(sign_in, elio, workshop, desk, method, tail):
    enter(workshop, "carlo")
    reads = tail in ("", "/pools", "/1") and method == "get"
    assert getattr(sign_in(elio), method)(desk + tail).status_code == (200 if reads else 403)
    assert everybody() == [("Carlo", "confirmed")]


def test_nothing_of_a_refused_form_is_left(client, workshop, page):
    with time_machine.travel(workshop.registration_deadline, tick=False):
        client.post(page, data=form())
    assert [db.session.scalars(select(m)).all() for m in (Contact, Company, Consent, Room, Delivery)] == [
        []
    ] * 5
