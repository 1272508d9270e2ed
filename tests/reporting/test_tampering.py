"""What was signed off is edited with plain SQL: the database refuses, and `flask log verify` finds what was done."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dissemination.kernel.database import db, transaction
from dissemination.reporting import actions, queries, signatures
from dissemination.reporting.models import SignedFigure, SignOff, Transmission
from dissemination.seals.verifying import verify
from tests.plan.tampering import untouched_by_guards
from tests.seals.test_verifying import tamper


def kinds(district):
    db.session.rollback()
    db.session.expire_all()
    return {f.kind for f in verify(district)}


@pytest.fixture
def signed(half, period, sign, bice):
    """The half-year signed off, and sent."""
    found = sign(period)
    with transaction():
        actions.mark_sent(
            period, recipient="Regione Toscana", protocol="1/2026", note="", sent_on=period.ends_on, by=bice
        )
    return found


def test_what_was_signed_and_nobody_touched_is_as_signed(half, period, signed, bice, sign):
    assert kinds(half.district) == set()
    with transaction():
        actions.reopen(period, because="manca un foglio firme", by=bice)
    assert kinds(half.district) == set()
    sign(period)
    assert kinds(half.district) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sign_offs SET despite = despite", "UPDATE sign_offs SET content = '{}'", "DELETE FROM sign_offs",
        "UPDATE sign_offs SET by_name = 'Altri', reopened_at = at", "UPDATE sign_offs SET reopened_because = 'x'",
        "UPDATE signed_figures SET content = '{}'", "DELETE FROM signed_figures",
        "UPDATE signed_files SET content = '{}'", "DELETE FROM signed_files",
        "UPDATE transmissions SET recipient = 'x'", "DELETE FROM transmissions",
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_or_delete_what_was_signed(half, signed, statement):
    with pytest.raises(DBAPIError, match="only grows"), transaction():
        db.session.execute(text(statement))
    assert kinds(half.district) == set()


def test_the_database_refuses_to_replace_or_empty_what_was_signed(half, signed):
    sqlite = db.engine.dialect.name == "sqlite"
    columns = ", ".join(c.name for c in SignOff.__table__.columns if c.name not in ("id", "number"))
    statements = (
        ["INSERT OR REPLACE INTO sign_offs SELECT * FROM sign_offs",
         f"INSERT OR REPLACE INTO sign_offs (id, number, {columns}) SELECT 99, 99, {columns} FROM sign_offs",
         "INSERT OR REPLACE INTO signed_figures SELECT * FROM signed_figures"]
        if sqlite
        else ["TRUNCATE sign_offs CASCADE", "TRUNCATE signed_figures", "TRUNCATE signed_files"]
    )  # fmt: skip
    for statement in statements:
        with pytest.raises(DBAPIError, match="only grows"), transaction():
            db.session.execute(text(statement))


def test_a_sign_off_is_reopened_once_and_never_closed_again(half, period, signed, bice):
    with transaction():
        actions.reopen(period, because="manca un foglio firme", by=bice)
    for change in ("reopened_at = NULL", "reopened_because = 'altro'"):
        with pytest.raises(DBAPIError, match="only grows"), transaction():
            db.session.execute(text(f"UPDATE sign_offs SET {change}"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sign_offs SET despite = 'x'", "UPDATE sign_offs SET by_name = 'Altri'",
        "UPDATE sign_offs SET at = '2026-08-01 00:00:00.000000'", "UPDATE sign_offs SET position = 1",
        "UPDATE sign_offs SET number = 7", "UPDATE sign_offs SET content = '{}'", "UPDATE sign_offs SET content = '5'",
        "UPDATE sign_offs SET sha256 = '00'", "UPDATE sign_offs SET reopened_at = '2026-08-01 00:00:00.000000'",
        "UPDATE sign_offs SET reopened_because = 'x'", "UPDATE sign_offs SET chain = substr(chain, 2) || '0'",
        "UPDATE signed_figures SET content = '{}' WHERE position = 3", "DELETE FROM signed_figures WHERE position = 3",
        "UPDATE signed_figures SET code = 'XX' WHERE position = 3",
        "UPDATE signed_figures SET rows_sha256 = '00' WHERE position = 3",
        "UPDATE signed_figures SET position = position + 100 WHERE position = 3",
        "DELETE FROM signed_files", "UPDATE signed_files SET content = '{}'",
        "UPDATE reporting_periods SET ends_on = '2026-05-31'", "UPDATE reporting_periods SET code = '2025-H2'",
    ],
)  # fmt: skip
def test_an_edit_behind_the_triggers_is_found(half, signed, statement):
    tamper(statement)
    assert kinds(half.district) & {"signed", "rewritten"}


def test_a_sign_off_that_was_taken_away_is_found(half, signed):
    tamper("DELETE FROM transmissions", "DELETE FROM signed_files", "DELETE FROM signed_figures",
           "DELETE FROM sign_offs")  # fmt: skip
    assert kinds(half.district) == {"signed"}


def test_rows_behind_a_figure_are_found_when_changed(half, signed):
    import zlib

    with transaction(), untouched_by_guards():
        figure = next(f for f in db.session.query(SignedFigure) if len(zlib.decompress(f.rows)) > 10)
        rows = json.loads(zlib.decompress(figure.rows))
        rows[0][4] = "Altro"
        figure.rows = zlib.compress(json.dumps(rows).encode())
        db.session.flush()
    assert kinds(half.district) == {"signed"}


def test_who_makes_every_hash_anew_is_found_without_the_key(half, signed):
    """A figure is made nicer, and the sign-off's hash with it: its mark cannot be."""
    with transaction(), untouched_by_guards():
        figure = db.session.query(SignedFigure).filter_by(position=3).one()
        figure.content = figure.content | {"actual": "99"}
        db.session.flush()
        found = db.session.get(SignOff, signed.id)
        found.sha256 = queries.frozen(found).digest()
        db.session.flush()
        assert signatures.mark_of(found) != found.mark
    assert kinds(half.district) == {"signed"}
    found = db.session.get(SignOff, signed.id)
    assert not queries.is_intact(found, queries.frozen(found))


def test_a_transmission_is_kept(half, signed):
    assert db.session.query(Transmission).count() == 1
