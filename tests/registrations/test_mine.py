"""The personal page and what lies below it: confirm, take an offer, switch, send a colleague, my colleagues."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, jobs, queries
from dissemination.registrations.models import Attends, Standing
from tests import factories
from tests.registrations.cast import check, do, enter, enter_group, leave, mails, named, queue, stand


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2)


@pytest.fixture
def hybrid(moda):
    with transaction():
        return factories.workshop(moda, seats=2, online_url="https://meet.example/x", online_seats=1)


@pytest.fixture
def company(moda):
    with transaction():
        return factories.company(moda, "Tessitura")


def my(registration, tail=""):
    return f"/r/{queries.token(registration)}{tail}"


def words(answer):
    """The text of a page's content as a person reads it."""
    body = re.sub(r"(?s)<(script|style|header|footer).*?</\1>", " ", answer.text)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def buttons(answer):
    """Where the page's buttons post to, the tail of each."""
    main = answer.text.split('<main id="main"')[1]
    return [a.rsplit("/", 1)[-1] for a in re.findall(r'method="post" action="([^"]+)"', main)]


def test_opening_the_mailed_link_confirms_nothing_and_the_button_does(client, workshop):
    carla = enter(workshop, "carla", proven=False)
    page = client.get(my(carla, "/proof"))
    assert "carla@tessitura.example" in words(page)
    db.session.expire_all()
    assert carla.proof_due is not None
    assert client.post(my(carla, "/proof")).location == my(carla)
    db.session.expire_all()
    assert carla.proof_due is None
    assert "Grazie: il tuo indirizzo è confermato" in words(client.get(my(carla)))
    assert client.get(my(carla, "/proof")).location == my(carla)


@pytest.mark.parametrize(
    ("facts", "said"),
    [({"seats": 2}, "posto riservato a te"), ({"seats": 1}, "posto in lista d'attesa"),
     ({"needs_approval": True}, "esamineranno la tua richiesta")],
)  # fmt: skip
def test_who_has_no_seat_yet_is_promised_none_before_she_confirms(client, moda, facts, said):
    with transaction():
        workshop = factories.workshop(moda, **facts)
    enter(workshop, "ugo")
    carla = enter(workshop, "carla", proven=False)
    for page in (client.get(my(carla, "/proof")), client.get(my(carla))):
        text = words(page).replace("Il posto è riservato", "posto riservato")
        assert said in text
        assert ("posto riservato a te" in text) == (said == "posto riservato a te")


def test_an_unconfirmed_page_offers_to_confirm_or_to_give_up_and_nothing_else(client, workshop):
    carla = enter(workshop, "carla", proven=False)
    page = client.get(my(carla))
    assert "Il tuo indirizzo non è ancora confermato" in words(page)
    assert buttons(page) == ["proof"]
    assert "/cancellation" in page.text
    answer = client.post(my(carla), data={"given_name": "X", "family_name": "Y", "language": "it"})
    assert answer.location == my(carla, "/proof")


def test_too_late_the_page_says_so_and_the_seat_can_be_taken_while_free(client, workshop):
    carla = enter(workshop, "carla", proven=False)
    with time_machine.travel(now() + timedelta(hours=25), tick=False):
        jobs.expire_proofs()
        assert "Il tempo per confermare è finito" in words(client.get(my(carla, "/proof")))
        page = client.get(client.post(my(carla, "/proof")).location)
        assert "non era più riservato a te" in words(page)
        assert buttons(page) == ["restoration"]


def test_other_places_in_her_name_are_confirmed_one_by_one(client, workshop, moda):
    with transaction():
        other = factories.workshop(moda, title="Altro tema")
    carla, elsewhere = enter(workshop, "carla", proven=False), enter(other, "carla", proven=False)
    assert "Altro tema" not in client.get(my(carla)).text
    client.post(my(carla, "/proof"))
    page = client.get(my(carla))
    assert "Altro tema" in page.text
    assert named(other, "carla").proof_due is not None
    client.post(my(carla, f"/proof/{elsewhere.id}"))
    assert named(other, "carla").proof_due is None
    stranger = enter(other, "ugo", proven=False)
    client.post(my(carla, f"/proof/{stranger.id}"))
    assert named(other, "ugo").proof_due is not None


def test_an_offer_is_taken_or_left_by_one_button_and_a_get_does_neither(client, moda):
    with transaction():
        workshop = factories.workshop(moda, seats=1, offer_hours=8)
    ugo, carla, dino = (enter(workshop, name) for name in ("ugo", "carla", "dino"))
    leave(ugo)
    for tail in ("", "/offer"):
        page = client.get(my(carla, tail))
        assert "C'è un posto libero per te" in words(page) or "Un posto libero è riservato a te" in words(
            page
        )
        assert buttons(page)[:2] == ["offer", "refusal"]
    assert stand(workshop)["Carla"] == "offered"
    client.post(my(carla, "/offer/refusal"))
    assert stand(workshop) == {"Ugo": "cancelled", "Carla": "cancelled", "Dino": "offered"}
    page = client.get(client.post(my(dino, "/offer")).location)
    assert "Il posto è tuo" in words(page)
    assert stand(workshop)["Dino"] == "confirmed"
    assert "nessun posto offerto" in words(client.get(my(dino, "/offer")))
    assert "non hai un posto offerto" in words(client.get(client.post(my(dino, "/offer")).location))


def test_a_group_that_waits_is_told_how_the_list_moves(client, workshop):
    for name in ("ugo", "vito"):
        enter(workshop, name)
    enter_group(workshop, "carla", "carla", "dino")
    page = words(client.get(my(named(workshop, "carla"))))
    assert "Il tuo posto in lista: 1." in page
    assert "Tu e i tuoi colleghi aspettate posti per tutti insieme" in page


def test_a_request_says_that_somebody_decides_and_a_refusal_says_why(client, moda, ada):
    with transaction():
        workshop = factories.workshop(moda, needs_approval=True)
    ugo = enter(workshop, "ugo")
    assert "La tua richiesta aspetta una risposta" in words(client.get(my(ugo)))
    do(actions.refuse, ugo, reason="Solo per orafi", by=ada)
    page = words(client.get(my(ugo)))
    assert "Non abbiamo potuto accogliere la tua richiesta" in page
    assert "Solo per orafi" in page


def test_switching_asks_first_and_moves_the_calendar(client, hybrid):
    ugo = enter(hybrid, "ugo", attends=Attends.ROOM)
    assert my(ugo, "/way") in client.get(my(ugo)).text
    assert "link per partecipare online" in words(client.get(my(ugo, "/way")))
    assert named(hybrid, "ugo").attends is Attends.ROOM
    page = client.get(client.post(my(ugo, "/way")).location)
    assert "ora partecipi online" in words(page)
    assert "Il tuo link per partecipare" in words(page)
    assert "Museo del Tessuto" not in words(page).split("Persona")[0]
    assert mails()[-1] == ("ugo", "switched", "REQUEST")


def test_a_full_room_is_said_before_and_after_the_button(client, hybrid):
    enter(hybrid, "lia", attends=Attends.ONLINE)
    ugo = enter(hybrid, "ugo", attends=Attends.ROOM)
    page = client.get(my(ugo, "/way"))
    assert ("non ci sono posti liberi" in words(page), buttons(page)) == (True, [])
    assert "Conservi il posto che hai" in words(client.get(client.post(my(ugo, "/way")).location))
    assert named(hybrid, "ugo").attends is Attends.ROOM


def test_a_workshop_in_one_place_offers_no_switch(client, workshop):
    ugo = enter(workshop, "ugo")
    assert "/way" not in client.get(my(ugo)).text
    assert client.get(my(ugo, "/way")).location == my(ugo)


SUBSTITUTE = {"given_name": "Dino", "family_name": "Rossi", "email": "dino@tessitura.example"}


def test_a_colleague_is_sent_instead(client, workshop, company):
    ugo = enter(workshop, "ugo", company=company)
    assert client.get(my(ugo, "/substitution")).status_code == 200
    answer = client.post(my(ugo, "/substitution"), data=SUBSTITUTE)
    assert "Al tuo posto viene Dino Rossi" in words(client.get(answer.location))
    assert stand(workshop) == {"Ugo": "cancelled", "Dino": "confirmed"}
    check(workshop)


def test_what_is_wrong_with_the_colleague_is_said_at_the_field_and_kept(client, workshop, company):
    ugo = enter(workshop, "ugo", company=company)
    wrong = client.post(my(ugo, "/substitution"), data={**SUBSTITUTE, "email": "dino@"})
    assert (wrong.status_code, 'value="Dino"' in wrong.text) == (422, True)
    enter(workshop, "dino", company=company)
    refused = client.post(my(ugo, "/substitution"), data=SUBSTITUTE)
    assert refused.status_code == 409
    assert "risulta già iscritta" in words(refused)
    assert stand(workshop) == {"Ugo": "confirmed", "Dino": "confirmed"}


def test_a_private_person_is_not_offered_to_send_anybody(client, workshop):
    ugo = enter(workshop, "ugo")
    assert "/substitution" not in client.get(my(ugo)).text
    assert client.get(my(ugo, "/substitution")).location == my(ugo)


def group_page(group, tail=""):
    return f"/rg/{queries.group_token(group)}{tail}"


def test_the_booker_sees_all_her_colleagues_and_confirms_for_them(client, workshop, company):
    group = enter_group(workshop, "carla", "dino", "eva", company=company, proven=False)
    assert buttons(client.get(group_page(group))) == ["proof"]
    page = client.get(group_page(group, "/proof"))
    assert all(name in page.text for name in ("Dino Rossi", "Eva Rossi"))
    assert len(mails()) == 1
    answer = client.post(group_page(group, "/proof"))
    shown = words(client.get(answer.location))
    assert shown.count("confermata") >= 2
    assert [m[0] for m in mails()] == ["carla", "dino", "eva", "carla"]


def test_the_booker_cancels_and_replaces_colleagues(client, workshop, company):
    group = enter_group(workshop, "carla", "dino", "eva", company=company)
    dino, eva = queries.members(group)
    assert client.get(group_page(group, f"/{dino.id}/cancellation")).status_code == 200
    assert stand(workshop)["Dino"] == "confirmed"
    client.post(group_page(group, f"/{dino.id}/cancellation"))
    assert client.get(group_page(group, f"/{eva.id}/substitution")).status_code == 200
    client.post(
        group_page(group, f"/{eva.id}/substitution"),
        data={**SUBSTITUTE, "given_name": "Fabio", "email": "fabio@tessitura.example"},
    )
    assert stand(workshop) == {"Dino": "cancelled", "Eva": "cancelled", "Fabio": "confirmed"}
    events = [queries.history(named(workshop, name))[-1] for name in ("dino", "eva", "fabio")]
    assert [(e.what.value, e.who.value) for e in events] == [
        ("cancelled", "colleague"), ("substituted", "colleague"), ("substituted", "colleague"),
    ]  # fmt: skip
    check(workshop)


def test_the_bookers_link_reaches_her_own_group_only(client, workshop, company):
    group = enter_group(workshop, "carla", "dino", company=company)
    other = enter(workshop, "ugo", company=company)
    assert client.post(group_page(group, f"/{other.id}/cancellation")).status_code == 404
    token = queries.group_token(group)
    for forged in ("/rg/x", f"/rg/{queries.token(other)}", f"/r/{token}", f"/rg/{token[:-3]}"):
        assert client.get(forged).status_code == 404
    assert stand(workshop)["Ugo"] == "confirmed"


@pytest.mark.parametrize("tail", ["", "/proof", "/offer", "/way", "/substitution", "/cancellation"])
def test_pages_behind_personal_links_are_in_no_cache_and_no_search_engine(client, hybrid, company, tail):
    ugo = enter(hybrid, "ugo", company=company)
    if tail == "/proof":
        ugo = enter(hybrid, "vito", proven=False)
    answer = client.get(my(ugo, tail))
    assert answer.status_code == 200
    names = ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")
    assert [answer.headers[name] for name in names] == ["no-store", "noindex", "no-referrer"]


def test_once_it_has_begun_nothing_can_be_changed(client, hybrid, company):
    ugo = enter(hybrid, "ugo", company=company)
    with time_machine.travel(hybrid.starts_at, tick=False):
        assert client.get(my(ugo, "/way")).location == my(ugo)
        client.post(my(ugo, "/way"))
        answer = client.post(my(ugo, "/substitution"), data=SUBSTITUTE)
        assert answer.status_code == 409
    assert (named(hybrid, "ugo").attends, stand(hybrid)) == (Attends.ROOM, {"Ugo": "confirmed"})


def test_a_cancelled_place_of_a_hybrid_workshop_is_taken_back_where_it_was(client, hybrid):
    lia = enter(hybrid, "lia", attends=Attends.ONLINE)
    leave(lia)
    enter(hybrid, "mara", attends=Attends.ONLINE)
    assert "restoration" not in buttons(client.get(my(lia)))  # the room has seats, but hers was online
    leave(named(hybrid, "mara"))
    client.post(my(lia, "/restoration"))
    assert (named(hybrid, "lia").standing, queue(hybrid)) == (Standing.CONFIRMED, [])


def test_a_corrected_name_stands_in_the_history_and_saving_nothing_does_not(client, workshop):
    ugo = enter(workshop, "ugo")
    same = {"given_name": "Ugo", "family_name": "Rossi", "job_title": "", "language": "it"}
    client.post(my(ugo), data=same)
    assert [e.what.value for e in queries.history(ugo)] == ["made"]
    client.post(my(ugo), data={**same, "given_name": "Ugone", "job_title": "CTO"})
    db.session.expire_all()
    changes = [e.details for e in queries.history(ugo)[1:]]
    assert changes == [{"job_title": ["", "CTO"]}, {"given_name": ["Ugo", "Ugone"]}]


def test_her_link_vouches_where_no_cookie_is_kept_and_a_desk_form_does_not(app, workshop, sign_in, ada):
    app.config["WTF_CSRF_ENABLED"] = True
    ugo, vito = enter(workshop, "ugo"), enter(workshop, "vito")
    browser = app.test_client(use_cookies=False)
    changed = {"given_name": "Ugo", "family_name": "Neri", "job_title": "Tessitore", "language": "it"}
    assert browser.post(my(ugo), data=changed).status_code == 303
    assert browser.post(my(ugo, "/cancellation")).status_code == 303
    assert stand(workshop) == {"Ugo": "cancelled", "Vito": "confirmed"}
    assert browser.post("/r/forged/cancellation").status_code == 404
    desk = f"/moda/desk/workshops/{workshop.slug}/registrations/{vito.id}/cancellation"
    assert sign_in(ada).post(desk, data={"reason": "x"}).status_code == 400
    assert stand(workshop)["Vito"] == "confirmed"


def test_who_comes_from_abroad_says_so_with_two_letters(client, workshop):
    page = f"/moda/workshops/{workshop.slug}/registrations"
    data = {
        "given_name": "Karl", "family_name": "Weber", "email": "karl@weber.example", "consent": "y",
        "organisation_type": "other", "company_name": "Weber GmbH", "province": "ee", "job_title": "Chef",
    }  # fmt: skip
    assert client.post(page, data={**data, "province": "xx"}).status_code in (303, 422)  # asked for or not
    assert client.post(page, data={**data, "email": "karl2@weber.example"}).status_code == 303
