"""The door's page, its list, its batches, and its plain forms."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import event, func, select

from dissemination.attendance import actions, codes, queries
from dissemination.attendance.models import Scan
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Contact
from dissemination.registrations import actions as registrations
from dissemination.registrations.models import Standing
from tests import factories

START = factories.DAY


@pytest.fixture
def room(moda):
    """It has just begun; Carlo and Lina have seats, Ugo waits."""
    with transaction():
        workshop = factories.workshop(moda, seats=2)
        mill = factories.company(moda, "Filatura Rossi")
    with time_machine.travel(START - timedelta(days=9)):
        for given, family in (("Carlo", "Dell'Àquila"), ("Lina", "Zeta"), ("Ugo", "Po")):
            with transaction():
                registrations.register(
                    workshop, email=f"{given.lower()}@x.example", given_name=given, family_name=family,
                    company=mill, proven=True,
                )  # fmt: skip
    with time_machine.travel(START, tick=False):
        yield workshop


@pytest.fixture
def desk(ada, room, sign_in):
    return sign_in(ada)


def at(room, path=""):
    return f"/moda/desk/workshops/{room.slug}/door{path}"


def code_of(room, name):
    rows = actions.registration_ids(room)
    contacts = {r.id: r.contact for r in queries.people(room)} | {
        r.id: r.contact for r in registrations.queries.waiting(room)
    }
    return next(code for code, i in rows.items() if i in contacts and contacts[i].given_name == name)


def ms(moment):
    return int(moment.timestamp() * 1000)


def item(room, name="Carlo", minute=0, move="in", **values):
    moment = ms(START + timedelta(minutes=minute))
    code = {} if "person" in values else {"code": code_of(room, name), "move": move}
    return {"id": str(uuid4()), "at": moment, "offset": 0} | code | values


def send(desk, room, *items, **values):
    answer = desk.post(at(room, "/scans"), json={"sent_at": ms(START), "scans": items, **values})
    assert answer.status_code == 200
    return [a["outcome"] for a in answer.json["answers"]]


def present(room):
    there = queries.present_ids(room)
    return sorted(r.contact.given_name for r in queries.people(room) if r.id in there)


def test_the_list_names_people_and_no_address(desk, room):
    answer = desk.get(at(room, "/list"))
    people = answer.json["people"]
    assert [(p["name"], p["standing"], p["company"], p["acts"]) for p in people] == [
        ("Dell'Àquila Carlo", "confirmed", "Filatura Rossi", []),
        ("Zeta Lina", "confirmed", "Filatura Rossi", []),
        ("Po Ugo", "waiting", "Filatura Rossi", []),
    ]  # fmt: skip
    assert "dell'aquila carlo" in people[0]["find"]
    assert ("@x.example" in answer.text, answer.headers["X-Now"]) == (False, str(ms(START)))
    assert (answer.json["open"], answer.json["closed"]) == (True, False)
    assert answer.json["leaves_phone_at"] == ms(room.ends_at + timedelta(days=2))


def test_an_unchanged_list_is_not_sent_again(desk, room):
    etag = desk.get(at(room, "/list")).headers["ETag"]
    again = desk.get(at(room, "/list"), headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["X-CSRFToken"]
    send(desk, room, item(room))
    changed = desk.get(at(room, "/list"), headers={"If-None-Match": etag})
    assert (changed.status_code, [a[1] for a in changed.json["people"][0]["acts"]]) == (200, ["in"])


def test_a_batch_is_answered_item_by_item_and_one_bad_one_stops_nobody(desk, room):
    good, person = item(room), {"given_name": "Eva", "family_name": "Po"}
    bad = [
        None, [], "x", {}, {"id": "no"}, {"id": str(uuid4())}, item(room, at="soon"), item(room, at=1e300),
        item(room, at=True), item(room, at=0), item(room, code="' OR 1=1"), item(room, move="fly"),
        item(room, move="undo"), item(room, move="undo", undoes="x"), item(room, person={"given_name": "Eva"}),
        item(room, person=person | {"email": "no"}),
        item(room, person=person | {"family_name": "x" * 101}),
    ]  # fmt: skip
    said = send(desk, room, *bad, good, item(room, code="A" * 16), item(room, person=person))
    assert said.count("invalid") == len(
        {str(b.get("id", ""))[:36] if isinstance(b, dict) else "" for b in bad}
    )
    assert sorted(o for o in said if o != "invalid") == ["accepted", "accepted", "unknown"]
    assert present(room) == ["Carlo", "Eva"]


def test_what_is_no_batch_is_refused_as_a_whole(desk, room):
    bodies = [None, [], 1, {}, {"scans": 1}, {"scans": [item(room)] * 201}]
    assert [desk.post(at(room, "/scans"), json=body).status_code for body in bodies] == [400] * 6
    assert desk.post(at(room, "/scans"), data="{", content_type="application/json").status_code == 400
    big = "x" * 600_000
    assert desk.post(at(room, "/scans"), json={"scans": [], "device": big}).status_code == 413
    assert desk.post(at(room, "/scans"), json={"scans": []}).json["answers"] == []
    assert db.session.scalar(select(func.count()).select_from(Scan)) == 0


def test_a_phone_whose_clock_is_wrong_is_put_right(desk, room):
    two_hours = 2 * 3600 * 1000
    # Its clock was two hours ahead when they last spoke; another phone's is so now.
    send(desk, room, item(room, "Carlo", minute=110, offset=-two_hours))
    with time_machine.travel(START + timedelta(hours=1), tick=False):
        late = item(room, "Lina", minute=140, offset=None)
        send(desk, room, late, sent_at=ms(START + timedelta(hours=3)))
    stays = queries.stays(room)
    came = {r.contact.given_name: stays[r.id][0].came_at for r in queries.people(room) if r.id in stays}
    assert came == {"Carlo": START - timedelta(minutes=10), "Lina": START + timedelta(minutes=20)}


def test_a_phone_that_comes_back_a_day_later_is_taken_in_and_twice_is_once(desk, room):
    batch = [item(room, "Carlo", 5), item(room, "Lina", 6), item(room, "Lina", 100, "out")]
    with time_machine.travel(START + timedelta(days=1)):
        assert send(desk, room, *reversed(batch)) == ["accepted"] * 3
        assert send(desk, room, *batch) == ["repeated"] * 3
    ids = {r.contact.given_name: r.id for r in queries.people(room)}
    assert queries.minutes_present(room) == {ids["Carlo"]: 175, ids["Lina"]: 94}


def test_who_came_unregistered_is_added_once_and_without_an_address(desk, room):
    eva = item(room, person={"given_name": "Eva", "family_name": "Po", "company_name": "Maglificio Po"})
    assert send(desk, room, eva) == ["accepted"]
    assert send(desk, room, eva) == ["repeated"]
    again = item(room, person={"given_name": "Lina", "family_name": "Zeta", "email": "LINA@x.example"})
    assert send(desk, room, again) == ["accepted"]  # she is registered: only noted present
    assert present(room) == ["Eva", "Lina"]
    people = {r.contact.given_name: r for r in queries.people(room)}
    assert (people["Eva"].company.name, people["Eva"].standing) == ("Maglificio Po", Standing.CONFIRMED)
    assert people["Eva"].contact.email.endswith("@no-mail.invalid")
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 4


def test_after_the_closing_acts_are_kept_and_newcomers_wait_on_the_phone(desk, room, ada):
    with time_machine.travel(START + timedelta(hours=4)):
        with transaction():
            actions.close(room, by=ada, started_at=None, ended_at=None, without_counting="x")
        eva = item(room, person={"given_name": "Eva", "family_name": "Po"})
        assert send(desk, room, item(room, "Lina"), eva) == ["not_now", "closed"]
        page = desk.get(f"/moda/desk/workshops/{room.slug}/attendance").text
        assert "Lina Zeta" in page[: page.index('id="people"')]
        assert desk.get(at(room, "/list")).json["closed"] is True


def test_the_worker_may_serve_this_door_and_says_what_to_keep(desk, room):
    answer = desk.get(at(room, "/worker.js"))
    assert answer.headers["Service-Worker-Allowed"] == at(room)
    assert answer.content_type.startswith("text/javascript")
    first = answer.text.splitlines()[0]
    assert first.startswith('const DOOR = {"page": "' + at(room))
    assert "checkin.js?v=" in first
    assert "missing" not in first


def test_the_camera_may_be_used_on_this_page_only(desk, room):
    assert "camera=(self)" in desk.get(at(room)).headers["Permissions-Policy"]
    assert (
        "camera=()" in desk.get(f"/moda/desk/workshops/{room.slug}/attendance").headers["Permissions-Policy"]
    )


def test_the_page_itself_holds_no_name(desk, room):
    assert "Zeta" not in desk.get(at(room)).text  # it is kept on the phone; the list is apart
    assert "Zeta" in desk.get(at(room, "?plain=1")).text


def test_without_script_one_button_per_person_checks_in_out_and_back(desk, room):
    def press(path, name, **values):
        answer = desk.post(at(room, path), data={"code": code_of(room, name), **values})
        return answer.status_code, answer.location

    page = desk.get(at(room, "?plain=1&q=DELL+AQUILA"))
    assert "Dell&#39;Àquila" not in page.text  # two words apart are not one with an apostrophe
    assert "Àquila" in desk.get(at(room, "?plain=1&q=aquila")).text
    assert press("/arrivals", "Carlo", q="aquila") == (303, at(room, "?plain=1&q=aquila"))
    press("/arrivals", "Ugo")
    assert present(room) == ["Carlo", "Ugo"]
    with time_machine.travel(START + timedelta(minutes=30), tick=False):
        press("/departures", "Carlo")
    ids = {r.contact.given_name: r.id for r in queries.people(room)}
    assert queries.minutes_present(room)[ids["Carlo"]] == 30
    with time_machine.travel(START + timedelta(minutes=31), tick=False):
        press("/corrections", "Carlo")
        assert queries.minutes_present(room)[ids["Carlo"]] == 180
        press("/corrections", "Carlo")
        press("/corrections", "Carlo")
        assert present(room) == ["Ugo"]
        assert desk.post(at(room, "/arrivals"), data={"code": "x"}).status_code == 404
        added = desk.post(at(room, "/walk-ins"), data={"given_name": "Eva", "family_name": "Po"})
        assert (added.status_code, present(room)) == (303, ["Eva", "Ugo"])
        wrong = desk.post(at(room, "/walk-ins"), data={"given_name": "Eva", "email": "no"})
        assert (wrong.status_code, 'value="Eva"' in wrong.text) == (422, True)


@pytest.mark.parametrize("path", ["?plain=1", "/list", "/../attendance"])
def test_the_same_queries_for_one_person_and_for_many(desk, room, path):
    def queries_made():
        made = []
        listener = lambda *a: made.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        assert desk.get(at(room, path).replace("door/../", "")).status_code == 200
        event.remove(db.engine, "before_cursor_execute", listener)
        return len(made)

    send(desk, room, item(room))
    few = queries_made()
    with time_machine.travel(START - timedelta(days=1)):
        for n in range(9):
            with transaction():
                registrations.register(
                    room,
                    email=f"n{n}@x.example",
                    given_name="N",
                    family_name="N",
                    company_name=f"C{n}",
                    proven=True,
                )
    send(desk, room, *[item(room, "Lina", n) for n in range(9)])
    assert queries_made() == few


def test_the_observer_reads_and_records_nothing(elio, room, sign_in):
    his = sign_in(elio)
    assert his.get(at(room, "?plain=1")).status_code == 200
    assert '<form method="post" action="' + at(room) not in his.get(at(room, "?plain=1")).text
    paths = ("/scans", "/arrivals", "/departures", "/corrections", "/walk-ins")
    assert {his.post(at(room, p)).status_code for p in paths} == {403}


def test_dora_is_refused_everywhere(dora, room, sign_in):
    hers = sign_in(dora)
    assert {hers.get(at(room, p)).status_code for p in ("", "?plain=1", "/list", "/worker.js")} == {404}
    paths = ("/scans", "/arrivals", "/departures", "/corrections", "/walk-ins")
    assert {hers.post(at(room, p)).status_code for p in paths} == {404}


def test_somebody_of_another_workshop_is_unknown_here(desk, room, moda):
    with time_machine.travel(START - timedelta(days=1)):
        with transaction():
            other = factories.workshop(moda, title="Altro")
        with transaction():
            eva = registrations.register(
                other, email="e@x.example", given_name="E", family_name="R", proven=True
            )
    assert send(desk, room, item(room, code=codes.code(eva.public_id))) == ["unknown"]
    assert desk.post(at(room, "/arrivals"), data={"code": codes.code(eva.public_id)}).status_code == 404


@pytest.mark.parametrize(
    "body", ["[" * 50_000, '{"scans":' * 20_000 + "1" + "}" * 20_000, "null", "{", '"\\ud800"']
)
def test_a_body_that_is_no_batch_is_refused(desk, room, body):
    answer = desk.post(at(room, "/scans"), data=body, content_type="application/json")
    assert answer.status_code == 400


def test_what_no_database_takes_does_not_stop_the_others_of_a_batch(desk, room):
    half = {
        "given_name": "Zoe\ud83d",
        "family_name": "Ne\0ri\udc00",
        "job_title": ["\ud800"],
        "email": {"a": 1},
    }
    odd = [item(room, code="\ud800" * 20), item(room, person=half), item(room, id="\udc00" * 36)]
    assert send(desk, room, *odd, item(room, "Lina"), device="\ud800\0x")[-1] == "accepted"
    assert present(room) == ["Lina"]
    named = {"given_name": "Zoe\ud83d", "family_name": "Ne\0ri"}
    assert send(desk, room, item(room, person=named)) == ["accepted"]
    assert present(room) == ["Lina", "Zoe"]


@pytest.mark.parametrize("number", ["²", "9" * 14, "9" * 30, "-1"])
def test_a_number_that_is_none_ticks_nobody(desk, room, number):
    page = f"/moda/desk/workshops/{room.slug}"
    assert desk.post(f"{page}/attendance/ticks", data={"present": number, "was": number}).status_code == 302
    assert desk.post(f"{page}/guests/contacts", data={"contact": number}).status_code in (303, 422)
    session = {"id": number, "title_it": "x", "day": "2027-03-11", "start": "14:00", "end": "15:00"}
    sent = {f"sessions-0-{name}": value for name, value in session.items()}
    assert desk.post(f"{page}/edit", data=sent).status_code == 422
    assert present(room) == []
