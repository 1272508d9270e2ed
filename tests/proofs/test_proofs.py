"""What an activity still has to prove: states, the district-wide list, PF-02, files and the disk."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event

from dissemination.attendance import actions as attendance
from dissemination.attendance.refusals import NeededForClosing
from dissemination.delivery.models import Delivery
from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.plan import activity, figures, periods
from dissemination.plan import queries as plans
from dissemination.plan.actions import add_evidence, adopt_catalogue, save_requirement, version_of
from dissemination.plan.log import Evidence
from dissemination.plan.models import EvidenceState
from dissemination.proofs import actions, checking, jobs, queries
from tests import factories

STARTS = datetime(2026, 3, 11, 13, 0, tzinfo=UTC)
DAY = date(2026, 3, 11)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def plan(moda):
    plan = plans.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
    return plan


def log(moda, subject, verb, *, by=None, on=DAY, title="Tracciabilità"):
    return activity.record(
        verb, subject, district_id=moda.id, title=title, happened_on=on, by=by,
        activity_line_id=factories.line(moda).id,
    )  # fmt: skip


def thing(moda):
    """Any row with an id that the log can name: a draft, of which no workshop list speaks."""
    return factories.workshop(moda, starts_at=STARTS, published=False)


def held_workshop(moda, ada, *, sheet=True):
    """A workshop that is over, with somebody present and (if told so) its attendance sheet, not closed."""
    with transaction():
        workshop = factories.workshop(moda, starts_at=STARTS, created_by=ada.id)
        factories.seat(workshop, factories.contact(moda), came=True)
        if sheet:
            attach(workshop, "attendance_sheet", PDF, "fogli.pdf", ada)
    return workshop


def attach(subject, code, content, name, by):
    stored = files.put(BytesIO(content), name, district_id=subject.district_id)
    return add_evidence(subject, district_id=subject.district_id, code=code, file=stored, by=by)


def close(workshop, by):
    with transaction():
        attendance.close(workshop, by=by, started_at=workshop.starts_at, ended_at=workshop.ends_at)


def lost(stored):
    filesystem, root = files._folder()
    filesystem.rm(files._path(root, stored.sha256))


def missing(moda, **more):
    return [(x.kind, x.subject_id, x.missing) for x in queries.missing(moda.id, **more).rows]


def pf02(plan, period="2026-H1"):
    figure = figures.figure(plans.indicator(plan, "PF-02"), period)
    return figure.actual, figure.counted, figure.not_counted


# PF-02 and the states.


def test_pf_02_is_the_share_of_activities_whose_evidence_is_complete(moda, ada, plan):
    good, bad = held_workshop(moda, ada), held_workshop(moda, ada)
    for workshop in (good, bad):
        close(workshop, ada)
    with transaction():
        publication_like = thing(moda)  # any row with an id: only the log names it
        log(moda, publication_like, "publication.published")
    jobs.judge_new()
    # The publication has neither a public page nor a file: it is seen, not counted.
    assert pf02(plan) == (Decimal("66.7"), 2, 1)
    with transaction():
        db.session.get(EvidenceState, ("workshops", bad.id, "workshop.held")).complete = False
    assert pf02(plan)[1:] == (1, 2)


def test_a_file_that_is_taken_back_makes_its_activity_incomplete_at_once(moda, ada, plan):
    with transaction():
        workshop = thing(moda)
        log(moda, workshop, "newsletter.sent", by=ada)
        proof = attach(workshop, "archive", PDF, "copia.pdf", ada)
        add_evidence(workshop, district_id=moda.id, code="recipients", note="1.204 destinatari", by=ada)
    jobs.judge_new()
    assert missing(moda) == []
    with transaction():
        actions.remove(proof, reason="Era del numero precedente", by=ada)
    assert missing(moda) == [("workshops", workshop.id, ("Copia dell'invio in archivio",))]
    assert pf02(plan)[1:] == (0, 1)


def test_what_was_reversed_has_nothing_to_prove(moda, ada, plan):
    with transaction():
        workshop = thing(moda)
        row = log(moda, workshop, "newsletter.sent", by=ada)
    jobs.judge_new()
    assert len(missing(moda)) == 1
    with transaction():
        activity.reverse(row, by=ada, happened_on=DAY, reason="Un errore")
    assert missing(moda) == []
    jobs.judge_all()
    assert db.session.query(EvidenceState).count() in (0, 1)
    assert queries.completeness(moda.id, date(2026, 1, 1), date(2026, 12, 31)) == (0, 0)


def test_the_checklist_of_the_day_decides_not_todays(moda, ada, plan):
    with transaction():
        workshop = thing(moda)
        log(moda, workshop, "course.held", by=ada)
    line = {"verb": "course.held", "code": "register", "name_it": "Registro delle lezioni",
            "name_en": "Register of lessons", "valid_until": None}  # fmt: skip
    with transaction():
        row = save_requirement(plan, None, version="", valid_from=date(2026, 3, 12), **line)
    jobs.judge_new()
    assert missing(moda) == []
    with transaction():
        save_requirement(plan, row, version=version_of(row), valid_from=date(2026, 3, 11), **line)
    jobs.judge_new()
    assert missing(moda) == [("workshops", workshop.id, ("Registro delle lezioni",))]


def test_completeness_counts_what_was_not_looked_at_as_not_complete(moda, ada, plan):
    with transaction():
        workshop = thing(moda)
        for code in ("archive", "recipients"):
            add_evidence(workshop, district_id=moda.id, code=code, note="c'è", by=ada)
        log(moda, workshop, "newsletter.sent", by=ada)
    half = periods.read("2026-H1", plan)
    assert queries.completeness(moda.id, half.start, half.end) == (0, 1)
    jobs.judge_new()
    assert queries.completeness(moda.id, half.start, half.end) == (1, 1)


# Workshops, and the list.


def test_a_workshop_that_is_over_waits_until_its_books_are_closed(moda, ada, plan):
    workshop = held_workshop(moda, ada, sheet=False)
    found = queries.waiting(moda.id)
    assert [(x.subject_id, x.missing, x.who) for x in found] == [(workshop.id, ("Foglio firme",), ada)]
    with transaction():
        attach(workshop, "attendance_sheet", PDF, "fogli.pdf", ada)
    close(workshop, ada)
    jobs.judge_new()
    assert (queries.waiting(moda.id), missing(moda)) == ([], [])


def test_a_closed_workshop_keeps_the_sheet_that_it_was_closed_on(moda, ada, plan):
    workshop = held_workshop(moda, ada)
    close(workshop, ada)
    proof = plans.evidence_of(workshop)[0]
    with pytest.raises(NeededForClosing), transaction():
        actions.remove(proof, reason="sbagliato", by=ada)


def test_the_list_is_narrowed_by_period_kind_and_organiser(moda, ada, bice, plan):
    with transaction():
        mine = thing(moda)
        others = thing(moda)
        log(moda, mine, "newsletter.sent", by=ada)
        log(moda, others, "publication.published", by=bice, on=date(2027, 2, 1))
    jobs.judge_new()
    ids = lambda **more: [x[1] for x in missing(moda, **more)]  # noqa: E731
    assert ids() == [others.id, mine.id]
    assert ids(period=periods.read("2026-H1", plan)) == [mine.id]
    assert ids(verb="publication.published") == [others.id]
    assert ids(who=ada.id) == [mine.id]


def test_the_list_asks_as_much_for_many_as_for_one(moda, ada, plan, sign_in):
    def asked():
        count = []
        listener = lambda _c, _u, statement, *_a: count.append(statement)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        try:
            assert browser.get("/moda/desk/evidence/").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        return [statement for statement in count if statement.startswith("SELECT")]

    def more(n):
        with transaction():
            for _ in range(n):
                log(moda, thing(moda), "workshop.held", by=ada)
        jobs.judge_new()

    browser = sign_in(ada)
    more(1)
    browser.get("/moda/desk/evidence/")
    few = asked()
    more(30)
    assert len(asked()) == len(few)


# The disk.


def test_a_file_that_is_gone_or_changed_on_the_disk_is_found_and_proves_nothing(moda, ada, plan):
    with transaction():
        workshop = thing(moda)
        log(moda, workshop, "newsletter.sent", by=ada)
        gone = attach(workshop, "archive", PDF, "copia.pdf", ada)
        changed = attach(workshop, "recipients", PNG, "registro.png", ada)
    jobs.judge_new()
    assert missing(moda) == []
    assert [checking.check(p.file) for p in (gone, changed)] == ["ok", "ok"]
    lost(gone.file)
    filesystem, root = files._folder()
    with filesystem.open(files._path(root, changed.file.sha256), "wb") as out:
        out.write(PNG + b"!")
    assert [checking.check(p.file) for p in (gone, changed)] == ["lost", "changed"]
    assert jobs.check_files() == 2
    assert missing(moda) == [
        ("workshops", workshop.id, ("Copia dell'invio in archivio", "Registro degli invii")),
    ]  # fmt: skip


def test_the_hash_is_noted_with_the_proof_when_it_is_attached(moda, ada, plan):
    with transaction():
        proof = attach(thing(moda), "archive", PDF, "copia.pdf", ada)
    import hashlib

    assert db.session.get(Evidence, proof.id).sha256 == hashlib.sha256(PDF).hexdigest()


def test_evidence_comes_in_the_order_of_the_checklist(moda, ada, plan):
    with transaction():
        first, second = thing(moda), thing(moda)
        for workshop in (first, second):
            for code in ("recipients", "archive"):
                add_evidence(workshop, district_id=moda.id, code=code, note=code, by=ada)
    found = queries.files_of([("workshops", second.id), ("workshops", first.id)])
    assert [(p.subject_id, p.code) for p in found] == [
        (second.id, "archive"), (second.id, "recipients"), (first.id, "archive"), (first.id, "recipients"),
    ]  # fmt: skip


# Reminders.


def test_the_organiser_is_reminded_after_3_10_and_30_days_once_each(moda, ada, plan):
    with transaction():
        workshop = thing(moda)
        log(moda, workshop, "newsletter.sent", by=ada)
    jobs.judge_new()
    sent = {}
    for days in range(1, 46):
        with time_machine.travel(STARTS.replace(hour=9) + timedelta(days=days), tick=False):
            n = jobs.remind() + jobs.remind()
            if n:
                sent[days] = n
    # The 3rd, 10th and 30th day after a Wednesday: Saturday (so Monday), Saturday (Monday), Friday.
    assert sent == {5: 1, 12: 1, 30: 1}
    assert {d.address for d in db.session.query(Delivery)} == {"ada@moda.example"}


def test_what_nobody_organises_goes_to_the_managers_in_one_mail(moda, bice, plan):
    with transaction():
        for _ in range(3):
            log(moda, thing(moda), "newsletter.sent")
    jobs.judge_new()
    with time_machine.travel(datetime(2026, 3, 16, 9, 0, tzinfo=UTC), tick=False):
        assert jobs.remind() == 1
    assert [d.address for d in db.session.query(Delivery)] == ["bice@moda.example"]


def test_who_has_left_the_district_is_not_reminded_and_the_managers_are(moda, ada, bice, plan):
    with transaction():
        log(moda, thing(moda), "newsletter.sent", by=ada)
        db.session.delete(ada.appointments[0])
    jobs.judge_new()
    with time_machine.travel(datetime(2026, 3, 16, 9, 0, tzinfo=UTC), tick=False):
        assert jobs.remind() == 1
    assert {d.address for d in db.session.query(Delivery)} == {"bice@moda.example"}


def test_nobody_is_reminded_of_what_was_old_when_the_program_was_first_used(moda, ada, plan):
    with transaction():
        log(moda, thing(moda), "newsletter.sent", by=ada)
    jobs.judge_new()
    with time_machine.travel(datetime(2026, 6, 15, 9, 0, tzinfo=UTC), tick=False):
        assert jobs.remind() == 0


# The pages.


@pytest.fixture
def sent(moda, ada, plan):
    with transaction():
        workshop = thing(moda)
        log(moda, workshop, "newsletter.sent", by=ada, title="Numero di marzo")
    jobs.judge_new()
    return workshop


def test_several_files_are_added_at_once_and_the_list_is_shorter(sign_in, ada, moda, sent):
    browser, url = sign_in(ada), f"/moda/desk/evidence/workshops/{sent.id}"
    assert "Numero di marzo" in browser.get("/moda/desk/evidence/").text
    two = [(BytesIO(PDF), "uno.pdf"), (BytesIO(PNG), "due.png")]
    answer = browser.post(f"{url}/files", data={"code": "archive", "files": two})
    assert answer.status_code == 303
    browser.post(f"{url}/files", data={"code": "recipients", "note": "vedi registro"})
    assert [p.code for p in plans.evidence_of(sent)] == ["archive", "archive", "recipients"]
    assert "Numero di marzo" not in browser.get("/moda/desk/evidence/").text
    page = browser.get(url).text
    assert ("uno.pdf" in page, "due.png" in page) == (True, True)


def test_one_wrong_file_of_several_stores_none(sign_in, ada, moda, sent):
    two = [(BytesIO(PDF), "uno.pdf"), (BytesIO(b"MZ"), "due.exe")]
    url = f"/moda/desk/evidence/workshops/{sent.id}/files"
    answer = sign_in(ada).post(url, data={"code": "archive", "files": two})
    assert (answer.status_code, plans.evidence_of(sent)) == (422, [])
    assert "due.exe: " in answer.text
    assert sign_in(ada).post(url, data={"code": "archive"}).status_code == 422
    assert sign_in(ada).post(url, data={"code": "boh", "note": "x"}).status_code == 422


def test_a_preview_shows_pictures_and_escapes_texts(sign_in, ada, moda, sent):
    with transaction():
        picture = attach(sent, "archive", PNG, "foglio.png", ada)
        page = attach(sent, "archive", PDF, "pagina.html", ada)
        page.file.media_type = "text/html"
    browser = sign_in(ada)
    shown = browser.get(f"/moda/desk/evidence/files/{picture.id}").text
    assert f"/moda/desk/evidence/files/{picture.id}/content" in shown
    content = browser.get(f"/moda/desk/evidence/files/{picture.id}/content")
    assert (content.data, content.headers["X-Content-Type-Options"]) == (PNG, "nosniff")
    assert "default-src 'none'" in content.headers["Content-Security-Policy"]
    text = browser.get(f"/moda/desk/evidence/files/{page.id}")
    assert '<pre class="evidence-text"' in text.text
    saved = browser.get(f"/moda/desk/evidence/files/{page.id}/content")
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_lost_file_says_so_instead_of_not_being_there(sign_in, ada, moda, sent):
    with transaction():
        proof = attach(sent, "archive", PDF, "copia.pdf", ada)
    lost(proof.file)
    page = sign_in(ada).get(f"/moda/desk/evidence/files/{proof.id}")
    assert (page.status_code, "non ha più questo file" in page.text) == (200, True)
    assert sign_in(ada).get(f"/moda/desk/evidence/files/{proof.id}/content").status_code == 404


def test_another_districts_evidence_is_not_there(sign_in, ada, dora, moda, nautica, sent):
    with transaction():
        proof = attach(sent, "archive", PDF, "copia.pdf", ada)
    browser = sign_in(dora)
    paths = (
        f"files/{proof.id}",
        f"files/{proof.id}/content",
        f"files/{proof.id}/removal",
        f"workshops/{sent.id}",
    )
    assert {browser.get(f"/nautica/desk/evidence/{path}").status_code for path in paths} == {404}


def test_a_viewer_looks_and_does_not_change(sign_in, person, ada, moda, sent):
    browser = sign_in(person(moda, "vera@moda.example", "viewer"))
    url = f"/moda/desk/evidence/workshops/{sent.id}"
    assert (browser.get(url).status_code, browser.post(f"{url}/files").status_code) == (200, 403)


def test_a_proof_is_removed_on_its_page_with_a_reason(sign_in, ada, moda, sent):
    with transaction():
        proof = attach(sent, "archive", PDF, "copia.pdf", ada)
    browser, url = sign_in(ada), f"/moda/desk/evidence/files/{proof.id}/removal"
    assert browser.post(url, data={"reason": " "}).status_code == 422
    assert browser.post(url, data={"reason": "Era un'altra copia"}).status_code == 303
    assert "Era un&#39;altra copia" in browser.get(f"/moda/desk/evidence/workshops/{sent.id}").text
