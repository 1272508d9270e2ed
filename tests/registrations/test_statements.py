"""What a registration asks of the database: how often, and that PostgreSQL reads each statement once.

The numbers are those of somebody new of a company that is known. They may fall; who raises one says why.
"""

import re

import pytest
from sqlalchemy import event, text

from dissemination.kernel.database import db, is_sqlite, transaction
from dissemination.registrations import kept as forms_kept
from dissemination.workshops import kept as pages_kept
from tests import factories
from tests.registrations.test_views import form

FORM = THANKS = 1
SENT = 14


@pytest.fixture
def register(moda, client, monkeypatch):
    """Register somebody by the form; the statements of its three requests, when what is kept is kept."""
    for kept in (forms_kept, pages_kept):
        monkeypatch.setattr(kept, "SECONDS", 10**9)
    with transaction():
        page = f"/moda/workshops/{factories.workshop(moda, seats=100, title='Lana').slug}/registrations"
    db.session.remove()

    def visit(name):
        return [
            statements(lambda: client.get(page)),
            statements(lambda: sent.append(client.post(page, data=form(name)))),
            statements(lambda: client.get(sent[-1].location)),
        ]

    sent = []
    visit("prima")  # while a page is kept for the first time, two connections are in use
    db.engine.dispose()
    return visit


def statements(ask):
    seen = []
    event.listen(db.engine, "before_cursor_execute", note := lambda *facts: seen.append(facts[2]))
    try:
        ask()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return seen


def test_a_registration_asks_the_database_this_often(register):
    locks = 0 if is_sqlite() else 1  # the plan is held against a recount; writers of SQLite queue anyway
    shown, sent, thanked = (len(seen) for seen in register("seconda"))
    assert shown <= FORM
    assert sent <= SENT + locks
    assert thanked <= THANKS


def test_postgresql_reads_each_statement_of_a_registration_once(register):
    if is_sqlite():
        return  # there SQLAlchemy's own cache is all that is needed
    asked = [seen for n in range(7) for seen in register(f"altra{n}")]
    db.session.remove()
    prepared = db.session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    known = {_shape(statement) for statement in prepared}
    assert {_shape(statement) for statement in asked[-2]} <= known


def _shape(statement):
    """A statement without its parameters, which SQLAlchemy and the server name differently."""
    return " ".join(re.sub(r"%\(\w+\)s|\$\d+", "?", statement).replace("%%", "%").split())
