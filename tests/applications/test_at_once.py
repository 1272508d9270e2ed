"""Two organisers who bring one application on, or one file in, at the same moment."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dissemination.applications import actions, importing, life
from dissemination.applications.life import Said
from dissemination.applications.models import Application, Stage
from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from tests.applications import cast
from tests.applications.test_importing import as_csv, paid
from tests.racing import at_once


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


@pytest.fixture
def call(moda):
    with transaction():
        cast.plan_of(moda)
        return cast.call(moda)


def logged(verb):
    return db.session.scalar(select(func.count()).where(Activity.verb == verb))


def prepared(moda, call, name):
    made = cast.application(moda, call=call, company=cast.company(moda, name))
    return cast.brought_to(made, Stage.PREPARATION).id


def submission(application_id, number="PG/2026/1"):
    def read():
        row = db.session.get(Application, application_id)
        version, said = row.version, Said(protocol_number=number)
        on = date(2026, 11, 12)
        return lambda: life.advance(row, Stage.SUBMITTED, on=on, by=None, version=version, said=said)

    return read


def test_of_two_who_submit_one_application_at_once_one_does_and_it_counts_once(app, moda, call):
    with transaction():
        row_id = prepared(moda, call, "Tessitura Gori")
    assert at_once(app, submission(row_id), submission(row_id)) == ["ChangedMeanwhile", "done"]
    assert logged("application.submitted") == 1


def test_one_protocol_number_is_taken_once_where_two_applications_take_it_at_once(app, moda, call):
    with transaction():
        ids = [prepared(moda, call, name) for name in ("Tessitura Gori", "Filatura Neri")]
    assert at_once(app, *(submission(n) for n in ids)) == ["SameProtocol", "done"]
    assert logged("application.submitted") == 1


def test_a_file_of_past_applications_that_two_bring_at_once_is_entered_once(app, moda):
    with transaction():
        cast.plan_of(moda)
        cast.call(moda, [cast.service(moda)])
        district_id = moda.id
    data = as_csv(paid(9001), paid(9002))

    def read():
        district = db.session.get(District, district_id)

        def act():
            assert importing.carry_out(district, data, by=None).problems == []

        return act

    assert at_once(app, read, read) == ["done", "done"]
    granted = db.session.scalars(select(Application.granted)).all()
    assert (granted, logged("application.funded")) == ([Decimal(10000)] * 2, 2)


def test_what_is_submitted_while_somebody_removes_it_is_one_of_the_two(app, moda, call):
    with transaction():
        row_id = prepared(moda, call, "Tessitura Gori")
    db.session.expunge_all()

    def removal():
        row = db.session.get(Application, row_id)
        assert len(row.steps) == 2
        return lambda: actions.remove(row)

    became = at_once(app, submission(row_id), removal)
    kept = db.session.get(Application, row_id)
    assert (became, kept is not None, logged("application.submitted")) in (
        (["CannotRemove", "done"], True, 1), (["NotFound", "done"], False, 0),
    )  # fmt: skip
