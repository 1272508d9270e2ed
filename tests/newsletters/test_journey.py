"""From the form to the mailbox over a real SMTP server; headers checked on the raw bytes as received."""

import re

import pytest
import time_machine

from app import periodic_jobs
from dissemination.delivery.models import Fate
from dissemination.delivery.sending import deliver_due
from dissemination.kernel.database import transaction
from dissemination.newsletters import actions
from dissemination.subscriptions import mails as links_of
from tests import factories
from tests.journeys import conftest as journeys
from tests.newsletters import cast

app, mailbox = journeys.app, journeys.mailbox


@pytest.fixture
def plain(app):
    """Forms without CSRF tokens in this file: the story fills none in."""
    app.config["WTF_CSRF_ENABLED"] = False


def work():
    for _seconds, job in periodic_jobs():
        job()
    deliver_due()


def header(raw: bytes, name: str) -> str:
    """One header of a raw message, unfolded."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    values = re.findall(rf"^{name}: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head, re.MULTILINE)
    assert len(values) == 1, f"{name}: {values}"
    return re.sub(r"\r\n[ \t]+", " ", values[0]).strip()


def subscribe(client, email, topic, language="it"):
    client.post("/moda/subscriptions", data={
        "email": email, "language": language, "consent": "y", "topics": [topic.id], "given_name": "G",
    })  # fmt: skip
    deliver_due()


def confirm(client, box, email):
    text = box.to(email)[-1].get_body(("plain",)).get_content()
    client.post(cast.path(re.search(r"https?://\S+/confirmations/\S+", text)[0]))


def test_a_newsletter_reaches_those_who_confirmed_and_stops_at_one_click(
    plain, app, client, moda, ada, mailbox
):
    with time_machine.travel("2027-03-01 09:00 +0000", tick=False):
        with transaction():
            topic, workshop = cast.topic(moda), factories.workshop(moda)
        subscribe(client, "gina@example.org", topic)
        subscribe(client, "ugo@example.org", topic, "en")
        subscribe(client, "zoe@example.org", topic)
        confirm(client, mailbox, "gina@example.org")
        confirm(client, mailbox, "ugo@example.org")
        with transaction():
            issue = cast.issue(moda, topic, by=ada, subject_en="March news", workshop_ids=[workshop.id])
        cast.send(issue, by=ada)
        work()
        work()

    assert [len(mailbox.to(f"{who}@example.org")) for who in ("gina", "ugo", "zoe")] == [2, 2, 1]
    assert [m["Subject"] for m in (mailbox.to("gina@example.org")[-1], mailbox.to("ugo@example.org")[-1])] == [
        "Novità di marzo", "March news",
    ]  # fmt: skip
    raw = next(r for _f, to, r in reversed(mailbox.received) if to == ["gina@example.org"])
    token = links_of.token_for(cast.deliveries(issue.id)[0].contact_id)
    home = "http://127.0.0.1:8000"
    assert header(raw, "List-Unsubscribe") == (
        f"<{home}/u/{token}>, <mailto:eventi@moda.example?subject=unsubscribe%20{token}>"
    )
    assert header(raw, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert header(raw, "List-Id").endswith("<newsletter.moda.moda.example>")
    assert header(raw, "List-Archive") == f"<{home}/moda/newsletters/>"
    assert header(raw, "List-Help") == f"<{home}/moda/subscriptions>"
    assert header(raw, "Precedence") == "bulk"
    assert header(raw, "Feedback-ID") == f"{issue.id}:moda:newsletter:districts"
    assert header(raw, "Content-Language") == "it"
    assert b"Auto-Submitted" not in raw.partition(b"\r\n\r\n")[0]
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 78
    assert max(map(len, head.split(b"\r\n"))) <= 998, "a URL in a header cannot be folded"
    message = mailbox.to("gina@example.org")[-1]
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (text, html):
        assert f"{home}/u/{token}" in part
        assert f"{home}/s/{token}" in part
        assert f"{home}/moda/workshops/{workshop.slug}?n={issue.id}." in part
        assert "gina@example.org" in part
        assert "ugo@example.org" not in part
    assert len(html.encode()) < 100_000
    assert not re.search(r"<(script|img)\b", html), "no tracking"
    assert issue.finished_at is not None

    first = mailbox.to("gina@example.org")[0]
    assert first["List-Unsubscribe"] is None
    assert first["Auto-Submitted"] == "auto-generated"

    app.config["WTF_CSRF_ENABLED"] = True
    url = re.search(r"<(http[^>]+)>", header(raw, "List-Unsubscribe"))[1]
    answer = app.test_client(use_cookies=False).post(
        cast.path(url), data="List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    with time_machine.travel("2027-03-05 09:00 +0000", tick=False):
        with transaction():
            second = cast.issue(moda, topic, by=ada)
        cast.send(second, by=ada)
        work()
    assert [len(mailbox.to(f"{who}@example.org")) for who in ("gina", "ugo", "zoe")] == [2, 3, 1]


@time_machine.travel("2027-03-01 09:00 +0000", tick=False)
def test_who_unsubscribes_between_queue_and_sending_gets_nothing(plain, app, moda, ada, mailbox):
    with transaction():
        topic = cast.topic(moda)
        gina = cast.subscriber(moda, topic, email="gina@example.org")
        cast.subscriber(moda, topic, email="ugo@example.org")
        issue = cast.issue(moda, topic, by=ada)
    cast.send(issue, by=ada)
    app.test_client(use_cookies=False).post(f"/u/{links_of.token_for(gina.id)}")
    work()
    assert [to for _f, to, _r in mailbox.received] == [["ugo@example.org"]]
    assert [(d.address, d.state) for d in cast.deliveries(issue.id)] == [
        ("gina@example.org", Fate.SKIPPED), ("ugo@example.org", Fate.ACCEPTED),
    ]  # fmt: skip


def test_a_test_send_has_the_same_shape_and_its_button_unsubscribes_nobody(plain, app, moda, ada, mailbox):
    with transaction():
        topic = cast.topic(moda)
        cast.subscriber(moda, topic, email="ada@moda.example")
        issue = cast.issue(moda, topic, by=ada)
    draft = actions.prepare(issue)
    with transaction():
        actions.send_test(issue, draft, by=ada)
    work()
    ((_from, to, raw),) = mailbox.received
    assert to == ["ada@moda.example"]
    url = re.search(r"<(http[^>]+)>", header(raw, "List-Unsubscribe"))[1]
    before = cast.live()
    assert app.test_client(use_cookies=False).post(cast.path(url)).status_code == 200
    assert cast.live() == before
