"""Sending to topics, test sends, calling back, finishing with evidence and log rows."""

import hashlib
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery.models import Fate, Suppression
from dissemination.districts.models import Sector
from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, jobs, queries
from dissemination.newsletters.models import IssueState
from dissemination.people.actions import ChangedMeanwhile
from dissemination.people.models import OrganisationType
from dissemination.plan.log import Activity
from dissemination.plan.queries import evidence_of
from dissemination.subscriptions import actions as subscriptions
from dissemination.subscriptions import queries as readers
from tests import factories
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
    assert issue.audience == {
        "topics": [textiles.code, leather.code], "persons": 2, "languages": {"it": 1, "en": 1},
        "suppressed": 1, "unconfirmed": 0,
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

    proofs = evidence_of(issue)
    assert [(e.code, e.file.name if e.file else None) for e in proofs] == [
        ("archive", "newsletter-novita-di-marzo-it.html"), ("archive", "newsletter-novita-di-marzo-it.txt"),
        ("archive", "newsletter-novita-di-marzo-en.html"), ("archive", "newsletter-novita-di-marzo-en.txt"),
        ("recipients", None),
    ]  # fmt: skip
    assert files.read(proofs[0].file).decode() == issue.frozen["it"]["html"]
    assert hashlib.sha256(files.read(proofs[0].file)).hexdigest() == issue.frozen["it"]["sha256"]
    assert proofs[0].file.media_type == "text/html"
    assert proofs[-1].note == f"topics {textiles.code} · persons 3 · accepted 2 · refused 1"


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
