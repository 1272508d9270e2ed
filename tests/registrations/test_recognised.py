"""People who were with us before are recognised by a mailed link, not by an account."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.delivery.outbox import preview
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import known, mails_of_links, unasked
from dissemination.registrations.models import Registration
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, title="Lana")


@pytest.fixture
def page(workshop):
    return f"/moda/workshops/{workshop.slug}/registrations"


@pytest.fixture
def ask(client, workshop):
    """ask(address) -> the page that answers."""
    return lambda email: client.post(
        f"/moda/workshops/{workshop.slug}/recognition", data={"known_email": email}
    )


@pytest.fixture
def rita(moda):
    with transaction():
        company = factories.company(moda, "Tessitura Rossi")
        return factories.contact(
            moda,
            "rita@rossi.example",
            company=company,
            given_name="Rita",
            family_name="Rossi",
            job_title="CTO",
        )


def mails():
    db.session.rollback()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def test_known_and_unknown_addresses_get_the_same_answer(ask, rita):
    known_one, unknown = ask("rita@rossi.example"), ask("nino@rossi.example")
    same = known_one.text.replace("rita@", "nino@")
    assert (known_one.status_code, same) == (unknown.status_code, unknown.text)
    assert known_one.headers["Cache-Control"] == "no-store"
    assert [m.address for m in mails()] == ["rita@rossi.example"]


def test_the_mailed_link_fills_in_the_form_and_proves_the_address(client, ask, rita, page):
    ask("RITA@rossi.example")
    url = mails()[0].merge["form_url"]
    path = url.split("//", 1)[1].split("/", 1)[1]
    shown = client.get(f"/{path}")
    assert (shown.status_code, shown.headers["Cache-Control"], shown.headers["Referrer-Policy"]) == (
        200, "no-store", "no-referrer",
    )  # fmt: skip
    for value in ("Rita", "Rossi", "rita@rossi.example", "CTO", "Tessitura Rossi", rita.company.tax_id):
        assert f'value="{value}"' in shown.text
    assert "Non sei tu? Svuota il modulo" in shown.text
    assert "Rita" not in client.get(page).text
    data = {
        "me": known.token(rita), "given_name": "Rita", "family_name": "Rossi", "email": "rita@rossi.example",
        "organisation_type": "company", "tax_id": rita.company.tax_id, "company_name": "Tessitura Rossi",
        "consent": "y", "form_mark": "m",
    }  # fmt: skip
    answer = client.post(page, data=data)
    assert "Il tuo posto è confermato" in client.get(answer.location).text
    (row,) = db.session.scalars(select(Registration)).all()
    assert (row.contact_id, row.proof_due) == (rita.id, None)


def test_the_link_proves_its_own_address_only(client, rita, page):
    data = {"me": known.token(rita), "given_name": "Nino", "family_name": "Neri", "email": "nino@x.example",
            "private": "y", "consent": "y", "form_mark": "m"}  # fmt: skip
    assert client.post(page, data=data).status_code == 303
    db.session.rollback()
    (row,) = db.session.scalars(select(Registration)).all()
    assert row.proof_due is not None


def test_one_mail_in_ten_minutes(ask, rita):
    moment = now().replace(minute=5, second=0)
    for minutes, sent in ((0, 1), (1, 1), (9, 1), (11, 2), (12, 2)):
        with time_machine.travel(moment + timedelta(minutes=minutes), tick=False):
            ask("rita@rossi.example")
        assert len(mails()) == sent, minutes


def test_expired_forged_and_foreign_links_fill_in_nothing(client, moda, nautica, rita, page):
    with transaction():
        stranger = factories.contact(nautica, "sara@nautica.example", given_name="Sara")
        company = rita.company
    good = known.token(rita)
    other = links.sign_for_a_while("another purpose", [rita.id, "x"])
    for token in ("forged", good[:-4], other, known.token(stranger), "x" * 3000):
        shown = client.get(page, query_string={"me": token}).text
        assert ("Rita" in shown, "Sara" in shown, company.name in shown) == (False, False, False)
        assert "Questo link è scaduto o incompleto" in shown
    with time_machine.travel(now() + timedelta(hours=25)):
        assert "Rita" not in client.get(page, query_string={"me": good}).text
    with transaction():
        rita.email = "rita.neri@rossi.example"  # the mailbox to which it went is not hers any more
    assert "Rita" not in client.get(page, query_string={"me": good}).text


def test_an_erased_person_is_not_recognised(client, ask, rita, page):
    token = known.token(rita)
    with transaction():
        rita.erased_at = now()
    ask("rita@rossi.example")
    assert mails() == []
    assert "Rita" not in client.get(page, query_string={"me": token}).text


@pytest.mark.parametrize("email", ["", "rita@", "x" * 300 + "@x.example", "a@b\r\nBcc: c@d.example"])
def test_what_is_no_address_is_said_and_mails_nobody(client, ask, page, email):
    answer = ask(email)
    assert (answer.status_code, answer.location) == (303, page)
    assert "Scrivi un indirizzo e-mail completo" in client.get(page).text
    assert mails() == []


def test_when_registration_is_over_no_link_is_mailed(ask, rita, workshop):
    with time_machine.travel(workshop.registration_deadline, tick=False):
        assert ask("rita@rossi.example").status_code == 303
    assert mails() == []


@pytest.mark.parametrize("language, words", [("it", "Apri il mio modulo"), ("en", "Open my form")])
def test_the_mail_reads_in_both_languages_and_carries_the_link(app, workshop, rita, language, words):
    mail, recipient = mails_of_links.recognised(workshop, rita, language)
    shown = preview(mail, recipient.merge)
    for part in (shown.html, shown.text):
        assert words in part
        assert "Rita Rossi" in part
        assert f"/moda/workshops/{workshop.slug}/registrations?me=" in part


def test_the_mail_goes_out_in_the_language_of_the_page(client, workshop, rita):
    url = f"/moda/workshops/{workshop.slug}/recognition?lang=en"
    client.post(url, data={"known_email": "rita@rossi.example"})
    assert [m.letter.language for m in mails()] == ["en"]


@pytest.mark.parametrize("is_proven", [True, False])
def test_nobody_fills_a_mailbox_by_asking_for_links(ask, rita, is_proven):
    with transaction():
        rita.proven_at = now() if is_proven else None
    morning = now().replace(hour=6, minute=0)
    for n in range(30):
        with time_machine.travel(morning + n * timedelta(minutes=15), tick=False):
            assert ask("rita@rossi.example").status_code == 200
    assert len(mails()) == (unasked.KNOWN if is_proven else unasked.MAILS)
