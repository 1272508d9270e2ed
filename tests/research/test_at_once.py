"""Two organisers who do the same to one meeting or one agreement at the same moment."""

from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import func, select

from dissemination.kernel.database import db, transaction
from dissemination.plan import actions as plans
from dissemination.plan import queries as plan_queries
from dissemination.plan.figures import figures_for
from dissemination.plan.log import Activity
from dissemination.research import agreements, meetings
from dissemination.research.models import Agreement, Meeting
from tests import factories
from tests.racing import at_once
from tests.research import cast


@pytest.fixture(autouse=True)
def spring(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


@pytest.fixture
def blu(moda):
    with transaction():
        plans.adopt_catalogue(plan_queries.current_plan(moda.id))
        return factories.company(moda, "Tessitura Blu", sector_id=moda.sectors[0].id)


def counted(moda, verb, code):
    rows = db.session.scalar(select(func.count()).where(Activity.verb == verb))
    return rows, figures_for(plan_queries.current_plan(moda.id), "2026")[code]["actual"]


def test_of_those_who_enter_one_meeting_as_held_at_once_one_does_and_it_counts_once(app, moda, ada, blu):
    with transaction():
        meeting_id = cast.meeting(moda, blu, lab=cast.laboratory(moda), by=ada).id

    def read():
        row = db.session.get(Meeting, meeting_id)
        version = row.version
        return lambda: meetings.hold(row, held_on=cast.NOW.date(), minutes="Detto", version=version, by=None)

    assert at_once(app, read, read, read) == ["ChangedMeanwhile", "ChangedMeanwhile", "done"]
    assert counted(moda, "meeting.held", "RE-04") == (1, 1)


def test_of_those_who_sign_one_agreement_at_once_one_does_and_it_counts_once(app, moda, ada, blu):
    with transaction():
        agreement_id = cast.agreement(moda, blu, cast.body(moda), by=ada).id

    def read():
        row = db.session.get(Agreement, agreement_id)
        version, file = row.version, BytesIO(cast.PDF)
        signed = {"signed_on": date(2026, 5, 2), "stream": file, "name": "accordo.pdf"}
        return lambda: agreements.sign(row, **signed, version=version, by=None)

    assert at_once(app, read, read) == ["ChangedMeanwhile", "done"]
    assert counted(moda, "agreement.signed", "RE-05") == (1, 1)
