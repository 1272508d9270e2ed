"""The registrations at the desk: counts, filters, pages, one person's page and its verbs, kept seats."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import event, select

from dissemination.kernel import paging
from dissemination.kernel.clock import local
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, queries
from dissemination.registrations.models import Attends, Registration, SeatPool
from tests import factories
from tests.registrations.cast import (
    check,
    counters,
    do,
    enter,
    enter_group,
    leave,
    mails,
    named,
    queue,
    stand,
)


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2)


@pytest.fixture
def hybrid(moda):
    with transaction():
        return factories.workshop(moda, seats=2, online_url="https://meet.example/x", online_seats=1)


@pytest.fixture
def browser(sign_in, ada):
    return sign_in(ada)


def desk(workshop, tail=""):
    return f"/moda/desk/workshops/{workshop.slug}/registrations{tail}"


def words(answer):
    body = re.sub(r"(?s)<(script|style|header|footer).*?</\1>", " ", answer.text)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def listed(answer):
    return re.findall(r"Rossi (\w+)</a><br>", answer.text)


def test_states_are_counted_and_narrow_the_list(browser, workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "zeno")]
    enter(workshop, "carla", proven=False)
    leave(ugo)
    page = browser.get(desk(workshop))
    shown = words(page)
    for label in ("Tutti (3)", "Confermati (2)", "Lista d'attesa (1)", "Indirizzo non confermato (1)"):
        assert label.lower() in shown.lower()
    assert "Annullate o rifiutate (1)" in shown
    assert listed(page) == ["Vito", "Zeno", "Carla"]
    for state, names in (("confirmed", ["Vito", "Zeno"]), ("waiting", ["Carla"]), ("unproven", ["Carla"]),
                         ("gone", ["Ugo"]), ("offered", []), ("nonsense", ["Vito", "Zeno", "Carla"])):  # fmt: skip
        assert listed(browser.get(desk(workshop, f"?state={state}"))) == names


def test_the_room_and_online_are_counted_and_narrowed_apart(browser, hybrid):
    enter(hybrid, "ugo", attends=Attends.ROOM)
    enter(hybrid, "lia", attends=Attends.ONLINE)
    shown = words(browser.get(desk(hybrid)))
    assert "in sala: posti occupati: 1 su 2; in attesa: 0" in shown
    assert "online: posti occupati: 1 su 1; in attesa: 0" in shown
    assert listed(browser.get(desk(hybrid, "?way=online"))) == ["Lia"]


def test_the_list_has_pages_by_key(browser, workshop, monkeypatch):
    monkeypatch.setattr(paging.page, "__kwdefaults__", {**paging.page.__kwdefaults__, "size": 2})
    for name in ("ugo", "vito", "zeno", "lia", "mara"):
        enter(workshop, name)
    seen, address = [], desk(workshop)
    while address:
        page = browser.get(address)
        seen += listed(page)
        more = re.search(r'class="pager".*?href="([^"]+)"', page.text, re.S)
        address = unescape(more[1]) if more else None
    assert seen == ["Ugo", "Vito", "Zeno", "Lia", "Mara"]


def queries_of(browser, path):
    seen = []

    def note(*args):
        seen.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    assert browser.get(path).status_code == 200
    event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize("state", ["all", "waiting", "confirmed", "gone"])
def test_each_list_makes_the_same_number_of_queries_for_1_and_for_many(browser, moda, state):
    with transaction():
        workshop = factories.workshop(moda, seats=100)
    group = enter_group(workshop, "g", "ga", company_name="X", tax_id=factories.tax_id())
    people = [enter(workshop, "p0")]
    with transaction():
        workshop.seats = 2
    people += [enter(workshop, "w0")]
    leave(enter(workshop, "z0"))
    first = queries_of(browser, desk(workshop, f"?state={state}"))
    with transaction():
        workshop.seats = 12
    for n in range(1, 9):
        enter(workshop, f"p{n}")
    enter_group(workshop, "h", "ha", "hb", company_name="Y", tax_id=factories.tax_id())
    for n in range(1, 6):
        enter(workshop, f"w{n}")
        leave(enter(workshop, f"z{n}"))
    assert queries_of(browser, desk(workshop, f"?state={state}")) == first > 3
    assert len(people) == 2
    assert group.id


def test_the_same_name_and_company_under_two_addresses_is_shown(browser, workshop, moda):
    with transaction():
        company = factories.company(moda, "Tessitura")
    enter(workshop, "ugo", company=company)
    assert "due volte" not in words(browser.get(desk(workshop)))
    with transaction():
        actions.register(
            workshop, email="ugo.rossi@altrove.example", given_name="Ugo", family_name="Rossi",
            company=company, proven=True,
        )  # fmt: skip
    enter(workshop, "vito", company=company)
    shown = words(browser.get(desk(workshop)))
    assert "Forse la stessa persona due volte" in shown
    assert "ugo@tessitura.example" in shown.split("Per stato")[0]
    assert "vito@" not in shown.split("In ordine di arrivo")[0]


def test_a_persons_page_tells_her_history_in_words(browser, ada, hybrid):
    ugo = enter(hybrid, "ugo", attends=Attends.ROOM)
    browser.post(desk(hybrid, f"/{ugo.id}/way"), data={"way_form-reason": "Chiesto al telefono"})
    browser.post(desk(hybrid, f"/{ugo.id}/cancellation"), data={"reason": "Non viene più"})
    shown = words(browser.get(desk(hybrid, f"/{ugo.id}")))
    for piece in (
        "iscrizione la persona Stato: – → confermata", "in sala → online", "Motivo: Chiesto al telefono",
        "confermata → annullata", "Motivo: Non viene più", ada.name,
    ):  # fmt: skip
        assert piece in shown


def test_requests_are_approved_and_refused_with_a_reason(browser, moda):
    with transaction():
        workshop = factories.workshop(moda, needs_approval=True)
    ugo, vito = enter(workshop, "ugo"), enter(workshop, "vito")
    browser.post(desk(workshop, f"/{ugo.id}/approval"))
    wrong = browser.post(desk(workshop, f"/{vito.id}/refusal"), data={"refusal_form-reason": " "})
    assert wrong.status_code == 422
    browser.post(desk(workshop, f"/{vito.id}/refusal"), data={"refusal_form-reason": "Solo imprese"})
    assert stand(workshop) == {"Ugo": "confirmed", "Vito": "refused"}
    again = browser.get(browser.post(desk(workshop, f"/{vito.id}/approval")).location)
    assert "non aspetta (più) una decisione" in words(again)


def test_somebody_is_moved_in_the_list_and_what_is_wrong_is_said_at_the_field(browser, workshop):
    for name in ("ugo", "vito", "a", "b", "c"):
        enter(workshop, name)
    c = named(workshop, "c")
    for data in ({"place_form-position": "9", "place_form-reason": "x"}, {"place_form-position": "1"},
                 {"place_form-position": "abc", "place_form-reason": "x"}):  # fmt: skip
        answer = browser.post(desk(workshop, f"/{c.id}/place"), data=data)
        assert answer.status_code == 422
        assert "error-summary" in answer.text
    data = {"place_form-position": "1", "place_form-reason": "Relatore"}
    assert browser.post(desk(workshop, f"/{c.id}/place"), data=data).status_code == 303
    assert queue(workshop) == ["C", "A", "B"]


def test_a_seat_is_given_out_of_order_only_when_there_is_one(browser, workshop):
    ugo, _ = enter(workshop, "ugo"), enter(workshop, "vito")
    enter_group(workshop, "carla", "dino", "eva")
    eva = named(workshop, "eva")
    answer = browser.post(desk(workshop, f"/{eva.id}/seat"), data={"seat_form-reason": "Da sola"})
    assert (answer.status_code, stand(workshop)["Eva"]) == (409, "waiting")
    leave(ugo)
    browser.post(desk(workshop, f"/{eva.id}/seat"), data={"seat_form-reason": "Da sola"})
    assert stand(workshop)["Eva"] == "confirmed"


def test_who_did_not_confirm_is_vouched_for_or_sent_the_link_again(browser, workshop):
    carla = enter(workshop, "carla", proven=False)
    assert "non ha ancora confermato" in words(browser.get(desk(workshop, f"/{carla.id}")))
    browser.post(desk(workshop, f"/{carla.id}/proof"))
    assert mails()[-1] == ("carla", "confirmation", "REQUEST")
    db.session.expire_all()
    assert (carla.proof_due, carla.contact.proven_at) == (None, None)
    browser.post(desk(workshop, f"/{carla.id}/link"))
    assert mails()[-1] == ("carla", "my_link", None)


def test_an_offer_is_taken_by_telephone(browser, moda):
    with transaction():
        workshop = factories.workshop(moda, seats=1, offer_hours=8)
    ugo, _ = enter(workshop, "ugo"), enter(workshop, "carla")
    leave(ugo)
    carla = named(workshop, "carla")
    assert "Accetta il posto" in words(browser.get(desk(workshop, f"/{carla.id}")))
    browser.post(desk(workshop, f"/{carla.id}/offer"))
    assert stand(workshop)["Carla"] == "confirmed"


def test_a_cancellation_is_taken_back_and_a_substitute_is_entered(browser, workshop):
    ugo = enter(workshop, "ugo")
    leave(ugo)
    browser.post(desk(workshop, f"/{ugo.id}/restoration"))
    assert stand(workshop)["Ugo"] == "confirmed"
    assert browser.get(desk(workshop, f"/{ugo.id}/substitution")).status_code == 200
    data = {"given_name": "Dino", "family_name": "Rossi", "email": "dino@tessitura.example"}
    answer = browser.post(desk(workshop, f"/{ugo.id}/substitution"), data=data)
    assert answer.location.endswith(str(named(workshop, "dino").id))
    again = browser.post(desk(workshop, f"/{ugo.id}/substitution"), data={**data, "email": "eva@x.example"})
    assert again.status_code == 409
    check(workshop)


def test_somebody_is_added_online(browser, hybrid):
    data = {
        "given_name": "Carlo", "family_name": "Rossi", "email": "carlo@tessitura.example", "private": "y",
        "attends": "online", "form_mark": "m",
    }  # fmt: skip
    assert 'value="online"' in browser.get(desk(hybrid, "/new")).text
    assert browser.post(desk(hybrid), data=data).status_code == 303
    assert named(hybrid, "carlo").attends is Attends.ONLINE


def pool_data(workshop, company, **more):
    until = local(workshop.starts_at - timedelta(days=1))
    return {
        "company_tax_id": company.tax_id, "seats": "1", "until_day": f"{until:%Y-%m-%d}",
        "until_hour": f"{until:%H:%M}", **more,
    }  # fmt: skip


def test_seats_are_kept_and_released_at_the_desk(browser, workshop, moda):
    with transaction():
        company = factories.company(moda, "Tessitura")
    assert "Nessun posto è riservato" in words(browser.get(desk(workshop, "/pools")))
    assert browser.post(desk(workshop, "/pools"), data=pool_data(workshop, company)).status_code == 303
    pool = db.session.scalars(select(SeatPool)).one()
    assert (pool.seats, pool.until) == (1, workshop.starts_at - timedelta(days=1))
    assert "1 riservato alle imprese" in words(browser.get(desk(workshop)))
    browser.post(desk(workshop, f"/pools/{pool.id}/release"))
    assert counters(workshop) == (0, 0, 0)
    assert "liberati" in words(browser.get(desk(workshop, "/pools")))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seats": "3"}, "I posti liberi sono solo 2"), ({"seats": "0"}, "tra 1 e 100000"), ({"seats": "x"}, "numero intero"),
        ({"company_tax_id": factories.tax_id(9_999_999)}, "Nessuna impresa"), ({"company_tax_id": "123"}, "partita IVA"),
        ({"until_day": "2020-01-01"}, "momento futuro"), ({"until_day": "boh"}, "data"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_kept_seats_is_said_and_what_was_written_is_kept(
    browser, workshop, moda, wrong, said
):
    with transaction():
        company = factories.company(moda, "Tessitura")
    answer = browser.post(desk(workshop, "/pools"), data=pool_data(workshop, company, **wrong))
    assert answer.status_code == 422
    assert said in words(answer)
    value = next(iter(wrong.values()))
    assert f'value="{value}"' in answer.text
    assert counters(workshop) == (0, 0, 0)


def test_in_a_hybrid_workshop_seats_are_kept_in_the_room_or_online(browser, hybrid, moda):
    with transaction():
        company = factories.company(moda, "Tessitura")
    browser.post(desk(hybrid, "/pools"), data=pool_data(hybrid, company, attends="online"))
    assert (counters(hybrid, Attends.ROOM), counters(hybrid, Attends.ONLINE)) == ((0, 0, 0), (0, 1, 0))


VERBS = (
    "approval",
    "refusal",
    "cancellation",
    "restoration",
    "proof",
    "offer",
    "place",
    "seat",
    "way",
    "link",
    "substitution",
)


def test_a_viewer_reads_and_changes_nothing(sign_in, person, moda, workshop):
    viewer = sign_in(person(moda, "vera@moda.example", "viewer"))
    ugo = enter(workshop, "ugo")
    page = viewer.get(desk(workshop, f"/{ugo.id}"))
    assert page.status_code == 200
    assert 'method="post" action="/moda/desk/workshops' not in page.text
    for verb in VERBS:
        assert viewer.post(desk(workshop, f"/{ugo.id}/{verb}")).status_code == 403
    assert stand(workshop) == {"Ugo": "confirmed"}


def test_a_registration_of_another_workshop_is_found_by_no_verb(browser, workshop, moda):
    with transaction():
        other = factories.workshop(moda)
    ugo = enter(other, "ugo")
    for verb in VERBS:
        assert browser.post(desk(workshop, f"/{ugo.id}/{verb}")).status_code == 404
    assert browser.get(desk(workshop, f"/{ugo.id}")).status_code == 404
    assert [r.standing.value for r in db.session.scalars(select(Registration))] == ["confirmed"]


def test_history_of_many_takes_two_queries(workshop):
    ids = [enter(workshop, f"p{n}").id for n in range(5)]
    do(actions.cancel, named(workshop, "p0"))
    seen = []

    def note(*args):
        seen.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    found = queries.history_many(ids)
    event.remove(db.engine, "before_cursor_execute", note)
    assert len([s for s in seen if s.startswith("SELECT")]) == 2
    assert [len(found[key]) for key in ids] == [2, 1, 2, 1, 1]  # p0 left, p2 was promoted
