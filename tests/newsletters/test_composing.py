"""The composing of issues: actions, preflight, two editors."""

from datetime import timedelta

import pytest
import time_machine

from dissemination.kernel.database import transaction
from dissemination.newsletters import actions, content
from dissemination.newsletters.models import BlockKind
from dissemination.newsletters.preflight import Level
from dissemination.people.actions import ChangedMeanwhile
from dissemination.registrations.models import Room
from dissemination.subscriptions import mails as links_of
from dissemination.workshops.models import Cancellation
from tests import factories
from tests.newsletters import cast


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


def kinds(issue):
    return [(b.kind.value, b.text_it or b.source_id) for b in issue.blocks]


def test_an_issue_is_composed_ordered_and_repaired(moda, ada, textiles):
    with transaction():
        workshop, work = factories.workshop(moda), cast.publication(moda)
        issue = cast.issue(
            moda, textiles, by=ada, text="", workshop_ids=[workshop.id], publication_ids=[work.id, work.id]
        )
        text = actions.add_block(issue, kind=BlockKind.TEXT, text_it="Testo")
        actions.move_block(text, up=True)
        actions.move_block(text, up=True)
        actions.move_block(text, up=True)
        heading = actions.add_block(issue, kind=BlockKind.HEADING, text_it="Titolo")
    assert kinds(issue) == [
        ("text", "Testo"), ("workshop", workshop.id), ("publication", work.id), ("heading", "Titolo"),
    ]  # fmt: skip
    with transaction():
        actions.remove_block(text)
    assert kinds(issue)[0] == ("workshop", workshop.id)
    with transaction():
        actions.restore_block(text)
        assert actions.add_sources(issue, workshop_ids=[workshop.id], publication_ids=[]) == 0
        actions.revise_block(heading, version=1, text_it="Nuovo", text_en="")
    assert [k for k, _ in kinds(issue)] == ["text", "workshop", "publication", "heading"]
    assert kinds(issue)[-1] == ("heading", "Nuovo")


def test_two_issues_with_one_subject_have_two_addresses(moda, ada, textiles):
    with transaction():
        slugs = [cast.issue(moda, by=ada).slug for _ in range(2)]
    assert slugs == ["novita-di-marzo", "novita-di-marzo-2"]


def facts(**more):
    return {
        "subject_it": "A", "subject_en": "", "preheader_it": "", "preheader_en": "", "topics": [], **more,
    }  # fmt: skip


def test_the_second_of_two_editors_is_refused_and_overwrites_nothing(moda, ada, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada)
    seen, block = issue.version, issue.blocks[0]
    line = issue.activity_line_id
    with transaction():
        actions.revise(issue, version=seen, **facts(subject_it="Mia", activity_line_id=line))
        actions.revise_block(block, version=1, text_it="Mio", text_en="")
    with pytest.raises(ChangedMeanwhile), transaction():
        actions.revise(issue, version=seen, **facts(subject_it="Sua", activity_line_id=line))
    with pytest.raises(ChangedMeanwhile), transaction():
        actions.revise_block(block, version=1, text_it="Suo", text_en="")
    assert (issue.subject_it, issue.blocks[0].text_it) == ("Mia", "Mio")


def test_nothing_changes_after_the_sending(moda, ada, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        issue = cast.issue(moda, textiles, by=ada)
    cast.send(issue, by=ada)
    block = issue.blocks[0]
    attempts = [
        lambda: actions.revise(
            issue, version=issue.version, **facts(activity_line_id=issue.activity_line_id)
        ),
        lambda: actions.add_block(issue, kind=BlockKind.TEXT, text_it="x"),
        lambda: actions.add_sources(issue, workshop_ids=[], publication_ids=[]),
        lambda: actions.revise_block(block, version=1, text_it="x", text_en=""),
        lambda: actions.move_block(block, up=True),
        lambda: actions.remove_block(block),
        lambda: actions.restore_block(block),
        lambda: actions.discard(issue),
    ]
    for attempt in attempts:
        with pytest.raises(actions.AlreadySent), transaction():
            attempt()


def test_a_draft_is_thrown_away_whole(moda, ada, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada)
    draft = actions.prepare(issue)
    with transaction():
        actions.send_test(issue, draft, by=ada)
    with transaction():
        actions.discard(issue)
    from dissemination.newsletters.queries import drafts

    assert drafts(moda.id) == []


def test_blocks_show_what_stands_now_in_both_languages(moda, ada, textiles):
    with transaction():
        workshop, work = factories.workshop(moda, title="Filati <b>"), cast.publication(moda)
        issue = cast.issue(
            moda, textiles, by=ada, subject_en="News", workshop_ids=[workshop.id], publication_ids=[work.id]
        )
    home = "http://127.0.0.1:8000/moda"
    first, second, third = (b.id for b in issue.blocks)
    shown = [
        {k: v for k, v in b.items() if k not in ("source", "facts")} for b in content.blocks(issue, "it")
    ]
    assert shown == [
        {"kind": "workshop", "title": "Filati <b>", "when": "giovedì 11 marzo 2027, 14:00–17:00",
         "place": "Museo del Tessuto, Via Puccetti 3, Prato", "note": "",
         "url": f"{home}/workshops/{workshop.slug}?n={issue.id}.{first}", "id": first},
        {"kind": "publication", "title": "Atlante dei filati", "authors": "Anna Bianchi",
         "url": f"{home}/publications/{work.slug}?n={issue.id}.{second}", "id": second},
        {"kind": "text", "html": '<p style="margin:0 0 12px">Buongiorno a <strong>tutti</strong>.</p>',
         "text": "Buongiorno a tutti.", "id": third},
    ]  # fmt: skip
    english = content.blocks(issue, "en")
    assert [b.get("title") for b in english] == ["Textile traceability", "Atlas of yarns", None]
    assert english[0]["when"] == "Thursday, 11 March 2027, 14:00–17:00"
    with transaction():
        workshop.starts_at += timedelta(days=1)
        workshop.ends_at += timedelta(days=1)
    assert content.blocks(issue, "it")[0]["when"] == "venerdì 12 marzo 2027, 14:00–17:00"


def codes(issue):
    return [(f.level.value, f.code) for f in actions.prepare(issue).findings]


def test_the_preflight_finds_what_blocks_and_what_warns(moda, ada, textiles):
    with transaction():
        cast.subscriber(moda, textiles, language="en")
        empty = actions.compose(
            moda, by=ada, subject_it="Vuoto", activity_line_id=factories.line(moda).id, topics=[]
        )
        past = factories.workshop(moda, starts_at=factories.DAY.replace(year=2026, month=1))
        off, full, hidden = (factories.workshop(moda, seats=1) for _ in range(3))
        hidden.published_at = None
        off.cancellation = Cancellation(reason="Sciopero", at=factories.DAY)
        from dissemination.kernel.database import db

        db.session.add(Room(workshop_id=full.id, taken=1, waiting=0, last_number=1))
        draft = cast.publication(moda, published_at=None)
        issue = cast.issue(
            moda, textiles, by=ada, preheader_it="", text="Per iscriverti [clicca qui](https://moda.example)",
            workshop_ids=[w.id for w in (past, off, full, hidden)], publication_ids=[draft.id],
        )  # fmt: skip
    assert codes(empty) == [
        ("blocking", "no_topics"),
        ("blocking", "no_content"),
        ("warning", "no_preheader"),
    ]
    with time_machine.travel("2026-06-01", tick=False):
        assert codes(issue) == [
            ("blocking", "past"), ("blocking", "cancelled"), ("blocking", "not_public"),
            ("blocking", "not_public"), ("warning", "no_preheader"), ("warning", "no_english"),
            ("warning", "full"), ("warning", "click_here"),
        ]  # fmt: skip


def test_an_issue_in_english_says_what_lacks_english(moda, ada, textiles):
    with transaction():
        workshop = factories.workshop(moda, title_en="")
        issue = cast.issue(moda, textiles, by=ada, subject_en="News", workshop_ids=[workshop.id])
    with time_machine.travel("2026-06-01", tick=False):
        assert codes(issue) == [
            ("warning", "no_english_preheader"), ("warning", "untranslated"), ("warning", "untranslated"),
        ]  # fmt: skip


def test_an_issue_that_mail_programs_would_cut_off_is_blocked(moda, ada, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada, text="Lungo. " * 2500)
        for _ in range(6):
            actions.add_block(issue, kind=BlockKind.TEXT, text_it="Lungo. " * 2500)
    assert ("blocking", "too_large") in codes(issue)
    assert Level.BLOCKING in {f.level for f in actions.prepare(issue).findings}


HOSTILE = "</mj-text><mj-raw><script>alert(1)</script></mj-raw>{{ 7*7 }}\r\nBcc: x@y.example"


def test_hostile_words_reach_neither_mjml_nor_headers(moda, ada, textiles):
    with transaction():
        factories.workshop(moda)
        issue = cast.issue(
            moda, textiles, by=ada, subject_it=HOSTILE, subject_en=HOSTILE, preheader_it=HOSTILE, text=HOSTILE,
            workshop_ids=[factories.workshop(moda, title=HOSTILE, title_en=HOSTILE, venue=HOSTILE).id],
            publication_ids=[cast.publication(moda, HOSTILE).id],
        )  # fmt: skip
        actions.add_block(issue, kind=BlockKind.HEADING, text_it=HOSTILE)
    for letter in actions.prepare(issue).letters:
        assert "<script" not in letter.html
        assert "<mj-" not in letter.html
        assert "{{ 7*7 }}" in letter.html
        assert "49" not in letter.mail.subject
        assert "\n" not in letter.mail.subject
        assert "Bcc: x@y.example" in letter.text


def test_the_text_part_is_readable_alone(moda, ada, textiles):
    with transaction():
        workshop, work = factories.workshop(moda), cast.publication(moda)
        issue = cast.issue(moda, textiles, by=ada, workshop_ids=[workshop.id], publication_ids=[work.id])
        heading = actions.add_block(issue, kind=BlockKind.HEADING, text_it="In agenda")
        for _ in range(3):
            actions.move_block(heading, up=True)
    (letter,) = actions.prepare(issue).letters
    home = "http://127.0.0.1:8000/moda"
    assert (
        letter.text
        == f"""Novità di marzo

Workshop e pubblicazioni

== In agenda ==

* Tracciabilità dei tessuti
  giovedì 11 marzo 2027, 14:00–17:00
  Museo del Tessuto, Via Puccetti 3, Prato
  Programma e iscrizione: {home}/workshops/{workshop.slug}?n={issue.id}.{issue.blocks[1].id}

* Atlante dei filati
  Anna Bianchi
  {home}/publications/{work.slug}?n={issue.id}.{issue.blocks[2].id}

Buongiorno a tutti.

-- 
Distretto moda
Ente gestore
Leggi questo numero nel browser: {home}/newsletters/{issue.slug}?edition=it
Inviata a: tutti gli iscritti
Perché ho ricevuto questa mail? {home}/subscriptions
Scegli i temi e la lingua: {home}/subscriptions
Cancellati: {home}/subscriptions
eventi@moda.example
{home}/
Privacy: {home}/privacy
"""
    )


def test_a_recipients_links_are_signed_and_differ(app, moda):
    one, two = (links_of.merge_for(links_of.token_for(n), "a@b.example", "https://d.example") for n in (1, 2))
    assert one["unsubscribe_url"].startswith("https://d.example/u/")
    assert one["unsubscribe_url"] != two["unsubscribe_url"]
