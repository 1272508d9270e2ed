"""Sending to topics, test sends, calling back, finishing with evidence and log rows."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import receiving, relay
from dissemination.delivery.models import Fate, Suppression
from dissemination.districts.models import Sector
from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, jobs, queries, sending
from dissemination.newsletters.models import IssueState
from dissemination.people.actions import ChangedMeanwhile
from dissemination.people.models import OrganisationType
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.figures import figures_for
from dissemination.plan.log import Activity
from dissemination.plan.queries import current_plan, evidence_of
from dissemination.subscriptions import actions as subscriptions
from dissemination.subscriptions import queries as readers
from tests import factories
from tests.delivery.test_bounces import octets
from tests.newsletters import cast


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles", sector_id=moda.sectors[0].id)


@pytest.fixture
def leather(moda):
    with transaction():
        return cast.topic(moda, "Pelle", name_en="Leather")


def suppress(district, address, reason="550 no such user"):
    db.session.add(Suppression(district_id=district.id, address=address, reason=reason, at=datetime.now(UTC)))
    db.session.flush()


def test_each_person_gets_one_mail_in_her_language(moda, ada, textiles, leather, nautica):
    with transaction():
        both = cast.subscriber(moda, textiles, leather, email="a@moda.example")
        english = cast.subscriber(moda, leather, email="e@moda.example", language="en")
        cast.subscriber(moda, cast.topic(moda, "Altro"), email="no@moda.example")
        gone = cast.subscriber(moda, email="gone@moda.example")
        subscriptions.set_topics(gone, [textiles.id], text="t", version="1", source="test", proof="")
        subscriptions.unsubscribe_everything(gone)
        cast.subscriber(moda, textiles, email="dead@moda.example")
        suppress(moda, "dead@moda.example")
        cast.subscriber(nautica, cast.topic(nautica), email="a@nautica.example")
        issue = cast.issue(moda, textiles, leather, by=ada, subject_en="March news")
    assert cast.send(issue, by=ada) == 2
    assert [(d.address, d.letter.language, d.letter.subject, d.contact_id) for d in cast.deliveries(issue.id)] == [
        ("a@moda.example", "it", "Novità di marzo", both.id), ("e@moda.example", "en", "March news", english.id),
    ]  # fmt: skip
    described = issue.audience.pop("rule")
    assert issue.audience == {
        "topics": [textiles.code, leather.code], "persons": 2, "companies": 0, "doubles": {},
        "languages": {"it": 1, "en": 1}, "left_out": {"suppressed": 1},
    }  # fmt: skip
    assert described == {
        "topics": [textiles.id, leather.id], "segment": None, "guarded": True, "told": None, "issue": issue.id,
        "language": "it", "fields": [], "until": issue.sent_at.isoformat(),
    }  # fmt: skip
    assert issue.state is IssueState.SENDING


def test_without_an_english_subject_everybody_gets_italian(moda, ada, textiles):
    with transaction():
        for language in ("it", "en"):
            cast.subscriber(moda, textiles, language=language)
        issue = cast.issue(moda, textiles, by=ada)
    assert cast.send(issue, by=ada) == 2
    assert {d.letter.language for d in cast.deliveries(issue.id)} == {"it"}


def test_the_count_before_sending_says_who_is_left_out(moda, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        cast.subscriber(moda, textiles, email="dead@moda.example")
        suppress(moda, "dead@moda.example")
        subscriptions.ask(moda, email="asked@moda.example", topics=[textiles], consent_text="t")
    audience = readers.audience(moda.id, [textiles.id])
    assert (audience.count, audience.suppressed, audience.unconfirmed) == (1, 1, 1)
    ((contact, suppression),) = readers.suppressed_subscribers(moda.id, [textiles.id])
    assert (contact.email, suppression.reason) == ("dead@moda.example", "550 no such user")
    assert readers.audience(moda.id, []).count == 0


def test_a_double_submit_sends_once(moda, ada, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    draft = actions.prepare(issue)
    with transaction():
        actions.send(issue, draft, version=draft.version, by=ada)
    with pytest.raises(actions.AlreadySent), transaction():
        actions.send(issue, draft, version=draft.version, by=ada)
    cast.write_rows()
    assert len(cast.deliveries(issue.id)) == 1


def test_what_changed_since_the_preview_is_not_sent(moda, ada, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    draft = actions.prepare(issue)
    with transaction():
        actions.remove_block(issue.blocks[0])
    with pytest.raises(ChangedMeanwhile), transaction():
        actions.send(issue, draft, version=draft.version, by=ada)
    assert (issue.sent_at, cast.deliveries(issue.id)) == (None, [])


def test_what_blocks_refuses_the_sending(moda, ada, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada, text="")
    from dissemination.newsletters.sending import NobodyToSendTo, NotReady

    with pytest.raises(NotReady):
        cast.send(issue, by=ada)
    with transaction():
        lonely = cast.issue(moda, cast.topic(moda, "Nessuno"), by=ada)
    with pytest.raises(NobodyToSendTo):
        cast.send(lonely, by=ada)
    assert (issue.sent_at, lonely.sent_at) == (None, None)


def test_a_test_goes_to_its_editor_alone_and_counts_nowhere(moda, ada, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada, subject_en="March news")
    draft = actions.prepare(issue)
    with transaction():
        test = actions.send_test(issue, draft, by=ada)
    sent = cast.deliveries(test.id, "issue_tests")
    assert [(d.address, d.letter.subject) for d in sent] == [
        ("ada@moda.example", "[Prova] Novità di marzo"), ("ada@moda.example", "[Test] March news"),
    ]  # fmt: skip
    assert cast.deliveries(issue.id) == []
    assert issue.sent_at is None
    with transaction():
        actions.send_test(issue, draft, by=ada)
    assert len(queries.tests_of(issue)) == 2


def test_what_waits_is_called_back(moda, ada, textiles):
    with transaction():
        for _ in range(3):
            cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    with transaction():
        cast.deliveries(issue.id)[0].state = Fate.ACCEPTED
    with transaction():
        assert actions.stop(issue, by=ada) == 2
    assert sorted(d.state for d in cast.deliveries(issue.id)) == [
        Fate.ACCEPTED,
        Fate.CANCELLED,
        Fate.CANCELLED,
    ]
    assert issue.stopped_by == ada.id
    jobs.finish_issues()
    assert issue.state is IssueState.FINISHED
    with transaction():
        assert actions.stop(issue, by=ada) == 0


def rows(verb):
    return list(db.session.scalars(select(Activity).where(Activity.verb == verb).order_by(Activity.id)))


def test_finishing_writes_the_activity_with_its_evidence(moda, ada, textiles):
    with transaction():
        leather = db.session.scalars(select(Sector).where(Sector.code == "pelle")).one()
        company = factories.company(moda, sector_id=leather.id)
        lab = factories.company(moda, type=OrganisationType.RESEARCH, in_managing_body=True)
        one = cast.subscriber(moda, textiles, company=company, email="a@moda.example")
        two = cast.subscriber(moda, textiles, company=lab, email="b@moda.example", language="en")
        cast.subscriber(moda, textiles, email="c@moda.example")
        issue = cast.issue(moda, textiles, by=ada, subject_en="March news")
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue, Fate.REFUSED, address="c@moda.example")
        cast.settle(issue, Fate.ACCEPTED, state=Fate.QUEUED)
    with time_machine.travel("2026-05-31 22:30 +0000", tick=False):  # already June in Prato
        assert (jobs.finish_issues(), jobs.finish_issues()) == (1, 0)

    (sent,) = rows("newsletter.sent")
    assert (sent.title, sent.happened_on, sent.recorded_by, sent.subject_id) == (
        "Novità di marzo", date(2026, 6, 1), ada.id, issue.id,
    )  # fmt: skip
    assert (sent.activity_line_id, sent.not_counted) == (issue.activity_line_id, None)
    assert sent.attributes == {"language": "it+en", "sector": "tessile", "topics": textiles.code}
    reached = rows("newsletter.reached")
    assert [(r.contact_id, r.company_id, r.attributes) for r in reached] == [
        (one.id, company.id,
         {"organisation_type": "company", "sector": "pelle", "language": "it", "in_managing_body": "no"}),
        (two.id, lab.id,
         {"organisation_type": "research", "sector": "", "language": "en", "in_managing_body": "yes"}),
    ]  # fmt: skip
    assert "@" not in " ".join(f"{r.title} {r.attributes}" for r in reached)

    stem = "newsletter-novita-di-marzo"
    proofs = {e.file.name: e for e in evidence_of(issue)}
    assert [(e.code, name) for name, e in proofs.items()] == [
        *(("archive", f"{stem}-{end}") for end in
          ("it.html", "it.txt", "it.eml", "en.html", "en.txt", "en.eml")),
        ("recipients", f"{stem}-audience.json"), ("archive", f"{stem}-SHA256SUMS.txt"),
    ]  # fmt: skip
    html = proofs[f"{stem}-it.html"]
    assert files.read(html.file).decode() == issue.frozen["it"]["html"]
    assert hashlib.sha256(files.read(html.file)).hexdigest() == issue.frozen["it"]["sha256"]
    assert html.file.media_type == "text/html"
    assert proofs[f"{stem}-audience.json"].note == (
        f"topics {textiles.code} · persons 3 · accepted 2 · refused 1 · reached 2 persons, 2 companies"
    )


def test_the_sums_of_the_evidence_hold_and_the_message_shows_the_same_html(moda, ada, textiles):
    with transaction():
        company = factories.company(moda)
        for address in ("gina@moda.example", "ugo@moda.example"):
            cast.subscriber(moda, textiles, company=company, email=address)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue)
    jobs.finish_issues()
    kept = {e.file.name: files.read(e.file) for e in evidence_of(issue)}
    sums = dict(
        line.split("  ")[::-1]
        for line in kept["newsletter-novita-di-marzo-SHA256SUMS.txt"].decode().splitlines()
    )
    assert len(sums) == 4
    assert sums == {name: hashlib.sha256(kept[name]).hexdigest() for name in sums}

    octets = kept["newsletter-novita-di-marzo-it.eml"]
    message = message_from_bytes(octets, policy=default)
    assert message["To"].addresses[0].addr_spec == "eventi@moda.example"
    assert message["Subject"] == "Novità di marzo"
    assert message.get_body(("html",)).get_content().replace("\r\n", "\n").strip() == (
        issue.frozen["it"]["html"].replace("tutti gli iscritti", "eventi@moda.example").strip()
    )
    for name, content in kept.items():
        assert b"gina@" not in content, name
        assert b"ugo@" not in content, name
        assert not re.search(rb"/[us]/[\w-]", content), name

    audience = json.loads(kept["newsletter-novita-di-marzo-audience.json"])
    assert audience["reached"] == {"persons": 2, "companies": 1}
    assert audience["fates"] == {"accepted": 2}
    assert audience["rule"]["topics"] == [textiles.id]
    assert "«Tessile»" in audience["rule_in_words"]


def test_after_a_retry_the_books_are_closed_again_and_nothing_is_counted_twice(moda, ada, textiles):
    with transaction():
        for address in ("a@moda.example", "b@moda.example"):
            cast.subscriber(moda, textiles, email=address)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue, Fate.REFUSED, address="b@moda.example")
        cast.settle(issue, Fate.ACCEPTED, address="a@moda.example")
    jobs.finish_issues()
    with transaction():
        assert sending.retry(issue, Fate.REFUSED, reason="casella riaperta", by=ada) == 1
    assert issue.state is IssueState.SENDING
    with transaction():
        (again,) = [d for d in cast.deliveries(issue.id) if d.state is Fate.QUEUED]
        again.state, again.finished_at = Fate.ACCEPTED, datetime.now(UTC)
    jobs.finish_issues()
    assert issue.state is IssueState.FINISHED
    assert len(rows("newsletter.sent")) == 1
    assert len(rows("newsletter.reached")) == 2
    with pytest.raises(sending.NotAgain), transaction():
        sending.retry(issue, Fate.ACCEPTED, reason="", by=ada)


def reached_in(district, period):
    """DV-07: how many persons, and how many rows were seen and not counted."""
    found = figures_for(current_plan(district.id), period)["DV-07"]
    return found["actual"], found["not_counted"]


def accepted_by_two(moda, textiles, ada):
    """An issue that the relay took for Carlo and Gina; its books are open still."""
    with transaction():
        for address in ("carlo@tessitura.example", "gina@tessitura.example"):
            cast.subscriber(moda, textiles, email=address)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue)
    return issue


def test_mail_that_comes_back_after_the_books_are_closed_reached_nobody(moda, ada, textiles):
    """The usual case: the relay accepts everything in a minute, the bounces come in the hours after."""
    with transaction():
        adopt_catalogue(current_plan(moda.id))
    issue = accepted_by_two(moda, textiles, ada)
    jobs.finish_issues()
    period = rows("newsletter.reached")[0].happened_on.strftime("%Y")
    assert reached_in(moda, period) == (2, 0)
    carlo = next(d for d in cast.deliveries(issue.id) if d.address.startswith("carlo@"))
    for _twice in range(2):
        receiving.take_octets(octets("postfix", carlo))
    db.session.rollback()
    assert reached_in(moda, period) == (1, 3), "the row, the one that takes it back, and the bounce"
    assert [r.contact_id for r in rows("newsletter.bounced")] == [carlo.contact_id]
    with transaction():  # the mailbox is opened again: sent once more, he counts once more
        assert sending.retry(issue, Fate.REFUSED, reason="casella riaperta", by=ada) == 1
        again = next(d for d in cast.deliveries(issue.id) if d.state is Fate.QUEUED)
        again.state, again.finished_at = Fate.ACCEPTED, datetime.now(UTC)
    jobs.finish_issues()
    assert reached_in(moda, period) == (2, 3)
    assert len(rows("newsletter.sent")) == 1


def test_mail_that_comes_back_before_the_books_are_closed_is_never_counted(moda, ada, textiles):
    issue = accepted_by_two(moda, textiles, ada)
    carlo = next(d for d in cast.deliveries(issue.id) if d.address.startswith("carlo@"))
    receiving.take_octets(octets("postfix", carlo))
    jobs.finish_issues()
    assert len(rows("newsletter.reached")) == 1


def test_an_issue_with_open_deliveries_is_not_finished(moda, ada, textiles):
    with transaction():
        for _ in range(2):
            cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    for state in (Fate.QUEUED, Fate.IN_DATA, Fate.DEFERRED):
        with transaction():
            cast.deliveries(issue.id)[0].state = Fate.ACCEPTED
            cast.deliveries(issue.id)[1].state = state
        jobs.finish_issues()
        with transaction():
            assert actions.finish(issue) is False
        assert issue.finished_at is None
    with transaction():
        cast.settle(issue, Fate.UNCERTAIN, state=Fate.DEFERRED)
    jobs.finish_issues()
    assert issue.state is IssueState.FINISHED
    assert len(rows("newsletter.reached")) == 1


def test_an_issue_that_reached_nobody_is_seen_and_not_counted(moda, ada, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue, Fate.REFUSED)
    jobs.finish_issues()
    assert [r.not_counted for r in rows("newsletter.sent")] == ["nobody_reached"]


def test_what_was_sent_is_frozen_when_a_workshop_changes_later(moda, ada, textiles):
    with transaction():
        workshop = factories.workshop(moda)
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada, workshop_ids=[workshop.id])
    with time_machine.travel("2026-06-01", tick=False):
        cast.send(issue, by=ada)
    with transaction():
        workshop.title_it = "Altro titolo"
    assert "Tracciabilità dei tessuti" in issue.frozen["it"]["html"]
    assert "Tracciabilità dei tessuti" in issue.frozen["it"]["text"]


def test_hostile_names_go_no_further_than_a_clean_header(moda, ada, textiles):
    name = 'Anna "<script>" \r\nBcc: x@y.example'
    with transaction():
        cast.subscriber(moda, textiles, given_name=name, family_name="")
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    (delivery,) = cast.deliveries(issue.id)
    assert delivery.name == 'Anna "<script>" Bcc: x@y.example'
    assert name not in str(delivery.letter.source)


def test_many_recipients_are_written_in_few_statements(moda, ada, textiles, app):
    from sqlalchemy import event, insert

    from dissemination.people.models import Contact
    from dissemination.subscriptions.models import Subscription

    moment, count = datetime(2026, 1, 2, tzinfo=UTC), 5000
    with transaction():
        db.session.execute(insert(Contact), [
            {"district_id": moda.id, "email": f"p{n}@moda.example", "given_name": "P", "family_name": str(n),
             "name_folded": f"{n} p", "language": "it", "created_at": moment} for n in range(count)
        ])  # fmt: skip
        ids = db.session.scalars(select(Contact.id).where(Contact.given_name == "P")).all()
        db.session.execute(insert(Subscription), [
            {"contact_id": i, "topic_id": textiles.id, "asked_at": moment, "confirmed_at": moment} for i in ids
        ])  # fmt: skip
        issue = cast.issue(moda, textiles, by=ada)
    draft, statements = actions.prepare(issue), []
    event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    with transaction():
        assert actions.send(issue, draft, version=draft.version, by=ada) == count
    assert len(statements) < 60, "one statement per thousand recipients, not per recipient"


def test_the_pages_say_whether_one_server_is_down_or_all(app, moda, ada, textiles, sign_in):
    settings = app.config["SETTINGS"]
    mail = replace(settings.mail, server="127.0.0.1", port=2501, security="none")
    mail = replace(mail, others=(replace(mail.servers[0], port=2502),))
    app.config["SETTINGS"] = replace(settings, mail=mail)
    with transaction():
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    desk, said = sign_in(ada), {}
    for server in mail.servers:
        with transaction():
            relay.pause(server.name, f"{server.name}: Connection refused", at=datetime.now(UTC))
        pages = [f"/moda/desk/newsletters/{issue.id}", "/moda/desk/mail/", "/moda/desk/"]
        said[server.port] = [desk.get(page).text for page in pages]
    assert all("gli altri spediscono anche la sua parte" in page for page in said[2501])
    assert not any("altri spediscono" in page for page in said[2502])
    assert "non accetta messaggi" in said[2502][0]
    assert "127.0.0.1:2501: Connection refused; 127.0.0.1:2502" in said[2502][0]
