"""The sample, loaded once per database for all tests that only look at it."""

import shutil

import pytest

from app import create_app
from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.sample.actions import load
from tests import databases
from tests.conftest import settings_for


def loaded_app(folder, url, **more):
    """An application whose database holds the sample."""
    application = create_app(settings_for(folder, url, **more))
    application.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with application.app_context():
        with transaction():
            load()
        db.session.remove()
    return application


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def loaded(request, tmp_path_factory):
    """An application with the sample, on each database."""
    folder = tmp_path_factory.mktemp("sample")
    if request.param == "sqlite":
        path = folder / "sample.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield loaded_app(folder / "instance", f"sqlite:///{path}")
        return
    with databases.copied(request.getfixturevalue("postgres"), databases.TEMPLATE) as url:
        application = loaded_app(folder / "instance", url)
        yield application
        with application.app_context():
            db.engine.dispose()


@pytest.fixture
def world(loaded):
    """The loaded application with its context pushed."""
    with loaded.app_context():
        yield loaded
        db.session.remove()


@pytest.fixture
def district(world):
    """Moda, as loaded."""
    return db.session.query(District).filter_by(slug="moda").one()
