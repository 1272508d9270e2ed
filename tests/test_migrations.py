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
