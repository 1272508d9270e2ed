"""Who gets a certificate, what it prints, and what its public page says."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from subprocess import run
from threading import Barrier

import pypdf
import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.attendance import actions as attendance
from dissemination.attendance.models import Presence, Stay
from dissemination.certificates import actions, codes, documents, queries, refusals
from dissemination.certificates.models import Certificate
from dissemination.certificates.queries import Why
from dissemination.delivery import letters
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.registrations.models import Attends, Registration
from dissemination.registrations.queries import token
from dissemination.workshops.models import CoOrganiser, Workshop
from tests import factories

START = factories.DAY  # 14:00 in Rome, three hours
END = START + timedelta(hours=3)
AFTER = END + timedelta(days=1)


@pytest.fixture(autouse=True)
def the_day_after():
    with time_machine.travel(AFTER, tick=False):
        yield


@pytest.fixture
def workshop(moda):
    """Niccolò stayed to the end, Lina left after an hour and a half, Ugo did not come."""
    with transaction():
        row = factories.workshop(moda)
        db.session.add(CoOrganiser(workshop_id=row.id, name="Università di Firenze"))
        mill = factories.company(moda, "Filatura")
    enter(row, "niccolo", "Niccolò", "D’Alò Müller", company=mill)
    enter(row, "lina", "Lina", "Rossi", language="en")
    enter(row, "ugo", "Ugo", "Bianchi")
    with transaction():
        attendance.tick(row, came=[of("niccolo").id, of("lina").id], by=None)
        stay(of("lina"), START, START + timedelta(minutes=90))
    return row


def enter(workshop, who, given, family, *, company=None, language="it", came=False):
    with transaction():
        contact = factories.contact(
            workshop.district,
            f"{who}@filatura.example",
            given_name=given,
            family_name=family,
            company=company,
        )
        factories.seat(workshop, contact, language=language, came=came)


def stay(registration, came, left, via=Attends.ROOM):
    """What two scans at the door leave behind (and no tick by hand)."""
    presence = db.session.get(Presence, registration.id)
    presence.at = came
    db.session.add(Stay(registration_id=registration.id, via=via, came_at=came, left_at=left))
    db.session.flush()


def of(who) -> Registration:
    return next(
        r for r in db.session.scalars(select(Registration)) if r.contact.email.startswith(f"{who}@")
    )  # fmt: skip


def close(workshop, **facts):
    with transaction():
        attendance.close(workshop, by=None, started_at=START, ended_at=END, without_counting="Prova", **facts)


def issue_all(workshop, by):
    with transaction():
        return actions.issue_all(workshop, by=by)


def claims(workshop):
    db.session.rollback()
    return {c.registration.contact.given_name: (c.share, c.why) for c in queries.claims(workshop)}


def mine(who, path="certificate"):
    return f"/r/{token(of(who))}/{path}"


def text_of(content: bytes, tmp_path) -> str:
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    return run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()


def test_nobody_gets_one_before_the_workshop_is_closed(workshop, ada, client):
    assert set(claims(workshop).values()) == {
        (100, Why.NOT_CLOSED),
        (50, Why.NOT_CLOSED),
        (0, Why.NOT_CLOSED),
    }
    assert issue_all(workshop, ada) == 0
    page = client.get(mine("niccolo") + "?lang=en").get_data(as_text=True)
    assert "as soon as the organisers have closed the workshop" in page
    assert client.post(mine("niccolo")).status_code == 409


def test_only_who_was_there_long_enough_gets_one_and_the_others_see_why(workshop, ada, client):
    close(workshop)
    assert claims(workshop) == {
        "Niccolò": (100, None), "Lina": (50, Why.TOO_SHORT), "Ugo": (0, Why.ABSENT),
    }  # fmt: skip
    assert issue_all(workshop, ada) == 1
    lina = client.get(mine("lina") + "?lang=en").get_data(as_text=True)
    assert "You were present for 50 % of the time; 75 % are needed." in lina
    assert "You were not noted as present." in client.get(mine("ugo") + "?lang=en").get_data(as_text=True)
    answers = [client.post(mine(who)).status_code for who in ("lina", "ugo")]
    assert (answers, len(all_certificates())) == ([409, 409], 1)


def test_the_share_required_is_the_workshops_own(workshop):
    close(workshop)
    with transaction():
        workshop.required_share = 50
    assert claims(workshop)["Lina"] == (50, None)
    with transaction():
        workshop.required_share = 51
    assert claims(workshop)["Lina"] == (50, Why.TOO_SHORT)


def all_certificates():
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Certificate).order_by(Certificate.id)))


def test_asked_twice_it_is_the_same_to_the_byte(workshop, client):
    close(workshop)
    for _ in range(2):
        assert client.post(mine("niccolo")).status_code == 303
    first = client.get(mine("niccolo", "certificate.pdf"))
    with time_machine.travel(AFTER + timedelta(days=400)):
        later = client.get(mine("niccolo", "certificate.pdf"))
    assert first.data == later.data
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["Content-Disposition"].startswith("attachment; filename=")
    assert len(all_certificates()) == 1


def test_of_two_requests_at_once_both_get_the_same_one(workshop, app):
    close(workshop)
    registration_id, barrier = of("niccolo").id, Barrier(2)
    db.session.remove()

    def ask(_n):
        with app.app_context():
            barrier.wait(timeout=10)
            try:
                with transaction():
                    code = actions.issue(db.session.get(Registration, registration_id)).code
            finally:
                db.session.remove()
            return code

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(ask, range(2)))) == 1
    assert len(all_certificates()) == 1


def test_the_document_is_tagged_with_language_and_title_and_prints_the_accents(workshop, client, tmp_path):
    close(workshop)
    client.post(mine("niccolo"))
    certificate = all_certificates()[0]
    content = client.get(mine("niccolo", "certificate.pdf")).data
    reader = pypdf.PdfReader(BytesIO(content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "it"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Attestato di partecipazione: Tracciabilità dei tessuti"
    assert b"pdfuaid:part" in content or "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    words = " ".join(text_of(content, tmp_path).split())
    for said in (
        "Niccolò D’Alò Müller", "Tracciabilità dei tessuti", "Distretto moda", "Ente gestore",
        "giovedì 11 marzo 2027, ore 14:00–17:00", "Museo del Tessuto, Via Puccetti 3, Prato",
        "3 ore su 3 ore di programma", "Università di Firenze", "Prato, venerdì 12 marzo 2027",
        codes.grouped(certificate.code), f"/certificates/{codes.grouped(certificate.code)}",
    ):  # fmt: skip
        assert said in words
    assert len(reader.pages) == 1


def test_it_speaks_the_registrants_language_and_says_where_she_was(workshop, ada, tmp_path):
    with transaction():
        db.session.execute(Stay.__table__.delete())
        db.session.get(Presence, of("lina").id).via = Attends.ONLINE
        workshop.online_url = "https://meet.example/x"
    close(workshop)
    issue_all(workshop, ada)
    certificate = next(c for c in all_certificates() if c.language == "en")
    words = " ".join(text_of(documents.render(certificate), tmp_path).split())
    assert "Certificate of attendance" in words
    assert "Textile traceability" in words
    assert "Where Online" in words
    assert "Thursday, 11 March 2027, from 14:00 to 17:00" in words


def test_letters_that_the_document_cannot_print_are_refused_in_words(workshop, client):
    with transaction():
        of("niccolo").contact.given_name = "王伟"
    close(workshop)
    client.post(mine("niccolo"))
    answer = client.get(mine("niccolo", "certificate.pdf"))
    assert answer.status_code == 422
    assert (
        "Latin letters"
        in client.get(mine("niccolo", "certificate.pdf"), headers={"Accept-Language": "en"}).text
    )


def test_what_people_typed_stays_text_in_the_document(workshop, ada, tmp_path):
    with transaction():
        of("niccolo").contact.given_name = '#panic("x") *grassetto* $a$'
    close(workshop)
    issue_all(workshop, ada)
    words = text_of(documents.render(all_certificates()[0]), tmp_path)
    assert '#panic("x") *grassetto* $a$ D’Alò Müller' in words


# -- correcting and withdrawing


def test_a_corrected_name_gets_a_new_code_and_the_old_one_is_withdrawn(workshop, ada, client, sign_in):
    close(workshop)
    issue_all(workshop, ada)
    old = all_certificates()[0]
    with transaction():
        old.registration.contact.given_name = "Nicola"
    desk = sign_in(ada)
    page = f"/moda/desk/workshops/{workshop.slug}/certificates"
    assert "Nicola D’Alò Müller" in desk.get(page).get_data(as_text=True)
    assert desk.post(f"{page}/{old.id}/correction").status_code == 303
    old, new = all_certificates()
    assert (old.withdrawn_at, old.replaced_by_id, new.withdrawn_at) == (AFTER, new.id, None)
    assert (old.name, new.name) == ("Niccolò D’Alò Müller", "Nicola D’Alò Müller")
    assert old.code != new.code
    shown = client.get(f"/certificates/{codes.grouped(old.code)}?lang=en").get_data(as_text=True)
    assert "It is no longer valid." in shown
    assert "A corrected one took its place" in shown
    assert "Müller" not in shown


def test_a_withdrawn_one_needs_a_reason_and_does_not_come_back_by_her_link(workshop, ada, client, sign_in):
    close(workshop)
    issue_all(workshop, ada)
    desk, page = sign_in(ada), f"/moda/desk/workshops/{workshop.slug}/certificates"
    one = all_certificates()[0]
    assert desk.post(f"{page}/{one.id}/withdrawal", data={"reason": " "}).status_code == 422
    assert desk.post(f"{page}/{one.id}/withdrawal", data={"reason": "Firma di un altro"}).status_code == 303
    assert client.post(mine("niccolo")).status_code == 409
    assert issue_all(workshop, ada) == 0
    assert "Firma di un altro" in client.get(mine("niccolo")).get_data(as_text=True)
    public = client.get(f"/certificates/{one.code}", follow_redirects=True).get_data(as_text=True)
    assert "Firma di un altro" not in public
    assert client.get(mine("niccolo", "certificate.pdf")).status_code == 303
    assert desk.get(f"{page}/{one.id}/certificate.pdf").status_code == 404
    assert desk.post(f"{page}/registrations/{one.registration_id}").status_code == 303
    assert [c.withdrawn_at is None for c in all_certificates()] == [False, True]


def test_withdrawing_twice_is_refused(workshop, ada):
    close(workshop)
    issue_all(workshop, ada)
    with transaction():
        actions.withdraw(all_certificates_inside()[0], reason="x", by=ada)
    with pytest.raises(refusals.AlreadyWithdrawn), transaction():
        actions.withdraw(all_certificates_inside()[0], reason="y", by=ada)
    with pytest.raises(refusals.AlreadyWithdrawn), transaction():
        actions.correct(all_certificates_inside()[0], by=ada)


def all_certificates_inside():
    return list(db.session.scalars(select(Certificate).order_by(Certificate.id)))


def test_after_a_reopening_certificates_that_presence_no_longer_bears_out_are_flagged(
    workshop, ada, bice, sign_in
):
    close(workshop)
    issue_all(workshop, ada)
    desk, page = sign_in(ada), f"/moda/desk/workshops/{workshop.slug}/certificates?lang=en"
    assert "no longer borne out" not in desk.get(page).get_data(as_text=True)
    with transaction():
        attendance.reopen(workshop, reason="Errore", by=bice)
        attendance.tick(workshop, came=[], went=[of("niccolo").id], by=ada)
    assert "1 certificate is no longer borne out" in desk.get(page).get_data(as_text=True)
    close(workshop)
    assert [c.lost for c in queries.claims(workshop) if c.valid] == [True]
    assert "1 certificate is no longer borne out" in desk.get(page).get_data(as_text=True)


# -- mails


def test_one_mail_each_with_the_link_and_no_attachment(workshop, ada, client, sign_in):
    with transaction():
        workshop.required_share = 50
    close(workshop)
    client.post(mine("lina"))  # she fetched hers herself: she needs no mail
    desk, page = sign_in(ada), f"/moda/desk/workshops/{workshop.slug}/certificates"
    desk.post(page)
    with transaction():
        db.session.execute(Delivery.__table__.delete())
    for _ in range(2):
        assert desk.post(f"{page}/mails").status_code == 303
    db.session.rollback()
    mails = db.session.scalars(select(Delivery)).all()
    assert [(m.address, m.calendar) for m in mails] == [("niccolo@filatura.example", None)]
    text, html = letters.render_parts(Mail.from_source(mails[0].letter.source), mails[0].merge)
    assert mine("niccolo") in text
    assert mine("niccolo") in html
    assert mails[0].letter.subject == "Il tuo attestato: Tracciabilità dei tessuti"


# -- the public page


def test_the_public_page_shows_what_was_printed(workshop, ada, client):
    close(workshop)
    issue_all(workshop, ada)
    code = all_certificates()[0].code
    with transaction():
        db.session.get(Workshop, workshop.id).title_it = "Un altro titolo"
    answer = client.get(f"/certificates/{codes.grouped(code)}")
    page = answer.get_data(as_text=True)
    assert all(
        said in page for said in ("autentico", "Niccolò D’Alò Müller", "Tracciabilità dei tessuti", "3 ore")
    )
    assert "Un altro titolo" not in page
    assert "filatura.example" not in page
    assert (answer.headers["X-Robots-Tag"], answer.headers["Cache-Control"]) == ("noindex", "no-store")


def test_after_erasure_it_is_genuine_without_a_name(workshop, ada, client):
    close(workshop)
    issue_all(workshop, ada)
    one = all_certificates()[0]
    with transaction():
        one.name = ""
    page = client.get(f"/certificates/{codes.grouped(one.code)}?lang=en").get_data(as_text=True)
    assert "The certificate is genuine; the name is no longer held." in page
    assert "Müller" not in page


@pytest.mark.parametrize("typed", ["{plain}", "{low}", " {spaced} ", "{misread}", "{dashed}"])
def test_a_code_is_read_however_it_is_typed(workshop, ada, client, typed):
    close(workshop)
    issue_all(workshop, ada)
    with transaction():
        all_certificates_inside()[0].code = "01AB2CD3EF4GH5JK"
    plain = "01AB2CD3EF4GH5JK"
    typed = typed.format(
        plain=plain, low=plain.lower(), spaced=" ".join(plain), misread="Ol" + plain[2:], dashed="01AB–2CD3—EF4G-H5JK"
    )  # fmt: skip
    answer = client.get("/certificates/", query_string={"code": typed}, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.path == "/certificates/01AB-2CD3-EF4G-H5JK"
    assert "Niccolò" in answer.get_data(as_text=True)


def test_an_unknown_code_is_said_to_be_unknown_and_a_wrong_one_keeps_what_was_typed(app, client):
    unknown = client.get("/certificates/0000-0000-0000-0000?lang=en")
    assert unknown.status_code == 404
    assert "No certificate has this code." in unknown.get_data(as_text=True)
    wrong = client.get("/certificates/?code=ABC-!&lang=en")
    assert wrong.status_code == 422
    assert 'value="ABC-!"' in wrong.get_data(as_text=True)
    assert client.get("/certificates/abc").status_code == 404


def test_guessing_codes_is_slowed_down(app, client):
    seen = [client.get(f"/certificates/{codes.grouped(codes.make())}").status_code for _ in range(51)]
    assert seen == [404] * 50 + [429]


def test_codes_have_eighty_random_bits(app):
    many = {codes.make() for _ in range(2000)}
    assert len(many) == 2000
    assert {c for code in many for c in code} == set(codes.ALPHABET)
    assert len(codes.ALPHABET) ** codes.LENGTH == 2**80


# -- pages


def test_the_personal_page_offers_it_after_the_workshop(workshop, client):
    page = f"/r/{token(of('niccolo'))}?lang=en"
    with time_machine.travel(END - timedelta(hours=1)):
        assert "Certificate of attendance" not in client.get(page).get_data(as_text=True)
    assert "as soon as the organisers have closed" in client.get(page).get_data(as_text=True)
    close(workshop)
    assert "To my certificate" in client.get(page).get_data(as_text=True)
    client.post(mine("niccolo"))
    assert "Fetch the certificate (PDF)" in client.get(page).get_data(as_text=True)


def test_forged_links_open_nothing(app, client):
    assert [client.get(f"/r/x/{p}").status_code for p in ("certificate", "certificate.pdf")] == [404, 404]
    assert client.post("/r/x/certificate").status_code == 404


def count_queries(browser, path):
    db.session.rollback()
    counted = []
    listener = lambda *a: counted.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    return len(counted)


def test_the_list_asks_the_database_as_often_for_few_as_for_many(workshop, ada, sign_in, moda):
    def come(names):
        for name in names:
            with transaction():
                company = factories.company(moda, sector_id=moda.sectors[0].id)
            enter(workshop, name, name.title(), "Verdi", company=company, came=True)

    browser, page = sign_in(ada), f"/moda/desk/workshops/{workshop.slug}/certificates"
    come(["a0"])
    close(workshop)
    issue_all(workshop, ada)
    browser.get(page)
    few = count_queries(browser, page)
    with transaction():
        attendance.reopen(workshop, reason="x", by=None)
    come([f"p{n}" for n in range(20)])
    close(workshop)
    issue_all(workshop, ada)
    assert count_queries(browser, page) == few
