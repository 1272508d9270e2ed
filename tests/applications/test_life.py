"""An application through its states: order, days, deadlines, amounts, and what the figures say of it."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

from dissemination.applications import actions, life
from dissemination.applications.actions import Corrected
from dissemination.applications.life import Said
from dissemination.applications.models import Application, Stage
from dissemination.applications.refusals import (
    AmountMissing,
    CannotRemove,
    DecisionMissing,
    IsSubmitted,
    NoAudit,
    OutOfOrder,
    OverTheLimit,
    ProtocolMissing,
    ReasonMissing,
    SameProtocol,
    TooLate,
    WrongArea,
    WrongDay,
    WrongPartner,
    WrongServices,
)
from dissemination.applications.stages import AFTER
from dissemination.audits.models import ImprovementArea, Outcome
from dissemination.calls import actions as calls
from dissemination.kernel.database import db, transaction
from dissemination.people.actions import ChangedMeanwhile, merge_companies
from dissemination.plan import figures
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.queries import current_plan, indicator
from tests.applications import cast

S = Stage
FUNDED = (S.PREPARATION, S.SUBMITTED, S.ASSESSMENT, S.FUNDED)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(cast.NOW, tick=False):
        yield


@pytest.fixture
def firm(moda):
    with transaction():
        cast.plan_of(moda)
        return cast.company(moda)


@pytest.fixture
def call(moda, firm):
    with transaction():
        return cast.call(moda, [cast.service(moda)])


def made(moda, call, firm, *stages, **facts):
    facts.setdefault("services", call.services[:1])
    with transaction():
        row = cast.application(moda, call=call, company=firm, **facts)
        return cast.brought_to(row, *stages)


def logged():
    """(verb, day, amount) of the rows of applications that stand."""
    gone = select(Activity.reverses_id).where(Activity.reverses_id.is_not(None))
    rows = db.session.scalars(
        select(Activity).where(
            Activity.verb.startswith("application"), Activity.reverses_id.is_(None), Activity.id.not_in(gone)
        ).order_by(Activity.id)
    )  # fmt: skip
    return [(r.verb.split(".")[1], r.happened_on.day, r.amount) for r in rows]


def figure(moda, code):
    plan = current_plan(moda.id, cast.TODAY)
    return figures.figure(indicator(plan, code), "plan")


def test_the_whole_way_from_the_idea_to_the_payment_moves_the_figures(moda, call, firm):
    row = made(moda, call, firm, *FUNDED, S.STARTED, S.REPORTED, S.PAID)
    assert (row.stage, row.granted, row.paid) == (S.PAID, 10000, 9000)
    assert logged() == [("submitted", 12, 12000), ("decided", 14, None), ("funded", 14, 10000)]
    assert [s.amount for s in row.steps] == [None, None, 12000, None, 10000, None, None, 9000]
    assert [figure(moda, code).actual for code in ("FI-01", "FI-02", "FI-03")] == [1, 1, 10000]
    row_of_log = db.session.scalars(select(Activity).where(Activity.verb == "application.submitted")).one()
    assert {k: row_of_log.attributes[k] for k in ("call", "catalogue_code", "sector", "size", "linked")} == {
        "call": "Bando servizi qualificati", "catalogue_code": "B.2.2", "sector": "tessile", "size": "small",
        "linked": "no",
    }  # fmt: skip
    proof = db.session.scalars(select(Evidence)).one()
    assert (proof.code, proof.note) == ("grant_decision", "Decreto n. 12 del 14/11/2026")


@pytest.mark.parametrize("stage", list(Stage))
def test_no_state_comes_out_of_order(moda, call, firm, stage):
    """Every state is tried after every other; only those of the table are taken."""
    ways = {
        S.IDEA: (), S.PREPARATION: (S.PREPARATION,), S.SUBMITTED: FUNDED[:2], S.ASSESSMENT: FUNDED[:3],
        S.FUNDED: FUNDED, S.WAITING_LIST: (*FUNDED[:3], S.WAITING_LIST),
        S.NOT_ADMITTED: (*FUNDED[:3], S.NOT_ADMITTED), S.STARTED: (*FUNDED, S.STARTED),
        S.REPORTED: (*FUNDED, S.STARTED, S.REPORTED), S.PAID: (*FUNDED, S.STARTED, S.REPORTED, S.PAID),
        S.WAIVED: (S.WAIVED,), S.REVOKED: (*FUNDED, S.REVOKED),
    }  # fmt: skip
    row = made(moda, call, firm, *ways[stage])
    before = logged()
    for other in set(Stage) - set(AFTER[stage]):
        with pytest.raises(OutOfOrder), transaction():
            life.advance(row, other, on=cast.TODAY, by=None, version=row.version)
    db.session.expire_all()
    assert (row.stage, logged()) == (stage, before)


def test_a_refusal_says_what_may_come(moda, call, firm):
    row = made(moda, call, firm)
    with pytest.raises(OutOfOrder) as refused, transaction():
        life.advance(row, S.FUNDED, on=cast.TODAY, by=None, version=row.version)
    assert str(refused.value.message) == (
        "“Finanziata” non viene dopo “Idea”. Ora può venire: “In preparazione”, “Rinuncia dell'impresa”."
    )


@pytest.mark.parametrize("day", [date(2026, 11, 9), date(2026, 11, 21)])
def test_a_day_is_neither_before_the_former_step_nor_in_the_future(moda, call, firm, day):
    row = made(moda, call, firm)
    with pytest.raises(WrongDay), transaction():
        life.advance(row, S.PREPARATION, on=day, by=None, version=row.version)


def submitted_at(moment, **said):
    """What happens to a submission that is entered at that moment, on that day."""

    def enter(row):
        with time_machine.travel(moment, tick=False), transaction():
            day = moment.astimezone(row.district.zone).date()
            life.advance(
                row, S.SUBMITTED, on=said.pop("on", day), by=None, version=row.version,
                said=Said(protocol_number="PG/9", **said),
            )  # fmt: skip

    return enter


def test_the_last_second_in_rome_is_in_time_and_the_next_day_is_not(moda, call, firm):
    row = made(moda, call, firm, S.PREPARATION)
    midnight = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)  # 00:00:00 of 1 December in Rome
    with pytest.raises(TooLate) as refused:
        submitted_at(midnight)(row)
    assert "30/11/2026" in str(refused.value.message)
    submitted_at(datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC))(row)
    assert row.stage is S.SUBMITTED


def test_where_a_deadline_is_at_an_hour_the_protocol_s_hour_decides(moda, firm):
    with transaction():
        call = cast.call(moda)
        noon = datetime(2026, 11, 16, 11, 0, tzinfo=UTC)
        calls.revise_call(call, version=call.version, deadlines=[noon], service_ids=[])
    row = made(moda, call, firm, S.PREPARATION)
    for hour, taken in ((time(12, 0, 1), False), (time(12, 0), True)):
        if taken:
            submitted_at(cast.NOW, on=date(2026, 11, 16), hour=hour)(row)
        else:
            with pytest.raises(TooLate):
                submitted_at(cast.NOW, on=date(2026, 11, 16), hour=hour)(row)
    assert (row.stage, row.steps[-1].hour) == (S.SUBMITTED, time(12, 0))


def test_nothing_is_submitted_before_the_call_opens_or_after_it_was_withdrawn(moda, call, firm):
    row = made(moda, call, firm, S.PREPARATION)
    with transaction():
        call.opens_at = datetime(2026, 11, 14, 23, tzinfo=UTC)
    with pytest.raises(TooLate):
        submitted_at(cast.NOW, on=date(2026, 11, 14))(row)
    with transaction():
        calls.withdraw(call)
        call.withdrawn_at = datetime(2026, 11, 16, 12, tzinfo=UTC)
    with pytest.raises(TooLate):
        submitted_at(cast.NOW, on=date(2026, 11, 17))(row)
    submitted_at(cast.NOW, on=date(2026, 11, 16))(row)


def test_a_submission_needs_its_protocol_number_once(moda, call, firm):
    made(moda, call, firm, S.PREPARATION, S.SUBMITTED)
    row = made(moda, call, firm, S.PREPARATION)
    for number, refusal in (("", ProtocolMissing), ("PG/2026/1", SameProtocol)):
        with pytest.raises(refusal), transaction():
            life.advance(
                row,
                S.SUBMITTED,
                on=cast.TODAY,
                by=None,
                version=row.version,
                said=Said(protocol_number=number),
            )


LIMITS = [
    # cost, requested: refused with what limit
    ("30000", "15000.01", "15.000,00 €: 50% del costo, secondo il servizio B.2.2"),
    ("60000", "20000.01", "20.000,00 €: il massimo che il bando dà a una domanda"),
    ("30000", "15000", None),
    ("40000", "20000", None),
    (None, "1000", "Prima scrivi il costo"),
]


@pytest.mark.parametrize(("cost", "requested", "refused"), LIMITS)
def test_no_more_is_requested_than_call_and_service_allow(moda, call, firm, cost, requested, refused):
    facts = {"cost": cost and Decimal(cost), "requested": Decimal(requested)}
    if refused is None:
        assert made(moda, call, firm, **facts).requested == Decimal(requested)
        return
    with pytest.raises((OverTheLimit, AmountMissing)) as found:
        made(moda, call, firm, **facts)
    assert refused in str(found.value.message).replace("\xa0", " ")


def test_the_service_s_highest_cost_and_the_call_s_percentage_are_limits_too(moda, firm):
    with transaction():
        dear = cast.service(moda, cost_cap=Decimal(20000))
        call = cast.call(moda, [dear], cap=None, intensity=40)
    with pytest.raises(OverTheLimit) as found:
        made(moda, call, firm, cost=Decimal(50000), requested=Decimal("8000.01"))
    words = str(found.value.message).replace("\xa0", " ")
    assert ("8.000,00 €: 40% del costo, secondo il bando" in words, "ammissibile di B.2.2" in words) == (
        True,
        True,
    )
    assert made(moda, call, firm, cost=Decimal(50000), requested=Decimal(8000)).requested == 8000


def test_no_more_is_granted_than_requested_and_no_more_paid_than_granted(moda, call, firm):
    row = made(moda, call, firm, *FUNDED[:3])
    for said, refusal in (
        (Said(note="Decreto 1", amount=Decimal("12000.01")), OverTheLimit), (Said(note="Decreto 1"), AmountMissing),
        (Said(amount=Decimal(5)), DecisionMissing),
    ):  # fmt: skip
        with pytest.raises(refusal), transaction():
            life.advance(row, S.FUNDED, on=cast.TODAY, by=None, version=row.version, said=said)
    paid = made(moda, call, firm, S.PREPARATION)
    with transaction():
        cast.brought_to(paid, S.SUBMITTED, S.ASSESSMENT, S.FUNDED, S.STARTED, S.REPORTED, protocol="PG/2")
    with pytest.raises(OverTheLimit), transaction():
        life.advance(
            paid, S.PAID, on=cast.TODAY, by=None, version=paid.version, said=Said(amount=Decimal("10000.01"))
        )


def test_a_waiting_list_becomes_a_grant_and_is_decided_once(moda, call, firm):
    row = made(moda, call, firm, *FUNDED[:3], S.WAITING_LIST)
    assert logged() == [("submitted", 12, 12000), ("decided", 14, None)]
    with transaction():
        cast.brought_to(row, S.FUNDED, days={**cast.DAYS, S.FUNDED: date(2026, 11, 19)})
    assert logged() == [("submitted", 12, 12000), ("decided", 14, None), ("funded", 19, 10000)]


def test_going_back_takes_the_log_back_and_the_way_forward_writes_it_anew(moda, call, firm):
    row = made(moda, call, firm, *FUNDED)
    with pytest.raises(ReasonMissing), transaction():
        life.go_back(row, reason=" ", by=None, version=row.version)
    with transaction():
        assert life.go_back(row, reason="decreto sbagliato", by=None, version=row.version) is S.ASSESSMENT
    assert (logged(), row.granted) == ([("submitted", 12, 12000)], None)
    assert [figure(moda, code).actual for code in ("FI-01", "FI-02", "FI-03")] == [1, 0, 0]
    assert db.session.scalars(select(Evidence.removed_because)).all() == ["decreto sbagliato"]
    with transaction():
        cast.brought_to(row, S.NOT_ADMITTED)
    assert logged() == [("submitted", 12, 12000), ("decided", 15, None)]
    with transaction():
        for _ in range(4):
            life.go_back(row, reason="tutto da capo", by=None, version=row.version)
    assert (logged(), row.stage) == ([], S.IDEA)
    query = select(Activity.reason).where(Activity.reverses_id.is_not(None)).order_by(Activity.id)
    reasons = db.session.scalars(query).all()
    assert reasons == ["decreto sbagliato", "decreto sbagliato", "tutto da capo", "tutto da capo"]


@pytest.mark.parametrize("lost", [S.WAIVED, S.REVOKED])
def test_a_grant_that_is_lost_counts_no_more_and_counts_again_when_that_was_wrong(moda, call, firm, lost):
    row = made(moda, call, firm, *FUNDED, lost)
    assert logged() == [("submitted", 12, 12000), ("decided", 14, None)]
    with transaction():
        life.go_back(row, reason="non era vero", by=None, version=row.version)
    assert logged() == [("submitted", 12, 12000), ("decided", 14, None), ("funded", 14, 10000)]
    with pytest.raises(ReasonMissing), transaction():
        life.advance(row, lost, on=cast.TODAY, by=None, version=row.version)


def test_a_corrected_amount_moves_the_figure_with_its_reason(moda, call, firm):
    row = made(moda, call, firm, *FUNDED)
    said = {
        "title": row.title, "notes": "", "protocol_number": row.protocol_number, "cost": row.cost,
        "requested": row.requested, "granted": Decimal(8000), "paid": None,
    }  # fmt: skip
    with pytest.raises(ReasonMissing), transaction():
        actions.correct(row, Corrected(**said), reason="", by=None, version=row.version)
    with transaction():
        actions.correct(row, Corrected(**said), reason="rideterminato", by=None, version=row.version)
    assert logged()[-1] == ("funded", 14, 8000)
    assert figure(moda, "FI-03").actual == 8000
    with pytest.raises(OverTheLimit), transaction():
        actions.correct(
            row, Corrected(**said | {"granted": Decimal(13000)}), reason="x", by=None, version=row.version
        )


def test_two_who_write_at_once_do_not_overwrite_each_other(moda, call, firm):
    row = made(moda, call, firm)
    seen = row.version
    with transaction():
        cast.brought_to(row, S.PREPARATION)
    with pytest.raises(ChangedMeanwhile), transaction():
        life.advance(row, S.SUBMITTED, on=cast.TODAY, by=None, version=seen, said=Said(protocol_number="1"))


def test_a_grouping_counts_once_and_its_partners_are_not_counted(moda, call, firm):
    with transaction():
        partners = [cast.company(moda, f"Filatura {n}") for n in (1, 2)]
    row = made(moda, call, firm, *FUNDED, partners=partners)
    rows = db.session.scalars(select(Activity).where(Activity.verb.startswith("application"))).all()
    assert {r.company_id for r in rows} == {firm.id}
    assert figure(moda, "FI-01").actual == 1
    assert {p.name for p in row.partners} == {"Filatura 1", "Filatura 2"}
    for wrong in ([firm], [partners[0], partners[0]]):
        with pytest.raises(WrongPartner):
            made(moda, call, firm, partners=wrong)


def test_an_area_of_the_company_stands_behind_it_or_a_reason(moda, call, firm):
    with transaction():
        audit = cast.visited(moda, firm)
        other = cast.visited(moda, cast.company(moda, "Altra"))
    with pytest.raises(NoAudit):
        made(moda, call, firm, without_audit=" ")
    with pytest.raises(WrongArea):
        made(moda, call, firm, area=other.areas[0])
    row = made(moda, call, firm, *FUNDED[:1], area=audit.areas[0])
    assert (row.audit_id, row.without_audit) == (audit.id, "")
    assert audit.areas[0].outcome is Outcome.OPEN
    with transaction():
        cast.brought_to(row, S.SUBMITTED)
    outcome = select(ImprovementArea.outcome).where(ImprovementArea.id == row.area_id)
    assert db.session.scalar(outcome) is Outcome.APPLIED
    assert figure(moda, "FI-04").actual == 50  # of two companies audited one applied
    with transaction():
        life.go_back(row, reason="non presentata", by=None, version=row.version)
    assert db.session.scalar(outcome) is Outcome.OPEN
    assert figure(moda, "FI-04").actual == 0


def test_the_area_of_a_partner_may_stand_behind_it(moda, call, firm):
    with transaction():
        partner = cast.company(moda, "Filatura")
        audit = cast.visited(moda, partner)
    assert made(moda, call, firm, area=audit.areas[0], partners=[partner]).audit_id == audit.id


def test_a_merged_company_keeps_its_applications_and_counts_once(moda, call, firm, bice):
    with transaction():
        double = cast.company(moda, "Tessitura Gori srl")
        area = cast.visited(moda, double).areas[0]
    made(moda, call, double, *FUNDED[:2], area=area)
    with transaction():
        merge_companies(firm, double, by=bice)
    assert [r.company_id for r in actions.queries.of_company(moda.id, firm.id)] == [double.id]
    row = made(moda, call, firm, area=area)
    with transaction():
        cast.brought_to(row, *FUNDED, protocol="PG/7")
    assert [figure(moda, code).actual for code in ("FI-01", "FI-04")] == [2, 100]


def test_only_services_that_the_call_pays_for_at_most_two(moda, call, firm):
    with transaction():
        three = [cast.service(moda, code=f"B.9.{n}") for n in range(3)]
        open_call = cast.call(moda, title_it="Altro bando")
    with pytest.raises(WrongServices):
        made(moda, call, firm, services=three[:1])
    with pytest.raises(WrongServices):
        made(moda, open_call, firm, services=three)
    assert len(made(moda, open_call, firm, services=three[:2]).services) == 2
    row = made(moda, call, firm, S.PREPARATION, services=[])
    with pytest.raises(WrongServices), transaction():
        cast.brought_to(row, S.SUBMITTED)


def test_what_was_submitted_is_neither_rewritten_nor_removed(moda, call, firm):
    row = made(moda, call, firm, *FUNDED[:2])
    facts = actions.Facts(
        call=call, company=firm, title="Altro", line_id=row.activity_line_id, without_audit="x"
    )
    with pytest.raises(IsSubmitted), transaction():
        actions.revise(row, facts, version=row.version)
    with pytest.raises(CannotRemove), transaction():
        actions.remove(row)
    idea = made(moda, call, firm)
    with transaction():
        actions.remove(idea)
    assert db.session.scalars(select(Application.id)).all() == [row.id]


def test_an_area_with_an_application_stays(moda, call, firm):
    from dissemination.audits import actions as audits
    from dissemination.audits.refusals import AreaInUse

    with transaction():
        audit = cast.visited(moda, firm)
    made(moda, call, firm, area=audit.areas[0])
    with pytest.raises(AreaInUse), transaction():
        audits.revise(audit, facts={"areas": []}, version=audit.version, by=None)


def test_a_grant_whose_decision_is_taken_away_counts_no_more_until_another_is_brought(moda, call, firm, bice):
    from dissemination.plan import actions as plans

    row = made(moda, call, firm, *FUNDED)
    with transaction():
        plans.remove_evidence(db.session.scalars(select(Evidence)).one(), reason="non è questo", by=bice)
    assert (logged()[-1], figure(moda, "FI-03").actual) == (("decided", 14, None), 0)
    with transaction():
        plans.add_evidence(row, district_id=moda.id, code="grant_decision", note="Decreto 13", by=bice)
    assert (logged()[-1], figure(moda, "FI-03").actual) == (("funded", 14, 10000), 10000)
