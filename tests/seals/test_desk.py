"""The page of the log: its head, heads on paper, verifications asked for and done, corrections."""

from datetime import UTC, datetime

import pytest
import time_machine

from dissemination.delivery import outbox
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from dissemination.seals import jobs, queries
from dissemination.seals import mails as seals_mails
from dissemination.seals.models import LogCheck, LogHead, Place
from tests.seals.test_verifying import tamper

URL = "/moda/desk/plan/log"


def text(page):
    return " ".join(page.text.split())


def test_an_empty_log_says_when_it_will_be_sealed(moda, ada, sign_in):
    page = sign_in(ada).get(URL)
    assert "Nulla è ancora sigillato" in text(page)


def test_the_page_shows_the_head_and_why_rows_were_taken_back(moda, log, ada, sign_in):
    page = text(sign_in(ada).get(URL))
    assert queries.head(moda.id).printed in page
    assert "contato due volte" in page
    assert "Ada" in page


def test_a_head_is_printed_and_remembered(moda, log, ada, sign_in):
    browser = sign_in(ada)
    answer = browser.post(f"{URL}/heads")
    assert answer.status_code == 303
    head = db.session.query(LogHead).one()
    assert (head.position, head.place, head.by) == (9, Place.PAGE, ada.id)
    paper = text(browser.get(answer.location))
    assert queries.head(moda.id).printed in paper
    assert queries.head(moda.id).chain in paper
    assert queries.head(moda.id).printed in text(browser.get(URL))


def test_a_head_of_another_district_is_not_shown(moda, nautica, log, ada, dora, sign_in):
    sign_in(ada).post(f"{URL}/heads")
    head = db.session.query(LogHead).one()
    assert sign_in(dora).get(f"/nautica/desk/plan/log/heads/{head.id}").status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda head: head, "Il registro ha questo sigillo"),
        (lambda head: f" {head.upper()} ", "Il registro ha questo sigillo"),
        (lambda head: head[:-1] + ("a" if head[-1] != "a" else "b"), "Il registro non ha questo sigillo"),
        (lambda head: head.replace("9-", "999-", 1), "Il registro non ha questo sigillo"),
        (lambda _head: "ciao", "Questo non è un sigillo"),
    ],
)  # fmt: skip
def test_a_head_on_paper_can_be_compared(moda, log, ada, sign_in, change, said):
    head = queries.head(moda.id).printed
    page = sign_in(ada).get(URL, query_string={"head": change(head)})
    assert said in text(page)


def test_a_verification_is_asked_for_once_and_done_by_the_worker(moda, log, ada, sign_in):
    browser = sign_in(ada)
    for _ in range(2):
        assert browser.post(f"{URL}/checks").status_code == 303
    assert "in attesa" in text(browser.get(URL))
    assert jobs.verify_asked() == 1
    assert jobs.verify_asked() == 0
    check = db.session.query(LogCheck).one()
    assert (check.findings, check.position, check.asked_by) == ([], 9, ada.id)
    assert "come è stato scritto" in text(browser.get(URL))


def test_what_a_verification_finds_stands_on_the_page_and_is_mailed_to_the_managers(
    moda, log, ada, bice, elio, sign_in
):
    sign_in(ada).post(f"{URL}/checks")
    tamper(f"UPDATE activities SET title = 'Altro' WHERE id = {log[2]}")
    jobs.verify_asked()
    page = text(sign_in(ada).get(URL))
    assert "uno dei suoi campi è stato modificato" in page
    mail = db.session.query(Delivery).one()
    assert (mail.address, mail.subject_kind) == (bice.email, "log_checks")


def test_each_night_once_a_verification_is_asked_for(moda, nautica, log):
    with time_machine.travel(datetime(2027, 3, 11, 12, tzinfo=UTC)):
        assert jobs.ask_each_night() == 0
    with time_machine.travel(datetime(2027, 3, 12, 1, tzinfo=UTC)):  # two o'clock in Rome
        assert jobs.ask_each_night() == 1
        jobs.verify_asked()
        assert jobs.ask_each_night() == 0
    with time_machine.travel(datetime(2027, 3, 13, 2, tzinfo=UTC)):
        assert jobs.ask_each_night() == 1


def test_each_month_the_head_is_mailed_to_managers_and_the_region(moda, nautica, log, ada, bice, elio, dora):
    began = queries.began_at(moda.id)
    with time_machine.travel(began):
        assert jobs.mail_heads() == 0
    month = began.replace(year=began.year + 1, day=3)
    with time_machine.travel(month):
        assert jobs.mail_heads() == 1
        assert jobs.mail_heads() == 0
    mails = db.session.query(Delivery).all()
    assert {m.address for m in mails} == {bice.email, elio.email}
    head = db.session.query(LogHead).one()
    assert (head.place, head.position) == (Place.MAIL, 9)
    told = queries.head_of(head).printed
    parts = seals_mails.head(queries.head_of(head), moda, bice)
    letter = outbox.preview(parts[0], {})
    assert told in letter.text
    assert told in letter.html
    assert "Conserva questo messaggio" in letter.text


def test_the_worker_seals_what_is_new_and_only_that(moda, nautica, log):
    from dissemination.plan import activity
    from tests.seals.conftest import fact

    assert jobs.seal_new() == 0
    with transaction():
        activity.record_all([fact(nautica, 1), fact(moda, 2)])
    assert jobs.seal_new() == 2
    assert (queries.head(moda.id).position, queries.head(nautica.id).position) == (10, 1)
    assert jobs.seal_new() == 0
    assert db.session.query(Activity).count() == 11
