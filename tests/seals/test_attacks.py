"""What somebody tries who writes SQL and knows this code: each is found, and nothing stops the verification."""

import pytest
from sqlalchemy import text

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.plan import activity, guards
from dissemination.plan.log import Activity
from dissemination.seals import actions, jobs, queries
from dissemination.seals.models import LogHead, Place
from dissemination.seals.sealing import seal
from dissemination.seals.verifying import verify
from tests import factories
from tests.seals.conftest import fact
from tests.seals.test_verifying import found, tamper


def kinds(district, heads=()):
    return {kind for kind, _position, _row in found(district, heads)}


def only(database):
    """A test of what one database does."""
    return pytest.mark.parametrize("database_url", [database], indirect=True)


@pytest.mark.parametrize(
    "change",
    [
        "title = ''", "title = title || ' '", "subject_kind = 'issues'", "reverses_id = {other}",
        "digest = NULL", "digest = person", "salt = person", "attributes = '{{\"sector\": \"tessile\"}}'",
        "contact_id = NULL, salt = NULL", "salt = NULL", "id = 777777", "recorded_by = {recorder} + 1",
    ],
)  # fmt: skip
def test_more_fields_that_are_changed(moda, log, ada, bice, change):
    tamper(f"UPDATE activities SET {change.format(other=log[4], recorder=ada.id)} WHERE id = {log[2]}")
    assert found(moda)


@pytest.mark.parametrize(
    "change",
    [
        "happened_on = '20260503'", "happened_on = 'ieri'", "happened_on = x'00'", "recorded_at = 'ieri'",
        "recorded_at = replace(recorded_at, ' ', 'T')", "amount = 12.354", "amount = 'dodici'",
        "attributes = '{{'", "attributes = '[]'", "attributes = '{{\"sector\": \"pelle\", ' || substr(attributes, 2)",
        "attributes = replace(attributes, 'sector', 's\\u0065ctor')",
        "title = x'00'", "verb = x'00'", "digest = 'x'", "salt = 'x'", "person = 'x'", "subject_id = 1.5", "salt = 3",
    ],
)  # fmt: skip
@only("sqlite")
def test_what_only_sqlite_would_hold_is_found_and_stops_nobody(moda, log, change):
    """SQLite keeps any value in any column, and reads some texts otherwise than Python does."""
    tamper(f"UPDATE activities SET {change.format()} WHERE id = {log[2]}")
    assert "changed" in kinds(moda)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_seals SET chain = 'x' WHERE position = 3",
        "UPDATE log_seals SET position = 'x' WHERE position = 9",
        "UPDATE log_seals SET position = -3 WHERE position = 3",
        "UPDATE log_seals SET activity_id = 'x' WHERE position = 3",
        "UPDATE log_tips SET chain = 'x'",
        "UPDATE log_tips SET position = 'x'",
        "UPDATE log_tips SET activity_id = 'x'",
        "UPDATE log_tips SET began_at = 'x'",
        "UPDATE log_heads SET chain = 'x'",
        "UPDATE log_heads SET position = 'x'",
    ],
)
@only("sqlite")
def test_seals_of_another_type_are_found_and_stop_nobody(moda, log, statement):
    with transaction():
        actions.publish(seal(moda.id), where=Place.MAIL)
    tamper(statement)
    assert found(moda)


@pytest.mark.parametrize(
    "change",
    ["position = 4", "position = 4000", "activity_id = 4", "activity_id = 4000000", "chain = NULL_CHAIN",
     "began_at = '2020-01-01 00:00:00.000000'"],
)  # fmt: skip
def test_an_edited_tip_is_found(moda, log, change):
    literal = "X'00'" if db.engine.dialect.name == "sqlite" else "'\\x00'"
    tamper(f"UPDATE log_tips SET {change.replace('NULL_CHAIN', literal)}")
    assert kinds(moda) == {"tip"} or "truncated" in kinds(moda)


def test_a_deleted_tip_is_found(moda, log, app):
    tamper("DELETE FROM log_tips")
    assert kinds(moda) == {"tip"}
    result = app.test_cli_runner().invoke(args=["log", "verify", "--district", "moda"])
    assert result.exit_code == 1
    assert "nothing is sealed" not in result.output


def test_a_tail_cut_with_every_trace_is_found_without_a_head_unless_an_old_tip_is_put_back(moda, log):
    """The tip is keyed: who cuts the log cannot make the tip of what is left."""
    with transaction():
        actions.publish(seal(moda.id), where=Place.PAGE)
    seals = db.session.execute(text("SELECT chain FROM log_seals WHERE position = 6")).scalar_one()
    tamper(f"DELETE FROM activities WHERE id > {log[5]}", "DELETE FROM log_seals WHERE position > 6",
           "DELETE FROM log_heads")  # fmt: skip
    with transaction():
        db.session.execute(
            text("UPDATE log_tips SET position = 6, activity_id = :row, chain = :chain"),
            {"row": log[5], "chain": seals},
        )
    assert kinds(moda) == {"tip", "told"}
    with transaction():
        activity.record_all([fact(moda, 1)])
        seal(moda.id)  # which does not make it good
    assert kinds(moda) == {"tip", "told"}


@pytest.mark.parametrize("which", ["first", "middle", "last", "all"])
def test_a_head_that_was_taken_away_is_found(moda, log, which):
    ids = []
    for place in (Place.PAGE, Place.MAIL, Place.COMMAND):
        with transaction():
            ids.append(actions.publish(seal(moda.id), where=place).id)
    where = {"first": f"id = {ids[0]}", "middle": f"id = {ids[1]}", "last": f"id = {ids[2]}", "all": "1 = 1"}
    tamper(f"DELETE FROM log_heads WHERE {where[which]}")
    assert kinds(moda) == {"told"}


@pytest.mark.parametrize(
    "change", ["place = 'page'", "about = 'x'", "at = '2020-01-01 00:00:00.000000'", "position = 8"]
)  # fmt: skip
def test_an_edited_head_is_found(moda, log, ada, change):
    with transaction():
        actions.publish(seal(moda.id), where=Place.MAIL, about="y", by=ada)
    tamper(f"UPDATE log_heads SET {change}")
    assert "told" in kinds(moda)


def test_an_invented_head_is_found(moda, log):
    with transaction():
        actions.publish(seal(moda.id), where=Place.MAIL)
    columns = ", ".join(c.name for c in LogHead.__table__.columns if c.name != "id")
    tamper(f"INSERT INTO log_heads ({columns}) SELECT {columns} FROM log_heads")
    assert kinds(moda) == {"told"}


@pytest.mark.parametrize("row_of", ["moda", "nautica"])
def test_a_seal_put_in_between_is_found(moda, nautica, log, row_of):
    row = 5_000_000
    tamper(
        "UPDATE log_seals SET position = position + 100 WHERE position > 4",
        "UPDATE log_seals SET position = position - 99 WHERE position > 100",
        f"INSERT INTO log_seals SELECT district_id, 5, {row}, chain FROM log_seals WHERE position = 4",
    )
    assert found(moda)


@pytest.mark.parametrize(
    "trigger",
    [
        "CREATE TRIGGER activities_refuse_update BEFORE UPDATE ON activities FOR EACH ROW WHEN (false)"
        " EXECUTE FUNCTION log_only_grows()",
        "CREATE TRIGGER activities_refuse_update BEFORE UPDATE OF title ON activities FOR EACH ROW"
        " EXECUTE FUNCTION log_only_grows()",
        "CREATE TRIGGER activities_refuse_update BEFORE UPDATE ON log_tips FOR EACH ROW"
        " EXECUTE FUNCTION log_only_grows()",
        "CREATE TRIGGER activities_refuse_update AFTER UPDATE ON activities FOR EACH STATEMENT"
        " EXECUTE FUNCTION log_only_grows()",
    ],
)
@only("postgresql")
def test_a_trigger_that_was_put_back_and_refuses_nothing_is_found(moda, log, trigger):
    with transaction():
        connection = db.session.connection()
        connection.exec_driver_sql("DROP TRIGGER activities_refuse_update ON activities")
        connection.exec_driver_sql(trigger)
    assert [f.detail for f in verify(moda)] == ["activities_refuse_update"]


def test_rows_that_are_logged_after_an_attack_are_sealed_and_the_nightly_check_still_tells(moda, log, bice):
    tamper("UPDATE log_tips SET activity_id = 4000000")
    with transaction():
        actions.ask_check(moda.id, by=None)
    assert jobs.verify_asked() == 1
    assert queries.checks(moda.id)[0].findings


def test_parting_is_possible_only_towards_somebody(moda, log):
    """The one change that the triggers allow leaves a row about nobody out."""
    with transaction():
        nobody = factories.contact(moda, erased_at=now())
    tamper(f"UPDATE activities SET contact_id = {nobody.id}, salt = NULL WHERE id = {log[2]}")
    assert found(moda) == []
    assert db.session.get(Activity, log[2]).salt is None
    assert guards.missing(db.session.connection()) == []


def test_a_log_that_grows_while_it_is_verified_is_as_written(moda, log, monkeypatch):
    """The worker seals, and somebody prints a head, between any two things that are read."""
    from dissemination.seals import verifying

    begun = []

    def meanwhile(read):
        def reads(*args):
            found = read(*args)
            if not begun:
                begun.append(args)
                db.session.rollback()
                with transaction():
                    activity.record_all([fact(moda, 5)])
                    actions.publish(seal(moda.id), where=Place.PAGE)
            return found

        return reads

    monkeypatch.setattr(verifying, "_tip_of", meanwhile(verifying._tip_of))
    assert found(moda) == []
    assert begun
    assert queries.head(moda.id).position == len(log) + 1
