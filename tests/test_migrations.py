"""The migrations make exactly the tables of the models, and undo themselves, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, inspect
from sqlalchemy.exc import DBAPIError

import config
from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.plan import guards
from dissemination.publications.index import is_index
from dissemination.seals.sealing import seal
from dissemination.seals.verifying import verify


def test_there_is_one_head():
    assert len(ScriptDirectory(str(config.ROOT / "migrations")).get_heads()) == 1


def test_upgrading_gives_the_tables_of_the_models(bare_app):
    upgrade()
    with db.engine.connect() as connection:
        kept_by_triggers = {"include_name": lambda name, kind, _of: kind != "table" or not is_index(name)}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **kept_by_triggers})
        assert compare_metadata(context, db.metadata) == []


def test_downgrading_leaves_nothing(bare_app):
    upgrade()
    downgrade(revision="base")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]


def test_no_migration_is_empty():
    versions = Path(config.ROOT / "migrations" / "versions").glob("*.py")
    assert [p.name for p in versions if "op." not in p.read_text()] == []


def _first_rows(connection):
    """A district with an online workshop, as the first program wrote it: one seat, one who gave it back."""
    day = "2026-05-01 10:00:00"
    for statement in (
        "INSERT INTO districts (id, slug, name_it, name_en, managing_body, place, timezone, mailbox_name,"
        " mailbox_address, website, about_it, about_en, privacy_it, privacy_en, privacy_version,"
        " reminder_hours, version) VALUES (1, 'moda', 'Moda', 'Fashion', 'Next', '', 'Europe/Rome', 'Moda',"
        " 'eventi@moda.example', '', '', '', '', '', '1', 24, 1)",
        "INSERT INTO plans (id, district_id, title, starts_on, ends_on, situation, created_at)"
        f" VALUES (1, 1, 'Piano', '2026-01-01', '2028-12-31', '', '{day}')",
        "INSERT INTO activity_lines (id, plan_id, code, kind, name_it, name_en, description)"
        " VALUES (1, 1, 'a', 'a', 'Divulgazione', '', '')",
        "INSERT INTO workshops (id, district_id, slug, theme, activity_line_id, title_it, title_en, abstract_it,"
        " abstract_en, venue, address, directions_it, directions_en, online_url, seats, registration_deadline,"
        " starts_at, ends_at, revision, version, created_at) VALUES (1, 1, 'w', '', 1, 'W', '', '', '', '',"
        f" '', '', '', 'https://meet.example/w', 5, '{day}', '{day}', '2026-05-01 12:00:00', 1, 1, '{day}')",
        "INSERT INTO rooms (workshop_id, taken, waiting, last_number) VALUES (1, 1, 0, 2)",
    ):
        connection.exec_driver_sql(statement)
    for n, standing in ((1, "cancelled"), (2, "confirmed")):
        connection.exec_driver_sql(
            "INSERT INTO contacts (id, district_id, given_name, family_name, name_folded, email, phone,"
            f" job_title, language, created_at, version) VALUES ({n}, 1, 'A', 'B', 'b a', 'a{n}@b.example', '',"
            f" '', 'it', '{day}', 1)"
        )
        connection.exec_driver_sql(
            "INSERT INTO registrations (id, public_id, workshop_id, contact_id, number, standing, job_title,"
            f" answers, language, created_at, told_revision) VALUES ({n}, 'p{n}', 1, {n}, {n}, '{standing}', '',"
            f" '{{}}', 'it', '{day}', 1)"
        )


def test_seats_and_people_survive_the_way_up_and_down(bare_app):
    upgrade(revision="0001")
    with db.engine.begin() as connection:
        _first_rows(connection)
    upgrade()
    with db.engine.connect() as connection:
        rooms = connection.exec_driver_sql(
            "SELECT workshop_id, attends, taken, reserved, last_number FROM rooms"
        )
        assert [tuple(r) for r in rooms] == [(1, "online", 1, 0, 2)]
        people = connection.exec_driver_sql("SELECT number, attends, standing FROM registrations ORDER BY id")
        assert [tuple(r) for r in people] == [(1, "online", "cancelled"), (2, "online", "confirmed")]
        proven = connection.exec_driver_sql("SELECT count(*) FROM contacts WHERE proven_at IS NOT NULL")
        assert proven.scalar() == 2
        assert set(inspect(connection).get_pk_constraint("rooms")["constrained_columns"]) == {
            "workshop_id", "attends",
        }  # fmt: skip
    with db.engine.begin() as connection:  # a hybrid room of the newer program
        connection.exec_driver_sql(
            "INSERT INTO rooms (workshop_id, attends, taken, reserved, waiting, last_number)"
            " VALUES (1, 'room', 2, 0, 1, 3)"
        )
    downgrade(revision="0001")
    with db.engine.connect() as connection:
        rooms = connection.exec_driver_sql("SELECT workshop_id, taken, waiting, last_number FROM rooms")
        assert [tuple(r) for r in rooms] == [(1, 3, 1, 5)]
        assert inspect(connection).get_pk_constraint("rooms")["constrained_columns"] == ["workshop_id"]


def _logged(connection):
    """A log of the program before it was chained: an amount, letters of Italian, a moment with microseconds."""
    _first_rows(connection)
    for n in (1, 2):
        connection.exec_driver_sql(
            "INSERT INTO activities (id, district_id, verb, subject_kind, subject_id, title, happened_on,"
            " recorded_at, activity_line_id, contact_id, amount, attributes)"
            f" VALUES ({n}, 1, 'workshop.held', 'workshops', 1, 'Città {n}', '2026-05-01',"
            f' \'2026-05-01 12:00:00.12345{n}\', 1, {n}, 12.35, \'{{"sector": "pelle", "a": "è"}}\')'
        )


def test_a_log_gets_its_digests_on_the_way_up_and_survives_the_way_down(bare_app):
    upgrade(revision="0008")
    with db.engine.begin() as connection:
        _logged(connection)
    upgrade()
    district = db.session.query(District).one()
    assert verify(district) == []
    with transaction():
        assert seal(1).position == 2
    assert verify(district) == []
    with pytest.raises(DBAPIError, match="only grows"), db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM activities")
    db.session.remove()
    downgrade(revision="0008")
    with db.engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT id, title FROM activities ORDER BY id").all()
        assert [tuple(r) for r in rows] == [(1, "Città 1"), (2, "Città 2")]
        assert _triggers(connection) == []
        connection.exec_driver_sql("DELETE FROM activities WHERE id = 2")
    upgrade()
    assert verify(db.session.query(District).one()) == []


def _triggers(connection):
    """Triggers with what they do, and the functions that they call."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    else:
        found = connection.exec_driver_sql(
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal UNION"
            " SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
    return sorted(tuple(row) for row in found)


def test_upgrading_gives_the_triggers_of_the_models(bare_app, app):
    """`bare_app` is migrated, `app` made from the models; each is compared with the one of its own kind."""
    with bare_app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            migrated, kind = _triggers(connection), connection.dialect.name
            assert guards.missing(connection) == []
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == kind:
            assert _triggers(connection) == migrated
            assert len(migrated) == (27 if kind == "sqlite" else 32)


def _filled(table, **values):
    """A row of a reflected table: what has to be there and is not named is empty."""
    empty = {str: "", int: 0, bool: False, dict: "{}", list: "[]"}
    needed = {
        c.name: empty.get(c.type.python_type, "[]")
        for c in table.columns
        if not c.nullable and not c.primary_key and c.server_default is None
    }
    return needed | values


def test_what_was_public_counts_as_approved_and_old_reasons_stay_with_the_desk(bare_app):
    upgrade(revision="0001")
    with db.engine.begin() as connection:
        _first_rows(connection)
    upgrade(revision="0013")
    day = datetime(2026, 5, 1, 10, tzinfo=UTC)
    with db.engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection, only=["publications", "publication_withdrawals"])
        works, withdrawals = (tables.tables[n] for n in ("publications", "publication_withdrawals"))
        for number, published in ((1, day), (2, None)):
            row = _filled(
                works, id=number, district_id=1, slug=f"p{number}", kind="report", issued=day.date(),
                activity_line_id=1, created_at=day, changed_at=day, published_at=published, version=1,
                title_it="P", language="it", access="open", keywords=[], extra={}, funding=[],
            )  # fmt: skip
            connection.execute(works.insert().values(row))
        connection.execute(withdrawals.insert().values(id=1, publication_id=2, reason="Litigio", at=day))
    upgrade()
    with db.engine.connect() as connection:
        approved = connection.exec_driver_sql("SELECT id FROM publications WHERE approved_at = published_at")
        assert approved.scalars().all() == [1]
        assert connection.exec_driver_sql("SELECT public FROM publication_withdrawals").scalar() in (0, False)
    downgrade(revision="0013")
    with db.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT id FROM publications ORDER BY id")
        assert kept.scalars().all() == [1, 2]
