"""Signing in and out, recovering a password, second factors, and slowing down those who guess."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask_security import hash_password
from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.people import access
from dissemination.people.accounts import Account

PASSWORD = "tela di lino 2027"


@pytest.fixture
def carla(moda, ada):
    """Ada with a password."""
    with transaction():
        ada.password = hash_password(PASSWORD)
    return ada


def enter(client, email="ada@moda.example", password=PASSWORD, **more):
    return client.post("/login", data={"email": email, "password": password, **more})


def is_in(client):
    return client.get("/account").status_code == 200


def test_the_right_password_opens_the_account(client, carla):
    assert enter(client).status_code == 302
    assert is_in(client)


def test_a_wrong_password_and_an_unknown_address_look_the_same(client, carla):
    wrong, unknown = enter(client, password="nope"), enter(client, email="nobody@moda.example")
    pages = [re.sub(r'value="[^"]*"', "", page.text) for page in (wrong, unknown)]
    assert pages[0] == pages[1]
    assert "L’indirizzo e-mail o la password non sono corretti." in pages[0]
    assert not is_in(client)


def test_after_ten_failures_an_account_has_to_wait(client, carla):
    with time_machine.travel(datetime(2027, 1, 1, 9, 0, tzinfo=UTC), tick=False) as clock:
        for _ in range(10):
            assert enter(client, password="nope").status_code == 200
        refused = enter(client)
        assert refused.status_code == 429
        assert "10:15" in refused.text  # on the clock of Rome
        clock.shift(timedelta(minutes=16))
        assert enter(client).status_code == 302


def test_another_account_does_not_wait(client, carla, bice):
    for _ in range(11):
        enter(client, email="bice@moda.example", password="nope")
    assert enter(client).status_code == 302


def test_one_machine_cannot_try_many_accounts_without_end(client, carla):
    for n in range(50):
        enter(client, email=f"x{n}@moda.example", password="nope")
    assert enter(client).status_code == 429


def test_failures_are_forgotten_after_a_success(app, client, carla):
    for _ in range(9):
        enter(client, password="nope")
    assert enter(client).status_code == 302
    other = app.test_client()
    assert enter(other, password="nope").status_code == 200
    assert enter(other).status_code == 302


def test_sign_out_ends_the_session_and_needs_a_post(client, carla):
    enter(client)
    assert client.get("/sign-out", follow_redirects=True).status_code == 404
    assert client.post("/sign-out").status_code == 302
    assert client.get("/account").status_code == 302


def test_a_switched_off_account_stays_out(client, carla):
    with transaction():
        carla.active = False
    assert enter(client).status_code == 200
    assert not is_in(client)


def test_after_sign_in_one_is_where_one_wanted_to_be(client, carla):
    assert enter(client, next="/account").location.endswith("/account")


def test_nobody_is_sent_to_another_host(client, carla):
    answer = enter(client, next="https://evil.example/")
    assert (answer.status_code, answer.location) == (200, None)


def reset_link(account):
    mail = db.session.scalars(select(Delivery).where(Delivery.address == account.email)).all()[-1]
    return mail.letter.source["shared"]["link"].replace("http://127.0.0.1:8000", "")


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(app, client, carla):
    asked = client.post("/reset", data={"email": "ada@moda.example"}, headers={"Host": "evil.example"})
    assert asked.status_code == 200
    link = reset_link(carla)
    assert link.startswith("/reset/")
    assert client.get(link).status_code == 200
    short = client.post(link, data={"password": "corta", "password_confirm": "corta"})
    assert "almeno 10 caratteri" in short.text
    new = {"password": "una frase nuova", "password_confirm": "una frase nuova"}
    assert client.post(link, data=new).status_code == 302
    assert enter(app.test_client()).status_code == 200
    assert enter(app.test_client(), password="una frase nuova").status_code == 302
    assert client.post(link, data=new).location.endswith("/reset")  # the link works once
    db.session.rollback()
    templates = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [d.letter.template for d in templates] == ["people/password_reset", "people/password_changed"]


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client, carla):
    known = client.post("/reset", data={"email": "ada@moda.example"})
    unknown = client.post("/reset", data={"email": "nobody@moda.example"})
    strip = lambda page: re.sub(r'value="[^"]*"', "", page.text)  # noqa: E731
    assert strip(known) == strip(unknown)
    assert [d.address for d in db.session.scalars(select(Delivery))] == ["ada@moda.example"]


def test_a_link_expires_after_a_day(client, carla):
    with time_machine.travel(datetime(2027, 1, 1, 9, 0, tzinfo=UTC)) as clock:
        client.post("/reset", data={"email": "ada@moda.example"})
        clock.shift(timedelta(hours=25))
        assert client.get(reset_link(carla)).location.endswith("/reset")


def test_mails_cannot_be_asked_for_without_end(client, carla):
    answers = [client.post("/reset", data={"email": "ada@moda.example"}).status_code for _ in range(11)]
    assert answers == [200] * 3 + [429] * 8


def code_of(secret):
    from flask import current_app

    totp = current_app.extensions["security"].totp_factory._totp.from_source(secret)
    return totp.generate().token


def set_up_second_factor(browser):
    page = browser.post("/tf-setup", data={"setup": "authenticator"}).text
    assert 'src="data:image/svg+xml;base64,' in page
    with browser.session_transaction() as session:
        secret = session["tf_totp_secret"]
    action = re.search(r'action="(/tf-setup/[^"]+)"', page)[1]
    return secret, browser.post(action, data={"code": code_of(secret)})


def test_the_whole_second_factor(app, client, carla):
    with time_machine.travel(datetime(2027, 1, 1, 9, 0, tzinfo=UTC), tick=False) as clock:
        enter(client)
        secret, done = set_up_second_factor(client)
        assert done.location.endswith("/account")
        clock.shift(60)
        browser = app.test_client()
        assert enter(browser).location.startswith("/tf-validate")
        assert not is_in(browser)
        wrong = browser.post("/tf-validate", data={"code": "000000"})
        assert "Il codice è errato o troppo vecchio." in wrong.text
        code = code_of(secret)
        assert browser.post("/tf-validate", data={"code": code}).status_code == 302
        assert is_in(browser)
        again = app.test_client()
        enter(again)
        assert again.post("/tf-validate", data={"code": code}).status_code == 200  # a code works once
        assert not is_in(again)


def test_a_recovery_code_replaces_the_phone_once(app, client, carla):
    with time_machine.travel(datetime(2027, 1, 1, 9, 0, tzinfo=UTC), tick=False):
        enter(client)
        set_up_second_factor(client)
        page = client.post("/mf-recovery-codes", data={"generate_new_codes": "1"}).text
        code = re.findall(r"<code>([^<]+)</code>", page)[0]
        for expected in (302, 200):
            browser = app.test_client()
            enter(browser)
            assert browser.post("/mf-recovery", data={"code": code}).status_code == expected


def test_recovery_codes_are_not_kept_in_clear(client, carla):
    enter(client)
    page = client.post("/mf-recovery-codes", data={"generate_new_codes": "1"}).text
    code = re.findall(r"<code>([^<]+)</code>", page)[0]
    db.session.rollback()
    assert code not in str(db.session.get(Account, carla.id).mf_recovery_codes)


def test_the_password_is_changed_with_the_old_one(app, client, carla):
    enter(client)
    new = {"new_password": "una frase nuova", "new_password_confirm": "una frase nuova"}
    assert client.post("/change", data={"password": "nope", **new}).status_code == 200
    assert client.post("/change", data={"password": PASSWORD, **new}).status_code == 302
    assert enter(app.test_client(), password="una frase nuova").status_code == 302


def test_name_and_language_are_ones_own(sign_in, ada):
    browser = sign_in(ada)
    assert browser.post("/account", data={"name": "", "language": "en"}).status_code == 422
    saved = browser.post("/account", data={"name": "Ada Bini", "language": "en"})
    assert saved.location == "/account?lang=en"
    db.session.rollback()
    assert (ada.name, ada.language) == ("Ada Bini", "en")


def test_there_is_no_public_registration(client):
    assert client.get("/register", follow_redirects=True).status_code == 404


@pytest.mark.parametrize(
    "path", ["/login", "/reset", "/wan-signin", "/change", "/tf-setup", "/wan-register", "/mf-recovery-codes"]
)
@pytest.mark.parametrize("language", ["it", "en"])
def test_security_pages_are_ours_and_hold_no_inline_code(sign_in, client, ada, path, language):
    browser = client if path in ("/login", "/reset", "/wan-signin") else sign_in(ada)
    page = browser.get(f"{path}?lang={language}")
    assert page.status_code == 200
    assert 'class="site-header"' in page.text
    assert f'<html lang="{language}">' in page.text
    assert not re.search(r"<script(?![^>]*src=)|<style|style=|onclick=", page.text)


def test_an_invitation_leads_to_a_first_password(app, client, moda, bice):
    with transaction():
        access.invite(
            moda, email="Nuova@moda.example", name="Nuova", role="organiser", language="it", by=bice
        )
    account = access.account_by_email("nuova@moda.example")
    link = reset_link(account)
    assert link.startswith("/account/invitation/")
    to = client.get(link).location
    new = {"password": "una frase nuova", "password_confirm": "una frase nuova"}
    assert client.post(to, data=new).status_code == 302
    assert enter(client, email="nuova@moda.example", password="una frase nuova").status_code == 302
    assert app.test_client().get(link).location == "/reset"  # used
