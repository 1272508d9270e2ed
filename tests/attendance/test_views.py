"""The attendance page: ticks, walk-ins, evidence, the sheet, closing and opening again."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import select

from dissemination.attendance import actions, queries
from dissemination.kernel.database import db, transaction
from dissemination.plan import actions as plan
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.queries import current_plan
from dissemination.registrations import actions as registrations
from dissemination.workshops.models import State, WorkshopSession
from tests import factories

START = factories.DAY
AFTER = START + timedelta(hours=4)
PDF = b"%PDF-1.7\n%foglio firme"


@pytest.fixture
def room(moda):
    """A workshop that is over, with two confirmed people."""
    with transaction():
        plan.adopt_catalogue(current_plan(moda.id))
        workshop = factories.workshop(moda, title="Tessuti")
        mill = factories.company(moda, "Filatura Rossi")
    with time_machine.travel(START - timedelta(days=9)):
        for given, family, company in (("Carlo", "Bini", mill), ("Lina", "Zeta", None)):
            with transaction():
                registrations.register(
                    workshop,
                    email=f"{given}@x.example",
                    given_name=given,
                    family_name=family,
                    company=company,
                )
    with time_machine.travel(AFTER):
        yield workshop


@pytest.fixture
def desk(ada, room, sign_in):
    return sign_in(ada)


def at(room, path=""):
    return f"/moda/desk/workshops/{room.slug}/attendance{path}"


def ids(room):
    return [r.id for r in queries.people(room)]


def upload(desk, room, data=PDF, name="../foglio firme.pdf", code="attendance_sheet"):
    form = {"code": code, "file": (BytesIO(data), name), "note": "Prima pagina"}
    return desk.post(at(room, "/evidence"), data=form, content_type="multipart/form-data")


def close(desk, room, **changes):
    times = {"started_on": "2027-03-11", "started_at": "14:05", "ended_on": "2027-03-11", "ended_at": "16:50"}
    return desk.post(at(room, "/closing"), data={**times, "how": "count", **changes})


def test_ada_ticks_uploads_and_closes(desk, room):
    carlo, _lina = ids(room)
    page = desk.get(at(room)).text
    assert page.index("Bini Carlo") < page.index("Zeta Lina")
    assert "Filatura Rossi" in page
    assert desk.post(at(room, "/ticks"), data={"present": [carlo]}).status_code == 302
    refused = close(desk, room)
    assert refused.status_code == 422
    assert "Non può ancora essere conteggiato. Manca:" in refused.text
    assert "<li>Foglio firme</li></ul>" in refused.text.replace("\n", "").replace("  ", "")
    assert room.closing is None
    assert upload(desk, room).status_code == 302
    for _ in range(2):  # a double submit
        assert close(desk, room).status_code == 302
    db.session.expire_all()
    assert room.state is State.CLOSED
    assert room.closing.started_at == START + timedelta(minutes=5)
    verbs = list(db.session.scalars(select(Activity.verb).where(Activity.verb.not_like("registration%"))))
    assert sorted(verbs) == ["attendance.absent", "attendance.present", "workshop.held"]
    assert "Chiuso il 11/03/2027" in desk.get(at(room)).text


def test_unticking_frees_and_what_was_not_shown_stays(desk, room):
    carlo, lina = ids(room)
    with transaction():
        actions.tick(room, came=[carlo, lina], by=None)
    found = desk.get(at(room, "?q=zeta")).text
    assert ("Zeta Lina" in found, "Bini Carlo" in found) == (True, False)
    desk.post(at(room, "/ticks"), data={"was": [lina], "q": "zeta"})
    assert queries.present_ids(room) == {carlo}
    desk.post(at(room, "/ticks"), data={"present": ["x", "-1", "9" * 30]})
    assert queries.present_ids(room) == {carlo}


def test_somebody_who_came_without_a_seat_is_added_once(desk, room):
    person = {"given_name": "Eva", "family_name": "Po", "email": "eva@x.example", "form_mark": "m1",
              "tax_id": factories.tax_id(77), "company_name": "Maglificio Po"}  # fmt: skip
    for _ in range(2):
        assert desk.post(at(room, "/walk-ins"), data=person).status_code == 302
    eva = next(r for r in queries.people(room) if r.contact.given_name == "Eva")
    assert (eva.company.name, queries.present_ids(room)) == ("Maglificio Po", {eva.id})
    wrong = desk.post(at(room, "/walk-ins"), data={**person, "email": "no", "tax_id": "12345678901"})
    assert wrong.status_code == 422
    assert "Questa partita IVA non è valida" in wrong.text
    assert 'value="Maglificio Po"' in wrong.text


def test_a_file_is_known_by_its_bytes_and_comes_back_as_an_attachment(desk, room):
    assert upload(desk, room).status_code == 302
    proof = db.session.scalars(select(Evidence)).one()
    answer = desk.get(at(room, f"/evidence/{proof.id}"))
    assert (answer.data, answer.content_type) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="foglio firme.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for data in (b"<html><script>alert(1)</script>", b"", b"MZ\x90"):
        wrong = upload(desk, room, data, "foglio.pdf")
        assert wrong.status_code == 422
        assert "Questo tipo di file non è accettato" in wrong.text or "Il file è vuoto" in wrong.text
    assert desk.post(at(room, "/evidence"), data={"code": "attendance_sheet"}).status_code == 422
    assert upload(desk, room, code="presence").status_code == 422  # computed, not proven by a file
    assert len(db.session.scalars(select(Evidence)).all()) == 1
    assert desk.get(at(room, "/evidence/0")).status_code == 404


def test_wrong_evidence_is_removed_with_its_reason_and_counts_no_more(desk, room):
    desk.post(at(room, "/ticks"), data={"present": ids(room)})
    upload(desk, room)
    proof = db.session.scalars(select(Evidence)).one()
    page = at(room, f"/evidence/{proof.id}/removal")
    assert desk.get(page).status_code == 200
    assert desk.post(page, data={"reason": " "}).status_code == 422
    assert desk.post(page, data={"reason": "Foglio di un altro workshop"}).status_code == 303
    db.session.expire_all()
    assert (proof.removed_because, proof.removed_at is not None) == ("Foglio di un altro workshop", True)
    shown = desk.get(at(room)).text
    assert "Foglio di un altro workshop" in shown
    assert desk.get(at(room, f"/evidence/{proof.id}")).data == PDF
    assert close(desk, room).status_code == 422  # the sheet is missing again


def test_the_file_on_which_it_was_closed_is_replaced_before_it_is_removed(desk, room):
    desk.post(at(room, "/ticks"), data={"present": ids(room)})
    upload(desk, room)
    assert close(desk, room).status_code == 302
    proof = db.session.scalars(select(Evidence)).one()
    page = at(room, f"/evidence/{proof.id}/removal")
    refused = desk.post(page, data={"reason": "Illeggibile"})
    assert refused.status_code == 422
    assert "Illeggibile" in refused.text
    db.session.expire_all()
    assert proof.removed_at is None
    upload(desk, room, PDF + b"2")
    assert desk.post(page, data={"reason": "Illeggibile"}).status_code == 303


def test_evidence_of_one_workshop_is_not_found_at_another(desk, room, moda):
    upload(desk, room)
    proof = db.session.scalars(select(Evidence)).one()
    with transaction():
        other = factories.workshop(moda)
    assert desk.get(at(other, f"/evidence/{proof.id}")).status_code == 404


def test_closing_without_counting_needs_the_reason(desk, room):
    assert close(desk, room, how="without", without_counting=" ").status_code == 422
    assert room.closing is None
    page = close(desk, room, how="without", without_counting="Foglio perso", started_on="", started_at="",
                 ended_on="", ended_at="")  # fmt: skip
    assert page.status_code == 302
    db.session.expire_all()
    assert room.closing.not_counted == "Foglio perso"
    assert "Non viene conteggiato: Foglio perso" in desk.get(at(room)).text


def test_on_several_dates_each_date_has_its_own_ticks(desk, room):
    with transaction():
        begin, end = START + timedelta(days=1), START + timedelta(days=1, hours=2)
        db.session.add(
            WorkshopSession(workshop_id=room.id, title_it="Secondo giorno", starts_at=begin, ends_at=end)
        )
        room.ends_at = end
    db.session.refresh(room)
    carlo, lina = ids(room)
    with time_machine.travel(START + timedelta(days=2)):
        desk.post(at(room, "/ticks"), data={"present-0": [carlo, lina], "present-1": [carlo]})
        assert queries.minutes_present(room) == {carlo: 300, lina: 180}
        page = desk.get(at(room)).text
        assert [page.count(f'name="was-{n}" value="{lina}"') for n in (0, 1)] == [1, 0]
        changed = {"was-0": [carlo, lina], "was-1": [carlo], "present-0": [lina], "present-1": [carlo]}
        desk.post(at(room, "/ticks"), data=changed)
        assert queries.minutes_present(room) == {carlo: 120, lina: 180}
        desk.post(at(room, "/ticks"), data={"was-1": [carlo]})
    assert queries.present_ids(room) == {lina}


def test_the_report_of_the_platform_is_shown_first_and_taken_in_as_a_whole(desk, room):
    with transaction():
        room.online_url = "https://meet.example/x"
    carlo, _lina = ids(room)
    head = "Name,Email,Join time,Leave time\n"
    good = "Carlo Bini,,2027-03-11 14:00:00,2027-03-11 15:30:00\n"
    stranger = "Altra Persona,a@b.example,2027-03-11 14:00:00,2027-03-11 15:00:00\n"

    def look(text):
        data = {"report": (BytesIO(text.encode()), "report.csv")}
        return desk.post(at(room, "/report"), data=data, content_type="multipart/form-data")

    refused = look(head + good + "Lina Zeta,,ieri,oggi\n")
    assert (refused.status_code, 'name="token"' in refused.text, "ieri" in refused.text) == (200, False, True)
    page = look(head + good + stranger)
    token = re.search(r'name="token" value="([^"]+)"', page.text).group(1)
    assert queries.presences(room) == {}
    assert desk.post(at(room, "/times"), data={"token": token}).status_code == 303
    assert queries.minutes_present(room) == {carlo: 90}
    desk.post(at(room, "/times"), data={"token": token[:-3] + "abc"})
    assert queries.minutes_present(room) == {carlo: 90}
    assert "online 14:00–15:30" in " ".join(desk.get(at(room)).text.split())
    assert look("").status_code == 422
    assert look("Name,Email\n").status_code == 422


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"started_at": ""}, "Indica la data e l&#39;ora"),
        ({"ended_at": "13:00"}, "L&#39;inizio effettivo deve precedere"),
        ({"started_at": "24:00"}, "Le 24:00 non esistono"),
        ({"ended_on": "2027-03-28", "ended_at": "02:30"}, "lancette vanno avanti"),
    ],
)
def test_wrong_times_are_said_at_the_field_and_kept(desk, room, changes, message):
    answer = close(desk, room, **changes)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'value="2027-03-11"' in answer.text
    assert room.closing is None


def test_before_its_end_it_cannot_be_closed(ada, room, sign_in):
    with time_machine.travel(START + timedelta(hours=1)):
        desk = sign_in(ada)
        assert "Si può chiudere quando è terminata" in desk.get(at(room)).text
        assert close(desk, room, how="without", without_counting="x").status_code == 422
    assert room.closing is None


def test_only_a_manager_opens_it_again(desk, bice, room, sign_in):
    close(desk, room, how="without", without_counting="Foglio perso")
    page = at(room, "/reopening")
    assert (desk.get(page).status_code, desk.post(page, data={"reason": "x"}).status_code) == (403, 403)
    hers = sign_in(bice)
    assert hers.get(page).status_code == 200
    assert hers.post(page, data={"reason": ""}).status_code == 422
    assert hers.post(page, data={"reason": "Foglio ritrovato"}).status_code == 302
    assert "Foglio ritrovato" in hers.get(at(room)).text
    assert "Da chiudere" in hers.get(at(room)).text


PAGES = ("", "/sheet.pdf", "/badges.pdf", "/evidence/1", "/evidence/1/removal", "/reopening")
POSTS = (
    "/ticks", "/walk-ins", "/seats", "/evidence", "/evidence/1/removal", "/report", "/times", "/closing", "/reopening",
)  # fmt: skip


def test_dora_is_refused_everywhere(dora, room, sign_in, client):
    hers = sign_in(dora)
    assert {hers.get(at(room, p)).status_code for p in PAGES} == {404}
    assert {hers.post(at(room, p)).status_code for p in POSTS} == {404}
    assert {client.get(at(room, p)).status_code for p in PAGES} == {302}


def test_elio_reads_and_changes_nothing(elio, room, sign_in):
    his = sign_in(elio)
    page = his.get(at(room))
    assert page.status_code == 200
    assert 'name="present"' not in page.text
    assert {his.post(at(room, p)).status_code for p in POSTS} == {403}
