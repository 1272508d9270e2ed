"""Cadence, pause, the monthly mail, "why did I get this", the embedded form, unsubscribing by mail."""

import re
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.parser import BytesParser

import pytest
import time_machine
from sqlalchemy import func, select

from dissemination.delivery import inbound, letters, receiving
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery, Fate, Letter
from dissemination.kernel import links
from dissemination.kernel.database import db, transaction
from dissemination.subscriptions import actions, choices, digests, jobs, mails, subscribing
from dissemination.subscriptions.models import Cadence, Digest, ReaderChoice, SubscriptionRequest, TopicKind
from tests.newsletters import cast

CARLO = "carlo@rossi.example"
MARCH = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)
APRIL = datetime(2027, 4, 1, 7, 0, tzinfo=UTC)  # Thursday, 9:00 in Rome


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


@pytest.fixture
def leather(moda):
    with transaction():
        return cast.topic(moda, "Pelle")


@pytest.fixture
def carlo(moda, textiles, leather):
    with transaction():
        return cast.subscriber(moda, textiles, leather, email=CARLO)


@pytest.fixture
def page(carlo):
    return f"/s/{mails.token_for(carlo.id)}"


def chosen(contact):
    db.session.rollback()
    row = db.session.get(ReaderChoice, contact.id)
    return (row.cadence, row.paused_until) if row else None


# The preference page.


def test_the_page_groups_topics_by_what_they_are_about(client, moda, page):
    with transaction():
        actions.add_topic(moda, name_it="Bandi", kind=TopicKind.CALLS, language="it")
    shown = client.get(page).text
    found = [
        shown.index(w) for w in ("Notizie</p>", "Tessile", "Bandi e finanziamenti</p>", "solo in italiano")
    ]
    assert found == sorted(found)


def test_cadence_and_pause_are_chosen_and_undone(client, moda, carlo, page, textiles, leather):
    both = {"topics": [textiles.id, leather.id], "language": "it"}
    until = datetime.now(moda.zone).date() + timedelta(days=10)
    client.post(page, data={**both, "cadence": "monthly", "paused_until": until.isoformat()})
    cadence, paused = chosen(carlo)
    assert (cadence, paused) == (
        Cadence.MONTHLY,
        datetime.combine(until, datetime.min.time(), tzinfo=moda.zone),
    )
    assert cast.live() == {(CARLO, "Tessile"), (CARLO, "Pelle")}, "a pause is no departure"
    shown = client.get(page).text
    assert "Sei in pausa" in shown
    assert f'value="{until.isoformat()}"' in shown
    client.post(f"{page}/resumption")
    assert chosen(carlo) == (Cadence.MONTHLY, None)
    client.post(page, data={**both, "cadence": "each", "paused_until": ""})
    assert chosen(carlo) == (Cadence.EACH, None)


@pytest.mark.parametrize("day", ["2020-01-01", "2099-01-01"])
def test_a_pause_out_of_range_is_refused_and_nothing_is_changed(client, carlo, page, day):
    answer = client.post(page, data={"topics": [], "language": "it", "cadence": "each", "paused_until": day})
    assert answer.status_code == 422
    assert "Una pausa finisce in un giorno dopo oggi" in answer.text
    assert (chosen(carlo), len(cast.live())) == (None, 2)


def test_a_form_without_cadence_leaves_it(client, carlo, page, textiles):
    with transaction():
        choices.choose(carlo, cadence=Cadence.MONTHLY, paused_until=None)
    client.post(page, data={"topics": [textiles.id], "language": "it"})
    assert chosen(carlo) == (Cadence.MONTHLY, None)


def test_a_pause_calls_back_what_waits(moda, ada, carlo, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    with transaction():
        choices.choose(carlo, cadence=Cadence.EACH, paused_until=datetime.now(UTC) + timedelta(days=3))
    assert [(d.state, d.reason) for d in cast.deliveries(issue.id)] == [(Fate.SKIPPED, "paused")]


def test_pause_and_resumption_need_the_right_link_and_get_changes_nothing(client, page):
    assert client.post("/s/forged/resumption").status_code == 404
    assert client.get(f"{page}/resumption").status_code == 405
    assert client.get("/s/forged/why").status_code == 404


# The monthly mail.


@pytest.fixture
def spring(moda, ada, carlo, textiles, leather):
    """Two issues of March; Carlo wants one mail a month, Dario each issue."""
    with transaction():
        choices.choose(carlo, cadence=Cadence.MONTHLY, paused_until=None)
        cast.subscriber(moda, textiles, email="dario@rossi.example")
    with time_machine.travel(MARCH, tick=False):
        with transaction():
            first = cast.issue(moda, textiles, by=ada)
            second = cast.issue(moda, leather, by=ada, subject_it="Pelle di marzo")
            cast.subscriber(moda, leather, email="elsa@rossi.example")
        for issue in (first, second):
            _send(issue, ada)
    return first, second


def _send(issue, ada):
    cast.send(issue, by=ada)
    with transaction():  # as the audience of the sending page leaves out who wants one mail a month
        for delivery in cast.deliveries(issue.id):
            if delivery.address == CARLO:
                db.session.delete(delivery)


def digest_mails():
    query = select(Delivery.address, Letter.source).join(Letter).where(Delivery.subject_kind == "digests")
    return {address: source["shared"] for address, source in db.session.execute(query)}


def test_who_chose_it_gets_one_mail_made_of_the_month_once(app, moda, carlo, spring):
    with time_machine.travel(APRIL, tick=False):
        assert jobs.send_digests() == 1
        assert jobs.send_digests() == 0
        with transaction():
            assert digests.make(moda, date(2027, 3, 1)) is None
    mail = digest_mails()
    assert list(mail) == [CARLO]
    assert mail[CARLO]["title"] == "Distretto moda: le newsletter di Marzo 2027"
    assert [(i["title"], i["preheader"]) for i in mail[CARLO]["issues"]] == [
        ("Novità di marzo", "Workshop e pubblicazioni"), ("Pelle di marzo", "Workshop e pubblicazioni"),
    ]  # fmt: skip
    assert all(i["url"].startswith("http://127.0.0.1:8000/moda/newsletters/") for i in mail[CARLO]["issues"])
    (digest,) = db.session.scalars(select(Digest)).all()
    assert (digest.month, digest.persons, digest.issues) == (date(2027, 3, 1), 1, [i.id for i in spring])


def test_the_digest_carries_the_headers_of_one_click_unsubscribe(app, carlo, spring):
    with time_machine.travel(APRIL, tick=False):
        jobs.send_digests()
    delivery = db.session.scalars(select(Delivery).where(Delivery.subject_kind == "digests")).one()
    message = BytesParser(policy=policy.default).parsebytes(_octets(delivery))
    token = mails.token_for(carlo.id)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"<http://127.0.0.1:8000/u/{token}>" in message["List-Unsubscribe"]
    text = message.get_body(("plain",)).get_content()
    assert f"http://127.0.0.1:8000/s/{token}/why" in text
    assert "Novità di marzo" in text


def _octets(delivery):
    """The message as the worker would send it."""
    letter = letters.compile_letter(Mail.from_source(delivery.letter.source), seed="x")
    slip = letters.Slip(
        delivery.address, delivery.name, delivery.merge, None, delivery.message_id, delivery.created_at
    )
    return letters.fill(letter, slip)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (datetime(2027, 4, 1, 5, 59, tzinfo=UTC), None),  # 7:59 in Rome
        (datetime(2027, 4, 1, 6, 0, tzinfo=UTC), date(2027, 3, 1)),
        (datetime(2027, 4, 20, 3, 0, tzinfo=UTC), date(2027, 3, 1)),  # the worker was away
        (datetime(2027, 5, 1, 12, 0, tzinfo=UTC), None),  # Saturday and holiday
        (datetime(2027, 5, 3, 6, 0, tzinfo=UTC), date(2027, 4, 1)),
        (datetime(2027, 1, 4, 7, 0, tzinfo=UTC), date(2026, 12, 1)),
    ],
)
def test_it_comes_on_the_first_working_day_at_eight(moda, moment, due):
    with time_machine.travel(moment, tick=False):
        assert digests.month_due(moda) == due


def test_nobody_gets_a_digest_with_nothing_in_it(moda, ada, carlo, textiles):
    with transaction():
        choices.choose(carlo, cadence=Cadence.MONTHLY, paused_until=None)
    with time_machine.travel(APRIL, tick=False):
        assert jobs.send_digests() == 0
    assert digest_mails() == {}


def test_a_digest_heeds_departure_pause_topics_and_what_was_received(
    moda, ada, textiles, leather, carlo, spring
):
    _first, second = spring
    with transaction():
        gone = cast.subscriber(moda, textiles, email="uscita@rossi.example")
        paused = cast.subscriber(moda, textiles, email="pausa@rossi.example")
        only_leather = cast.subscriber(moda, leather, email="pelle@rossi.example", language="en")
        for one in (gone, paused, only_leather):
            choices.choose(one, cadence=Cadence.MONTHLY, paused_until=None)
        actions.unsubscribe_everything(gone)
        elsa = cast.deliveries(second.id)[-1].contact_id
        assert elsa
    with time_machine.travel(APRIL, tick=False):
        with transaction():
            choices.choose(paused, cadence=Cadence.MONTHLY, paused_until=APRIL + timedelta(days=2))
            reader = db.session.get(type(carlo), elsa)
            choices.choose(reader, cadence=Cadence.MONTHLY, paused_until=None)  # she got the issue itself
        jobs.send_digests()
    found = digest_mails()
    assert set(found) == {CARLO, "pelle@rossi.example"}
    assert [i["title"] for i in found["pelle@rossi.example"]["issues"]] == ["Pelle di marzo"]
    assert found["pelle@rossi.example"]["title"] == "moda district: the newsletters of March 2027"


def test_leaving_calls_back_a_digest_that_waits(moda, carlo, spring, textiles):
    with time_machine.travel(APRIL, tick=False):
        jobs.send_digests()
        with transaction():
            actions.set_topics(carlo, [textiles.id], text="t", version="1", source="test", proof="")
    digest = db.session.scalars(select(Digest)).one()
    assert [d.state for d in cast.deliveries(digest.id, "digests")] == [Fate.QUEUED]
    with transaction():
        actions.unsubscribe_everything(carlo)
    assert [(d.state, d.reason) for d in cast.deliveries(digest.id, "digests")] == [
        (Fate.SKIPPED, "unsubscribed")
    ]


# Why did I get this.


def test_each_newsletter_says_its_topic_and_the_consent_behind_it(client, moda, ada, textiles, leather):
    with time_machine.travel(MARCH, tick=False):
        with transaction():
            asked = actions.ask(moda, email=CARLO, topics=[textiles], consent_text="Chiedo le newsletter.")
            token = subscribing._token(asked)
        with transaction():
            contact = actions.confirm(moda, token)
            issue = cast.issue(moda, textiles, leather, by=ada)
        cast.send(issue, by=ada)
        with transaction():
            cast.settle(issue)
    with time_machine.travel(MARCH + timedelta(days=30), tick=False):
        shown = client.get(f"/s/{mails.token_for(contact.id)}/why").text
        assert "Novità di marzo" in shown
        assert re.search(r"A motivo di</dt><dd>Tessile</dd>", shown)
        assert "10/03/2027 10:00 · Modulo di iscrizione" in shown
        assert "con il link spedito al tuo indirizzo il 2027-03-10 09:00 (UTC)" in shown
        assert "Chiedo le newsletter." in shown
    with time_machine.travel(MARCH + timedelta(days=400), tick=False):
        assert "Novità di marzo" not in client.get(f"/s/{mails.token_for(contact.id)}/why").text


def test_of_a_monthly_mail_only_what_stood_in_hers_is_explained(client, moda, leather, spring):
    with transaction():
        reader = cast.subscriber(moda, leather, email="pelle@rossi.example")
        choices.choose(reader, cadence=Cadence.MONTHLY, paused_until=None)
    with time_machine.travel(APRIL, tick=False):
        jobs.send_digests()
        digest = db.session.scalars(select(Digest)).one()
        with transaction():
            for delivery in cast.deliveries(digest.id, "digests"):
                delivery.state, delivery.finished_at = Fate.ACCEPTED, APRIL
        hers = client.get(f"/s/{mails.token_for(reader.id)}/why").text
    assert "Pelle di marzo" in hers
    assert "Novità di marzo" not in hers


def test_a_newsletter_links_to_its_explanation(moda, ada, carlo, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    (delivery,) = cast.deliveries(issue.id)
    assert delivery.merge["why_url"] == f"http://127.0.0.1:8000/s/{mails.token_for(carlo.id)}/why"
    assert "Perché ho ricevuto questa mail?" in issue.frozen["it"]["html"]


# Scanners and forged links.


def test_a_scanner_that_opens_every_link_of_a_newsletter_changes_nothing(app, moda, ada, carlo, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    (delivery,) = cast.deliveries(issue.id)
    before = (cast.live(), cast.consents(), chosen(carlo), delivery.state)
    scanner = app.test_client(use_cookies=False)
    for name in ("preferences_url", "unsubscribe_url", "why_url"):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = scanner.open(cast.path(delivery.merge[name]), method=method)
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
            assert answer.headers.get("X-Robots-Tag", "noindex") == "noindex"
    db.session.rollback()
    assert (cast.live(), cast.consents(), chosen(carlo), delivery.state) == before


@pytest.mark.parametrize(
    "cut", [lambda t: t[:-1], lambda t: t + "x", lambda t: "." + t, lambda t: t.swapcase(), lambda t: t * 50]
)
def test_a_forged_token_unsubscribes_nobody(app, carlo, cut):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client(use_cookies=False).post(
        f"/u/{cut(mails.token_for(carlo.id))}", data="List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert (answer.status_code, "Set-Cookie" in answer.headers, len(cast.live())) == (200, False, 2)


# By mail.


def message(subject, sender=CARLO, **headers):
    lines = [
        f"From: Carlo <{sender}>",
        "To: eventi@moda.example",
        f"Subject: {subject}",
        "Message-ID: <1@rossi.example>",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\nciao\r\n").encode()


def test_the_mailto_of_a_newsletter_unsubscribes(app, moda, ada, carlo, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    (delivery,) = cast.deliveries(issue.id)
    told = re.search(rb"subject=unsubscribe%20([^>]+)>", _octets(delivery))[1].decode()
    incoming = inbound.read(message(f"unsubscribe {told}", sender="altra@altrove.example"))
    receiving.explain(incoming)
    assert len(cast.live()) == 2, "explaining changes nothing"
    assert receiving.take(incoming)["kept"] is True
    assert cast.live() == set()
    assert cast.consents() == [(CARLO, False, "unsubscribe by mail")]
    db.session.rollback()
    assert delivery.state is Fate.SKIPPED
    receiving.take(incoming)
    assert len(cast.consents()) == 1


@pytest.mark.parametrize(
    "subject",
    ["unsubscribe", "unsubscribe forged.token", "Unsubscribe me please", "unsubscribe " + "x" * 2000],
)
def test_a_mail_without_our_token_is_left_to_people_unless_vouched_for(app, carlo, subject):
    assert receiving.take(inbound.read(message(subject)))["kept"] is False
    assert len(cast.live()) == 2


def test_a_mail_that_our_own_server_vouches_for_unsubscribes_without_token(tmp_path, app, carlo):
    incoming = inbound.read(message("unsubscribe"))
    vouched = type(incoming)(**{**vars(incoming), "authentic": True})
    assert receiving.take(vouched)["kept"] is True
    assert cast.live() == set()


def test_an_automatic_answer_unsubscribes_nobody(app, carlo):
    token = mails.token_for(carlo.id)
    incoming = inbound.read(message(f"unsubscribe {token}", Auto_Submitted="auto-replied"))
    assert (incoming.kind, receiving.take(incoming)["kept"]) == (inbound.Kind.AUTOMATIC, False)
    assert len(cast.live()) == 2


# The form inside another site's page.


@pytest.fixture
def framed(app, moda, textiles):
    app.config["WTF_CSRF_ENABLED"] = True
    with transaction():
        moda.embed_origins = "https://www.rossi.example\nnonsense; script-src *"
    return "/moda/subscriptions/embed"


def embed_form(client, framed, textiles, **more):
    token = re.search(r'name="embed_token" value="([^"]+)"', client.get(framed).text)[1]
    return {
        "email": CARLO,
        "topics": [textiles.id],
        "language": "it",
        "consent": "y",
        "embed_token": token,
        **more,
    }


def ancestors(answer):
    return re.search(r"frame-ancestors ([^;]*);", answer.headers["Content-Security-Policy"])[1]


def test_only_the_districts_sites_may_frame_the_form(app, client, moda, framed):
    inside = client.get(framed)
    assert ancestors(inside) == "https://www.rossi.example"
    assert ("X-Frame-Options" in inside.headers, "Set-Cookie" in inside.headers) == (False, False)
    assert ("<header" in inside.text, "csrf_token" in inside.text) == (False, False)
    assert ancestors(client.get("/moda/subscriptions")) == "'none'"
    with transaction():
        moda.embed_origins = ""
    assert ancestors(client.get(framed)) == "'none'"


def test_the_framed_form_asks_and_the_mail_confirms(app, client, framed, textiles):
    answer = client.post(framed, data=embed_form(client, framed, textiles))
    assert answer.status_code == 303
    assert "Questo modulo è di Ente gestore." in client.get(answer.location).text
    assert ancestors(client.get(answer.location)) == "https://www.rossi.example"
    assert [m[0] for m in cast.mails_to(CARLO)] == ["subscriptions/confirmation"]
    assert cast.live() == set()
    assert db.session.scalars(select(SubscriptionRequest.source)).one() == "embedded form"


def test_the_framed_form_needs_our_token_and_keeps_what_was_written(app, client, nautica, framed, textiles):
    foreign = links.sign_for_a_while("embedded subscription", [nautica.id, "x"])
    for bad in ("", "forged", foreign):
        answer = client.post(framed, data=embed_form(client, framed, textiles, embed_token=bad))
        assert answer.status_code == 422
        assert CARLO in answer.text
    wrong = client.post(framed, data=embed_form(client, framed, textiles, email="carlo@"))
    assert (wrong.status_code, 'value="carlo@"' in wrong.text) == (422, True)
    assert cast.mails_to(CARLO) == []


# Limits.


def test_a_stranger_cannot_fill_a_mailbox(client, moda, textiles):
    data = {"email": CARLO, "topics": [textiles.id], "language": "it", "consent": "y"}
    for hour in range(6):
        with time_machine.travel(datetime(2027, 3, 10, 8 + hour, tzinfo=UTC), tick=False):
            assert client.post("/moda/subscriptions", data=data).status_code == 303
    assert len(cast.mails_to(CARLO)) == 3


def test_one_network_cannot_ask_for_everybody(client, textiles):
    with time_machine.travel(MARCH, tick=False):
        answers = [
            client.post("/moda/subscriptions", data={
                "email": f"n{n}@rossi.example", "topics": [textiles.id], "language": "it", "consent": "y",
            }).status_code for n in range(32)
        ]  # fmt: skip
    assert answers == [303] * 30 + [422] * 2
    assert db.session.scalar(select(func.count()).select_from(SubscriptionRequest)) == 30


def test_asking_herself_lifts_an_earlier_departure_but_no_bounce(moda, ada, textiles):
    from dissemination.subscriptions import suppression

    with transaction():
        suppression.add(moda.id, CARLO, kind="unsubscribed", reason="Mailchimp")
        suppression.add(moda.id, "rotta@rossi.example", kind="bounce", reason="550")
    for email in (CARLO, "rotta@rossi.example"):
        with transaction():
            token = subscribing._token(actions.ask(moda, email=email, topics=[textiles], consent_text="c"))
        with transaction():
            actions.confirm(moda, token)
    assert suppression.find(moda.id, CARLO) is None
    assert suppression.find(moda.id, "rotta@rossi.example") is not None
