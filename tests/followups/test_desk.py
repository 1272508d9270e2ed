"""The desk's pages of mails: ready set, writing with a preview, tests, two organisers, sending late."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event

from dissemination.delivery.models import Delivery
from dissemination.followups import jobs
from dissemination.followups.models import Anchor, MailRule, State
from dissemination.kernel.database import db, transaction
from tests import factories
from tests.followups import cast

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
FORM = {
    "number": "2", "unit": "hours", "side": "after", "anchor": "end", "states": ["attended"],
    "subject_it": "Grazie: {{ titolo }}", "body_it": "Buongiorno {{ nome }},\r\n\r\ngrazie.",
    "subject_en": "", "body_en": "", "version": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START - timedelta(days=20), tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, starts_at=START)


@pytest.fixture
def desk(sign_in, ada):
    browser = sign_in(ada)
    browser.get("/moda/desk/?lang=en")
    return browser


@pytest.fixture
def path(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/mails"


def rules():
    db.session.rollback()
    return db.session.scalars(db.select(MailRule).order_by(MailRule.id)).all()


def test_the_usual_mails_are_added_with_one_click_and_can_all_be_rendered(desk, path):
    assert "Add the usual mails" in desk.get(path).text
    assert desk.post(f"{path}/ready").status_code == 303
    found = rules()
    assert [(r.anchor, r.minutes, r.states) for r in found] == [
        (Anchor.START, -2880, ["confirmed"]), (Anchor.END, 120, ["attended"]),
        (Anchor.END, 1440, ["absent"]), (Anchor.END, 1440, ["attended"]),
    ]  # fmt: skip
    for rule in found:
        page = desk.get(f"{path}/{rule.id}").text
        assert "In Italian" in page
        assert "In English" in page
        assert "Buongiorno Carla" in desk.get(f"{path}/{rule.id}/preview/it").text
        assert "Dear Carla" in desk.get(f"{path}/{rule.id}/preview/en").text
    assert "already" in desk.post(f"{path}/ready", follow_redirects=True).text
    assert len(rules()) == 4


def test_a_mail_is_written_and_shown_with_its_time_and_people(desk, path, workshop):
    with transaction():
        cast.present(cast.registration(workshop, "carlo@a.example"))
    answer = desk.post(f"{path}/new", data=FORM)
    assert answer.status_code == 303
    rule = rules()[0]
    assert (rule.minutes, rule.body_it) == (120, "Buongiorno {{ nome }},\n\ngrazie.")
    page = desk.get(path).text
    assert "2 hours after the end" in page
    assert "11/03/2027 19:00, to 1 person as things stand now" in page


def test_what_is_wrong_is_named_and_what_was_written_is_kept(desk, path):
    body = "Ciao\r\n{{ nomme }} <b>"
    answer = desk.post(
        f"{path}/new", data=FORM | {"body_it": body, "subject_en": "Only a subject", "states": []}
    )
    assert answer.status_code == 422
    assert "Line 2: There is no field “nomme”. Did you mean “nome”?" in answer.text
    assert "{{ nomme }} &lt;b&gt;" in answer.text
    assert "Give both subject and text in English" in answer.text
    assert "Tick at least one group of people." in answer.text
    assert rules() == []


@pytest.mark.parametrize("number", ["-1", "201", "x", ""])
def test_a_time_out_of_reach_is_refused(desk, path, number):
    assert desk.post(f"{path}/new", data=FORM | {"number": number, "unit": "days"}).status_code == 422


def test_the_preview_shows_what_is_being_written_and_saves_nothing(desk, path):
    answer = desk.post(f"{path}/preview/it", data=FORM | {"body_it": "Buongiorno {{ nome }} <i>"})
    assert "Buongiorno Carla &lt;i&gt;" in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    broken = desk.post(f"{path}/preview/it", data=FORM | {"body_it": "{{ x"})
    assert "Line 1: “{{” opens a field that is not closed" in broken.text
    assert "Nothing is written yet." in desk.post(f"{path}/preview/en", data=FORM).text
    assert rules() == []


def test_a_test_goes_to_the_organiser_alone_and_does_not_count_as_sent(desk, path, workshop):
    with transaction():
        cast.registration(workshop, "carlo@a.example")
        rule = cast.rule(workshop, states=[State.CONFIRMED])
    english = {"subject_en": "Thanks", "body_en": "Dear {{ first_name }}"}
    answer = desk.post(f"{path}/tests", data=FORM | english | {"rule": rule.id})
    assert "2 tests are on their way to ada@moda.example." in answer.text
    db.session.rollback()
    found = db.session.execute(db.select(Delivery.address, Delivery.subject_id)).all()
    assert [tuple(row) for row in found] == [("ada@moda.example", rule.id)] * 2
    assert "to nobody yet" in desk.get(path).text


def test_the_second_of_two_organisers_is_told_and_nothing_is_overwritten(desk, path, workshop):
    with transaction():
        rule = cast.rule(workshop)
    assert desk.post(f"{path}/{rule.id}/edit", data=FORM | {"subject_it": "Prima"}).status_code == 303
    answer = desk.post(f"{path}/{rule.id}/edit", data=FORM | {"subject_it": "Seconda"})
    assert answer.status_code == 422
    assert "Somebody else changed this" in answer.text
    assert 'value="Seconda"' in answer.text
    assert "As it was saved by the other person" in answer.text
    assert rules()[0].subject_it == "Prima"


def test_pause_resume_and_take_out(desk, path, workshop):
    with transaction():
        rule = cast.rule(workshop)
    desk.post(f"{path}/{rule.id}/pause")
    assert [r.active for r in rules()] == [False]
    assert "paused" in desk.get(path).text
    desk.post(f"{path}/{rule.id}/resumption")
    assert [r.active for r in rules()] == [True]
    assert "Take the mail out?" in desk.get(f"{path}/{rule.id}/removal").text
    desk.post(f"{path}/{rule.id}/removal")
    assert rules() == []


def test_taking_out_calls_back_what_has_not_left_and_keeps_the_rest(desk, path, workshop, clock):
    with transaction():
        cast.registration(workshop, "carlo@a.example")
        rule = cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    clock.move_to(START - timedelta(days=2))
    jobs.send_due()
    page = desk.get(path).text
    assert "to 1 person, last on 09/03/2027 14:00" in page
    desk.post(f"{path}/{rule.id}/removal")
    db.session.rollback()
    delivery = db.session.scalars(db.select(Delivery)).one()
    assert delivery.state == "cancelled"
    assert desk.get(f"/moda/desk/mail/{delivery.id}").status_code == 200


def test_sending_late_asks_first_and_says_to_how_many(desk, path, workshop, clock):
    with transaction():
        for n in range(3):
            cast.present(cast.registration(workshop, f"p{n}@a.example"))
    clock.move_to(START + timedelta(days=3))
    with transaction():
        rule = cast.rule(workshop)
    assert "Send it now to 3 people" in desk.get(path).text
    assert "3 people get it now." in desk.get(f"{path}/{rule.id}/sending").text
    assert jobs.send_due() == 0
    desk.post(f"{path}/{rule.id}/sending")
    assert jobs.send_due() == 3
    assert "nothing to send by hand" in desk.post(f"{path}/{rule.id}/sending", follow_redirects=True).text


def test_the_mails_of_another_workshop_are_taken_along_once(desk, path, workshop, moda, nautica):
    with transaction():
        other = factories.workshop(moda, title="Altro", title_en="Altro", starts_at=START)
        foreign = factories.workshop(nautica, starts_at=START)
        cast.rule(other)
        cast.rule(other, minutes=60)
        cast.rule(foreign)
    assert "Altro" in desk.get(f"{path}/others").text
    for n in (2, 2):
        desk.post(f"{path}/others", data={"workshop": other.id})
        assert len([r for r in rules() if r.workshop_id == workshop.id]) == n
    desk.post(f"{path}/others", data={"workshop": foreign.id})
    assert len([r for r in rules() if r.workshop_id == workshop.id]) == 2


def test_rules_of_another_workshop_are_not_found(desk, path, moda):
    with transaction():
        rule = cast.rule(factories.workshop(moda, starts_at=START))
    pages = ["", "/edit", "/sending", "/removal", "/preview/it"]
    assert {desk.get(f"{path}/{rule.id}{page}").status_code for page in pages} == {404}
    posts = ["/edit", "/sending", "/removal", "/pause", "/resumption"]
    assert {desk.post(f"{path}/{rule.id}{page}").status_code for page in posts} == {404}


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


def test_the_list_makes_the_same_number_of_queries_for_one_and_for_many(desk, path, workshop, clock):
    with transaction():
        cast.registration(workshop, "p@a.example")
        cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    clock.move_to(START - timedelta(days=2))
    jobs.send_due()
    one = count(desk, path)
    with transaction():
        for n in range(30):
            cast.registration(workshop, f"p{n}@a.example")
            cast.rule(workshop, anchor=Anchor.START, minutes=-2880 - n, states=[State.CONFIRMED])
    jobs.send_due()
    assert count(desk, path) == one


def test_the_page_of_one_mail_makes_the_same_number_of_queries(desk, path, workshop, clock):
    with transaction():
        cast.registration(workshop, "p@a.example")
        rule = cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])
    clock.move_to(START - timedelta(days=2))
    jobs.send_due()
    one = count(desk, f"{path}/{rule.id}")
    with transaction():
        for n in range(30):
            cast.registration(workshop, f"p{n}@a.example")
    jobs.send_due()
    assert count(desk, f"{path}/{rule.id}") == one
