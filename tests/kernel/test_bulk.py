"""Many rows at once are the rows that the ORM would have written one by one."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import Record
from dissemination.kernel.bulk import insert_many
from dissemination.kernel.database import db, transaction
from dissemination.publications.models import Publication
from tests import factories

TEXTS = ('it\'s 100% "so" :name ? %s {x}', "", "Перчатки 🧤 — seconda riga\nterza")


def _facts(text: str, number: int) -> dict:
    record = Record(
        kind=Kind.REPORT, issued=date(2026, 5, 4), issued_precision="day", title_it=text or "Lana",
        abstract_it=text, keywords=["lana", text], extra={"nota": text}, access=Access.EMBARGOED,
        embargo_until=None if number else date(2027, 1, 31),
    )  # fmt: skip
    facts = {**vars(record), "slug": f"opera-{number}", "search_text": text}
    del facts["authors"]
    return facts


def _common(district) -> dict:
    return {
        "district_id": district.id, "activity_line_id": factories.line(district, "b").id, "version": 1,
        "created_at": datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC), "created_by": None,
        "changed_at": datetime(2026, 5, 4, 10, tzinfo=UTC), "published_at": None,
    }  # fmt: skip


def test_rows_written_at_once_read_like_rows_written_one_by_one(app, moda):
    rows = [_facts(text, number) for number, text in enumerate(TEXTS)]
    with transaction():
        common = _common(moda)
        insert_many(Publication.__table__, rows, same=common)
    for row in rows:
        found = db.session.query(Publication).filter_by(slug=row["slug"]).one()
        assert {name: getattr(found, name) for name in row | common} == row | common


def test_a_value_common_to_all_may_hold_quotes_and_signs_of_parameters(app, moda):
    rows = [_facts("Lana", number) for number in range(2)]
    for row in rows:
        del row["publisher"]
    with transaction():
        insert_many(Publication.__table__, rows, same=_common(moda) | {"publisher": TEXTS[0]})
    assert {p.publisher for p in db.session.query(Publication)} == {TEXTS[0]}


def test_a_column_whose_default_python_gives_has_to_be_given(app, moda):
    common = _common(moda)
    del common["version"]
    with transaction(), pytest.raises(ValueError, match=r"publications: .*version"):
        insert_many(Publication.__table__, [_facts("Lana", 1)], same=common)


def test_none_of_the_rows_stays_where_one_is_there_already(app, moda):
    common = _common(moda)
    with pytest.raises(IntegrityError), transaction():
        insert_many(Publication.__table__, [_facts("Lana", 1), _facts("Seta", 1)], same=common)
    assert db.session.query(Publication).count() == 0


def test_nothing_is_written_outside_a_transaction_and_no_rows_are_no_statement(app, moda):
    with pytest.raises(RuntimeError):
        insert_many(Publication.__table__, [_facts("Lana", 1)], same=_common(moda))
    with transaction():
        insert_many(Publication.__table__, [])
