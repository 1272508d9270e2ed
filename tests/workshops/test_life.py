"""Double submits, publishing what is over, and workshops taken up again."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.plan import activity
from dissemination.plan.log import Activity
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as registered
from dissemination.workshops import actions, refusals
from dissemination.workshops.models import Reinstatement, State, Workshop
from tests.workshops.scenes import rome, scheduled
from tests.workshops.test_desk import BASE, only, written

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE):
        yield


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def test_a_form_sent_twice_makes_one_draft(desk, moda):
    page = desk.get(f"{BASE}new").text
    mark = page.split('name="form_mark" type="hidden" value="')[1].split('"')[0]
    assert len(mark) > 10
    answers = [desk.post(f"{BASE}new", data=written(moda, form_mark=mark)) for _ in range(2)]
    assert [a.location for a in answers] == [f"{BASE}fibre-riciclate"] * 2
    assert only().slug == "fibre-riciclate"
    desk.post(f"{BASE}new", data=written(moda, form_mark="another wish"))
    assert len(db.session.scalars(select(Workshop)).all()) == 2


def test_the_mark_survives_a_form_with_an_error(desk, moda):
    page = desk.post(f"{BASE}new", data=written(moda, form_mark="my-mark", seats="0"))
    assert 'value="my-mark"' in page.text


@pytest.mark.parametrize("mark", ["x" * 41, ""])
def test_a_mark_that_was_forged_or_is_missing_does_no_harm(desk, moda, mark):
    for _ in range(2):
        assert desk.post(f"{BASE}new", data=written(moda, form_mark=mark)).status_code == 302
    assert len(db.session.scalars(select(Workshop)).all()) == 2


def test_a_mark_of_another_district_is_no_key_to_its_workshop(moda, nautica):
    theirs = scheduled(nautica, form_mark="same")
    mine = scheduled(moda, form_mark="same")
    assert (mine.id != theirs.id, mine.district_id, mine.form_mark) == (True, moda.id, None)


def test_a_copy_sent_twice_is_one(desk, moda):
    slug = scheduled(moda).slug
    answers = [
        desk.post(f"{BASE}{slug}/copies", data={"day": "2027-05-06", "form_mark": "m"}) for _ in range(2)
    ]
    assert [a.location for a in answers] == [f"{BASE}{slug}-2"] * 2
    assert len(db.session.scalars(select(Workshop)).all()) == 2


@pytest.mark.parametrize("title", ["New", "Calendar", "Feeding"])
def test_a_title_never_hides_behind_our_own_addresses(desk, moda, title):
    workshop = scheduled(moda, title_it=title)
    assert workshop.slug == f"{title.lower()}-2"
    assert title in desk.get(f"{BASE}{workshop.slug}").text


def test_publishing_what_is_over_promises_no_registration(desk, moda):
    slug = scheduled(moda, publish=False, start=rome(2026, 11, 5)).slug
    assert "bozza di un evento già finito" in desk.get(f"{BASE}{slug}").text
    asked = desk.get(f"{BASE}{slug}/publication").text
    assert ("È già finito" in asked, "ci si può iscrivere" in asked) == (True, False)
    told = desk.post(f"{BASE}{slug}/publication", follow_redirects=True).text
    assert "si trova tra quelli passati" in told
    assert "Ci si può iscrivere" not in told
    assert "ci si può iscrivere" not in told


def test_publishing_after_the_deadline_says_so(desk, moda):
    slug = scheduled(moda, publish=False, registration_deadline=rome(2027, 1, 15)).slug
    assert "Il termine per iscriversi è passato" in desk.get(f"{BASE}{slug}/publication").text
    told = desk.post(f"{BASE}{slug}/publication", follow_redirects=True).text
    assert "Il termine per iscriversi è già passato." in told


def cancelled(moda, ada):
    workshop = scheduled(moda)
    with transaction():
        registrations.register(
            workshop, email="carlo@x.example", given_name="Carlo", family_name="Po", proven=True
        )
    with transaction():
        actions.cancel(workshop, reason="Neve", by=ada)
    return workshop


def test_a_cancelled_workshop_takes_place_after_all(client, desk, moda, ada):
    workshop = cancelled(moda, ada)
    address, revision = f"/moda/workshops/{workshop.slug}", workshop.revision
    assert "Neve" in client.get(address).text
    assert "Ripristina il workshop" in desk.get(f"{BASE}{workshop.slug}").text
    page = f"{BASE}{workshop.slug}/reinstatement"
    assert "conserva il posto" in desk.get(page).text
    assert desk.post(page, data={"reason": ""}).status_code == 422
    assert desk.post(page, data={"reason": "La neve si è sciolta"}).status_code == 302
    db.session.rollback()
    workshop = only()
    assert (workshop.state, workshop.revision) == (State.PUBLISHED, revision + 1)
    row = db.session.scalars(select(Reinstatement)).one()
    assert (row.reason, row.by, row.cancelled_reason, row.cancelled_by) == (
        "La neve si è sciolta", ada.id, "Neve", ada.id,
    )  # fmt: skip
    assert "Neve" not in client.get(address).text  # a kept page too
    assert len(registered.confirmed(workshop)) == 1


def test_the_log_takes_back_that_it_was_called_off(moda, ada):
    workshop = cancelled(moda, ada)
    with transaction():
        actions.reinstate(workshop, reason="Sì", by=ada)
    rows = db.session.scalars(
        select(Activity).where(Activity.verb.startswith("workshop.")).order_by(Activity.id)
    ).all()
    assert [(r.verb, r.reverses_id is not None) for r in rows] == [
        ("workshop.published", False), ("workshop.cancelled", False), ("workshop.cancelled", True),
        ("workshop.reinstated", False),
    ]  # fmt: skip
    with transaction():
        actions.cancel(workshop, reason="Di nuovo neve", by=ada)
    with transaction():
        actions.reinstate(workshop, reason="Di nuovo sì", by=ada)
    assert len(db.session.scalars(select(Reinstatement)).all()) == 2
    with pytest.raises(refusals.NotCancelled), transaction():
        actions.reinstate(workshop, reason="Ancora", by=ada)


def test_what_has_passed_is_not_taken_up_again(sign_in, moda, ada):
    workshop = cancelled(moda, ada)
    with time_machine.travel(workshop.starts_at + timedelta(minutes=1)):
        with pytest.raises(refusals.TooLateToReinstate), transaction():
            actions.reinstate(workshop, reason="Tardi", by=ada)
        desk = sign_in(ada)
        page = desk.get(f"{BASE}{workshop.slug}").text
        assert ("Annullato" in page, "Ripristina" in page) == (True, False)
        late = desk.post(f"{BASE}{workshop.slug}/reinstatement", data={"reason": "Tardi"})
        assert (late.status_code, "La sua data è passata" in late.text) == (422, True)


def test_a_reversed_row_is_not_reversed_again(moda, ada):
    workshop = cancelled(moda, ada)
    row = db.session.scalars(select(Activity).where(Activity.verb == "workshop.cancelled")).one()
    with transaction():
        activity.reverse(row, by=ada, happened_on=row.happened_on, reason="sbagliato")
    with transaction():
        actions.reinstate(workshop, reason="Sì", by=ada)
    assert len(db.session.scalars(select(Activity).where(Activity.verb == "workshop.cancelled")).all()) == 2


def test_dora_takes_nothing_up(dora, moda, ada, sign_in):
    workshop = cancelled(moda, ada)
    hers = sign_in(dora)
    assert hers.post(f"{BASE}{workshop.slug}/reinstatement", data={"reason": "x"}).status_code == 404
    assert only().state is State.CANCELLED
