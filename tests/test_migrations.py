"""The migrations make exactly the tables of the models, and undo themselves, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

import config
from app import create_app
from dissemination.kernel.database import db
from tests.conftest import empty_database


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_app(request, tmp_path):
    """The application on a database without any table."""
    with empty_database(request, tmp_path) as url:
        app = create_app(config.load({"INSTANCE": str(tmp_path / "i"), "DATABASE_URL": url}))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


def test_there_is_one_head():
    assert len(ScriptDirectory(str(config.ROOT / "migrations")).get_heads()) == 1


def test_upgrading_gives_the_tables_of_the_models(bare_app):
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
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
