"""Double opt-in, preferences, leaving: the actions and the pages."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from dissemination.delivery import suppressed
from dissemination.delivery.models import Delivery, Fate, SuppressionKind
from dissemination.kernel import links
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company, Consent, Contact
from dissemination.subscriptions import actions, mails
from dissemination.subscriptions.models import Subscription, SubscriptionRequest
from tests import factories
from tests.newsletters import cast

CARLO = "carlo@tessitura.example"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


@pytest.fixture
def leather(moda):
    with transaction():
        return cast.topic(moda, "Pelle", name_en="Leather")


def form(*topics, **more):
    return {
        "email": CARLO, "given_name": "Carlo", "family_name": "Rossi", "language": "it", "consent": "y",
        "topics": [str(t.id) for t in topics], **more,
    }  # fmt: skip


def link(address=CARLO):
    return cast.path(cast.mails_to(address)[-1][1]["confirm_url"])


def test_whoever_asks_gets_a_mail_and_is_subscribed_only_after_confirming(client, moda, textiles, leather):
    answer = client.post("/moda/subscriptions", data=form(textiles))
    assert (answer.status_code, answer.location) == (303, "/moda/subscriptions/asked")
    assert "Guarda nella tua casella" in client.get(answer.location).text
    assert [m[0] for m in cast.mails_to(CARLO)] == ["subscriptions/confirmation"]
    assert cast.live() == set()

    page = client.get(link())
    assert page.status_code == 200
    assert "Tessile" in page.text
    assert "Pelle" not in page.text
    assert cast.live() == set()

    done = client.post(link())
    assert done.status_code == 303
    assert done.location.startswith("/s/")
    assert cast.live() == {(CARLO, "Tessile")}
    assert cast.consents() == [(CARLO, True, "subscription form")]
    line = db.session.scalars(select(Consent)).one()
    assert line.text == (
        "Chiedo a Ente gestore di mandarmi per e-mail le sue newsletter sui temi che ho scelto. Posso cambiarli "
        "o andarmene in ogni momento con il link presente in ogni newsletter.\nTessile"
    )
    assert line.version == moda.privacy_version
    assert line.proof.startswith("signed link mailed to the address on ")
    assert "Carlo" not in str(cast.mails_to(CARLO))


def test_confirming_twice_is_confirming_once(client, textiles):
    client.post("/moda/subscriptions", data=form(textiles))
    first, second = client.post(link()), client.post(link())
    assert first.location == second.location
    assert cast.consents() == [(CARLO, True, "subscription form")]


def test_nobody_confirms_what_somebody_else_entered_after_she_looked(client, textiles):
    with time_machine.travel(NOW, tick=False):
        client.post("/moda/subscriptions", data=form(textiles))
        page = client.get(link()).text
        seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        client.post("/moda/subscriptions", data=form(textiles, given_name="Mallory"))
        told = client.post(link(), data={"seen": seen})
        assert told.status_code == 409
        assert "Nel frattempo questo indirizzo è stato inserito di nuovo" in told.text
        assert "Mallory" in told.text
        assert cast.live() == set()
        seen = re.search(r'name="seen" value="([^"]+)"', told.text)[1]
        assert client.post(link(), data={"seen": seen}).status_code == 303


def test_the_link_expires_after_seven_days(client, textiles):
    with time_machine.travel(NOW, tick=False):
        client.post("/moda/subscriptions", data=form(textiles))
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert client.get(link()).status_code == 200
    with time_machine.travel(NOW + timedelta(days=7, seconds=2), tick=False):
        assert client.get(link()).status_code == 410
        assert client.post(link()).status_code == 410
    assert cast.live() == set()


@pytest.mark.parametrize("token", ["x", "WzEsIjAwIl0.abc.def"])
def test_a_forged_link_confirms_nothing(client, textiles, token):
    assert client.post(f"/moda/subscriptions/confirmations/{token}").status_code == 410


def test_a_link_of_one_district_does_nothing_in_another(client, textiles, nautica):
    client.post("/moda/subscriptions", data=form(textiles))
    assert client.post(link().replace("/moda/", "/nautica/")).status_code == 410


def test_asking_twice_in_ten_minutes_sends_one_mail_and_keeps_the_last_wish(client, textiles, leather):
    with time_machine.travel(NOW, tick=False) as clock:
        client.post("/moda/subscriptions", data=form(textiles))
        clock.shift(timedelta(minutes=9))
        client.post("/moda/subscriptions", data=form(leather, email=CARLO.upper()))
        assert len(cast.mails_to(CARLO)) == 1
        clock.shift(timedelta(minutes=2))
        client.post("/moda/subscriptions", data=form(leather))
        assert len(cast.mails_to(CARLO)) == 2
        client.post(link())
    assert cast.live() == {(CARLO, "Pelle")}


def test_the_answer_does_not_tell_whether_an_address_is_known(client, moda, textiles):
    with transaction():
        cast.subscriber(moda, textiles, email=CARLO)
    known = client.post("/moda/subscriptions", data=form(textiles))
    unknown = client.post("/moda/subscriptions", data=form(textiles, email="nuova@moda.example"))
    assert (known.status_code, known.location, known.data) == (
        unknown.status_code,
        unknown.location,
        unknown.data,
    )
    assert len(cast.mails_to(CARLO)) == len(cast.mails_to("nuova@moda.example")) == 1


def test_asking_changes_nothing_about_a_known_person(client, moda, textiles):
    with transaction():
        cast.subscriber(moda, email=CARLO, given_name="Carlo", family_name="Neri", language="it")
    client.post("/moda/subscriptions", data=form(textiles, given_name="Altro", language="en"))
    contact = db.session.scalars(select(Contact)).one()
    assert (contact.name, contact.language) == ("Carlo Neri", "it")
    client.post(link())
    db.session.rollback()
    assert (contact.name, contact.language) == ("Carlo Neri", "en")


def test_the_mail_holds_nothing_that_the_asker_typed(client, textiles):
    hostile = "Vinci su http://truffa.example"
    client.post(
        "/moda/subscriptions", data=form(textiles, given_name=hostile, family_name="<b>x</b>\r\nBcc: z")
    )
    (delivery,) = db.session.scalars(select(Delivery))
    assert "truffa" not in str(delivery.letter.source)
    assert delivery.name == ""


def test_a_company_is_linked_by_its_tax_id(client, moda, textiles):
    tax_id = factories.tax_id()
    data = form(textiles, company_name="Tessitura Bianchi", company_tax_id=f"IT {tax_id}")
    client.post("/moda/subscriptions", data=data)
    assert db.session.scalar(select(func.count()).select_from(Company)) == 0
    client.post(link())
    contact = db.session.scalars(select(Contact)).one()
    assert (contact.company.name, contact.company.tax_id) == ("Tessitura Bianchi", tax_id)
    request = db.session.scalars(select(SubscriptionRequest)).one()
    assert (request.given_name, request.company_name, request.company_tax_id) == ("", "", "")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"email": "carlo"}, "email"),
        ({"topics": []}, "Scegli almeno un tema."),
        ({"topics": ["999999"]}, "topics"),
        ({"consent": ""}, "Senza il tuo consenso non possiamo scriverti."),
        ({"company_name": "Solo nome"}, "Indica sia il nome sia la partita IVA"),
        ({"company_tax_id": "12345678901"}, "partita IVA"),
    ],
)
def test_a_wrong_form_says_where_and_keeps_what_was_written(client, textiles, wrong, message):
    answer = client.post("/moda/subscriptions", data=form(textiles, **wrong))
    assert answer.status_code == 422
    assert message in answer.text
    assert "Carlo" in answer.text
    assert cast.mails_to(CARLO) == []


def test_a_closed_topic_is_not_offered(client, moda, textiles, leather):
    with transaction():
        actions.close_topic(leather)
        cast.subscriber(moda, textiles)
    assert "Pelle" not in client.get("/moda/subscriptions").text


@pytest.fixture
def carlo(moda, textiles, leather):
    with transaction():
        return cast.subscriber(moda, textiles, leather, email=CARLO, language="it")


@pytest.fixture
def page(carlo):
    return f"/s/{mails.token_for(carlo.id)}"


def test_the_preference_page_joins_and_leaves_topics(client, page, carlo, textiles, leather):
    with transaction():
        actions.set_topics(carlo, [textiles.id], text="t", version="1", source="test", proof="")
    shown = client.get(page).text
    assert re.search(rf'checked[^>]*value="{textiles.id}"', shown)
    assert not re.search(rf'checked[^>]*value="{leather.id}"', shown)
    client.post(page, data={"topics": [leather.id], "language": "en"})
    assert cast.live() == {(CARLO, "Pelle")}
    assert carlo.language == "en"
    assert cast.consents()[-1] == (CARLO, True, "preference page")


def test_leaving_everything_can_be_undone(client, page):
    before = cast.live()
    answer = client.post(f"{page}/departure")
    assert cast.live() == set()
    shown = client.get(answer.location).text
    assert "Hai lasciato tutti i temi" in shown
    undo = re.search(r'name="undo" value="([^"]+)"', shown)[1]
    client.post(f"{page}/restoration", data={"undo": undo})
    assert cast.live() == before
    assert [c[1:] for c in cast.consents()] == [(False, "preference page"), (True, "preference page, undo")]


def test_undo_works_for_the_same_person_only(client, moda, page):
    with transaction():
        other = cast.subscriber(moda)
    undo = links.sign_for_a_while("undo", [other.id, []])
    assert client.post(f"{page}/restoration", data={"undo": undo}).status_code == 404
    assert client.post(f"{page}/restoration", data={"undo": "x"}).status_code == 404


def test_an_unticked_page_leaves_everything(client, page):
    client.post(page, data={"language": "it"})
    assert cast.live() == set()


def test_a_forged_preference_link_is_not_found(client, page):
    assert client.get("/s/forged").status_code == 404
    assert client.post("/s/forged").status_code == 404
    assert client.post("/s/forged/departure").status_code == 404
    assert client.get("/s/" + links.sign("registration", 1)).status_code == 404


def test_the_preference_page_speaks_the_subscribers_language(client, moda, textiles):
    with transaction():
        one = cast.subscriber(moda, textiles, language="en")
    url = f"/s/{mails.token_for(one.id)}"
    assert "Your newsletters" in client.get(url).text
    assert "Le tue newsletter" in client.get(f"{url}?lang=it").text


def test_get_changes_nothing(app, client, page, carlo, textiles):
    client.post("/moda/subscriptions", data=form(textiles, email="nuova@moda.example"))
    token = mails.token_for(carlo.id)
    before = _rows()
    for url in (link("nuova@moda.example"), page, f"{page}?undo=x", f"/u/{token}", "/moda/subscriptions"):
        for method in (client.get, client.head):
            assert method(url).status_code == 200
    assert client.get(f"{page}/departure").status_code == 405
    assert client.get(f"{page}/restoration").status_code == 405
    assert _rows() == before


def _rows():
    db.session.rollback()
    state = [
        (s.contact_id, s.topic_id, s.confirmed_at, s.ended_at)
        for s in db.session.scalars(select(Subscription))
    ]
    return (
        sorted(state, key=str),
        cast.consents(),
        db.session.scalars(select(SubscriptionRequest.confirmed_at)).all(),
    )


def one_click(app, token):
    """What Gmail sends: no cookie, no referrer, no CSRF token."""
    return app.test_client(use_cookies=False).post(
        f"/u/{token}", data="List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )


def test_one_click_unsubscribes_without_cookie_or_csrf_token(app, carlo):
    app.config["WTF_CSRF_ENABLED"] = True
    token = mails.token_for(carlo.id)
    answer = one_click(app, token)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert cast.live() == set()
    assert cast.consents() == [(CARLO, False, "one-click unsubscribe")]
    assert one_click(app, token).status_code == 200
    assert len(cast.consents()) == 1
    assert app.test_client().post("/moda/subscriptions", data={}).status_code == 400, "CSRF is on elsewhere"


def test_one_click_answers_200_to_unknown_tokens_and_changes_nothing(app, carlo):
    before = _rows()
    for token in (
        "forged",
        links.sign("subscriber", 10**6),
        links.sign("subscriber", "x"),
        links.sign("other", carlo.id),
    ):
        answer = one_click(app, token)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert _rows() == before


def test_the_button_of_the_unsubscribe_page_works(client, carlo):
    url = f"/u/{mails.token_for(carlo.id)}"
    shown = client.get(url)
    assert 'name="List-Unsubscribe" value="One-Click"' in shown.text
    assert cast.live() != set()
    assert "non riceverai più newsletter" in client.post(url, data={"List-Unsubscribe": "One-Click"}).text
    assert cast.live() == set()


def test_unsubscribing_takes_effect_for_what_is_queued(app, moda, ada, carlo, textiles):
    with transaction():
        stays = cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    one_click(app, mails.token_for(carlo.id))
    assert {(d.contact_id, d.state, d.reason) for d in cast.deliveries(issue.id)} == {
        (carlo.id, Fate.SKIPPED, "unsubscribed"), (stays.id, Fate.QUEUED, ""),
    }  # fmt: skip


def test_leaving_one_topic_skips_only_issues_of_that_topic(client, moda, ada, carlo, page, textiles, leather):
    with transaction():
        first = cast.issue(moda, textiles, by=ada)
        second = cast.issue(moda, leather, by=ada)
        both = cast.issue(moda, textiles, leather, by=ada)
    for issue in (first, second, both):
        cast.send(issue, by=ada)
    client.post(page, data={"topics": [leather.id], "language": "it"})
    assert [cast.deliveries(i.id)[0].state for i in (first, second, both)] == [
        Fate.SKIPPED,
        Fate.QUEUED,
        Fate.QUEUED,
    ]


def test_old_requests_are_forgotten(client, textiles):
    with time_machine.travel(NOW, tick=False):
        client.post("/moda/subscriptions", data=form(textiles))
    with time_machine.travel(NOW + timedelta(days=31), tick=False), transaction():
        assert actions.forget_old_requests() == 1
    assert db.session.scalars(select(SubscriptionRequest)).all() == []


@pytest.mark.parametrize(
    "spelling", ["carlo@ｔessitura.example", "carlo@tessitura。example", "CARLO@Tessitura.example"]
)
def test_another_spelling_of_a_domain_is_the_same_address(client, moda, textiles, spelling):
    with transaction():
        suppressed.suppress(moda.id, CARLO, "spam", kind=SuppressionKind.COMPLAINT)
    assert client.post("/moda/subscriptions", data=form(textiles, email=spelling)).status_code == 303
    asked = db.session.scalars(select(SubscriptionRequest)).one()
    assert asked.email == CARLO
    assert suppressed.is_suppressed(moda.id, asked.email)


@pytest.mark.parametrize(
    "spelling", ["carlo@città.example", "carlo@xn--citt-3na.example", "carlo@CITTA\u0300.example"]
)
def test_a_domain_with_accents_is_kept_in_one_spelling(client, textiles, spelling):
    assert client.post("/moda/subscriptions", data=form(textiles, email=spelling)).status_code == 303
    assert db.session.scalars(select(SubscriptionRequest.email)).one() == "carlo@città.example"
