"""One transaction at the edge, and what both databases must do alike."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from dissemination.districts.models import District, Sector
from dissemination.kernel.database import db, is_sqlite, transaction
from dissemination.kernel.files import StoredFile
from tests import factories


def test_a_write_outside_a_transaction_is_refused(app):
    db.session.add(
        District(
            slug="x",
            name_it="X",
            name_en="X",
            managing_body="X",
            mailbox_name="X",
            mailbox_address="x@x.example",
        )
    )
    with pytest.raises(RuntimeError, match="outside transaction"):
        db.session.flush()


def test_a_statement_that_writes_outside_a_transaction_is_refused(moda):
    with pytest.raises(RuntimeError, match="outside transaction"):
        db.session.execute(update(District).values(place="Arezzo"))
    assert db.session.scalar(select(District.place)) == "Prato"


def test_reading_holds_nothing_open_on_postgresql(moda):
    assert db.session.scalar(select(District.slug)) == "moda"
    driver = db.session.connection().connection.driver_connection
    if is_sqlite():
        assert driver.in_transaction  # a snapshot: there it costs nothing
    else:
        assert driver.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_long_results_come_in_parts_also_where_nothing_is_begun(moda):
    """And they stay what they were when the reader began, on both databases."""
    query = select(District.place).execution_options(yield_per=1)
    parts = db.session.execute(query).partitions()
    with db.engine.begin() as other:
        if not is_sqlite():
            other.execute(update(District).values(place="Arezzo"))
    assert [list(part) for part in parts] == [[("Prato",)]]


def test_a_transaction_is_one_on_both_databases(moda):
    """Also for statements that go past the session's unit of work."""

    def half_way():
        with transaction():
            db.session.execute(update(District).values(place="Arezzo"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    assert db.session.scalar(select(District.place)) == "Prato"


def test_columns_are_described_to_who_looks(app):
    """As psycopg itself and PEP 249 describe them."""
    if is_sqlite():
        return
    with db.engine.connect() as connection:
        cursor = connection.connection.driver_connection.execute("SELECT 1 AS one, 'x'::text AS \"due è\"")
        plain = psycopg.Cursor.description.fget(cursor)
        assert [tuple(column)[:2] for column in cursor.description] == [
            (column.name, column.type_code) for column in plain
        ]
        assert len(cursor.description) == 2
        assert cursor.connection.execute("SET search_path TO public").description is None


def test_a_transaction_does_not_nest(app):
    with transaction(), pytest.raises(RuntimeError, match="already open"), transaction():
        raise AssertionError("the inner transaction was opened")


def test_changes_made_before_a_transaction_are_refused(moda):
    moda.name_it = "Cambiato"
    with pytest.raises(RuntimeError, match="before transaction"), transaction():
        raise AssertionError("the transaction was opened")


def test_an_exception_rolls_everything_back(app):
    def half_way():
        with transaction():
            factories.district("moda")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    assert db.session.scalars(select(District)).all() == []


def test_a_transaction_sees_what_others_committed_meanwhile(app, moda):
    assert moda.place == "Prato"

    def elsewhere():
        with app.app_context(), transaction():
            db.session.execute(update(District).values(place="Arezzo"))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    with transaction():
        assert moda.place == "Arezzo"


def increments(app, how, *, times=60, threads=6):
    """`how(app)` called `times` times by several threads at once; the final count and the errors."""
    errors = []

    def work():
        for _ in range(times // threads):
            try:
                how(app)
            except Exception as error:  # counted below
                errors.append(error)

    pool = [threading.Thread(target=work) for _ in range(threads)]
    for t in pool:
        t.start()
    for t in pool:
        t.join()
    return errors


def test_concurrent_writers_all_get_their_turn(app, moda):
    def increment(app):
        with app.app_context(), transaction():
            db.session.execute(update(District).values(reminder_hours=District.reminder_hours + 1))

    errors = increments(app, increment)
    assert (errors, db.session.scalar(select(District.reminder_hours))) == ([], 24 + 60)


def test_moments_come_back_aware_and_in_utc(app, moda):
    rome = timezone(timedelta(hours=2))
    moment = datetime(2026, 7, 1, 10, 30, tzinfo=rome)
    with transaction():
        db.session.add(
            StoredFile(district_id=moda.id, name="a", media_type="b", size=1, sha256="c", created_at=moment)
        )
    found = db.session.scalar(select(StoredFile.created_at))
    assert (found, found.tzinfo) == (datetime(2026, 7, 1, 8, 30, tzinfo=UTC), UTC)


def test_a_naive_moment_is_refused(app, moda):
    naive = datetime(2026, 7, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(Exception, match="naive datetime"), transaction():
        db.session.add(
            StoredFile(
                district_id=moda.id,
                name="a",
                media_type="b",
                size=1,
                sha256="c",
                created_at=naive,
            )
        )


def test_foreign_keys_are_enforced(app):
    with pytest.raises(Exception, match=r"(?i)foreign key"), transaction():
        db.session.add(Sector(district_id=99, code="x", name_it="X", name_en="X"))


def test_an_error_of_the_database_names_nobody(moda):
    """It goes to the log with its whole text."""
    with transaction():
        factories.contact(moda, "gina@tessitura.example", given_name="Ginevra")
    with pytest.raises(IntegrityError) as caught, transaction():
        factories.contact(moda, "gina@tessitura.example", given_name="Ginevra")
    assert "Ginevra" not in str(caught.value)
