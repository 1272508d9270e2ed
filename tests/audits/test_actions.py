"""An audit's life: planned, visited, counted, gone back on; and what the log says at each moment."""

from datetime import date, timedelta

import pytest
import time_machine

from dissemination.audits import actions, logged, queries, states
from dissemination.audits.models import Audit, State
from dissemination.audits.refusals import (
    AuditedAlready,
    Changed,
    NoCompany,
    NotVisited,
    OutOfOrder,
    ReasonMissing,
    WrongDay,
    WrongScore,
)
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import OrganisationType
from dissemination.plan import figures
from dissemination.plan import queries as plans
from dissemination.plan.log import Activity
from tests import factories
from tests.audits.cast import NOW, TODAY, VISIT, audit, company, plan_of, visited

pytestmark = pytest.mark.usefixtures("still")


@pytest.fixture
def still(app):
    with time_machine.travel(NOW, tick=False):
        yield


def standing():
    """(verb, day, area type) of the rows of the log that nobody took back."""
    back = {row.reverses_id for row in Activity.query.filter(Activity.reverses_id.is_not(None))}
    rows = Activity.query.filter(Activity.reverses_id.is_(None)).order_by(Activity.id)
    return [(r.verb, r.happened_on, r.attributes.get("area_type")) for r in rows if r.id not in back]


COUNTED = [
    ("audit.visited", VISIT, None), ("audit.area_found", VISIT, "process"),
    ("audit.area_found", VISIT, "product"),
]  # fmt: skip


def figure(district, code, period="plan"):
    return figures.figures_for(plans.current_plan(district.id, TODAY), period)[code]["actual"]


@pytest.mark.parametrize(("municipality", "province", "site"), [
    ("Prato", "PO", "via Zarini 1, Prato (PO)"), ("", "PO", "via Zarini 1, PO"), ("Prato", "", "via Zarini 1, Prato"),
    ("", "", "via Zarini 1"),
])  # fmt: skip
def test_the_site_is_written_with_what_is_known_of_the_company(moda, ada, municipality, province, site):
    with transaction():
        firm = company(moda, address="via Zarini 1", municipality=municipality, province=province)
        assert audit(moda, firm, by=ada).site == site


def test_an_audit_goes_through_its_states_in_order_each_on_its_day(moda, ada):
    with transaction():
        made = audit(moda, by=ada)
        actions.contacted(made, on=date(2026, 11, 3), by=ada)
        actions.visited(made, on=VISIT, by=ada)
        actions.drafted(made, on=date(2026, 11, 12), by=ada)
        actions.shared(made, on=date(2026, 11, 13), by=ada)
        actions.closed(made, on=TODAY, by=ada)
    assert made.state is State.CLOSED
    assert states.days(made) == {
        State.PLANNED: TODAY, State.CONTACTED: date(2026, 11, 3), State.VISITED: VISIT,
        State.DRAFTED: date(2026, 11, 12), State.SHARED: date(2026, 11, 13), State.CLOSED: TODAY,
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["visited", "drafted", "shared", "closed"])
def test_a_step_before_its_turn_is_refused(moda, ada, verb):
    with transaction():
        made = audit(moda, by=ada)
    with pytest.raises(OutOfOrder), transaction():
        getattr(actions, verb)(made, on=TODAY, by=ada)
    assert made.state is State.PLANNED


def test_a_day_in_the_future_or_before_the_former_step_is_refused(moda, ada):
    with transaction():
        made = audit(moda, by=ada)
        actions.contacted(made, on=VISIT, by=ada)
    for day in (TODAY + timedelta(days=1), VISIT - timedelta(days=1)):
        with pytest.raises(WrongDay), transaction():
            actions.visited(made, on=day, by=ada)
    assert made.state is State.CONTACTED


def test_it_counts_when_it_was_visited_and_its_sheet_is_on_file(moda, ada):
    with transaction():
        made = visited(moda, by=ada, sheet=False)
    assert standing() == []
    with transaction():
        actions.sheet_on_file(made, note="faldone 3", by=ada)
    assert standing() == COUNTED
    row = Activity.query.filter_by(verb="audit.visited").one()
    assert (row.title, row.company_id, row.recorded_by) == (
        "Audit tecnologico: Tessitura Gori", made.company_id, ada.id,
    )  # fmt: skip
    assert row.attributes == {
        "sector": "tessile", "size": "small", "province": "PO", "organisation_type": "company",
        "in_managing_body": "no", "channel": "audit", "returning": "new",
    }  # fmt: skip


def test_a_sheet_before_the_visit_is_refused(moda, ada):
    with transaction():
        made = audit(moda, by=ada)
    with pytest.raises(NotVisited), transaction():
        actions.sheet_on_file(made, note="x", by=ada)


def test_the_log_follows_the_areas(moda, ada):
    with transaction():
        made = visited(moda, by=ada)
    first, second = (area.id for area in made.areas)
    with transaction():
        facts = {"areas": [{"id": second}, {"type": "reorganisation", "title": "Turni"}]}
        actions.revise(made, facts=facts, version=made.version, by=ada)
    assert standing() == [
        ("audit.visited", VISIT, None), ("audit.area_found", VISIT, "product"),
        ("audit.area_found", VISIT, "reorganisation"),
    ]  # fmt: skip
    assert [area.title for area in made.areas] == ["Passaporto digitale dei tessuti", "Turni"]
    gone = Activity.query.filter_by(subject_kind="improvement_areas", subject_id=first).all()
    assert [row.reverses_id for row in gone] == [None, gone[0].id]


def test_saving_again_what_is_there_writes_nothing_into_the_log(moda, ada):
    with transaction():
        made = visited(moda, by=ada)
    before = Activity.query.count()
    with transaction():
        actions.revise(made, facts={"strengths": "Altro"}, version=made.version, by=ada)
    assert Activity.query.count() == before


def test_going_back_takes_the_rows_back_and_keeps_what_was_written(moda, ada):
    with transaction():
        made = visited(moda, by=ada)
    with pytest.raises(ReasonMissing), transaction():
        actions.back(made, reason=" ", by=ada)
    with transaction():
        actions.back(made, reason="Gori ha chiesto di rifare", by=ada)
    assert (made.state, made.visited_on, made.strengths) == (State.CONTACTED, None, "Tintoria propria")
    assert standing() == []
    reasons = {row.reason for row in Activity.query.filter(Activity.reverses_id.is_not(None))}
    assert reasons == {logged.TAKEN_BACK}  # what a person writes stays with the audit
    with transaction():
        actions.visited(made, on=date(2026, 11, 17), by=ada)
    assert [day for _verb, day, _type in standing()] == [date(2026, 11, 17)] * 3
    assert [step.state for step in states.standing(made.steps)] == [
        State.PLANNED, State.CONTACTED, State.VISITED,
    ]  # fmt: skip


def test_a_declined_audit_says_why_and_can_be_taken_up_again(moda, ada):
    with transaction():
        made = audit(moda, by=ada)
    with pytest.raises(ReasonMissing), transaction():
        actions.declined(made, on=TODAY, reason="", by=ada)
    with transaction():
        actions.declined(made, on=TODAY, reason="non ora", by=ada)
    with pytest.raises(OutOfOrder), transaction():
        actions.contacted(made, on=TODAY, by=ada)
    with transaction():
        actions.back(made, reason="hanno richiamato", by=ada)
    assert made.state is State.PLANNED


def test_closing_without_sharing_needs_a_reason(moda, ada):
    with transaction():
        made = visited(moda, by=ada)
    with pytest.raises(ReasonMissing), transaction():
        actions.closed(made, on=TODAY, by=ada)
    with transaction():
        actions.closed(made, on=TODAY, reason="l'impresa ha chiuso", by=ada)
    assert made.state is State.CLOSED
    assert standing() == COUNTED


def test_a_second_audit_in_the_plan_is_told_allowed_when_meant_and_the_company_counts_once(moda, ada):
    with transaction():
        plan_of(moda)
        firm = company(moda)
        visited(moda, firm, by=ada)
    with pytest.raises(AuditedAlready) as refused, transaction():
        audit(moda, firm, by=ada)
    assert refused.value.names == ["Tessitura Gori"]
    with transaction():
        again = visited(moda, firm, by=ada, on=VISIT + timedelta(days=3), repeat_meant=True)
    assert again.repeat_meant
    assert [figure(moda, code) for code in ("RE-01", "RE-02", "RE-03", "RE-04", "AD-02")] == [2, 1, 4, 2, 1]
    rows = Activity.query.filter_by(verb="audit.visited").order_by(Activity.id)
    assert [row.attributes["returning"] for row in rows] == ["new", "returning"]


def test_the_figures_of_members_move(moda, ada):
    with transaction():
        plan_of(moda)
        firm, other = company(moda), company(moda, "Filatura Neri")
        people.add_membership(firm, since=date(2026, 1, 1), until=None)
        people.add_membership(other, since=date(2026, 1, 1), until=None)
        visited(moda, firm, by=ada)
    assert (figure(moda, "AD-01"), figure(moda, "AD-03")) == (2, 50)


def test_merged_companies_count_as_one_and_the_survivor_shows_both_audits(moda, ada):
    with transaction():
        plan_of(moda)
        firm, double = company(moda), company(moda, "Tessitura Gori snc")
        first = visited(moda, firm, by=ada)
        second = visited(moda, double, by=ada, on=VISIT + timedelta(days=2))
    with transaction():
        people.merge_companies(firm, double, by=ada)
    assert {a.id for a in queries.of_company(moda.id, firm.id)} == {first.id, second.id}
    assert [figure(moda, code) for code in ("RE-01", "RE-02")] == [2, 1]
    with transaction():  # what is saved afterwards says nothing anew
        actions.revise(second, facts={"summary": "x"}, version=second.version, by=ada)
    assert len(standing()) == 6
    with pytest.raises(AuditedAlready), transaction():
        audit(moda, firm, by=ada)


def test_only_companies_of_the_district_that_stand_are_audited(moda, nautica, ada):
    with transaction():
        lab = factories.company(moda, "Università", type=OrganisationType.RESEARCH)
        foreign = company(nautica, "Cantiere")
    for one in (lab, foreign):
        with pytest.raises(NoCompany), transaction():
            actions.plan(moda, [one], by=ada)
    with pytest.raises(NoCompany), transaction():
        actions.plan(moda, [], by=ada)


def test_who_wrote_on_an_old_version_is_told_and_overwrites_nothing(moda, ada):
    with transaction():
        made = visited(moda, by=ada)
    old = made.version - 1
    with pytest.raises(Changed), transaction():
        actions.revise(made, facts={"strengths": "nuovo"}, version=old, by=ada)
    assert db.session.get(Audit, made.id).strengths == "Tintoria propria"


def test_a_step_is_no_change_of_what_is_said(moda, ada):
    with transaction():
        made = audit(moda, by=ada)
        version = made.version
        actions.contacted(made, on=TODAY, by=ada)
    assert made.version == version


def test_areas_of_a_device_are_known_by_their_key(moda, ada):
    with transaction():
        made = visited(moda, by=ada, areas=({"key": "k1", "type": "process", "title": "Acqua"},))
        known = made.areas[0].id
        area = {"key": "k1", "type": "process", "title": "Acqua di tintoria"}
        actions.revise(made, facts={"areas": [area]}, version=made.version, by=ada)
    assert [(a.id, a.title) for a in made.areas] == [(known, "Acqua di tintoria")]


def test_scores_are_one_to_five(moda, ada):
    with transaction():
        made = visited(moda, by=ada)
    with pytest.raises(WrongScore), transaction():
        actions.revise(made, facts={"scores": {"strategy": (6, "")}}, version=made.version, by=ada)
    with transaction():
        actions.revise(made, facts={"scores": {"strategy": (3, "piano")}}, version=made.version, by=ada)
    assert [(s.dimension.value, s.points, s.note) for s in made.scores] == [("strategy", 3, "piano")]
    with transaction():
        actions.revise(made, facts={"scores": {"strategy": (None, "")}}, version=made.version, by=ada)
    assert made.scores == []


def test_what_belongs_to_another_district_is_not_linked(moda, nautica, ada):
    from dissemination.calls.models import Family, Service

    with transaction():
        foreign = Service(
            district_id=nautica.id, code="B.1", family=Family.CONSULTANCY, title_it="Altrove",
            area_types=[], keywords=[], intensity={},
        )  # fmt: skip
        db.session.add(foreign)
        db.session.flush()
        made = visited(moda, by=ada)
        actions.set_area(made.areas[0], service_id=foreign.id, by=ada)
    assert made.areas[0].service_id is None


def test_a_sheet_taken_back_on_the_page_of_evidence_counts_no_more(moda, bice):
    from dissemination.plan.queries import evidence_of
    from dissemination.proofs import actions as proofs

    with transaction():
        plan_of(moda)
        made = visited(moda, by=bice)
    with transaction():
        proofs.remove(evidence_of(made)[0], reason="foglio sbagliato", by=bice)
    assert standing() == []
    with transaction():
        proofs.add(moda.id, "audits", made.id, code="visit_sheet", uploads=[], note="faldone 4", by=bice)
    assert standing() == COUNTED
    assert Activity.query.order_by(Activity.id.desc()).first().recorded_by == bice.id
