"""Versions of a draft: kept, compared, brought back; and two people who have it open."""

import re
from datetime import timedelta

import pytest
import time_machine

from dissemination.kernel import runs
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, versions
from dissemination.newsletters.models import BlockKind
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False) as travelled:
        yield travelled


@pytest.fixture
def issue(moda, ada):
    with transaction():
        return cast.issue(moda, cast.topic(moda, "Tessile"), by=ada, text="Primo testo di prova.")


def words(issue):
    return [(b.kind.value, b.text_it) for b in issue.blocks]


def said(issue):
    return [versions.said(v) for v in versions.listed(issue)]


def test_every_save_is_kept_with_who_when_and_what(moda, ada, bice, issue):
    with transaction():
        workshop = factories.workshop(moda)
        actions.revise_block(issue.blocks[0], version=1, text_it="Secondo testo.", text_en="", by=bice)
        actions.add_rows(issue, "workshop", [workshop.id], by=ada)
        actions.move_block(issue.blocks[1], up=True, by=ada)
    assert said(issue) == [
        "spostato: Tracciabilità dei tessuti", "aggiunto: Tracciabilità dei tessuti", "cambiato: Secondo testo.",
        "aggiunto: Primo testo di prova.", "cominciata",
    ]  # fmt: skip
    assert [v.account.email for v in versions.listed(issue) if v.account] == [
        "ada@moda.example", "ada@moda.example", "bice@moda.example", "ada@moda.example",
    ]  # fmt: skip


def test_a_version_comes_back_whole_and_the_later_ones_are_kept(sign_in, moda, ada, issue):
    desk = sign_in(ada)
    then = issue.version
    first = issue.blocks[0]
    with transaction():
        actions.revise_block(first, version=1, text_it="Cambiato", text_en="", by=ada)
        actions.add_block(issue, kind=BlockKind.HEADING, text_it="Nuovo", by=ada)
        actions.remove_block(first, by=ada)
        actions.revise(
            issue, version=issue.version, subject_it="Altro", subject_en="", preheader_it="", preheader_en="",
            activity_line_id=issue.activity_line_id, topics=[], by=ada,
        )  # fmt: skip
    assert words(issue) == [("heading", "Nuovo")]
    answer = desk.post(f"{DESK}/{issue.id}/versions/{then}")
    assert answer.status_code == 303
    db.session.rollback()
    assert words(issue) == [("text", "Primo testo di prova.")]
    assert (issue.subject_it, [t.name_it for t in issue.topics]) == ("Novità di marzo", ["Tessile"])
    assert said(issue)[0] == "ripresa la versione del 02/03/2026 10:00"
    # Undo of the undo: what was before it is there too.
    last = versions.listed(issue)[1].number
    desk.post(f"{DESK}/{issue.id}/versions/{last}")
    db.session.rollback()
    assert (words(issue), issue.subject_it) == ([("heading", "Nuovo")], "Altro")


def test_the_draft_offers_to_undo_the_last_save(sign_in, ada, issue):
    desk = sign_in(ada)
    with transaction():
        actions.remove_block(issue.blocks[0], by=ada)
    page = desk.get(f"{DESK}/{issue.id}").text
    assert "Annulla: tolto: Primo testo di prova." in page
    path = re.search(r'action="([^"]+/versions/\d+)"', page)[1]
    desk.post(path)
    db.session.rollback()
    assert words(issue) == [("text", "Primo testo di prova.")]


def test_the_difference_is_readable_word_by_word(sign_in, moda, ada, issue):
    with transaction():
        workshop = factories.workshop(moda)
        text = issue.blocks[0]
        actions.revise_block(text, version=1, text_it="Primo testo <b> di maggio.", text_en="", by=ada)
        number = issue.version
        actions.add_rows(issue, "workshop", [workshop.id], by=ada)
    desk = sign_in(ada)
    page = desk.get(f"{DESK}/{issue.id}/versions/{number}").text
    assert "Primo testo <ins>&lt;b&gt; </ins>di <del>prova.</del><ins>maggio.</ins>" in page
    since = desk.get(f"{DESK}/{issue.id}/versions/{number}?against=now").text
    assert "Workshop: Tracciabilità dei tessuti" in since
    assert "aggiunto" in since
    assert desk.get(f"{DESK}/{issue.id}/versions/999").status_code == 404


def test_a_difference_of_huge_texts_is_shown_whole_instead_of_taking_for_ever():
    old, new = "a " * 3000, "b " * 3000
    assert [kind for kind, _ in runs.words(old, new)] == ["old", "new"]


def test_at_most_two_hundred_versions_are_kept(ada, issue):
    with transaction():
        for n in range(versions.KEPT + 20):
            actions.revise_block(issue.blocks[0], version=n + 1, text_it=f"Testo {n}", text_en="", by=ada)
    kept = versions.listed(issue)
    assert len(kept) == versions.KEPT
    assert kept[0].number == issue.version


def test_the_second_editor_is_told_who_has_the_draft_open(sign_in, ada, bice, issue, clock):
    first = sign_in(bice)
    with transaction():
        versions.note_presence(issue, bice)
    desk = sign_in(ada)
    clock.shift(timedelta(seconds=60))
    assert "ha questa bozza aperta dalle 10:00" in desk.get(f"{DESK}/{issue.id}").text
    told = desk.post(f"{DESK}/{issue.id}/presence", data={"version": issue.version}).text
    assert "aperta dalle 10:00" in told
    assert "<html" not in told
    clock.shift(timedelta(seconds=60))
    assert "aperta dalle" not in desk.get(f"{DESK}/{issue.id}").text, "Bice left two minutes ago"
    assert first is not None


def test_an_open_page_hears_that_somebody_saved(sign_in, ada, bice, issue):
    desk = sign_in(ada)
    seen = issue.version
    assert "ha salvato" not in desk.post(f"{DESK}/{issue.id}/presence", data={"version": seen}).text
    with transaction():
        actions.add_block(issue, kind=BlockKind.TEXT, text_it="x", by=bice)
    told = desk.post(f"{DESK}/{issue.id}/presence", data={"version": seen}).text
    assert "ha salvato questa bozza alle 10:00" in told


def test_the_page_of_versions_makes_as_many_queries_for_one_as_for_many(sign_in, ada, issue):
    from sqlalchemy import event

    desk, statements = sign_in(ada), []
    event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    def count():
        db.session.rollback()
        statements.clear()
        assert desk.get(f"{DESK}/{issue.id}/versions").status_code == 200
        return len(statements)

    one = count()
    with transaction():
        for n in range(30):
            actions.revise_block(issue.blocks[0], version=n + 1, text_it=f"Testo {n}", text_en="", by=ada)
    assert count() == one


def test_a_draft_with_versions_and_editors_is_thrown_away_whole(ada, issue):
    with transaction():
        versions.note_presence(issue, ada)
    issue_id = issue.id
    with transaction():
        actions.discard(issue)
    assert issue_id
    assert now()
