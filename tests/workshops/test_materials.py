"""Slides and hand-outs: who opens what, and when; what is never taken."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import select

from dissemination.attendance import actions as attendance
from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as registered
from dissemination.workshops import actions, materials
from dissemination.workshops.models import Audience, Closing, Material
from tests.workshops.scenes import rome, scheduled, selects, session

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
PDF = b"%PDF-1.7 slides"
PUBLIC, PARTICIPANTS = Audience.PUBLIC, Audience.PARTICIPANTS


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(BEFORE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def add(workshop, *, audience=PUBLIC, after_end=False, content=PDF, title="Slide", name="slide.pdf"):
    with transaction():
        return materials.add(
            workshop, BytesIO(content), name, by=None, title_it=title, title_en="", session_id=None,
            audience=audience, after_end=after_end,
        )  # fmt: skip


def place(workshop, email="carlo@x.example"):
    with transaction():
        made = registrations.register(
            workshop, email=email, given_name="Carlo", family_name="Po", proven=True
        )
    return made, f"/r/{registered.token(made)}"


def base(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/materials/"


def sent(**changes):
    values = {
        "title_it": "Slide",
        "title_en": "Slides",
        "session_id": "",
        "audience": "public",
        "version": "0",
    }
    return {**values, "file": (BytesIO(PDF), "mie slide.pdf"), **changes}


def test_ada_uploads_and_everybody_opens_it_as_an_attachment(client, desk, moda):
    workshop = scheduled(moda)
    page = f"/moda/workshops/{workshop.slug}"
    assert "Materiali" not in client.get(page).text
    assert "al massimo 20 MB" in desk.get(f"{base(workshop)}new").text
    assert desk.post(f"{base(workshop)}new", data=sent()).status_code == 303
    shown = client.get(page).text  # kept pages hear of it at once
    (row,) = db.session.scalars(select(Material))
    assert f"{page}/materials/{row.id}" in shown
    answer = client.get(f"{page}/materials/{row.id}")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (None, "Scegli il file."),
        ((b"", "vuoto.pdf"), "vuoto"),
        (
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png"),
            "Questo tipo di file non è accettato",
        ),
        ((b"<!doctype html><script>1</script>", "a.pdf"), "Questo tipo di file non è accettato"),
        ((b"MZ\x90\x00", "a.pdf"), "Questo tipo di file non è accettato"),
        ((b"PK\x03\x04zip", "a.zip"), "Questo tipo di file non è accettato"),
        ((b"%PDF-" + b"x" * (20 * 1024 * 1024), "a.pdf"), "Il file supera i 20 MB"),
    ],
    ids=["none", "empty", "svg", "html", "program", "zip", "large"],
)
def test_wrong_files_are_told_by_their_bytes_and_nothing_is_kept(desk, moda, file, message):
    workshop = scheduled(moda)
    data = (
        sent(file=(BytesIO(file[0]), file[1])) if file else {k: v for k, v in sent().items() if k != "file"}
    )
    answer = desk.post(f"{base(workshop)}new", data={**data, "title_it": "Il mio titolo"})
    assert (answer.status_code, message in answer.text, "Il mio titolo" in answer.text) == (422, True, True)
    db.session.rollback()
    assert db.session.scalars(select(Material)).all() == []
    assert db.session.scalars(select(StoredFile)).all() == []


def test_a_public_material_waits_for_its_time(client, moda, clock):
    workshop = scheduled(moda)
    page = f"/moda/workshops/{workshop.slug}"
    late, early = (
        add(workshop, after_end=True, title="Dopo"),
        add(workshop, title="Prima", content=PDF + b"2"),
    )
    assert [client.get(f"{page}/materials/{m.id}").status_code for m in (late, early)] == [404, 200]
    assert ("Prima" in client.get(page).text, "Dopo" in client.get(page).text) == (True, False)
    clock.move_to(workshop.ends_at)
    assert client.get(f"{page}/materials/{late.id}").status_code == 200
    assert "Dopo" in client.get(page).text


def test_of_a_draft_or_a_cancelled_workshop_nothing_opens(client, moda):
    draft = scheduled(moda, publish=False)
    material = add(draft)
    address = f"/moda/workshops/{draft.slug}/materials/{material.id}"
    assert client.get(address).status_code == 404
    with transaction():
        actions.publish(draft, by=None)
    assert client.get(address).status_code == 200
    with transaction():
        actions.cancel(draft, reason="Neve", by=None)
    assert client.get(address).status_code == 404


def test_a_material_opens_below_its_own_workshop_only(client, moda, nautica):
    first, second, theirs = scheduled(moda), scheduled(moda), scheduled(nautica)
    material = add(first)
    for path in (f"moda/workshops/{second.slug}", f"nautica/workshops/{theirs.slug}"):
        assert client.get(f"/{path}/materials/{material.id}").status_code == 404
    _one, mine = place(second)
    assert client.get(f"{mine}/materials/{material.id}").status_code == 404


def test_participants_open_theirs_by_their_link_and_nobody_else(client, moda, clock):
    workshop = scheduled(moda, seats=1)
    now, later = add(workshop, audience=PARTICIPANTS), add(
        workshop, audience=PARTICIPANTS, after_end=True, title="Dopo", content=PDF + b"2"
    )  # fmt: skip
    _carlo, mine = place(workshop)
    _lina, waiting = place(workshop, "lina@x.example")
    assert client.get(f"/moda/workshops/{workshop.slug}/materials/{now.id}").status_code == 404
    answer = client.get(f"{mine}/materials/{now.id}")
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    page = client.get(mine).text
    assert (f"{mine}/materials/{now.id}" in page, "Dopo" in page) == (True, False)
    for link in (waiting, "/r/forged", mine[:-2] + "xx"):
        assert client.get(f"{link}/materials/{now.id}").status_code == 404
    assert "Materiali" not in client.get(waiting).text
    clock.move_to(workshop.ends_at + timedelta(minutes=1))
    assert client.get(f"{mine}/materials/{later.id}").status_code == 200


def test_an_unproven_address_and_a_cancelled_one_open_nothing(client, moda):
    workshop = scheduled(moda)
    material = add(workshop, audience=PARTICIPANTS)
    registration, mine = place(workshop)
    with transaction():
        registration.proof_due = BEFORE + timedelta(days=1)
    assert client.get(f"{mine}/materials/{material.id}").status_code == 404
    with transaction():
        registration.proof_due = None
    assert client.get(f"{mine}/materials/{material.id}").status_code == 200
    with transaction():
        registrations.cancel(registration)
    assert client.get(f"{mine}/materials/{material.id}").status_code == 404


def test_once_the_books_are_closed_those_who_stayed_away_open_nothing(client, moda, ada, clock):
    workshop = scheduled(moda)
    material = add(workshop, audience=PARTICIPANTS)
    carlo, came = place(workshop)
    _lina, away = place(workshop, "lina@x.example")
    clock.move_to(workshop.ends_at + timedelta(hours=1))
    with transaction():
        attendance.tick(workshop, came=[carlo.id], by=ada)
    links = [f"{link}/materials/{material.id}" for link in (came, away)]
    assert [client.get(link).status_code for link in links] == [200, 200]  # nobody has said who came
    with transaction():
        db.session.add(Closing(workshop_id=workshop.id, by=ada.id, at=workshop.ends_at))
    db.session.expire_all()
    assert [client.get(link).status_code for link in links] == [200, 404]


def test_a_second_click_keeps_one_file(desk, moda):
    workshop = scheduled(moda)
    for _ in range(2):
        assert desk.post(f"{base(workshop)}new", data=sent()).status_code == 303
    assert len(db.session.scalars(select(Material)).all()) == 1
    assert len(db.session.scalars(select(StoredFile)).all()) == 1


def test_of_two_editors_the_second_is_told_and_a_new_file_takes_the_old_ones_place(client, desk, moda):
    workshop = scheduled(moda)
    material = add(workshop)
    edit = f"{base(workshop)}{material.id}"
    changed = sent(title_it="Nuove slide", version="1", file=(BytesIO(PDF + b" v2"), "v2.pdf"))
    assert desk.post(edit, data=changed).status_code == 303
    late = desk.post(edit, data=sent(title_it="Altre", version="1"))
    assert (late.status_code, "Qualcun altro" in late.text, 'value="Altre"' in late.text) == (422, True, True)
    db.session.rollback()
    assert client.get(f"/moda/workshops/{workshop.slug}/materials/{material.id}").data == PDF + b" v2"
    assert [f.name for f in db.session.scalars(select(StoredFile))] == ["v2.pdf"]
    kept = {k: v for k, v in sent(title_it="Solo il titolo", version="2").items() if k != "file"}
    assert desk.post(edit, data=kept).status_code == 303
    assert client.get(f"/moda/workshops/{workshop.slug}/materials/{material.id}").data == PDF + b" v2"


def test_deleting_asks_first_and_then_the_address_is_gone(client, desk, moda):
    workshop = scheduled(moda)
    material = add(workshop)
    address = f"/moda/workshops/{workshop.slug}/materials/{material.id}"
    assert "Eliminare questo file?" in desk.get(f"{base(workshop)}{material.id}/deletion").text
    assert client.get(address).status_code == 200
    assert desk.post(f"{base(workshop)}{material.id}/deletion").status_code == 303
    assert client.get(address).status_code == 404
    assert db.session.scalars(select(StoredFile)).all() == []


def test_a_material_of_a_removed_session_stays(moda):
    workshop = scheduled(moda, sessions=[session(rome(2027, 3, 11)), session(rome(2027, 3, 12))])
    last = workshop.sessions[1].id
    with transaction():
        material = materials.add(
            workshop, BytesIO(PDF), "a.pdf", by=None, title_it="A", title_en="", session_id=last,
            audience=PUBLIC, after_end=False,
        )  # fmt: skip
    assert material.session_id == last
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version,
                       sessions=[session(rome(2027, 3, 11), id=workshop.sessions[0].id)])  # fmt: skip
    db.session.refresh(material)
    assert material.session_id is None


def test_a_session_of_another_workshop_is_none(moda):
    workshop, other = scheduled(moda), scheduled(moda)
    with transaction():
        material = materials.add(
            workshop, BytesIO(PDF), "a.pdf", by=None, title_it="A", title_en="",
            session_id=other.sessions[0].id, audience=PUBLIC, after_end=False,
        )  # fmt: skip
    assert material.session_id is None


def test_dora_and_elio_change_nothing(dora, elio, sign_in, moda):
    workshop = scheduled(moda)
    material = add(workshop)
    hers, his = sign_in(dora), sign_in(elio)
    for path in ("", "new", f"{material.id}", f"{material.id}/file", f"{material.id}/deletion"):
        assert hers.get(base(workshop) + path).status_code == 404
    assert (his.get(base(workshop)).status_code, his.get(f"{base(workshop)}{material.id}/file").data) == (
        200,
        PDF,
    )
    assert his.post(f"{base(workshop)}{material.id}/deletion").status_code == 403
    assert len(db.session.scalars(select(Material)).all()) == 1


def test_the_pages_cost_the_same_for_1_and_for_40(client, desk, moda):
    workshop = scheduled(moda)
    pages = ((desk, base(workshop)), (client, f"/moda/workshops/{workshop.slug}?n=1"))
    add(workshop)
    for browser, page in pages:
        browser.get(page)
    one = [selects(browser, page) for browser, page in pages]
    for n in range(40):
        add(workshop, content=PDF + str(n).encode(), title=f"N{n}")
    assert [selects(browser, page) for browser, page in pages] == one
