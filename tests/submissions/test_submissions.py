"""An author sends a work by a mailed link; the organisers take it in, give it back or do not take it."""

import re
from datetime import date, timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from dissemination.delivery.models import Delivery, Letter
from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.people import actions as people
from dissemination.privacy import actions as privacy
from dissemination.publications import actions as publications
from dissemination.publications import doubles
from dissemination.publications.models import Publication, State
from dissemination.submissions import jobs
from dissemination.submissions.models import Standing, Submission
from tests import factories
from tests.publications import cast

PDF = b"%PDF-1.7 x"


def known(district, email="carlo@tessitura.example"):
    with transaction():
        company = factories.company(district, "Tessitura Blu")
        return people.add_contact(
            district_id=district.id, email=email, given_name="Carlo", family_name="Neri", company=company
        )


def sent_mails():
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [(d.address, d.letter.template, d.letter.subject) for d in rows]


def only():
    db.session.expire_all()
    return db.session.scalars(select(Submission)).one()


@pytest.fixture
def link(moda, client):
    """The path of the page that Carlo's mail leads to."""
    known(moda)
    client.post("/moda/submissions/", data={"email": "carlo@tessitura.example"})
    return urlsplit(db.session.scalars(select(Delivery)).one().merge["link_url"]).path


def work(**values):
    return {
        "kind": "report", "language": "it", "title_it": "Tingere a freddo", "authors": "Neri, Carlo", "issued": "2026",
        "licence": "CC-BY-4.0", "access": "open", "may_publish": "y", "message": "Per il vostro archivio", **values,
    }  # fmt: skip


def version_of(client, link):
    return {"version": re.search(r'name="version"[^>]*value="(\d+)"', client.get(link).text)[1]}


def pdf(name="rapporto.pdf", data=PDF):
    return (BytesIO(data), name)


def test_a_work_goes_from_the_mailed_link_to_its_public_page_and_the_author_is_thanked(
    moda, ada, bice, client, sign_in, link
):
    page = client.get(link).text
    assert "Neri, Carlo; Tessitura Blu" in page
    assert client.post(link, data=work(files=[pdf(), pdf("dati.pdf")])).status_code == 303
    row, draft = only(), only().publication
    assert (row.standing, draft.state, draft.title_it, [f.file.name for f in draft.files]) == (
        Standing.SENT, State.DRAFT, "Tingere a freddo", ["rapporto.pdf", "dati.pdf"],
    )  # fmt: skip
    assert draft.activity_line_id == factories.line(moda, "b").id
    assert client.get(f"/moda/publications/{draft.slug}").status_code == 404
    desk = sign_in(ada)
    assert "Tingere a freddo" in desk.get("/moda/desk/submissions/").text
    assert "1 autore ha inviato" in desk.get("/moda/desk/").text
    shown = desk.get(f"/moda/desk/submissions/{row.id}").text
    assert ("Per il vostro archivio" in shown, f"/moda/desk/publications/{draft.slug}" in shown) == (
        True,
        True,
    )
    assert "Carlo Neri" in desk.get(f"/moda/desk/publications/{draft.slug}").text
    desk.post(f"/moda/desk/publications/{draft.slug}/review")
    assert only().standing is Standing.REVIEW
    assert "1 autore ha inviato" not in desk.get("/moda/desk/").text
    asked = "1 pubblicazione chiede la tua approvazione"
    assert [asked in sign_in(who).get("/moda/desk/").text for who in (ada, bice)] == [False, True]
    assert client.post(link, data=work(title_it="Altro")).status_code == 409
    assert jobs.thank_authors() == 0
    sign_in(bice).post(f"/moda/desk/publications/{draft.slug}/publication")
    assert [jobs.thank_authors(), jobs.thank_authors()] == [1, 0]
    assert [m for m in sent_mails() if m[1].startswith("submissions/")] == [
        (
            "carlo@tessitura.example",
            "submissions/invitation",
            "Il tuo collegamento per inviare una pubblicazione",
        ),
        ("carlo@tessitura.example", "submissions/received", "Ricevuta: Tingere a freddo"),
        ("eventi@moda.example", "submissions/told", "È arrivata una pubblicazione: Tingere a freddo"),
        ("carlo@tessitura.example", "submissions/published", "Pubblicata: Tingere a freddo"),
    ]
    thanks = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert (
        thanks.letter.source["shared"]["address"] == f"http://127.0.0.1:8000/moda/publications/{draft.slug}"
    )
    assert f'href="/moda/publications/{draft.slug}"' in client.get(link).text


def test_what_is_given_back_is_corrected_by_the_same_link(moda, ada, client, sign_in, link):
    client.post(link, data=work(files=[pdf()]))
    at = f"/moda/desk/submissions/{only().id}"
    assert sign_in(ada).post(f"{at}/return", data={"text": " "}).status_code == 422
    assert sign_in(ada).post(f"{at}/return", data={"text": "Manca il riassunto"}).status_code == 303
    assert (only().standing, "Manca il riassunto" in client.get(link).text) == (Standing.RETURNED, True)
    corrected = work(title_it="Tingere meglio", abstract_it="Riassunto")
    assert client.post(link, data=corrected).status_code == 422  # read when?
    assert client.post(link, data=corrected | version_of(client, link)).status_code == 303
    row = only()
    assert (row.standing, row.title, row.publication.abstract_it, len(row.publication.files)) == (
        Standing.SENT, "Tingere meglio", "Riassunto", 1,
    )  # fmt: skip
    file = row.publication.files[0]
    assert client.get(f"{link}/files/{file.id}").data == PDF
    assert client.post(f"{link}/files/{file.id}/removal").status_code == 303
    assert only().publication.files == []


def test_what_is_not_taken_leaves_no_draft_and_its_author_reads_why(moda, ada, client, sign_in, link):
    client.post(link, data=work(files=[pdf()]))
    at = f"/moda/desk/submissions/{only().id}/decline"
    assert sign_in(ada).post(at, data={"text": "Non riguarda il distretto"}).status_code == 303
    assert (only().standing, db.session.scalar(select(Publication))) == (Standing.DECLINED, None)
    assert "Non riguarda il distretto" in client.get(link).text
    assert client.post(link, data=work(files=[pdf()])).status_code == 409
    assert sign_in(ada).post(at, data={"text": "x"}).status_code == 409
    assert sent_mails()[-1][1:] == ("submissions/declined", "Non accolta: Tingere a freddo")


def test_a_draft_that_the_desk_removes_is_not_taken(moda, ada, client, sign_in, link):
    client.post(link, data=work(files=[pdf()]))
    sign_in(ada).post(f"/moda/desk/publications/{only().publication.slug}/removal")
    assert only().standing is Standing.DECLINED
    assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"files": [pdf("rapporto.pdf", b"<script>alert(1)</script>")]}, "files"),
        ({"files": [pdf(), pdf("vuoto.pdf", b"")]}, "files"),
        ({}, "files"),
        ({"doi": "10.1000/182", "may_publish": ""}, "may_publish"),
        ({"doi": "10.1000/182", "title_it": " "}, "title_it"),
        ({"doi": "10.1000/182", "access": "embargoed"}, "embargo_until"),
        ({"doi": "10.1000/182", "authors": "Neri, Carlo; 0000-0002-1825-0098"}, "authors"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_kept(moda, client, link, values, field):
    values = {k: [pdf(n, b.getvalue()) for b, n in v] if k == "files" else v for k, v in values.items()}
    page = client.post(link, data=work(abstract_it="Un lungo riassunto.", **values))
    assert (page.status_code, f'id="{field}-errors"' in page.text, "Un lungo riassunto." in page.text) == (
        422, True, True,
    )  # fmt: skip
    assert (only().standing, db.session.scalar(select(Publication))) == (Standing.OPEN, None)
    assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_links_are_for_people_of_the_registry_and_nobody_learns_who_is(moda, client, ada, sign_in):
    known(moda)
    with transaction():
        people.add_contact(district_id=moda.id, email="sola@x.example", given_name="A", family_name="B")
    for email in ("nessuno@x.example", "sola@x.example", "carlo@tessitura.example"):
        answer = client.post("/moda/submissions/", data={"email": email})
        assert (answer.status_code, answer.location) == (303, "/moda/submissions/asked")
    assert [m[0] for m in sent_mails()] == ["carlo@tessitura.example"]
    answers = [client.post("/moda/submissions/", data={"email": "carlo@tessitura.example"}) for _ in range(3)]
    assert [a.status_code for a in answers] == [303, 303, 422]
    assert only().standing is Standing.OPEN  # asked again, the same link
    page = sign_in(ada).post("/moda/desk/submissions/", data={"email": "nessuno@x.example"})
    assert (page.status_code, 'id="email-errors"' in page.text) == (422, True)


def test_ada_invites_an_author(moda, ada, sign_in):
    known(moda)
    answer = sign_in(ada).post("/moda/desk/submissions/", data={"email": "carlo@tessitura.example"})
    assert (answer.status_code, only().invited_by, len(sent_mails())) == (303, ada.id, 1)


def test_a_link_is_for_its_district_cannot_be_forged_and_grows_old(moda, nautica, client, link, time_machine):
    assert [client.get(x).status_code for x in (link, link + "x", link.replace("/moda/", "/nautica/"))] == [
        200, 404, 404,
    ]  # fmt: skip
    time_machine.move_to(only().asked_at + timedelta(days=60, seconds=1))
    assert (client.get(link).status_code, client.post(link, data=work(files=[pdf()])).status_code) == (
        404,
        404,
    )


def test_one_authors_link_does_not_open_anothers_files(moda, client, link):
    client.post(link, data=work(files=[pdf()]))
    with transaction():
        other = publications.add(
            moda, by=None, kind="report", title_it="Altro", issued=only().publication.issued,
            activity_line_id=factories.line(moda, "a").id,
        )  # fmt: skip
        file = publications.attach(other, BytesIO(PDF), "segreto.pdf")
    assert client.get(f"{link}/files/{file.id}").status_code == 404
    assert client.post(f"{link}/files/{file.id}/removal").status_code == 404


def test_an_organisers_change_of_the_plan_stays_when_the_author_corrects(moda, ada, client, link):
    client.post(link, data=work(files=[pdf()]))
    draft = only().publication
    with transaction():
        publications.revise(
            draft, by=ada, version=draft.version, activity_line_id=factories.line(moda, "a").id
        )
    assert client.post(link, data=work(title_it="Nuovo", version="1")).status_code == 422
    client.post(link, data=work(title_it="Nuovo") | version_of(client, link))
    assert (only().publication.title_it, only().publication.activity_line_id) == (
        "Nuovo",
        factories.line(moda, "a").id,
    )


def test_an_author_who_is_erased_is_named_nowhere_and_her_link_is_dead(moda, bice, client, link):
    client.post(link, data=work(files=[pdf()], message="Sono Carlo Neri"))
    contact = only().contact
    with transaction():
        privacy.erase(contact, reason="Lo ha chiesto", by=bice)
    assert (only().message, client.get(link).status_code) == ("", 404)
    assert "Neri" not in str([letter.source for letter in db.session.scalars(select(Letter))])
    with transaction():
        publications.publish(only().publication, by=bice)
    before = len(sent_mails())
    jobs.thank_authors()
    assert len(sent_mails()) == before


@pytest.mark.parametrize("path", ["", "1", "1/return", "1/decline"])
def test_dora_is_refused(moda, nautica, dora, sign_in, link, path):
    browser = sign_in(dora)
    assert (
        browser.open(
            f"/moda/desk/submissions/{path}", method="GET" if path in ("", "1") else "POST"
        ).status_code
        == 404
    )
    if path:
        method = "GET" if path == "1" else "POST"
        assert (
            browser.open(f"/nautica/desk/submissions/{path}", method=method, data={"text": "x"}).status_code
            == 404
        )


@pytest.mark.parametrize("stays", ["theirs", "ours"])
def test_once_her_work_and_another_are_one_her_link_opens_no_file_and_changes_nothing(
    moda, ada, client, sign_in, link, stays
):
    client.post(link, data=work(files=[pdf()]))
    with transaction():
        ours = cast.publication(moda, title_it="Tingere a freddo", issued=date(2026, 1, 1), published=False)
        publications.attach(ours, BytesIO(PDF + b"y"), "segreto.pdf")
        pair = (ours, only().publication)
        kept, gone = pair if stays == "ours" else reversed(pair)
        doubles.merge(kept, [gone], address="https://moda.example/x", by=ada)
    row = only()
    files = [f.id for f in row.publication.files]
    assert (row.publication.id, len(files), row.standing) == (kept.id, 2, Standing.REVIEW)
    assert [client.get(f"{link}/files/{n}").status_code for n in files] == [404, 404]
    assert [client.post(f"{link}/files/{n}/removal").status_code for n in files] == [409, 409]
    page = client.get(link)
    assert (page.status_code, "segreto.pdf" in page.text) == (200, False)
    assert client.post(link, data=work(title_it="Altro", version="1")).status_code == 409
    at = f"/moda/desk/submissions/{row.id}/decline"
    assert sign_in(ada).post(at, data={"text": "Doppia"}).status_code == 409
    assert len(only().publication.files) == 2
