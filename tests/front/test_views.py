"""Start pages, the mail desk, health and metrics."""

import re

import pytest
from sqlalchemy import select

from dissemination.delivery import outbox, relay
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.delivery.mjml import MjmlProblem
from dissemination.delivery.models import Delivery, Fate
from dissemination.delivery.transport import FOLDER
from dissemination.kernel import clock
from dissemination.kernel.database import db, transaction
from dissemination.kernel.rights import Role
from dissemination.people import access
from dissemination.privacy import actions as privacy
from dissemination.registrations import queries as registrations
from dissemination.registrations.models import Effect, Reply
from dissemination.workshops import actions as workshops
from tests import factories
from tests.registrations.cast import enter, enter_group, named


def posted(district, address="carlo@example.org", **changes):
    """A delivery of the district in the state that `changes` say."""
    mail = Mail(
        district_id=district.id, template="registrations/my_link", language="it", subject="Il tuo collegamento",
        sender=Sender("Distretto", "eventi@moda.example"), shared={},
    )  # fmt: skip
    with transaction():
        row = outbox.put(mail, Recipient(address, "Carlo Bianchi"), about=district)
        for name, value in changes.items():
            setattr(row, name, value)
    return row


def test_the_start_page_goes_to_the_only_district(client, moda):
    assert client.get("/").location == "/moda/"


def test_the_start_page_lists_several_districts(client, moda, nautica):
    page = client.get("/").text
    assert ('href="/moda/"' in page, 'href="/nautica/"' in page) == (True, True)


def test_the_public_start_page_shows_what_comes_and_no_drafts(client, moda):
    with transaction():
        factories.workshop(moda, title="Aperto a tutti")
        factories.workshop(moda, title="Ancora segreto", published=False)
    page = client.get("/moda/").text
    assert ("Aperto a tutti" in page, "Ancora segreto" in page) == (True, False)


def test_an_empty_desk_says_what_to_do(sign_in, ada):
    page = sign_in(ada).get("/moda/desk/").text
    assert ("Programmane uno" in page, "Programma un workshop" in page) == (True, True)


def test_a_viewer_is_not_offered_what_she_may_not_do(sign_in, moda, person):
    page = sign_in(person(moda, "vera@moda.example", "viewer")).get("/moda/desk/").text
    assert "Programma un workshop" not in page


def test_the_desk_tells_of_mail_whose_fate_nobody_knows(sign_in, ada, moda):
    posted(moda, state=Fate.UNCERTAIN)
    assert "1 messaggio ha esito incerto" in sign_in(ada).get("/moda/desk/").text


def test_the_mail_desk_is_narrowed_by_fate_and_text(sign_in, ada, moda):
    posted(moda, "carlo@example.org", state=Fate.REFUSED)
    posted(moda, "lia@example.org")
    browser = sign_in(ada)

    def shown(query):
        page = browser.get(f"/moda/desk/mail/?{query}").text
        return ["carlo@example.org" in page, "lia@example.org" in page]

    assert [shown(""), shown("state=refused"), shown("q=LIA"), shown("state=nonsense")] == [
        [True, True], [True, False], [False, True], [True, True],
    ]  # fmt: skip


def test_a_message_of_another_district_is_not_found(sign_in, ada, moda, nautica):
    row = posted(nautica)
    browser = sign_in(ada)
    assert [browser.get(f"/moda/desk/mail/{row.id}{part}").status_code for part in ("", "/html", "/raw")] == [
        404
    ] * 3


@pytest.mark.parametrize(("state", "after"), [(Fate.UNCERTAIN, Fate.QUEUED), (Fate.ACCEPTED, Fate.ACCEPTED)])
def test_only_a_refused_or_uncertain_message_is_sent_again(sign_in, ada, moda, state, after):
    row = posted(moda, state=state)
    sign_in(ada).post(f"/moda/desk/mail/{row.id}/attempts")
    assert db.session.get(Delivery, row.id).state is after


def test_a_viewer_sends_nothing_again(sign_in, moda, person):
    row = posted(moda, state=Fate.UNCERTAIN)
    answer = sign_in(person(moda, "vera@moda.example", "viewer")).post(f"/moda/desk/mail/{row.id}/attempts")
    assert answer.status_code == 403


def test_dora_is_refused(sign_in, dora, moda):
    assert [sign_in(dora).get(f"/moda/desk/{page}").status_code for page in ("", "mail/")] == [404, 404]


def pages(browser, address, *tails):
    """What the mail desk shows of the last mail to `address`, and the statuses."""
    db.session.expire_all()
    row = db.session.scalars(
        select(Delivery).where(Delivery.address == address).order_by(Delivery.id.desc())
    ).first()
    answers = [browser.get(f"/moda/desk/mail/{row.id}{tail}") for tail in tails or ("", "/html", "/raw")]
    return " ".join(a.text for a in answers).replace("=\r\n", ""), [a.status_code for a in answers]


@pytest.mark.parametrize("role", ["viewer", "organiser", "manager", "observer"])
def test_nobody_reads_the_link_into_somebody_elses_account(sign_in, client, moda, bice, person, role):
    reader = sign_in(person(moda, f"{role}@moda.example", role))
    client.post("/reset", data={"email": bice.email})
    text, statuses = pages(reader, bice.email)
    assert ("/reset/" in text, statuses[1], statuses[2] in (403, 404)) == (False, 404, True)
    with transaction():
        access.invite(moda, email="nina@moda.example", name="Nina", role=Role.MANAGER, language="it", by=bice)
    nina = access.account_by_email("nina@moda.example")
    text, _statuses = pages(reader, nina.email)
    assert access.invited(access.invitation_token(nina)) is nina  # such a link opens the account
    assert ("nina@moda.example" in text, "/accept" in text, ".ey" in text) == (True, False, False)
    assert len(text) < 30_000


def test_who_only_reads_sees_no_personal_link(sign_in, moda, ada, person):
    with transaction():
        workshop = factories.workshop(moda)
    carlo = enter(workshop, "carlo")
    group = enter_group(workshop, "dina", "lia")
    secrets = {
        "carlo@tessitura.example": (registrations.token(carlo), carlo.invitations[0].uid.split("@")[0]),
        "dina@tessitura.example": (registrations.group_token(group),),
    }
    for address, hidden in secrets.items():
        for role in ("viewer", "observer"):
            reader = sign_in(person(moda, f"{role}{len(hidden)}@moda.example", role))
            text, statuses = pages(reader, address)
            assert statuses == [200, 200, 403]
            assert [secret in text for secret in hidden] == [False] * len(hidden)
            assert "Textile" in text or "Tracciabilità" in text
        text, statuses = pages(sign_in(ada), address)
        assert (statuses, [secret in text for secret in hidden]) == ([200] * 3, [True] * len(hidden))


def test_health_answers(client):
    assert [client.get(f"/health/{kind}").json for kind in ("live", "ready")] == [{"status": "ok"}] * 2


def test_metrics_count_deliveries_for_this_machine_only(client, moda):
    posted(moda)
    page = client.get("/metrics").text
    assert 'dissemination_deliveries{state="queued"} 1.0' in page
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_metrics_are_not_for_those_whom_a_proxy_on_this_machine_hands_on(client, moda, header):
    assert client.get("/metrics", headers={header: "203.0.113.5"}).status_code == 404


def test_a_page_that_breaks_says_so_and_shows_nothing_inside(app, client, moda, monkeypatch):
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    monkeypatch.setattr("dissemination.front.queries.home", lambda district: 1 / 0)
    answer = client.get("/moda/")
    assert (answer.status_code, "Errore nostro" in answer.text, "ZeroDivision" in answer.text) == (
        500,
        True,
        False,
    )


def test_a_message_that_cannot_be_put_together_shows_its_fate_all_the_same(sign_in, ada, moda, monkeypatch):
    def broken(_row):
        raise MjmlProblem([])

    row = posted(moda)
    monkeypatch.setattr("dissemination.delivery.queries.parts", broken)
    browser = sign_in(ada)
    page = browser.get(f"/moda/desk/mail/{row.id}")
    assert (page.status_code, "non è stato possibile comporlo" in page.text) == (200, True)
    assert [browser.get(f"/moda/desk/mail/{row.id}/{part}").status_code for part in ("html", "raw")] == [
        404,
        404,
    ]


def test_the_desk_says_that_the_mail_server_is_down(sign_in, ada, moda):
    with transaction():
        relay.pause(FOLDER, "connection refused", at=clock.now())
    assert "Il server di posta non accetta messaggi" in sign_in(ada).get("/moda/desk/").text


def test_the_desk_tells_of_people_who_wait_for_an_answer(sign_in, ada, bice, moda, nautica):
    with transaction():
        asked = factories.workshop(moda, title="Su richiesta", needs_approval=True)
        elsewhere = factories.workshop(nautica, title="Altrove", needs_approval=True)
        off = factories.workshop(moda, title="Saltato", needs_approval=True)
    enter(asked, "ugo")
    enter(off, "lia")
    enter(elsewhere, "zita")
    with transaction():
        workshops.cancel(off, reason="Neve", by=ada)
        reply = Reply(
            district_id=moda.id, message_id="<r@a.example>", received_at=clock.now(), effect=Effect.FOR_A_PERSON
        )  # fmt: skip
        db.session.add(reply)
        privacy.ask(named(asked, "ugo").contact)
    page = sign_in(ada).get("/moda/desk/").text
    assert "1 richiesta di posto a «Su richiesta»" in page
    assert f'href="/moda/desk/workshops/{asked.slug}/registrations?state=requested"' in page
    assert ("Saltato" in page.split("Che cosa ti aspetta")[1], "Altrove" in page) == (False, False)
    assert "1 risposta da un calendario aspetta te" in page
    assert "ha chiesto di cancellare i propri dati" not in page  # only a manager may answer that
    assert "1 persona ha chiesto di cancellare i propri dati" in sign_in(bice).get("/moda/desk/").text


def test_a_workshop_says_first_that_people_ask_for_a_seat(sign_in, ada, moda):
    with transaction():
        workshop = factories.workshop(moda, needs_approval=True)
    browser, path = sign_in(ada), f"/moda/desk/workshops/{workshop.slug}"
    assert "attende il tuo sì o no" not in browser.get(path).text
    enter(workshop, "ugo")
    assert "1 persona chiede un posto e attende il tuo sì o no." in browser.get(path).text


def test_search_engines_are_told_what_is_there_and_what_is_not_theirs(client, moda):
    told = client.get("/robots.txt")
    assert (told.status_code, told.mimetype) == (200, "text/plain")
    home = client.application.config["SETTINGS"].public_url.rstrip("/")
    assert told.text.endswith(f"Sitemap: {home}/moda/newsletters/sitemap.xml\n")
    forged = client.get("/robots.txt", headers={"Host": "evil.example"})
    assert forged.text == told.text, "what a stranger says of the host is not repeated"
    assert client.get("/moda/newsletters/sitemap.xml").status_code == 200
    lines = told.text.splitlines()
    assert {"User-agent: *", "Disallow: /r/", "Disallow: /*/desk/"} <= set(lines)


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/moda/desk/", "Oggi"),
        ("/moda/desk/newsletters/", "Newsletter"),
        ("/moda/desk/newsletters/templates", "Newsletter"),
        ("/moda/desk/subscriptions/", "Newsletter"),
        ("/moda/desk/subscriptions/segments/", "Newsletter"),
        ("/moda/subscriptions", "Newsletter"),
        ("/moda/desk/series/", "Workshop"),
        ("/moda/desk/people/companies/new", "Imprese"),
        ("/moda/desk/people/contacts/", "Contatti"),
        ("/moda/desk/plan/", "Piano"),
        ("/moda/desk/plan/figures", "Indicatori"),
        ("/moda/", None),
    ],
)
def test_the_navigation_says_where_one_is(sign_in, moda, bice, path, entry):
    page = sign_in(bice).get(path)
    assert page.status_code == 200
    navigation = page.text.split('class="site-nav"')[1].split("</nav>")[0]
    current = re.findall(r'<li><a href="[^"]+" aria-current="page">([^<]+)</a></li>', navigation)
    assert current == ([entry] if entry else [])
