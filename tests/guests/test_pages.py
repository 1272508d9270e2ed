"""What organisers and guests see and do over HTTP."""

import re
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event, func, select

from dissemination.delivery.models import Delivery, Suppression
from dissemination.guests import actions, queries
from dissemination.guests.models import Guest, Reaction
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, title="Filati rari", is_private=True)


@pytest.fixture
def desk(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/guests"


@pytest.fixture
def ada_there(ada, sign_in):
    return sign_in(ada)


def emails():
    db.session.rollback()
    db.session.expire_all()
    return sorted(db.session.scalars(select(Guest.email)))


def csv(text, name="invitati.csv"):
    return {"file": (BytesIO(text.encode()), name)}


def test_an_empty_list_says_what_to_do(ada_there, desk):
    shown = ada_there.get(desk).text
    for tail in ("/contacts", "/upload", "/new"):
        assert f'href="{desk}{tail}"' in shown


def test_a_file_is_previewed_then_stored_whole(ada_there, desk):
    answer = ada_there.post(
        f"{desk}/upload", data=csv("email;nome;azienda\nugo@lana.example;Ugo;Lana\nUGO@lana.example;;\n")
    )
    assert answer.status_code == 200
    assert emails() == []
    for words in ("Si aggiungerebbe 1 persona.", "1 riga ripete una persona", "Aggiungi 1 invitato"):
        assert words in answer.text
    content = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.S)[1]
    assert ada_there.post(f"{desk}/upload/entries", data={"content": content}).status_code == 303
    assert emails() == ["ugo@lana.example"]
    assert "1 invitato aggiunto. 1 doppione unito." in ada_there.get(desk).text


def test_one_wrong_line_stores_nobody_and_says_which(ada_there, desk):
    text = "email\nugo@lana.example\nniente\n"
    answer = ada_there.post(f"{desk}/upload", data=csv(text))
    assert answer.status_code == 422
    assert re.search(r'<td class="n">3</td><td>“niente” non è un indirizzo', answer.text)
    assert ada_there.post(f"{desk}/upload/entries", data={"content": text}).status_code == 422
    assert emails() == []


def test_no_file_is_told_at_its_field(ada_there, desk):
    answer = ada_there.post(f"{desk}/upload", data={})
    assert answer.status_code == 422
    assert 'id="file-errors"' in answer.text


def test_the_ticked_contacts_come_on_the_list(moda, nautica, ada_there, desk):
    with transaction():
        ugo, eva = (factories.contact(moda, f"{n}@lana.example") for n in ("ugo", "eva"))
        foreign = factories.contact(nautica, "via@mare.example")
        factories.contact(moda, "altro@lana.example")
    data = {"contact": [ugo.id, eva.id, foreign.id, "x"]}
    assert ada_there.post(f"{desk}/contacts", data=data).status_code == 303
    assert emails() == ["eva@lana.example", "ugo@lana.example"]


def test_nobody_ticked_is_told(moda, ada_there, desk):
    with transaction():
        factories.contact(moda)
    answer = ada_there.post(f"{desk}/contacts", data={})
    assert (answer.status_code, "Spunta almeno una persona." in answer.text) == (422, True)


def test_all_that_the_filter_finds_come_on_the_list_beyond_the_page(moda, ada_there, desk):
    with transaction():
        wool = factories.company(moda, "Lanificio", sector_id=moda.sectors[0].id)
        for n in range(60):
            factories.contact(moda, f"p{n:02d}@lana.example", company=wool)
        factories.contact(moda, "altro@pelle.example")
        db.session.add(
            Suppression(district_id=moda.id, address="p00@lana.example", reason="bounced", at=now())
        )
    sector = moda.sectors[0].id
    shown = ada_there.get(f"{desk}/contacts?sector={sector}").text
    assert shown.count('name="contact"') == 49  # 50 of a page, one of them suppressed
    assert "Aggiungi tutti i 60 trovati" in shown
    answer = ada_there.post(f"{desk}/contacts", data={"all": "1", "sector": str(sector)})
    assert answer.status_code == 303
    assert emails() == [f"p{n:02d}@lana.example" for n in range(1, 60)]
    told = ada_there.get(desk).text
    assert "59 invitati aggiunti." in told
    assert "p00@lana.example: A questo indirizzo non si deve scrivere: bounced" in told


def test_by_hand_and_twice(ada_there, desk):
    data = {"email": "Ugo@lana.example", "given_name": "Ugo", "language": "en"}
    assert ada_there.post(f"{desk}/new", data=data).status_code == 303
    answer = ada_there.post(f"{desk}/new", data=data)
    assert answer.status_code == 422
    assert "Questo indirizzo è già in elenco." in answer.text
    assert 'value="Ugo@lana.example"' in answer.text
    assert emails() == ["ugo@lana.example"]


def test_invitations_are_looked_at_then_sent_once(ada_there, desk, workshop):
    with transaction():
        factories.guest(workshop, "ugo@lana.example", language="en")
        factories.guest(workshop, "eva@lana.example")
    shown = ada_there.get(f"{desk}/invitations").text
    assert "Invitation: Textile traceability" in shown
    assert "Invito: Filati rari" in shown
    for _ in range(2):
        answer = ada_there.post(f"{desk}/invitations", data={"words_it": "Ti aspettiamo."})
        assert answer.status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 2
    assert "E-mail partite o con un esito definitivo: 0 su 2." in ada_there.get(desk).text


def test_words_that_are_too_long_are_kept_and_told(ada_there, desk, workshop):
    with transaction():
        factories.guest(workshop)
    answer = ada_there.post(f"{desk}/invitations", data={"words_it": "x" * 2001})
    assert answer.status_code == 422
    assert "x" * 2001 in answer.text
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_a_draft_cannot_be_sent(moda, ada_there):
    with transaction():
        draft = factories.workshop(moda, published=False, is_private=True)
        factories.guest(draft)
    desk = f"/moda/desk/workshops/{draft.slug}/guests"
    assert "dopo la pubblicazione" in ada_there.get(desk).text
    answer = ada_there.post(f"{desk}/invitations", data={})
    assert (answer.status_code, "Questo workshop è una bozza." in answer.text) == (422, True)


def test_the_list_is_narrowed_by_answer_and_name(ada_there, desk, workshop):
    with transaction():
        factories.guest(workshop, "ugo@lana.example", reaction=Reaction.DECLINED, reacted_at=now())
        factories.guest(workshop, "eva@lana.example", company_name="Maglificio Più")
    for query, shown in (
        ("stand=declined", ["ugo"]), ("stand=new", ["eva"]), ("q=MAGLIFICIO+PIU", ["eva"]),
        ("q=ugo@", ["ugo"]), ("stand=nonsense", ["eva", "ugo"]),
    ):  # fmt: skip
        text = ada_there.get(f"{desk}?{query}").text
        assert re.findall(r'<span class="muted">(\w+)@lana', text) == shown, query


def test_a_guest_is_withdrawn_invited_again_and_removed(ada_there, desk, workshop):
    with transaction():
        guest = factories.guest(workshop, "ugo@lana.example")
    one = f"{desk}/{guest.id}"
    assert ada_there.get(f"{one}/removal").status_code == 200
    assert emails() == ["ugo@lana.example"]
    for verb, words in (
        ("withdrawal", "invito ritirato"), ("restoration", "non ancora invitato"), ("removal", "non è più in"),
    ):  # fmt: skip
        assert ada_there.post(f"{one}/{verb}").status_code == 303
        assert words in ada_there.get(desk).text
    assert emails() == []
    assert ada_there.post(f"{one}/removal").status_code == 404


def test_a_guest_of_another_workshop_is_not_found(moda, ada_there, desk):
    with transaction():
        other = factories.guest(factories.workshop(moda, is_private=True))
    assert ada_there.post(f"{desk}/{other.id}/removal").status_code == 404


@pytest.mark.parametrize("tail", ["", "/contacts"])
def test_a_list_makes_as_many_queries_for_100_rows_as_for_one(moda, ada_there, desk, workshop, tail):
    def queries_of():
        db.session.rollback()
        db.session.expire_all()
        seen = []
        listen = lambda *a: seen.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            assert ada_there.get(desk + tail).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    def fill(n):
        with transaction():
            for _ in range(n):
                company = factories.company(moda)
                contact = factories.contact(moda, company=company)
                factories.guest(workshop, company_id=company.id, contact_id=contact.id)
        with transaction():
            actions.invite(workshop, actions.Words())

    fill(1)
    few = queries_of()
    fill(99)
    assert queries_of() == few > 3


def test_the_list_goes_on_by_key(ada_there, desk, workshop):
    with transaction():
        for n in range(60):
            factories.guest(workshop, f"p{n:02d}@lana.example")
    first = ada_there.get(desk).text
    second = ada_there.get(re.search(r'href="([^"]*after=[^"]*)"', first)[1].replace("&amp;", "&")).text
    found = [re.findall(r'<span class="muted">(p\d\d)@', text) for text in (first, second)]
    assert [len(f) for f in found] == [50, 10]
    assert len({*found[0], *found[1]}) == 60


# The guest's own page.


@pytest.fixture
def guest(workshop):
    with transaction():
        return factories.guest(workshop, "ugo@lana.example", given_name="Ugo")


@pytest.fixture
def link(guest):
    return f"/g/{queries.token(guest)}"


def reaction():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Guest.reaction)).one()


def test_opening_the_link_changes_nothing_and_a_button_declines(client, link):
    shown = client.get(link)
    assert shown.status_code == 200
    assert "Filati rari" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["X-Robots-Tag"] == "noindex"
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert reaction() is Reaction.OPEN
    assert client.get(f"{link}/refusal").status_code == 405
    assert client.post(f"{link}/refusal").status_code == 303
    assert reaction() is Reaction.DECLINED
    again = client.get(link).text
    assert "Ci hai detto che non puoi venire" in again
    assert client.post(f"{link}/restoration").status_code == 303
    assert reaction() is Reaction.OPEN


def test_the_page_leads_to_the_form_with_the_invitation(client, link, workshop):
    key = link.rpartition("/")[2]
    assert f'href="/moda/workshops/{workshop.slug}/registrations?g={key}"' in client.get(link).text


def test_forged_cut_and_foreign_links_are_unknown(client, link):
    head, _, signature = link.rpartition(".")
    forged = f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    from dissemination.kernel import links

    for wrong in (
        forged,
        link[:-5],
        "/g/x",
        "/g/" + links.sign("registration", "a"),
        "/g/" + links.sign("guest", 1),
    ):
        assert client.get(wrong).status_code == 404
        assert client.post(f"{wrong}/refusal").status_code == 404


def test_after_the_start_the_invitation_has_expired_in_words(client, link, workshop):
    with time_machine.travel(workshop.starts_at, tick=False):
        shown = client.get(link)
        assert (shown.status_code, "questo invito è scaduto" in shown.text) == (410, True)
        assert client.post(f"{link}/refusal").status_code == 409
    assert reaction() is Reaction.OPEN


def test_a_withdrawn_invitation_names_neither_workshop_nor_guest(client, link, guest):
    with transaction():
        actions.withdraw(guest)
    shown = client.get(link)
    assert (shown.status_code, "Questo invito è stato ritirato." in shown.text) == (410, True)
    assert "Filati rari" not in shown.text
    assert "ugo@lana.example" not in shown.text
    assert client.post(f"{link}/refusal").status_code == 409


def test_a_registered_guest_cancels_her_registration_instead(client, link, guest):
    with transaction():
        actions.accept(guest.id)
    assert f"{link}/refusal" not in client.get(link).text
    answer = client.post(f"{link}/refusal")
    assert answer.status_code == 409
    assert reaction() is Reaction.ACCEPTED
