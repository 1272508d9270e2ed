"""A database edited with plain SQL is found out, whatever was done to it, on both databases."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dissemination.kernel.database import db, transaction
from dissemination.plan import activity, digests, guards
from dissemination.plan.log import Activity
from dissemination.seals import actions, marks, queries
from dissemination.seals.models import LogSeal, LogTip, Place
from dissemination.seals.sealing import link, seal
from dissemination.seals.verifying import verify
from tests import factories
from tests.plan.tampering import untouched_by_guards
from tests.seals.conftest import fact


def tamper(*statements):
    """Plain SQL by somebody who owns the database and puts the triggers back afterwards."""
    db.session.rollback()
    with transaction(), untouched_by_guards() as connection:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount > 0


def found(district, heads=()):
    db.session.rollback()
    return [(f.kind, f.position, f.activity_id) for f in verify(district, heads)]


def test_a_log_that_nobody_touched_is_as_written(moda, nautica, log):
    with transaction():
        activity.record_all([fact(nautica, 2)])
    assert found(moda) == []
    assert found(nautica) == []  # not sealed yet, and as written
    assert queries.head(moda.id).position == len(log) == 9


@pytest.mark.parametrize(
    "change",
    [
        "title = 'Altro'", "happened_on = '2026-05-30'", "verb = 'workshop.held'", "amount = 12.36",
        "subject_id = 2", "attributes = '{{}}'", "not_counted = NULL", "reason = 'x'", "contact_id = NULL",
        "recorded_by = NULL", "activity_line_id = NULL", "recorded_at = '2026-01-01 00:00:00.000000'",
        "person = NULL", "salt = NULL", "company_id = {company}", "district_id = {other}",
    ],
)  # fmt: skip
def test_a_changed_field_is_found(moda, nautica, log, change):
    with transaction():
        company = factories.company(moda)
    row = log[3] if "not_counted" in change else log[2]
    change = change.format(company=company.id, other=nautica.id)
    tamper(f"UPDATE activities SET {change} WHERE id = {row}")
    kinds = found(moda)
    assert ("changed", log.index(row) + 1, row) in kinds
    assert {k for k, _p, _r in kinds} == {"changed"}


def test_a_deleted_row_is_found(moda, log):
    tamper(f"DELETE FROM activities WHERE id = {log[4]}")
    assert found(moda) == [("deleted", 5, log[4])]


def test_a_row_deleted_with_its_seal_is_found(moda, log):
    tamper(f"DELETE FROM activities WHERE id = {log[4]}", "DELETE FROM log_seals WHERE position = 5")
    assert found(moda) == [("deleted", 5, None), ("moved", 6, log[5])]


def test_swapped_rows_are_found(moda, log):
    a, b = log[1], log[5]
    tamper(
        f"UPDATE activities SET id = 999999 WHERE id = {a}",
        f"UPDATE activities SET id = {a} WHERE id = {b}",
        f"UPDATE activities SET id = {b} WHERE id = 999999",
    )
    assert found(moda) == [("moved", 2, a), ("moved", 6, b)]


def test_swapped_seals_are_found(moda, log):
    tamper(
        "UPDATE log_seals SET activity_id = 999999 WHERE position = 2",
        f"UPDATE log_seals SET activity_id = {log[1]} WHERE position = 6",
        f"UPDATE log_seals SET activity_id = {log[5]} WHERE position = 2",
    )
    assert found(moda) == [("moved", 2, log[5]), ("moved", 6, log[1])]


def test_a_truncated_tail_is_found(moda, log):
    gone = f"DELETE FROM activities WHERE id >= {log[6]}"
    tamper(gone)
    assert found(moda) == [("deleted", n + 1, log[n]) for n in (6, 7, 8)]
    tamper("DELETE FROM log_seals WHERE position > 6")
    assert found(moda) == [("truncated", 9, log[8])]


def set_back(moda, row_id, to, *, told=b""):
    """The tip as an old copy of the database has it: nobody else can make its mark."""
    with transaction():
        tip = db.session.get(LogTip, moda.id)
        tip.position, tip.activity_id, tip.told = to, row_id, told
        tip.chain = db.session.get(LogSeal, (moda.id, to)).chain
        tip.mark = marks.of_tip(vars(tip))
        db.session.flush()


def cut_everything(log, moda, to):
    """The tail with its seals, the tip put back from an old copy: what is left agrees with itself."""
    told = db.session.get(LogTip, moda.id).told
    tamper(f"DELETE FROM activities WHERE id > {log[to - 1]}", f"DELETE FROM log_seals WHERE position > {to}")
    set_back(moda, log[to - 1], to, told=told)


def test_a_tail_cut_with_all_its_traces_is_found_by_a_head_that_was_told(moda, log, app):
    with transaction():
        head = seal(moda.id)
        actions.publish(head, where=Place.MAIL)
    cut_everything(log, moda, 6)
    assert found(moda) == [("truncated", 9, None)]
    tamper("DELETE FROM log_heads")
    set_back(moda, log[5], 6)
    assert found(moda) == []  # nothing inside tells any more; the letter in somebody's drawer does
    assert found(moda, [head.printed]) == [("truncated", 9, None)]
    result = app.test_cli_runner().invoke(
        args=["log", "verify", "--district", "moda", "--head", head.printed]
    )
    assert result.exit_code == 1
    assert result.output.startswith("moda: truncated (position 9): ")
    assert result.output.endswith(f"{head.printed}\n")


def test_a_log_rewritten_after_a_cut_is_found_by_a_head_that_was_told(moda, log):
    with transaction():
        head = seal(moda.id)
    cut_everything(log, moda, 6)
    with transaction():
        activity.record_all([fact(moda, n) for n in (1, 2, 3, 4)])
        assert seal(moda.id).position == 10
    assert found(moda) == []
    assert found(moda, [head.printed]) == [("rewritten", 9, None)]


def test_an_inserted_row_is_found(moda, log):
    columns = (
        "district_id, verb, subject_kind, subject_id, title, happened_on, recorded_at, attributes, reason"
    )
    tamper(
        f"INSERT INTO activities ({columns}) VALUES ({moda.id}, 'attendance.present', 'workshops', 1, 'x',"
        " '2026-05-05', '2026-05-05 00:00:00', '{}', '')"
    )
    new = db.session.query(Activity.id).order_by(Activity.id.desc()).first()[0]
    assert found(moda) == [("inserted", None, new)]
    with transaction():
        seal(moda.id)
    assert found(moda) == [("inserted", 10, new)]


def test_a_copy_of_a_row_is_found(moda, log):
    columns = ", ".join(c.name for c in Activity.__table__.columns if c.name != "id")
    tamper(f"INSERT INTO activities ({columns}) SELECT {columns} FROM activities WHERE id = {log[1]}")
    with transaction():
        seal(moda.id)
    copy = db.session.query(Activity.id).order_by(Activity.id.desc()).first()[0]
    assert found(moda) == [("inserted", None, copy)]


def test_a_row_slipped_in_far_behind_the_tip_is_found(moda, log, monkeypatch):
    from dissemination.seals import sealing, verifying

    monkeypatch.setattr(sealing, "LOOK_BACK", 3)
    monkeypatch.setattr(verifying, "LOOK_BACK", 3)
    tamper(f"DELETE FROM log_seals WHERE activity_id = {log[1]}")
    assert ("inserted", None, log[1]) in found(moda)
    with transaction():
        seal(moda.id)
    assert ("inserted", None, log[1]) in found(moda)


def test_who_knows_the_chain_but_not_the_key_is_found_without_any_head(moda, log):
    """A field changed, and every seal after it made anew: the digest cannot be."""
    tamper(f"UPDATE activities SET title = 'Altro' WHERE id = {log[2]}")
    with transaction(), untouched_by_guards():
        chain = queries.genesis(moda.id)
        for seal_ in db.session.query(LogSeal).filter_by(district_id=moda.id).order_by(LogSeal.position):
            digest = db.session.get(Activity, seal_.activity_id).digest
            chain = seal_.chain = link(chain, seal_.position, seal_.activity_id, digest)
        db.session.get(LogTip, moda.id).chain = chain
        db.session.flush()
    assert found(moda) == [("changed", 3, log[2])]


def test_a_missing_or_emptied_trigger_is_found(moda, log):
    with transaction():
        guards.drop(db.session.connection(), "activities")
    assert {(f.kind, f.detail) for f in verify(moda)} == {
        ("unguarded", name) for name in guards._names(db.session.connection(), "activities")
    }  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE activities SET title = 'x'",
        "UPDATE activities SET contact_id = NULL",
        "UPDATE activities SET id = id + 1000",
        "DELETE FROM activities",
        "UPDATE log_seals SET position = position + 100",
        "DELETE FROM log_seals WHERE position = 9",
        "DELETE FROM log_heads",
        "UPDATE log_heads SET position = 1",
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_or_delete_what_is_logged(moda, log, statement):
    with transaction():
        actions.publish(seal(moda.id), where=Place.PAGE)
    with pytest.raises(DBAPIError, match="only grows"), transaction():
        db.session.execute(text(statement))
    assert found(moda) == []


def test_the_database_refuses_to_replace_or_empty_a_table(moda, log):
    sqlite = db.engine.dialect.name == "sqlite"
    row = log[1]
    columns = ", ".join(c.name for c in Activity.__table__.columns)
    statements = (
        [
            f"INSERT OR REPLACE INTO activities SELECT {columns} FROM activities WHERE id = {row}",
            f"UPDATE OR REPLACE activities SET rowid = {log[2]} WHERE id = {row}",
            "INSERT OR REPLACE INTO log_seals SELECT * FROM log_seals",
        ]
        if sqlite
        else ["TRUNCATE activities CASCADE", "TRUNCATE log_seals", "TRUNCATE log_heads"]
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match="only grows"), transaction():
            db.session.execute(text(statement))
    assert found(moda) == []


def test_a_row_that_parted_from_its_person_is_as_written_and_says_nothing_of_her(moda, people, log):
    with transaction():
        nobody = factories.contact(moda, erased_at=people[0].created_at)
    mine = [r.id for r in db.session.query(Activity).filter_by(contact_id=people[0].id)]
    with transaction():
        activity.part_from_person(moda.id, mine, nobody.id)
    rows = db.session.query(Activity).filter(Activity.id.in_(mine)).all()
    assert {(r.contact_id, r.salt) for r in rows} == {(nobody.id, None)}
    assert len(rows) == 4
    assert found(moda) == []


def test_a_row_may_not_part_towards_somebody_who_is_a_person(moda, people, log):
    with transaction():
        activity.part_from_person(moda.id, [log[1]], people[1].id)
    assert found(moda) == [("changed", 2, log[1])]


def test_nothing_in_the_chain_can_be_made_from_what_is_known_about_a_person(moda, people, log):
    row = db.session.get(Activity, log[1])
    guesses = {
        digests.person_of(b"", row.contact_id, row.recorded_by),
        digests.person_of(bytes(16), row.contact_id, row.recorded_by),
    }  # fmt: skip
    assert row.person not in guesses
    other = (
        db.session.query(Activity).filter_by(contact_id=row.contact_id).filter(Activity.id != row.id).first()
    )
    assert other.person != row.person


def test_rows_committed_late_with_lower_ids_are_sealed_too(moda, log):
    """On PostgreSQL ids are given before they are committed."""
    tamper("DELETE FROM log_seals WHERE position = 9")
    set_back(moda, log[7], 8)
    with transaction():
        assert seal(moda.id).position == 9
    assert found(moda) == []


def test_the_command_prints_the_head_and_verifies_against_it(moda, nautica, log, app, tmp_path):
    run = app.test_cli_runner().invoke
    head = run(args=["log", "head", "--district", "moda"]).output.strip()
    assert head == queries.head(moda.id).printed
    paper = tmp_path / "heads.txt"
    paper.write_text(f"{head}\n\n")
    result = run(args=["log", "verify", "--district", "moda", "--heads", str(paper), "--head", head.upper()])
    assert result.exit_code == 0, result.output
    assert f"moda: as written. 9 rows, head {head}" in result.output
    result = run(args=["log", "verify"])
    assert "nautica: nothing is sealed yet" in result.output
    wrong = head[:-1] + ("0" if head[-1] != "0" else "1")
    result = run(args=["log", "verify", "--district", "moda", "--head", wrong, "--json"])
    assert result.exit_code == 1
    assert [f["kind"] for f in json.loads(result.output)["moda"]["findings"]] == ["rewritten"]
    assert run(args=["log", "verify", "--district", "moda", "--head", "x"]).exit_code == 2
    assert run(args=["log", "verify", "--head", head]).exit_code == 2
    assert run(args=["log", "verify", "--district", "terra"]).exit_code == 2
