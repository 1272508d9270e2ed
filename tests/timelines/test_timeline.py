"""A company's timeline: everything in order, page by page, and to each reader what she may read."""

import re
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import current_app, g
from sqlalchemy import select

from dissemination.audits import actions as audits
from dissemination.delivery.models import Delivery, Fate
from dissemination.kernel.database import db, transaction
from dissemination.newsletters.models import Issue
from dissemination.people import actions as people
from dissemination.people.models import Membership
from dissemination.plan import activity
from dissemination.research import meetings
from dissemination.research.models import Meeting
from dissemination.subscriptions.models import Subscription, Topic
from dissemination.timelines import history
from dissemination.timelines.scope import Reader, key_of, scope_of
from dissemination.timelines.texts import Kind
from tests import factories
from tests.audits import cast as audit_cast
from tests.research import cast as research
from tests.test_queries import count
from tests.timelines import cast


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


@pytest.fixture
def blu(moda):
    with transaction():
        audit_cast.plan_of(moda)
        return cast.company(moda)


@pytest.fixture
def carlo(moda, blu):
    with transaction():
        return cast.contact(moda, blu)


def newsletter(district, person):
    """An issue that reached the person, with its topic."""
    topic = Topic(district_id=district.id, code="tessile", name_it="Tessile", name_en="Textiles", position=0)
    db.session.add(topic)
    db.session.flush()
    db.session.add(Subscription(
        contact_id=person.id, topic_id=topic.id, asked_at=cast.NOW, confirmed_at=cast.NOW - timedelta(days=99),
    ))  # fmt: skip
    issue = Issue(
        district_id=district.id, slug="ottobre", subject_it="Notizie di ottobre", created_at=cast.NOW, topics=[topic],
        activity_line_id=factories.line(district).id, sent_at=cast.NOW - timedelta(days=30), finished_at=cast.NOW,
    )  # fmt: skip
    db.session.add(issue)
    db.session.flush()
    letter = factories_letter(district)
    db.session.add(Delivery(
        district_id=district.id, letter_id=letter.id, address=person.email, contact_id=person.id, merge={},
        subject_kind="issues", subject_id=issue.id, message_id="<1@x>", state=Fate.ACCEPTED, attempts=1,
        next_at=cast.NOW, deadline=cast.NOW, created_at=cast.NOW, reason="", last_reply="",
    ))  # fmt: skip
    db.session.flush()


def factories_letter(district):
    from dissemination.delivery.models import Letter

    row = Letter(
        district_id=district.id, content_hash="0" * 64, template="newsletters/issue", language="it", subject="x",
        source={}, created_at=cast.NOW,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


@pytest.fixture
def story(moda, ada, blu, carlo):
    """Everything that can happen to a company."""
    with transaction():
        db.session.add(Membership(company_id=blu.id, since=date(2026, 1, 15)))
        newsletter(moda, carlo)
        seen = cast.workshop(moda, carlo)
        guest = factories.guest(seen, "carlo@blu.example", company_id=blu.id, contact_id=carlo.id)
        guest.invited_at = cast.WORKSHOP - timedelta(days=20)
        audit = audit_cast.visited(moda, blu, by=ada, on=date(2026, 10, 20))
        cast.application(moda, blu)
        lab = research.laboratory(moda)
        meeting = research.meeting(moda, blu, lab=lab, by=ada)
        meetings.hold(
            meeting, held_on=date(2026, 11, 3), minutes="Parola segreta", version=meeting.version, by=ada
        )
        research.sign(
            research.agreement(moda, blu, lab.organisation, by=ada, ends_on=date(2026, 12, 24)), by=ada
        )
        activity.record_all([{
            "verb": "audit.visited", "subject_kind": "past_activities", "subject_id": 1, "district_id": moda.id,
            "title": "Audit del 2025", "happened_on": date(2025, 3, 1), "by": ada, "company_id": blu.id,
        }])  # fmt: skip
    return audit


@contextmanager
def at_desk(district):
    """As while the desk answers a request: addresses can be made."""
    with current_app.test_request_context("/"):
        g.district = district
        yield


def lines(moda, blu, reader, kind=None):
    with at_desk(moda):
        found = history.page(scope_of(moda, blu, reader), kind=kind, size=100)
    return [(e.kind, e.title) for e in found.rows]


def test_a_timeline_has_everything_in_order(moda, blu, story):
    found = lines(moda, blu, Reader.ORGANISER)
    assert found == [
        (Kind.MEETING, "Incontro desiderato: Laboratorio Acque (Università di Prova)"),
        (Kind.AUDIT, "Audit pianificato"),
        (Kind.APPLICATION, "Domanda finanziata"),
        (Kind.APPLICATION, "Domanda presentata"),
        (Kind.MEETING, "Incontro svolto: Laboratorio Acque (Università di Prova)"),
        (Kind.APPLICATION, "Domanda in preparazione"),
        (Kind.NEWSLETTER, "Newsletter ricevuta: Notizie di ottobre"),
        (Kind.AUDIT, "Audit: visita in azienda"),
        (Kind.AREA, "Ambito di miglioramento: Passaporto digitale dei tessuti"),
        (Kind.AREA, "Ambito di miglioramento: Recupero dell'acqua di tintoria"),
        (Kind.AUDIT, "Impresa contattata per un audit"),
        (Kind.PRESENCE, "Presenza: Tingere con meno acqua"),
        (Kind.REGISTRATION, "Iscrizione: Tingere con meno acqua"),
        (Kind.INVITATION, "Invito: Tingere con meno acqua"),
        (Kind.NEWSLETTER, "Newsletter richiesta: Tessile"),
        (Kind.AGREEMENT, "Accordo firmato con Università di Prova"),
        (Kind.MEMBERSHIP, "È diventata aderente al distretto"),
        (Kind.PAST, "Audit del 2025"),
    ]


def test_pages_of_any_size_give_each_line_once_and_in_order(moda, blu, story):
    with at_desk(moda):
        scope = scope_of(moda, blu, Reader.ORGANISER)
        whole = history.page(scope, size=100).rows
        for size in (1, 2, 3, 7):
            found, after = [], None
            while True:
                lines_ = history.page(scope, size=size, after=after)
                found += lines_.rows
                after = lines_.next
                if after is None:
                    break
            assert [e.key for e in found] == [e.key for e in whole], size
        assert [e.key for e in history.everything(scope)] == [e.key for e in whole]


@pytest.mark.parametrize("token", ["", "x", "W10", "WyIyMDI2IiwgMSwgMl0", "=" * 5])
def test_an_address_that_nobody_made_begins_at_the_start(token):
    assert key_of(token) is None


def test_each_kind_can_be_seen_alone(moda, blu, story):
    whole = lines(moda, blu, Reader.ORGANISER)
    for kind in Kind:
        assert lines(moda, blu, Reader.ORGANISER, kind) == [line for line in whole if line[0] is kind] != []


def test_a_viewer_sees_that_things_took_place_and_the_company_what_it_was_told(moda, ada, blu, story):
    viewer = lines(moda, blu, Reader.VIEWER)
    assert (Kind.AUDIT, "Audit: visita in azienda") in viewer
    assert [k for k, title in viewer if k is Kind.AREA or title == "Domanda in preparazione"] == []
    assert [k for k, _ in viewer].count(Kind.AUDIT) == 1
    before = lines(moda, blu, Reader.COMPANY)
    assert [k for k, _ in before].count(Kind.AREA) == 0
    with transaction():
        audits.drafted(story, on=date(2026, 10, 25), by=ada)
        audits.shared(story, on=date(2026, 10, 28), by=ada)
    after = lines(moda, blu, Reader.COMPANY)
    assert ([k for k, _ in after].count(Kind.AREA), (Kind.AUDIT, "Audit: rapporto condiviso") in after) == (
        2,
        True,
    )
    assert (Kind.AUDIT, "Audit: rapporto in bozza") not in after
    notes = [e.note + e.title for e in history.everything(scope_of(moda, blu, Reader.COMPANY))]
    assert "Neri" not in str(notes)


def test_what_it_received_is_added_up(moda, ada, blu, story):
    got = history.received(scope_of(moda, blu, Reader.ORGANISER))
    assert vars(got) == {
        "workshops": 1, "presences": 1, "minutes": 180, "audits": 1, "areas": 2, "applications": 1,
        "requested": Decimal(20000), "granted": Decimal("12000.50"), "paid": Decimal(0), "meetings": 1,
        "agreements": 1,
    }  # fmt: skip


def test_a_grouping_gives_its_money_to_the_company_that_leads(moda, blu):
    with transaction():
        other = cast.company(moda, "Altra")
        cast.application(moda, other, partners=[blu])
    mine = history.received(scope_of(moda, blu, Reader.ORGANISER))
    theirs = history.received(scope_of(moda, other, Reader.ORGANISER))
    assert (mine.applications, mine.granted, theirs.applications, theirs.granted) == (
        1,
        0,
        1,
        Decimal("12000.50"),
    )
    notes = [e.note for e in history.everything(scope_of(moda, blu, Reader.COMPANY))]
    assert ("come partner" in str(notes), "12.000,50" in str(notes)) == (True, False)


def test_a_merged_company_brings_its_story_along(moda, ada, blu, story):
    with transaction():
        other = cast.company(moda, "Tessitura Blue")
        audit_cast.visited(moda, other, by=ada, on=date(2026, 11, 2))
        cast.workshop(moda, cast.contact(moda, other, "eva@blue.example"), title="Altro workshop")
    with transaction():
        people.merge_companies(blu, other, by=ada)
    found = lines(moda, blu, Reader.ORGANISER)
    assert [title for _, title in found].count("Audit: visita in azienda") == 2
    assert (Kind.PRESENCE, "Presenza: Altro workshop") in found
    got = history.received(scope_of(moda, blu, Reader.ORGANISER))
    assert (got.audits, got.areas, got.workshops) == (2, 4, 2)


def test_a_company_that_left_the_district_keeps_its_story(moda, ada, blu, story):
    with transaction():
        people.revise_membership(blu.memberships[0], since=date(2026, 1, 15), until=date(2026, 10, 31))
    found = lines(moda, blu, Reader.ORGANISER)
    assert (Kind.MEMBERSHIP, "Ultimo giorno da aderente") in found
    assert (Kind.AUDIT, "Audit: visita in azienda") in found


def test_the_page_shows_it_and_what_might_come_next_with_reasons(moda, ada, blu, story, sign_in):
    browser = sign_in(ada)
    page = browser.get(f"/moda/desk/people/companies/{blu.id}/timeline").text
    for words in ("Presenza: Tingere con meno acqua", "Carlo Neri", "12.000,50", "Scade il 24/12/2026", "3 h 00 min",
                  "Cerca un bando o un laboratorio per", "L&#39;ambito è aperto da 31 giorni"):  # fmt: skip
        assert words in page
    registry = browser.get(f"/moda/desk/people/companies/{blu.id}").text
    assert f"/moda/desk/people/companies/{blu.id}/timeline" in registry
    narrowed = browser.get(f"/moda/desk/people/companies/{blu.id}/timeline?kind=presence").text
    assert ("Presenza: Tingere" in narrowed, "Iscrizione: Tingere" in narrowed) == (True, False)


def test_a_company_that_came_and_was_never_audited_is_offered_one(moda, ada, blu, carlo, sign_in):
    with transaction():
        cast.workshop(moda, carlo)
    page = sign_in(ada).get(f"/moda/desk/people/companies/{blu.id}/timeline").text
    assert ("Proponi un audit" in page, f"/moda/desk/audits/new?company={blu.id}" in page) == (True, True)


def test_an_area_of_an_audit_leads_to_a_meeting_with_its_laboratory_and_names_it(moda, ada, blu, sign_in):
    with transaction():
        audit = audit_cast.visited(moda, blu, by=ada, on=date(2026, 10, 20))
        lab = research.laboratory(moda)
        audit.areas[0].laboratory_id = lab.id
    browser, area = sign_in(ada), audit.areas[0]
    page = browser.get(f"/moda/desk/audits/{audit.id}").text
    link = re.search(r'href="(/moda/desk/research/meetings/new[^"]*)"', page)[1].replace("&amp;", "&")
    form = browser.get(link).text
    assert (blu.tax_id in form, f'selected value="{lab.id}"' in form) == (True, True)
    asked = {
        "company": blu.tax_id, "laboratory_id": lab.id, "wish": "Meno acqua",
        "activity_line_id": factories.line(moda, "c").id,
    }  # fmt: skip
    assert browser.post(link, data=asked).status_code == 303
    meeting = db.session.scalars(select(Meeting)).one()
    assert (meeting.origin_kind, meeting.origin_id) == ("improvement_areas", area.id)
    assert f"/moda/desk/research/meetings/{meeting.id}" in browser.get(f"/moda/desk/audits/{audit.id}").text
    assert f"/moda/desk/audits/{audit.id}" in browser.get(f"/moda/desk/research/meetings/{meeting.id}").text


def test_who_only_reads_sees_no_areas_no_minutes_and_no_links(moda, blu, story, person, elio, sign_in):
    viewer = person(moda, "viola@moda.example", "viewer")
    for who in (viewer, elio):
        page = sign_in(who).get(f"/moda/desk/people/companies/{blu.id}/timeline").text
        assert "Audit: visita in azienda" in page
        for words in ("Recupero dell", "Passaporto", "segreta", "La pagina dell", "Cerca un bando"):
            assert words not in page


def test_the_page_costs_the_same_for_one_and_many(moda, ada, blu, story, sign_in):
    browser, address = sign_in(ada), f"/moda/desk/people/companies/{blu.id}/timeline"
    few = count(browser, address)
    with transaction():
        for n in range(8):
            who = cast.contact(moda, blu, f"p{n}@blu.example")
            cast.workshop(moda, who, title=f"Workshop {n}", at=cast.WORKSHOP - timedelta(days=n + 1))
            audit_cast.visited(moda, blu, by=ada, on=date(2026, 11, 1), repeat_meant=True)
            cast.application(moda, blu, cast.call(moda, f"Bando {n:04}"))
            lab = research.laboratory(moda, organisation=research.body(moda, f"Ente {n}"), name=f"Lab {n}")
            research.meeting(moda, blu, lab=lab, by=ada)
            research.sign(research.agreement(moda, blu, lab.organisation, by=ada), by=ada)
    assert count(browser, address) == few


def test_dora_is_refused(moda, dora, nautica, blu, story, sign_in):
    browser = sign_in(dora)
    assert browser.get(f"/moda/desk/people/companies/{blu.id}/timeline").status_code == 404
    assert browser.get(f"/nautica/desk/people/companies/{blu.id}/timeline").status_code == 404
