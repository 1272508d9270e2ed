"""The report: shared with people of the company by a link, commented by both sides, withdrawn."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.audits import actions as audits
from dissemination.audits.models import Audit, State
from dissemination.delivery.models import Delivery
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.visits import actions, content, documents, jobs, queries, sheets
from dissemination.visits.models import Remark, Report, Sharing
from dissemination.visits.photos import describe, remove
from tests import factories
from tests.visits import cast


@pytest.fixture
def audit(moda, ada):
    """An audit whose report was shared with Carlo."""
    with transaction():
        row, _carlo = cast.shared(moda, ada)
    return row


def sharing_of(audit):
    return queries.sharings(audit)[0]


def link(audit):
    return f"/v/{queries.token_for(sharing_of(audit))}"


def mailed():
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [(d.address, d.letter.template, d.letter.subject) for d in rows]


def queries_of(ask):
    """How many statements an answer takes."""
    seen = []
    ask()
    db.session.rollback()
    db.session.expunge_all()  # what a test keeps alive would else spare a statement

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert ask().status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def tell_later(**later):
    db.session.rollback()
    with time_machine.travel(now() + timedelta(**later)):
        return jobs.tell_of_comments()


def test_sharing_mails_a_link_to_each_person_and_brings_the_audit_on(moda, ada, sign_in, client):
    with transaction():
        audit = cast.drafted(moda, ada)
        carlo = cast.contact_of(audit)
        lia = cast.contact_of(audit, "lia@tessitura.example", given_name="Lia", language="en")
    browser = sign_in(ada)
    here = f"/moda/desk/audits/{audit.id}/report"
    assert browser.get(here).status_code == 200
    assert browser.post(f"{here}/sharings", data={"contacts": []}).status_code == 422
    assert browser.post(f"{here}/sharings", data={"contacts": [carlo.id, lia.id]}).status_code == 303
    db.session.expire_all()
    assert audit.state is State.SHARED
    assert mailed() == [
        ("carlo@tessitura.example", "visits/shared", "Il rapporto dell'audit di Tessitura Blu"),
        ("lia@tessitura.example", "visits/shared", "The audit report of Tessitura Blu"),
    ]
    first, second = db.session.scalars(select(Delivery.merge).order_by(Delivery.id)).all()
    assert first["link_url"] != second["link_url"]
    page = client.get(first["link_url"].removeprefix("http://127.0.0.1:8000"))
    assert (page.status_code, page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == (
        200,
        "no-store",
        "noindex",
    )
    for said in ("Acqua sprecata", "Riuso dell’acqua", "Un circuito chiuso", "Mara Blu", "Produzione"):
        assert said in page.text


def test_only_people_of_the_company_and_only_what_is_drafted_is_shared(moda, ada, sign_in):
    with transaction():
        audit = cast.visited(moda, ada)
        own = cast.contact_of(audit)
        other = factories.contact(moda, company=factories.company(moda))
    with pytest.raises(Exception, match="bozza"), transaction():
        actions.share(audit, [own], by=ada)
    with transaction():
        audits.drafted(audit, on=cast.DAY, by=ada)
    for people_of in ([], [other], [own, other]):
        with pytest.raises(Exception, match="persona"), transaction():
            actions.share(audit, people_of, by=ada)
    assert db.session.scalars(select(Report)).all() == []


def test_the_company_reads_what_was_shared_until_it_is_shared_again(audit, ada, client, sign_in):
    carlo = sharing_of(audit).contact
    with transaction():
        audits.revise(audit, facts={"strengths": "Tutto nuovo"}, version=audit.version, by=ada)
    assert "Squadra esperta" in client.get(link(audit)).text
    assert "è cambiato" in sign_in(ada).get(f"/moda/desk/audits/{audit.id}/report").text
    before = link(audit)
    with transaction():
        actions.share(audit, [carlo], by=ada)
    assert link(audit) == before  # who has a link keeps it
    assert "Tutto nuovo" in client.get(before).text
    assert [r.number for r in db.session.scalars(select(Report).order_by(Report.id))] == [1, 2]
    assert mailed()[-1][2] == "Una nuova versione del rapporto dell'audit di Tessitura Blu"


def test_a_withdrawn_link_opens_nothing_and_sharing_again_makes_another(audit, ada, client, sign_in):
    old, carlo = link(audit), sharing_of(audit).contact
    address = f"/moda/desk/audits/{audit.id}/report/sharings/{sharing_of(audit).id}/withdrawal"
    assert sign_in(ada).post(address).status_code == 303
    db.session.expire_all()
    for path in ("", "/report.pdf", "/photos/1"):
        assert client.get(old + path).status_code == 404
    assert client.post(f"{old}/remarks", data={"text": "x", "area_id": 0}).status_code == 404
    assert db.session.scalars(select(Delivery.state)).one() == "cancelled"  # the mail had not left
    with transaction():
        actions.share(audit, [carlo], by=ada)
    assert link(audit) != old
    assert (client.get(old).status_code, client.get(link(audit)).status_code) == (404, 200)


def test_the_link_ends_when_its_reader_leaves_the_company_or_is_erased(audit, moda, client):
    carlo, here = sharing_of(audit).contact, link(audit)
    with transaction():
        carlo.company_id = factories.company(moda, "Altrove").id
    assert client.get(here).status_code == 404
    with transaction():
        carlo.company_id = audit.company_id
    assert client.get(here).status_code == 200
    with transaction():
        carlo.erased_at = now()
    assert client.get(here).status_code == 404


def test_the_link_survives_a_merge_of_the_company(audit, moda, bice, client):
    here = link(audit)
    with transaction():
        stays = factories.company(moda, "Gruppo Blu")
        people.merge_companies(stays, audit.company, by=bice)
    page = client.get(here)
    assert page.status_code == 200
    assert "Acqua sprecata" in page.text


def test_while_the_audit_is_taken_back_the_link_waits(audit, ada, client):
    here = link(audit)
    with transaction():
        audits.back(audit, by=ada, reason="Da rivedere")
    assert client.get(here).status_code == 404
    with transaction():
        actions.share(audit, [sharing_of(audit).contact], by=ada)
    assert client.get(here).status_code == 200


@pytest.mark.parametrize("token", ["x", "", "WzEsIngiXQ.abc"])
def test_a_forged_link_opens_nothing(audit, client, token):
    assert client.get(f"/v/{token}").status_code == 404
    for value in ([sharing_of(audit).id, "0" * 32], sharing_of(audit).id, [1], None, ["1", "x"]):
        assert client.get(f"/v/{links.sign(queries.PURPOSE, value)}").status_code == 404
    assert (
        client.get(
            f"/v/{links.sign('submission', [sharing_of(audit).id, sharing_of(audit).mark])}"
        ).status_code
        == 404
    )


def test_both_sides_comment_and_each_is_told_in_one_mail(audit, ada, client, sign_in):
    here, area = link(audit), audit.areas[0]
    for text in ("Le vasche saranno coperte", "E un’altra cosa"):
        assert client.post(f"{here}/remarks", data={"text": text, "area_id": area.id}).status_code == 303
    assert tell_later(minutes=5) == 0  # perhaps she is still writing
    assert tell_later(minutes=11) == 1
    assert mailed()[-1] == (
        "ada@moda.example",
        "visits/commented",
        "Tessitura Blu ha commentato il rapporto dell'audit",
    )
    assert tell_later(minutes=30) == 0
    browser = sign_in(ada)
    desk = f"/moda/desk/audits/{audit.id}/report"
    assert "Le vasche saranno coperte" in browser.get(desk).text
    assert browser.post(f"{desk}/remarks", data={"text": "Ottimo", "area_id": 0}).status_code == 303
    assert tell_later(minutes=11) == 1
    assert mailed()[-1][:2] == ("carlo@tessitura.example", "visits/answered")
    page = client.get(here).text
    assert page.index("Le vasche saranno coperte") < page.index("Ottimo")
    assert sharing_of(audit).read_at is not None


def test_comments_that_go_on_for_hours_are_told_of_in_between(audit, client):
    here, start = link(audit), now()
    for minutes in range(0, 126, 9):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            client.post(f"{here}/remarks", data={"text": f"Nota {minutes}", "area_id": 0})
    with time_machine.travel(start + timedelta(minutes=127)):
        assert jobs.tell_of_comments() == 1


def test_empty_long_foreign_and_too_many_comments(audit, client, moda, ada, monkeypatch):
    with transaction():
        other = cast.visited(moda, ada, name="Altra impresa")
    here, foreign = link(audit), other.areas[0].id
    for data in (
        {"text": " ", "area_id": 0},
        {"text": "x" * 5001, "area_id": 0},
        {"text": "x", "area_id": foreign},
    ):
        assert client.post(f"{here}/remarks", data=data).status_code == 422
    monkeypatch.setattr(actions, "MOST_A_DAY", 1)
    answers = [
        client.post(f"{here}/remarks", data={"text": "x", "area_id": 0}).status_code for _n in range(2)
    ]
    assert answers == [303, 422]
    assert db.session.scalars(select(Remark.text)).all() == ["x"]


def test_a_closed_audit_is_read_and_no_longer_discussed(audit, ada, client):
    here = link(audit)
    with transaction():
        audits.closed(audit, on=now().date(), by=ada)
    page = client.get(here)
    assert (page.status_code, "non si accolgono più commenti" in page.text) == (200, True)
    assert client.post(f"{here}/remarks", data={"text": "x", "area_id": 0}).status_code == 422


def test_who_does_not_say_that_she_read_it_is_reminded_once(audit, client):
    later = now() + timedelta(days=11)
    client.get(link(audit))  # a program that opens links says nothing
    with time_machine.travel(later):
        assert [jobs.remind_readers(), jobs.remind_readers()] == [1, 0]
    assert [row[1] for row in mailed()] == ["visits/shared", "visits/reminder"]


def test_who_says_that_she_read_it_is_not_reminded(audit, client, ada, sign_in):
    assert client.post(f"{link(audit)}/reading").status_code == 303
    with time_machine.travel(now() + timedelta(days=11)):
        assert jobs.remind_readers() == 0
    page = sign_in(ada).get(f"/moda/desk/audits/{audit.id}/report").text
    assert re.search(r"letto \w+ì \d+ \w+ \d{4}|letto (sabato|domenica) \d+ \w+ \d{4}", page)


def test_the_desk_reminds_at_most_once_a_day(audit, ada, sign_in):
    browser, address = (
        sign_in(ada),
        f"/moda/desk/audits/{audit.id}/report/sharings/{sharing_of(audit).id}/reminder",
    )
    assert [browser.post(address).status_code for _n in range(2)] == [303, 303]
    assert [row[1] for row in mailed()] == ["visits/shared", "visits/reminder"]


def test_the_pdf_shows_photos_that_are_there_and_passes_over_broken_ones(audit, ada, client, sign_in):
    with transaction():
        cast.photographed(audit, ada, caption="Telai")
        hidden = cast.photographed(audit, ada, "photo-key-2")
        describe(hidden, caption="", department=None, in_report=False)
        broken = cast.photographed(audit, ada, "photo-key-3")
    said = content.of_audit(audit)
    assert [one["caption"] for one in said["photos"]] == ["Telai", ""]
    shown = documents._photos(audit, said)
    assert [caption for _name, caption, _data in shown] == ["Telai", ""]
    with transaction():
        remove(broken)
    assert len(documents._photos(audit, said)) == 1
    with transaction():
        actions.share(audit, [sharing_of(audit).contact], by=ada)
    here = link(audit)
    mine = client.get(f"{here}/photos/{said['photos'][0]['id']}")
    assert (mine.status_code, mine.headers["Cache-Control"]) == (200, "private, no-store")
    assert client.get(f"{here}/photos/{hidden.id}").status_code == 404
    for answer in (
        client.get(f"{here}/report.pdf"),
        sign_in(ada).get(f"/moda/desk/audits/{audit.id}/report/draft.pdf"),
    ):
        assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-")
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_empty_report_and_one_with_every_script_print(moda, ada):
    with transaction():
        audit = cast.visited(moda, ada, name="染色 ‹Blu› #let x = 1 \\ $ * _ @ `")
    said = content.of_audit(audit)
    said = said | {"strengths": "# = *x* $y$ \\ 染色 🧵 @ref <tag>", "areas": [], "scores": []}
    assert documents.report(audit, said, at=now(), draft=True)[:5] == b"%PDF-"


def test_whoever_is_erased_is_named_in_no_sheet_and_opens_nothing(audit, moda, ada, client):
    carlo, here = sharing_of(audit).contact, link(audit)
    met = [
        {"contact_id": carlo.id, "name": "Carlo Neri", "role": ""},
        {"contact_id": None, "name": "Mara Blu", "role": ""},
    ]
    with transaction():
        values = sheets.read(cast.facts(people=met))
        actions.take(audit, key="sheet-key-9", seen_version=0, facts=values, by=ada, signed_by="Carlo Neri")
    with transaction():
        assert actions.forget(carlo) == [audit.id]
    sheet = queries.sheet_by_key(audit, "sheet-key-9")
    assert ([p["name"] for p in sheet.facts["people"]], sheet.signed_by) == (["Mara Blu"], "")
    assert client.get(here).status_code == 404
    assert db.session.scalars(select(Sharing.revoked_at)).one() is not None


def test_nobody_else_reaches_the_desks_pages(audit, dora, elio, person, sign_in, client):
    viewer = person(audit.district, "vera@moda.example", "viewer")
    row = sharing_of(audit)
    base = f"/moda/desk/audits/{audit.id}"
    pages = [f"{base}/report", f"{base}/report/draft.pdf", f"{base}/photos"]
    for who, status in ((dora, 404), (elio, 403), (viewer, 403)):
        browser = sign_in(who)
        assert [browser.get(page).status_code for page in pages] == [status] * 3
        assert browser.post(f"{base}/report/sharings/{row.id}/withdrawal").status_code == status
    assert [client.get(page).status_code for page in pages] == [302] * 3


def test_pages_ask_as_often_for_one_row_as_for_many(moda, ada, client, sign_in):
    with transaction():
        audit, _carlo = cast.shared(moda, ada)
        cast.photographed(audit, ada)
    browser, here = sign_in(ada), f"/moda/desk/audits/{audit.id}"
    here_too, audit_id, ada_id = link(audit), audit.id, ada.id
    pages = [f"{here}/photos", f"{here}/report", f"{here}/visit/data"]
    few = [queries_of(lambda page=page: browser.get(page)) for page in pages]
    few.append(queries_of(lambda: client.get(here_too)))
    audit, ada = db.session.get_one(Audit, audit_id), db.session.get_one(Account, ada_id)
    with transaction():
        for n in range(9):
            cast.photographed(audit, ada, f"more-key-{n}")
            cast.contact_of(audit, f"n{n}@tessitura.example")
            actions.comment(sharing_of(audit), text=f"Nota {n}", area_id=None)
    many = [queries_of(lambda page=page: browser.get(page)) for page in pages]
    many.append(queries_of(lambda: client.get(here_too)))
    assert many == few


def test_a_comment_outlives_the_area_that_it_was_about(audit, ada, client):
    here, area = link(audit), audit.areas[0]
    client.post(f"{here}/remarks", data={"text": "Sulle vasche", "area_id": area.id})
    with transaction():
        audits.revise(audit, facts={"areas": []}, version=audit.version, by=ada)
    db.session.expire_all()
    assert [(r.text, r.area_id) for r in queries.remarks(audit)] == [("Sulle vasche", None)]
    page = client.get(here)  # the report that was shared still names the area
    assert page.status_code == 200
    assert "Riuso dell’acqua" in page.text
    answer = client.post(f"{here}/remarks", data={"text": "Ancora", "area_id": area.id})
    assert (answer.status_code, queries.remarks(audit)[-1].area_id) == (303, None)
