"""Who may answer, once, and what an anonymous answer leaves behind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import select, text

from dissemination.feedback import actions, queries, refusals
from dissemination.feedback.models import FeedbackAnswer, FeedbackAsked, Purpose
from dissemination.kernel.database import db, transaction
from dissemination.plan import actions as plan
from dissemination.plan import figures, periods
from dissemination.plan.log import Activity
from dissemination.plan.queries import current_plan
from dissemination.registrations.queries import token
from tests import factories
from tests.feedback.cast import AFTER, BODY, END, answers, give, link, of, people

NAMES = ("anna", "bruno", "clara", "dino", "elsa", "fabio", "gina")


@pytest.fixture(autouse=True)
def the_day_after():
    with time_machine.travel(AFTER, tick=False):
        yield


@pytest.fixture
def workshop(moda):
    with transaction():
        plan.adopt_catalogue(current_plan(moda.id))
        row = factories.workshop(moda)
        mill = factories.company(moda, "Filatura")
    people(row, NAMES, company=mill)
    people(row, ["assente"], came=False)
    return row


def log():
    db.session.rollback()
    return list(
        db.session.scalars(select(Activity).where(Activity.verb == "feedback.given").order_by(Activity.id))
    )


def test_who_was_there_answers_once(workshop, client):
    page = client.get(link("anna") + "?lang=en").get_data(as_text=True)
    assert "Your answers are anonymous." in page
    assert page.count("<fieldset") == 5
    assert client.post(link("anna"), data={**BODY, "q_improve": "Più tempo"}).status_code == 303
    assert "your answers have arrived" in client.get(link("anna") + "?lang=en").get_data(as_text=True)
    assert client.post(link("anna"), data=BODY).status_code == 409
    assert [a.answers for a in answers()] == [{"overall": "4", "improve": "Più tempo"}]


def test_who_was_not_there_or_comes_too_early_does_not(workshop, client):
    assert "for those who were present" in client.get(link("assente") + "?lang=en").get_data(as_text=True)
    assert client.post(link("assente"), data=BODY).status_code == 409
    with time_machine.travel(END - timedelta(minutes=1)):
        assert "not over yet" in client.get(link("anna") + "?lang=en").get_data(as_text=True)
        assert client.post(link("anna"), data=BODY).status_code == 409
    assert answers() == []


def test_forged_links_and_other_words_open_nothing(app, client):
    assert [client.get(p).status_code for p in ("/r/x/feedback", "/r/x/outcome", "/r/x/nothing")] == [404] * 3
    assert client.post("/r/x/feedback", data=BODY).status_code == 404


def test_of_two_at_once_one_is_kept(workshop, app):
    registration_id, barrier = of("anna").id, Barrier(2)
    with transaction():
        actions.ensure(workshop, Purpose.FEEDBACK)
    db.session.remove()

    def send(_n):
        with app.app_context():
            barrier.wait(timeout=10)
            try:
                with transaction():
                    registration = db.session.get(type(of("anna")), registration_id)
                    actions.answer(registration, Purpose.FEEDBACK, answers={"overall": "5"}, anonymous=True)
            except refusals.AnsweredAlready:
                return "refused"
            finally:
                db.session.remove()
            return "kept"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == ["kept", "refused"]
    assert len(answers()) == 1


# -- anonymity


def test_an_anonymous_answer_leads_to_nobody(workshop):
    give(workshop, NAMES[:6], improve="Testo")
    for row in answers():
        assert (row.registration_id, row.given_on) == (None, date(2027, 3, 12))
        assert len(row.id.removeprefix(queries.HELD_BACK)) in (30, 32)
    for row in log():
        assert (row.contact_id, row.company_id, row.recorded_by) == (None, None, None)
        assert set(row.attributes) == {"mode", "sector", "macro_area"}
        assert row.recorded_at.isoformat() == "2027-03-11T23:00:00+00:00"  # midnight in Prato: no hour
        assert row.happened_on == date(2027, 3, 11)


def test_rows_that_say_who_answered_are_there_before_anybody_answers(workshop, app):
    give(workshop, ["elsa"])
    rows = db.session.execute(select(FeedbackAsked.registration_id, FeedbackAsked.answered)).all()
    assert len(rows) == len(NAMES)
    assert [key for key, done in rows if done] == [of("elsa").id]
    if db.engine.dialect.name == "sqlite":  # their place in the file follows the registrations
        query = text("SELECT registration_id FROM feedback_asked ORDER BY rowid")
        assert db.session.scalars(query).all() == sorted(of(n).id for n in NAMES)


def test_the_log_learns_of_the_first_five_together_and_dv_05_counts_them(workshop):
    def dv_05():
        indicator = next(i for i in current_plan(workshop.district_id).indicators if i.code == "DV-05")
        figure = figures.figure(indicator, periods.read("2027-H1", indicator.plan))
        return figure.actual, figure.counted

    for n, name in enumerate(NAMES[:4], 1):
        give(workshop, [name], overall=str(n))
        assert (len(log()), dv_05()) == (0, (None, 0))
    give(workshop, [NAMES[4]], overall="5")
    assert sorted(int(row.amount) for row in log()) == [1, 2, 3, 4, 5]
    assert dv_05() == (3, 5)
    people(workshop, ["ida", "lea", "mara"])
    for name in (*NAMES[5:], "ida", "lea"):  # what the sixth said cannot be read from a mean that moved
        give(workshop, [name], overall="1")
        assert (len(log()), dv_05()) == (5, (3, 5))
    give(workshop, ["mara"], overall="1")
    assert (len(log()), dv_05()) == (10, (2, 10))


def test_the_order_in_the_log_is_not_the_order_of_answering(workshop, monkeypatch):
    ids = iter([*"vwxyz", *(letter * 32 for letter in "ebdac")])  # held back, then appearing
    monkeypatch.setattr(actions.secrets, "token_hex", lambda _n: next(ids))
    for n, name in enumerate(NAMES[:5], 1):
        give(workshop, [name], overall=str(n))
    assert [int(row.amount) for row in log()] == [4, 2, 5, 3, 1]
    assert [a.id[0] for a in queries.all_answers(queries.form_of(workshop, Purpose.FEEDBACK))] == [*"abcde"]


def test_answers_with_names_are_logged_at_once_with_their_giver(workshop):
    with transaction():
        actions.ensure(workshop, Purpose.FEEDBACK).anonymous = False
    give(workshop, ["anna"])
    assert [a.registration_id for a in answers()] == [of("anna").id]
    assert [(r.contact_id, r.company_id, int(r.amount)) for r in log()] == [
        (of("anna").contact_id, of("anna").company_id, 4)
    ]


def test_a_promise_that_changed_while_the_page_was_open_is_told_and_nothing_is_lost(workshop, client):
    with transaction():
        actions.ensure(workshop, Purpose.FEEDBACK).anonymous = False
    answer = client.post(link("anna") + "?lang=en", data={**BODY, "q_improve": "Meno slide"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Your answers are not anonymous." in page
    assert "Meno slide" in page
    assert 'name="anonymous" value="no"' in page
    assert answers() == []


# -- bad input


def test_a_missing_score_is_named_and_the_words_are_kept(workshop, client):
    answer = client.post(link("anna") + "?lang=en", data={"anonymous": "yes", "q_improve": "Più pause"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'href="#q_overall' in page
    assert "Più pause" in page


@pytest.mark.parametrize(
    "wrong", [{"q_overall": "6"}, {"q_overall": "0"}, {"q_contents": "viele"}, {"q_improve": "x" * 2001}]
)
def test_what_cannot_be_an_answer_is_refused(workshop, client, wrong):
    assert client.post(link("anna"), data={**BODY, **wrong}).status_code == 422
    assert answers() == []


def test_the_action_itself_wants_the_overall_score(workshop):
    with pytest.raises(refusals.NoOverall), transaction():
        actions.answer(of("anna"), Purpose.FEEDBACK, answers={"improve": "x"}, anonymous=True)
    with pytest.raises(refusals.NothingAnswered), transaction():
        actions.answer(of("anna"), Purpose.FEEDBACK, answers={}, anonymous=True)


def test_a_closed_form_takes_no_answers(workshop, client):
    with transaction():
        actions.close(workshop, Purpose.FEEDBACK)
    assert "This form is closed" in client.get(link("anna") + "?lang=en").get_data(as_text=True)
    assert client.post(link("anna"), data=BODY).status_code == 409
    with transaction():
        actions.reopen(workshop, Purpose.FEEDBACK)
    assert client.post(link("anna"), data=BODY).status_code == 303


def test_a_question_taken_away_while_somebody_answers_is_still_heard(workshop, client):
    give(workshop, ["bruno"], contents="5")
    page = client.get(link("anna"))
    assert 'name="q_contents"' in page.get_data(as_text=True)
    with transaction():
        form = actions.ensure(workshop, Purpose.FEEDBACK)
        rows = [{**q, "choices": []} for q in form.questions if q["key"] != "contents"]
        actions.revise(workshop, Purpose.FEEDBACK, rows=rows, anonymous=True, version=form.version)
    assert 'name="q_contents"' not in client.get(link("anna")).get_data(as_text=True)
    assert client.post(link("anna"), data={**BODY, "q_contents": "2"}).status_code == 303
    assert sorted(a.answers["contents"] for a in answers()) == ["2", "5"]


# -- the personal page and asking


def test_the_personal_page_has_the_link_of_who_lost_it(workshop, client):
    page = f"/r/{token(of('anna'))}?lang=en"
    assert link("anna") in client.get(page).get_data(as_text=True)
    give(workshop, ["anna"])
    assert "You have answered. Thank you!" in client.get(page).get_data(as_text=True)
    absent = client.get(f"/r/{token(of('assente'))}?lang=en").get_data(as_text=True)
    assert "Give feedback" not in absent


def test_erased_people_are_neither_asked_nor_heard(workshop, client):
    with transaction():
        of("anna").purged_at = AFTER
        actions.ask(workshop, None)
    assert "anna@x.example" not in mails()
    assert client.post(link("anna"), data=BODY).status_code == 409


def mails():
    from dissemination.delivery.models import Delivery

    db.session.rollback()
    return sorted(db.session.scalars(select(Delivery.address)))


def test_each_is_asked_once_and_not_who_answered_by_herself(workshop, ada):
    give(workshop, ["gina"])
    with transaction():
        assert actions.ask(workshop, ada) == 6
    with transaction():
        assert actions.ask(workshop, ada) == 0
    assert mails() == sorted(f"{n}@x.example" for n in NAMES if n != "gina")
    people(workshop, ["tardi"])
    with transaction():
        assert actions.ask(workshop, ada) == 1


def test_nobody_is_asked_before_the_end_or_when_the_form_is_closed(workshop, ada):
    with time_machine.travel(END - timedelta(minutes=1)), pytest.raises(refusals.NotYet), transaction():
        actions.ask(workshop, ada)
    with transaction():
        actions.close(workshop, Purpose.FEEDBACK)
    with pytest.raises(refusals.FormClosed), transaction():
        actions.ask(workshop, ada)
    assert mails() == []


def test_the_mail_says_what_is_promised_in_both_languages(workshop):
    from dissemination.delivery import letters
    from dissemination.delivery.mail import Mail
    from dissemination.delivery.models import Delivery

    with transaction():
        of("anna").language = "en"
        actions.ask(workshop, None)
    rows = {d.address: d for d in db.session.scalars(select(Delivery))}
    said = {}
    for name in ("anna", "bruno"):
        row = rows[f"{name}@x.example"]
        said[name] = letters.render_parts(Mail.from_source(row.letter.source), row.merge)[0]
        assert link(name) in said[name]
    assert rows["anna@x.example"].letter.subject == "How was it? Textile traceability"
    assert rows["bruno@x.example"].letter.subject == "Com'è andata? Tracciabilità dei tessuti"
    assert "Your answers are anonymous: we keep that you answered, not what." in said["anna"]
    assert "Le tue risposte sono anonime: conserviamo che hai risposto, non che cosa." in said["bruno"]


def test_response_rate_is_of_those_present(workshop):
    give(workshop, NAMES[:3])
    response = queries.response(workshop, Purpose.FEEDBACK)
    assert (response.n, response.of, response.rate) == (3, 7, 43)
    assert db.session.query(FeedbackAnswer).count() == 3
