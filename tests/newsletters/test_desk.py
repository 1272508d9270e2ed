"""The organisers' pages over HTTP."""

import re

import pytest
import time_machine

from dissemination.delivery.models import Fate
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, jobs
from dissemination.newsletters.models import Issue
from dissemination.workshops.models import Cancellation
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False):
        yield


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


@pytest.fixture
def issue(moda, ada, textiles):
    with transaction():
        return cast.issue(moda, textiles, by=ada, subject_en="March news")


@pytest.fixture
def desk(sign_in, ada):
    return sign_in(ada)


PAGES = (
    "/", "/new", "/{issue}", "/{issue}/facts",
    "/{issue}/sources", "/{issue}/blocks/new?kind=text", "/{issue}/blocks/{block}", "/{issue}/preview/it",
    "/{issue}/sending", "/{issue}/progress", "/{issue}/recipients", "/{issue}/removal", "/compose",
    "/{issue}/blocks/new?kind=divider", "/{issue}/versions", "/{issue}/versions/1",
)  # fmt: skip
POSTS = (
    "/new", "/{issue}/facts", "/{issue}/sources", "/{issue}/blocks/new?kind=text",
    "/{issue}/blocks/{block}", "/{issue}/blocks/{block}/position", "/{issue}/blocks/{block}/removal",
    "/{issue}/blocks/{block}/restoration", "/{issue}/tests", "/{issue}/sending", "/{issue}/interruption",
    "/{issue}/removal", "/compose", "/{issue}/blocks/{block}/acceptance", "/{issue}/presence",
    "/{issue}/trial/it", "/{issue}/trial/it/size", "/{issue}/versions/1", "/{issue}/corrections",
)  # fmt: skip


def filled(path, issue, topic):
    return path.format(issue=issue.id, topic=topic.id, block=issue.blocks[0].id)


def test_ada_sees_every_page(desk, issue, textiles):
    answers = {path: desk.get(DESK + filled(path, issue, textiles)).status_code for path in PAGES}
    assert set(answers.values()) == {200}, answers


def test_dora_is_refused_everywhere(sign_in, dora, issue, textiles):
    browser = sign_in(dora)
    for path in PAGES:
        assert browser.get(DESK + filled(path, issue, textiles)).status_code == 404, path
    for path in POSTS:
        assert browser.post(DESK + filled(path, issue, textiles)).status_code == 404, path
    own = "/nautica/desk/newsletters"
    for path in PAGES:
        if "{" in path:
            assert browser.get(own + filled(path, issue, textiles)).status_code == 404, path
    db.session.rollback()
    assert (issue.subject_it, len(issue.blocks), issue.sent_at) == ("Novità di marzo", 1, None)


def test_an_observer_reads_and_changes_nothing(sign_in, elio, issue, textiles):
    browser = sign_in(elio)
    assert browser.get(f"{DESK}/{issue.id}").status_code == 200
    for path in POSTS:
        assert browser.post(DESK + filled(path, issue, textiles)).status_code == 403, path


def test_an_issue_is_composed_in_the_browser(desk, moda, ada, textiles):
    with transaction():
        workshop, work = factories.workshop(moda), cast.publication(moda)
        foreign = factories.workshop(moda, published=False)
    page = desk.get(f"{DESK}/new").text
    assert "Tracciabilità dei tessuti" in page
    assert "Atlante dei filati" in page
    answer = desk.post(f"{DESK}/new", data={
        "subject_it": "Aprile", "topics": [textiles.id], "activity_line_id": factories.line(moda).id,
        "workshops": [workshop.id, foreign.id, 999], "publications": [work.id],
    })  # fmt: skip
    assert answer.status_code == 303
    issue = db.session.scalars(db.select(Issue)).one()
    assert [(b.kind.value, b.source_id) for b in issue.blocks] == [
        ("workshop", workshop.id), ("publication", work.id),
    ]  # fmt: skip
    url = f"{DESK}/{issue.id}"
    desk.post(f"{url}/blocks/new", data={"kind": "text", "text_it": "Ciao **mondo**"})
    text = issue.blocks[-1]
    desk.post(f"{url}/blocks/{text.id}/position", data={"direction": "up"})
    desk.post(f"{url}/blocks/{text.id}/position", data={"direction": "up"})
    answer = desk.post(f"{url}/blocks/{issue.blocks[-1].id}/removal")
    assert "Rimettilo" in desk.get(answer.location).text
    db.session.rollback()
    assert [b.kind.value for b in issue.blocks] == ["text", "workshop"]
    shown = desk.get(url).text
    assert f"{url}/preview/it" in shown
    assert "<strong>mondo</strong>" in desk.get(f"{url}/preview/it").text


def test_a_wrong_form_keeps_what_was_written(desk, moda, textiles, issue):
    answer = desk.post(
        f"{DESK}/new", data={"subject_it": "", "preheader_it": "Tenuto", "topics": [textiles.id]}
    )
    assert answer.status_code == 422
    assert "Tenuto" in answer.text
    answer = desk.post(f"{DESK}/{issue.id}/blocks/new?kind=heading", data={"text_it": " ", "kind": "heading"})
    assert answer.status_code == 422
    assert "Scrivi qualcosa in almeno una lingua." in answer.text
    assert desk.get(f"{DESK}/{issue.id}/blocks/new?kind=workshop").status_code == 404
    assert desk.get(f"{DESK}/{issue.id}/blocks/new?kind=x").status_code == 404


def test_the_second_of_two_editors_keeps_her_words_and_sees_the_others(desk, issue):
    block = issue.blocks[0]
    url = f"{DESK}/{issue.id}/blocks/{block.id}"
    first, second = ({"text_it": t, "version": 1} for t in ("Testo di Ada", "Testo di Bice"))
    assert desk.post(url, data=first).status_code == 303
    answer = desk.post(url, data=second)
    assert answer.status_code == 422
    assert "Testo di Bice" in answer.text
    assert "Testo di Ada" in answer.text
    db.session.rollback()
    assert block.text_it == "Testo di Ada"

    facts = {"subject_it": "Di Ada", "activity_line_id": issue.activity_line_id, "version": issue.version}
    assert desk.post(f"{DESK}/{issue.id}/facts", data=facts).status_code == 303
    answer = desk.post(f"{DESK}/{issue.id}/facts", data={**facts, "subject_it": "Di Bice"})
    assert answer.status_code == 422
    assert "Di Bice" in answer.text
    assert "Di Ada" in answer.text
    db.session.rollback()
    assert issue.subject_it == "Di Ada"


def test_the_preview_can_run_and_load_nothing(desk, issue):
    answer = desk.get(f"{DESK}/{issue.id}/preview/it")
    policy = dict(d.strip().partition(" ")[::2] for d in answer.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "style-src": "'unsafe-inline'", "img-src": "'self' data:",
        "frame-ancestors": "'self'", "base-uri": "'none'", "form-action": "'none'", "sandbox": "",
    }  # fmt: skip
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    page = desk.get(f"{DESK}/{issue.id}").text
    frames = re.findall(r"<iframe[^>]*>", page)
    assert len(frames) == 1
    assert all(" sandbox src=" in f for f in frames)
    assert desk.get(f"{DESK}/{issue.id}/preview/fr").status_code == 404


def test_sending_asks_first_and_a_second_submit_finds_it_sent(desk, moda, ada, issue, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        cast.subscriber(moda, textiles, language="en")
    page = desk.get(f"{DESK}/{issue.id}/sending").text
    assert "Invia a 2 persone" in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    db.session.rollback()
    assert issue.sent_at is None
    for _ in range(2):
        answer = desk.post(f"{DESK}/{issue.id}/sending", data={"version": version})
        assert (answer.status_code, answer.location) == (303, f"{DESK}/{issue.id}/departure")
    assert issue.sent_at is None
    with time_machine.travel("2026-03-02 09:01 +0000", tick=False):
        assert [jobs.begin_due() for _ in range(2)] == [1, 0]
    cast.write_rows()
    assert len(cast.deliveries(issue.id)) == 2


def test_a_stale_question_is_asked_again(desk, moda, issue, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
    version = issue.version
    with transaction():
        actions.add_block(issue, kind=issue.blocks[0].kind, text_it="Di più")
    answer = desk.post(f"{DESK}/{issue.id}/sending", data={"version": version})
    assert answer.status_code == 409
    assert cast.deliveries(issue.id) == []


def test_blocking_findings_leave_no_button_and_refuse_a_forged_submit(desk, moda, issue, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        workshop = factories.workshop(moda)
        actions.add_sources(issue, workshop_ids=[workshop.id], publication_ids=[])
        workshop.cancellation = Cancellation(reason="Sciopero", at=factories.DAY)
    page = desk.get(f"{DESK}/{issue.id}/sending").text
    assert "Invia a 1 persona" not in page
    assert "è stato annullato. Togli il blocco." in page
    assert desk.post(f"{DESK}/{issue.id}/sending", data={"version": issue.version}).status_code == 409
    assert cast.deliveries(issue.id) == []


def test_progress_polls_until_the_books_are_closed(desk, moda, ada, issue, textiles):
    with transaction():
        for n in range(3):
            cast.subscriber(moda, textiles, email=f"p{n}@moda.example")
    cast.send(issue, by=ada)
    url = f"{DESK}/{issue.id}"
    page = desk.get(url).text
    assert f'hx-get="{url}/progress" hx-trigger="every 2s"' in page
    assert "0 su 3 hanno un esito definitivo." in page
    assert "Richiama ciò che è in attesa" in page
    with transaction():
        cast.settle(issue, Fate.ACCEPTED, address="p0@moda.example")
        cast.settle(issue, Fate.REFUSED, address="p1@moda.example")
    desk.post(f"{url}/interruption")
    jobs.finish_issues()
    fragment = desk.get(f"{url}/progress").text
    assert "<html" not in fragment
    assert "hx-get" not in fragment
    assert "3 su 3 hanno un esito definitivo." in fragment
    assert re.findall(r'<td class="n">(\d+)</td>', fragment) == ["1", "0", "1", "0", "1"]


def test_the_report_shows_the_fate_of_each_and_pages_by_key(desk, moda, ada, issue, textiles):
    with transaction():
        for n in range(60):
            cast.subscriber(moda, textiles, email=f"p{n:02d}@moda.example")
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue, Fate.REFUSED, address="p07@moda.example")
        cast.deliveries(issue.id)[7].last_reply = "550 5.1.1 utente sconosciuto"
    page = desk.get(f"{DESK}/{issue.id}/recipients").text
    following = re.search(r'href="([^"]+after=[^"]+)"', page)[1].replace("&amp;", "&")
    rest = desk.get(following).text
    found = re.findall(r"p\d\d@moda\.example", page + rest)
    assert sorted(set(found)) == [f"p{n:02d}@moda.example" for n in range(60)]
    refused = desk.get(f"{DESK}/{issue.id}/recipients?fate=refused").text
    assert set(re.findall(r"p\d\d@moda\.example", refused)) == {"p07@moda.example"}
    assert "550 5.1.1 utente sconosciuto" in refused
    assert "Verifica l'indirizzo" in refused


def test_a_test_is_sent_to_oneself(desk, issue):
    answer = desk.post(f"{DESK}/{issue.id}/tests")
    assert answer.status_code == 303
    assert "La prova è in viaggio verso ada@moda.example." in desk.get(answer.location).text
    assert len(cast.mails_to("ada@moda.example")) == 2


def test_a_draft_is_thrown_away_after_a_question(desk, issue):
    assert "Eliminare la bozza?" in desk.get(f"{DESK}/{issue.id}/removal").text
    assert desk.post(f"{DESK}/{issue.id}/removal").status_code == 303
    assert db.session.scalars(db.select(Issue)).all() == []


def test_the_list_makes_the_same_number_of_queries_for_one_and_for_many(desk, moda, ada, textiles, app):
    from sqlalchemy import event

    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    def count():
        statements.clear()
        desk.get(f"{DESK}/")
        return len(statements)

    with transaction():
        cast.issue(moda, textiles, by=ada)
    one = count()
    with transaction():
        for _ in range(9):
            cast.issue(moda, textiles, by=ada)
    assert count() == one


def test_the_log_and_the_outbox_find_their_way_to_the_issue(app, issue, ada):
    draft = actions.prepare(issue)
    with transaction():
        test = actions.send_test(issue, draft, by=ada)
    with app.test_request_context():
        assert subjects.url("issues", issue.id) == f"{DESK}/{issue.id}"
        assert subjects.url("issue_tests", test.id) == f"{DESK}/{issue.id}"
        assert subjects.url("issues", 10**6) is None


def test_without_a_plan_the_page_says_what_to_do(desk, moda, ada):
    from dissemination.plan.models import ActivityLine, MacroArea, Plan

    with transaction():
        for model in (ActivityLine, MacroArea, Plan):
            db.session.execute(db.delete(model))
    assert "Scrivi prima il piano." in desk.get(f"{DESK}/new").text
