"""The public form: colleagues, hybrid workshops, files, questions that change, guests, hostile input."""

import re
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.delivery.models import Delivery
from dissemination.guests import queries as guests
from dissemination.guests.models import Guest
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.queries import current_plan
from dissemination.registrations import actions, jobs, queries
from dissemination.registrations.models import AnswerFile, Attends, Registration
from dissemination.registrations.plain import named, plain
from dissemination.workshops import questions
from dissemination.workshops.models import Kind
from tests import factories

PDF = b"%PDF-1.7 una visura"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=5, title="Lana")


@pytest.fixture
def page(workshop):
    return f"/moda/workshops/{workshop.slug}/registrations"


def form(name="carlo", **facts):
    values = {
        "given_name": name.title(), "family_name": "Rossi", "email": f"{name}@tessitura.example",
        "organisation_type": "company", "tax_id": factories.tax_id(7), "company_name": "Tessitura Rossi",
        "consent": "y", "form_mark": f"mark-{name}", **facts,
    }  # fmt: skip
    return {k: v for k, v in values.items() if v is not None}


def colleague(n, name, **facts):
    values = {
        "given_name": name.title(),
        "family_name": "Bianchi",
        "email": f"{name}@tessitura.example",
        **facts,
    }
    return {f"colleagues-{n}-{key}": value for key, value in values.items()}


def ask(workshop, text="Perché?", kind=Kind.TEXT, **facts):
    with transaction():
        return questions.add(workshop, by=None, version=workshop.version, text_it=text, kind=kind, **facts)


def everybody():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Registration).order_by(Registration.id)).all()


def proven(name="carlo"):
    """The registration of somebody who confirmed her address."""
    row = next(r for r in everybody() if r.contact.given_name == name.title())
    with transaction():
        actions.prove(row)
    return row


def names():
    return sorted((r.contact.given_name, r.standing.value) for r in everybody())


def summary(answer):
    """The lines of the error summary."""
    part = answer.text.split('class="alert alert-danger error-summary"')[1].split("</ul>")[0]
    return [
        unescape(re.sub(r"<[^>]+>", "", line)).strip() for line in re.findall(r"<li>(.*?)</li>", part, re.S)
    ]


# What is asked.


def test_the_form_asks_for_what_the_indicators_split_by_and_says_why(client, moda, workshop, page):
    bare = client.get(page).text
    with transaction():
        adopt_catalogue(current_plan(moda.id))
        workshop.version += 1
    full = client.get(page).text
    for field in ('name="size"', 'name="province"', 'name="sector_id"', "Regione"):
        assert (field in bare, field in full) == (False, True), field


# Colleagues.


def test_rows_for_colleagues_come_and_go_by_plain_buttons_and_keep_contents(client, page):
    more = client.post(page, data=form(add_colleague="1"))
    assert (more.status_code, 'name="colleagues-0-email"' in more.text) == (200, True)
    data = form(**colleague(0, "lia"), **colleague(1, "ugo"))
    third = client.post(page, data={**data, "add_colleague": "1"}).text
    assert ('value="Lia"' in third, 'name="colleagues-2-email"' in third) == (True, True)
    less = client.post(page, data={**data, "remove_colleague": "colleagues-0"}).text
    assert ('value="Lia"' in less, 'value="Ugo"' in less, 'value="Carlo"' in less) == (False, True, True)
    assert names() == []


def test_there_is_room_for_ten_colleagues_and_not_more(client, page):
    data = form()
    for n in range(10):
        data |= colleague(n, f"c{n}")
    shown = client.post(page, data={**data, "add_colleague": "1"}).text
    assert ('name="colleagues-9-email"' in shown, 'name="colleagues-10-email"' in shown) == (True, False)
    assert 'name="add_colleague"' not in shown
    assert client.post(page, data=data).status_code == 422  # with the booker they are eleven
    assert names() == []
    assert client.post(page, data={**data, "only_colleagues": "y"}).status_code == 303
    assert len(names()) == 10


def test_colleagues_are_registered_together_with_the_company_once(client, page):
    answer = client.post(page, data=form(**colleague(0, "lia", job_title="CTO"), **colleague(1, "ugo")))
    assert answer.status_code == 303
    assert "I tuoi 2 colleghi ricevono un messaggio ciascuno" in client.get(answer.location).text
    assert names() == [("Carlo", "confirmed"), ("Lia", "confirmed"), ("Ugo", "confirmed")]
    rows = everybody()
    assert len({r.company_id for r in rows}) == len({r.group_id for r in rows}) == 1
    assert {r.contact.given_name: r.job_title for r in rows}["Lia"] == "CTO"


def test_who_only_registers_colleagues_gets_no_seat(client, page):
    assert client.post(page, data=form(only_colleagues="y", **colleague(0, "lia"))).status_code == 303
    assert names() == [("Lia", "confirmed")]
    alone = client.post(page, data=form("dino", only_colleagues="y"))
    assert (alone.status_code, summary(alone)) == (
        422, ["Io non vengo: iscrivo solo i colleghi: Aggiungi i colleghi che vuoi iscrivere."],
    )  # fmt: skip


def test_errors_name_the_person_and_the_field_and_contents_survive(client, page):
    data = form(
        **colleague(0, "lia"), **colleague(1, "ugo", email="ugo@", family_name=""), **colleague(2, "ivo")
    )
    data |= {"colleagues-2-email": "LIA@tessitura.example", "colleagues-0-email": "carlo@tessitura.example"}
    answer = client.post(page, data=data)
    assert answer.status_code == 422
    lines = summary(answer)
    assert [line.split(":")[0] for line in lines] == [
        "Collega 1, Indirizzo e-mail", "Collega 2, Cognome", "Collega 2, Indirizzo e-mail",
    ]  # fmt: skip
    assert lines[0].endswith("È anche il tuo indirizzo.")
    for kept in ("Lia", "Ugo", "Ivo", "Carlo", "ugo@"):
        assert f'value="{kept}"' in answer.text
    again = client.post(page, data=data | {"colleagues-0-email": "lia@tessitura.example"})
    assert "Collega 3, Indirizzo e-mail: È anche l'indirizzo del collega 1." in summary(again)


def test_a_colleague_written_twice_is_one_thing_to_correct(client, page):
    answer = client.post(page, data=form(**colleague(0, "lia"), **colleague(1, "lia")))
    assert (answer.status_code, summary(answer)) == (
        422, ["Collega 2, Indirizzo e-mail: È anche l'indirizzo del collega 1."],
    )  # fmt: skip


def test_a_colleague_needs_an_organisation(client, page):
    data = form(private="y", **colleague(0, "lia"))
    answer = client.post(page, data=data)
    assert answer.status_code == 422
    assert "I colleghi si iscrivono per un'organizzazione" in unescape(answer.text)


def test_blank_rows_are_left_out(client, page):
    blank = colleague(0, "", family_name="", email="")
    assert client.post(page, data=form(**blank)).status_code == 303
    assert names() == [("Carlo", "confirmed")]


def test_questions_are_the_bookers_and_colleagues_complete_theirs(client, workshop, page):
    why = ask(workshop, required=True)
    assert client.post(page, data=form(**colleague(0, "lia"))).status_code == 422
    data = form(**colleague(0, "lia"), **{f"question_{why.id}": "Per imparare"})
    assert client.post(page, data=data).status_code == 303
    proven()
    carlo, lia = sorted(everybody(), key=lambda r: r.contact.given_name)
    assert (carlo.answers, lia.answers) == ({str(why.id): "Per imparare"}, {})
    assert "Completa la tua iscrizione" in client.get(f"/r/{queries.token(lia)}").text
    assert "Completa la tua iscrizione" not in client.get(f"/r/{queries.token(carlo)}").text


# Room and online.


@pytest.fixture
def hybrid(moda):
    with transaction():
        return factories.workshop(
            moda, seats=1, online_seats=2, online_url="https://meet.example/x", title="Ibrido"
        )


def test_a_hybrid_workshop_asks_how_and_counts_apart(client, hybrid):
    page = f"/moda/workshops/{hybrid.slug}/registrations"
    shown = unescape(client.get(page).text)
    assert ("1 posto libero" in shown, "2 posti liberi" in shown) == (True, True)
    assert client.post(page, data=form(attends="room")).status_code == 303
    shown = unescape(client.get(page).text)
    assert ("i posti sono esauriti" in shown, "2 posti liberi" in shown) == (True, True)
    assert client.post(page, data=form("dino", attends="online")).status_code == 303
    assert [r.attends for r in everybody()] == [Attends.ROOM, Attends.ONLINE]
    assert "1 posto libero" in client.get(page).text
    wrong = client.post(page, data=form("eva", attends="moon"))
    assert (wrong.status_code, len(everybody())) == (422, 2)
    panel = unescape(client.get(f"/moda/workshops/{hybrid.slug}").text)
    assert "In sala: <strong>i posti sono esauriti" in panel


def test_online_without_a_limit_is_said_so(client, hybrid):
    with transaction():
        hybrid.online_seats, hybrid.version = None, 2
    assert "posti senza limite" in client.get(f"/moda/workshops/{hybrid.slug}/registrations").text


# Approval, private workshops.


def test_where_the_organiser_decides_the_form_says_so(client, workshop, page):
    with transaction():
        workshop.needs_approval, workshop.version = True, 2
    assert "Invia la richiesta" in client.get(page).text
    assert "Chiedi un posto" in client.get(f"/moda/workshops/{workshop.slug}").text
    answer = client.post(page, data=form())
    assert "Abbiamo la tua richiesta" in client.get(answer.location).text
    assert names() == [("Carlo", "requested")]


@pytest.fixture
def guest(workshop):
    with transaction() as session:
        workshop.is_private, workshop.version = True, 2
        row = Guest(
            public_id="gina", workshop_id=workshop.id, email="gina@pelle.example", given_name="Gina",
            family_name="Neri", company_name="Pelle Neri", folded="neri gina", added_at=now(),
        )  # fmt: skip
        session.add(row)
    return row


def test_a_private_workshop_opens_its_form_to_guests_only(client, workshop, page, guest):
    for query in ({}, {"g": "forged"}, {"g": guests.token(guest)[:-3]}):
        closed = client.get(page, query_string=query)
        assert (closed.status_code, "<form" in closed.text.split("<main")[1]) == (403, False)
        assert ("solo su invito" in closed.text, "Lana" in closed.text) == (True, False)
        assert client.post(page, data=form(**query)).status_code == 403
    shown = client.get(page, query_string={"g": guests.token(guest)})
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    for value in ("Gina", "Neri", "gina@pelle.example", "Pelle Neri"):
        assert f'value="{value}"' in shown.text
    answer = client.post(page, data=form("gina", email="gina@pelle.example", g=guests.token(guest)))
    assert answer.status_code == 303
    (row,) = everybody()
    assert (row.guest_id, row.proof_due) == (guest.id, None)  # the invitation reached her mailbox


def test_an_invitation_to_another_workshop_or_a_withdrawn_one_opens_nothing(client, moda, page, guest):
    with transaction():
        other = factories.workshop(moda, is_private=True)
    url = f"/moda/workshops/{other.slug}/registrations"
    assert client.get(url, query_string={"g": guests.token(guest)}).status_code == 403
    with transaction():
        guest.withdrawn_at = now()
    assert client.get(page, query_string={"g": guests.token(guest)}).status_code == 403


# Questions that change while somebody fills the form.


def test_a_question_removed_meanwhile_does_not_stop_the_form(client, workshop, page):
    why = ask(workshop, required=True)
    client.get(page)
    with transaction():
        questions.remove(why, by=None, version=workshop.version)
    data = form(**{f"question_{why.id}": "Per imparare"})
    wrong = client.post(page, data={**data, "email": "carlo@"})
    assert (wrong.status_code, "ha tolto una domanda" in wrong.text, 'value="Carlo"' in wrong.text) == (
        422,
        True,
        True,
    )
    answer = client.post(page, data=data)
    assert "ha tolto una domanda" in client.get(answer.location).text
    assert [r.answers for r in everybody()] == [{}]


def test_a_question_added_meanwhile_is_asked_and_everything_typed_is_kept(client, workshop, page):
    client.get(page)
    why = ask(workshop, "Allergie?", required=True)
    answer = client.post(page, data=form(job_title="Responsabile", **colleague(0, "lia")))
    assert (answer.status_code, summary(answer)) == (422, ["Allergie?: Serve una risposta."])
    for kept in ("Responsabile", "Carlo", "Lia"):
        assert f'value="{kept}"' in answer.text
    data = form(**colleague(0, "lia"), **{f"question_{why.id}": "Noci"})
    assert client.post(page, data=data).status_code == 303


def test_the_kept_form_shows_a_changed_question_at_once(client, workshop, page):
    why = ask(workshop, "Perché?")
    assert "Perché?" in client.get(page).text
    with transaction():
        facts = {"kind": Kind.TEXT, "version": workshop.version, "by": None}
        questions.revise(why, text_it="Per quale motivo?", **facts)
    shown = client.get(page).text
    assert ("Perché?" in shown, "Per quale motivo?" in shown) == (False, True)


def test_a_required_question_added_later_is_asked_on_her_own_page(client, workshop, page):
    client.post(page, data=form())
    carlo = proven()
    mine = f"/r/{queries.token(carlo)}"
    assert "Completa la tua iscrizione" not in client.get(mine).text
    why = ask(workshop, "Allergie?", required=True)
    assert "Completa la tua iscrizione" in client.get(mine).text
    data = {"given_name": "Carlo", "family_name": "Rossi", "language": "it"}
    assert client.post(mine, data=data).status_code == 422
    assert client.post(mine, data={**data, f"question_{why.id}": "Noci"}).status_code == 303
    assert "Completa la tua iscrizione" not in client.get(mine).text
    assert everybody()[0].answers == {str(why.id): "Noci"}


# Files.


def upload(content=PDF, name="visura.pdf"):
    return (BytesIO(content), name)


def kept_reference(answer):
    return re.search(r'name="question_\d+_kept" value="([^"]+)"', answer.text)[1]


@pytest.fixture
def asks_file(workshop):
    return ask(workshop, "Visura camerale", kind=Kind.FILE, required=True)


def test_a_file_survives_an_error_elsewhere_and_belongs_to_the_registration(
    client, sign_in, ada, workshop, page, asks_file
):
    field = f"question_{asks_file.id}"
    wrong = client.post(page, data=form(email="carlo@", **{field: upload()}))
    assert (wrong.status_code, "Allegato: visura.pdf" in wrong.text) == (422, True)
    reference = kept_reference(wrong)
    again = client.post(page, data=form(email="carlo@", **{f"{field}_kept": reference}))
    assert kept_reference(again)
    assert client.post(page, data=form(**{f"{field}_kept": kept_reference(again)})).status_code == 303
    (carlo,) = everybody()
    (row,) = db.session.scalars(select(AnswerFile)).all()
    assert (row.registration_id, carlo.answers) == (
        carlo.id,
        {str(asks_file.id): {"file": row.file_id, "name": "visura.pdf"}},
    )
    for got in (
        sign_in(ada).get(f"/moda/desk/workshops/{workshop.slug}/form/files/{row.file_id}"),
        client.get(f"/r/{queries.token(carlo)}/answers/{asks_file.id}"),
    ):
        assert (got.status_code, got.data) == (200, PDF)
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "content, name, said",
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", "logo.pdf", "Questo tipo di file non"),
        (b"<!doctype html><script>x</script>", "pagina.png", "Questo tipo di file non"),
        (b"MZ\x90\x00", "visura.pdf", "Questo tipo di file non"), (b"GIF89a", "foto.gif", "Questo tipo di file non"),
        (b"", "vuoto.pdf", "vuoto"), (PDF + b"0" * 10 * 1024 * 1024, "grande.pdf", "supera 10 MB"),
    ],
)  # fmt: skip
def test_wrong_files_are_refused_at_their_field_and_nothing_is_lost(
    client, page, asks_file, content, name, said
):
    answer = client.post(page, data=form(**{f"question_{asks_file.id}": upload(content, name)}))
    assert answer.status_code == 422
    (line,) = summary(answer)
    assert line.startswith("Visura camerale: ")
    assert said in line
    assert 'value="Carlo"' in answer.text
    db.session.rollback()
    assert db.session.scalars(select(StoredFile)).all() == []


def test_a_picture_and_a_hostile_name_are_kept_as_data(client, workshop, page, asks_file):
    field = f"question_{asks_file.id}"
    client.post(page, data=form(**{field: upload(PNG, "../../etc/<b>passwd</b>.png")}))
    (carlo,) = everybody()
    assert carlo.answers[str(asks_file.id)]["name"] == "b>.png"
    shown = client.get(f"/r/{queries.token(carlo)}").text
    assert "<b>passwd" not in shown


def test_a_file_is_replaced_and_removed_on_ones_own_page(client, workshop, page):
    question = ask(workshop, "Curriculum", kind=Kind.FILE)
    field, data = f"question_{question.id}", {"given_name": "Carlo", "family_name": "Rossi", "language": "it"}
    client.post(page, data=form(**{field: upload()}))
    carlo = proven()
    mine = f"/r/{queries.token(carlo)}"
    assert client.post(mine, data=data).status_code == 303  # saving something else keeps it
    first = everybody()[0].answers[str(question.id)]["file"]
    assert client.post(mine, data={**data, field: upload(PNG, "nuovo.png")}).status_code == 303
    db.session.expire_all()
    assert carlo.answers[str(question.id)]["name"] == "nuovo.png"
    assert first not in db.session.scalars(select(StoredFile.id)).all()
    assert client.post(mine, data={**data, f"{field}_remove": "y"}).status_code == 303
    db.session.expire_all()
    assert (carlo.answers[str(question.id)], db.session.scalars(select(StoredFile)).all()) == ("", [])


@pytest.mark.parametrize("reference", ["forged", "", "a.b.c"])
def test_a_forged_reference_is_no_file(client, page, asks_file, reference):
    answer = client.post(page, data=form(**{f"question_{asks_file.id}_kept": reference}))
    assert (answer.status_code, names()) == (422, [])


def test_a_reference_holds_for_its_own_question_and_a_day(client, workshop, page, asks_file):
    other = ask(workshop, "Altro file", kind=Kind.FILE, required=True)
    wrong = client.post(page, data=form(**{f"question_{asks_file.id}": upload()}))
    reference = kept_reference(wrong)
    moved = client.post(page, data=form(**{f"question_{other.id}_kept": reference}))
    assert "Allegato" not in moved.text
    with time_machine.travel(now() + timedelta(hours=25)):
        late = client.post(page, data=form(**{f"question_{asks_file.id}_kept": reference}))
        assert "Allegato" not in late.text


def test_the_same_file_for_two_registrations_is_two_files(client, page, asks_file):
    wrong = client.post(page, data=form(email="carlo@", **{f"question_{asks_file.id}": upload()}))
    reference = kept_reference(wrong)
    for name in ("carlo", "dino"):
        assert (
            client.post(page, data=form(name, **{f"question_{asks_file.id}_kept": reference})).status_code
            == 303
        )
    owners = db.session.scalars(select(AnswerFile.registration_id)).all()
    assert sorted(owners) == [r.id for r in everybody()]


def test_files_whose_form_was_never_finished_are_deleted_after_a_day(client, workshop, page, asks_file):
    client.post(page, data=form(email="carlo@", **{f"question_{asks_file.id}": upload()}))
    db.session.rollback()
    stored = db.session.scalars(select(StoredFile)).one()
    assert (jobs.drop_waiting_files(), files.read(stored)) == (0, PDF)
    digest = StoredFile(sha256=stored.sha256)
    with time_machine.travel(now() + timedelta(hours=25)):
        assert jobs.drop_waiting_files() == 1
    assert db.session.scalars(select(StoredFile)).all() == []
    with pytest.raises(FileNotFoundError):
        files.read(digest)


def test_nobody_fills_the_store_with_files_of_no_registration(client, page, asks_file, monkeypatch):
    monkeypatch.setattr("dissemination.registrations.answers.MOST_WAITING", 2)
    for _ in range(2):
        client.post(page, data=form(email="carlo@", **{f"question_{asks_file.id}": upload()}))
    answer = client.post(page, data=form(**{f"question_{asks_file.id}": upload()}))
    assert "troppi file" in answer.text


def test_somebody_elses_file_is_not_found(client, sign_in, ada, dora, moda, workshop, page, asks_file):
    client.post(page, data=form(**{f"question_{asks_file.id}": upload()}))
    client.post(page, data=form("dino", **{f"question_{asks_file.id}": upload(PNG, "a.png")}))
    carlo, dino = everybody()
    file_id = carlo.answers[str(asks_file.id)]["file"]
    with transaction():
        other = factories.workshop(moda)
        dino.answers = carlo.answers
    assert sign_in(ada).get(f"/moda/desk/workshops/{other.slug}/form/files/{file_id}").status_code == 404
    assert sign_in(dora).get(f"/moda/desk/workshops/{workshop.slug}/form/files/{file_id}").status_code == 404
    assert client.get(f"/r/{queries.token(dino)}/answers/{asks_file.id}").status_code == 404
    assert client.get(f"/r/forged/answers/{asks_file.id}").status_code == 404


# Hostile input.


@pytest.mark.parametrize(
    "name, ok",
    [
        ("Carlo", True), ("Dott. Ing. J.R. O’Neill-D'Amico", True), ("José 🧶", True), ("李", True), ("Sant'Anna S.", True),
        ("http://evil.example/x", False), ("Vinci su evil.com", False), ("www.evil", False), ("a@b", False),
        ("https:// evil", False), ("12345", False), ("🧶", False),
    ],
)  # fmt: skip
def test_a_name_holds_no_link(name, ok):
    assert named(name) is ok


def test_text_is_kept_on_one_line_without_what_nobody_sees():
    assert plain("Car\u202elo\x00\r\n Rossi\u200b\ufeff ") == "Carlo Rossi"
    assert plain("👩\u200d🔬") == "👩\u200d🔬"


def test_the_to_line_of_mails_carries_no_link(client, page):
    for field in ("given_name", "family_name", "company_name"):
        answer = client.post(page, data=form(**{field: "Clicca https://evil.example"}))
        assert (answer.status_code, "senza indirizzi di siti" in answer.text) == (422, True)
    lia = colleague(0, "lia", given_name="www.evil.example")
    assert client.post(page, data=form(**lia)).status_code == 422
    assert client.post(page, data=form(given_name="Car\u202elo\r\nBcc: x")).status_code == 303
    db.session.rollback()
    assert [d.name for d in db.session.scalars(select(Delivery))] == ["Carlo Bcc: x Rossi"]


def test_long_odd_and_doubled_fields_are_refused_or_read_once(client, page):
    from werkzeug.datastructures import MultiDict

    assert client.post(page, data=form(given_name="x" * 101)).status_code == 422
    assert client.post(page, data=form(job_title="x" * 121)).status_code == 422
    twice = [("given_name", "Altro"), ("email", "altro@x.example")]
    doubled = MultiDict([*form(family_name="D’Amico 🧶").items(), *twice])
    assert client.post(page, data=doubled).status_code == 303
    assert [r.contact.name for r in everybody()] == ["Carlo D’Amico 🧶"]
    assert client.post(page, data=form("eva", form_mark="m" * 500)).status_code == 303


@pytest.mark.parametrize("token", ["forged", "WyJ4Il0.x", "a" * 5000])
def test_forged_thanks_are_not_found(client, page, token):
    assert client.get(f"{page}/{token}").status_code == 404


def test_the_form_makes_as_many_queries_for_one_question_as_for_many(client, workshop, page):
    counts = []
    for names in (["Prima"], [f"n{n}" for n in range(20)]):
        for name in names:
            asked = questions.asked(workshop)
            after = {"depends_on_id": asked[-1].id, "depends_value": questions.ANY} if asked else {}
            ask(workshop, name, **after)
        seen = []

        def note(*args, seen=seen):
            seen.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        for _visit in range(2):  # made, then kept
            assert client.get(page).status_code == 200
            counts.append(len(seen))
        event.remove(db.engine, "before_cursor_execute", note)
    assert counts[:2] == counts[2:]
    assert counts[1] - counts[0] <= 2  # the district and the door


# The desk's look at it.


def test_the_desk_sees_the_form_in_any_state(sign_in, ada, workshop):
    ask(workshop, "Allergie?")
    desk = f"/moda/desk/workshops/{workshop.slug}/form"
    assert "Allergie?" in sign_in(ada).get(desk).text
    with transaction():
        workshop.published_at = None
    shown = sign_in(ada).get(desk).text
    assert ("Allergie?" in shown, "non è ancora pubblicato" in shown) == (True, True)


@pytest.mark.parametrize(
    ("address", "taken"), [("nicolò@tessitura.example", False), ("nicolo@maglificiò.example", True)]
)
def test_an_address_that_mail_servers_refuse_is_refused_at_once(client, page, address, taken):
    answer = client.post(page, data=form(email=address))
    assert answer.status_code == (303 if taken else 422)
    assert ("lettere accentate prima della @" in answer.text) != taken
