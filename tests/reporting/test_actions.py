"""The states of a reporting period, what is frozen, and what is found later."""

import threading
from datetime import date
from decimal import Decimal

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.people.accounts import Account
from dissemination.plan import activity, queries, splits
from dissemination.reporting import actions, adjustments, checklist, freezing
from dissemination.reporting import queries as find
from dissemination.reporting.checklist import Weight
from dissemination.reporting.models import ReportingPeriod, SignOff, State
from dissemination.reporting.queries import calendar_period
from dissemination.reporting.refusals import (
    AlreadyInReview,
    AlreadySignedOff,
    NeedsWords,
    NoReason,
    NotInReview,
    NotSignedOff,
    OutsideThePlan,
    PeriodsOverlap,
    StillBlocked,
    TheLogMoved,
    WasSigned,
)
from tests import factories
from tests.reporting.conftest import JULY, sealed

DESPITE = "I workshop mancanti sono annullati."


def opened(half, code, by=None):
    with transaction():
        return actions.open_period(half.plan, code, due_on=None, by=by)


def review(period, by):
    with transaction():
        actions.start_review(period, by=by)


def by_code(figures):
    return {f.code: f for f in figures}


def codes(period):
    return {p.code: p.weight for p in points(period)}


def points(period):
    return checklist.points(period, freezing.freeze(period.plan, calendar_period(period)))


@pytest.mark.parametrize("code", ["2026-H1", "2026-Q2", "2026-05", "2026"])
def test_a_period_that_overlaps_one_that_is_reported_is_refused(half, period, code):
    with pytest.raises(PeriodsOverlap, match="1° semestre 2026"):
        opened(half, code)


def test_neighbours_and_the_final_report_of_the_whole_plan_overlap_nothing(half, period):
    for code in ("2026-H2", "2027-Q1", "plan"):
        opened(half, code)
    assert [p.code for p in find.periods_of(half.district.id)] == [
        "2027-Q1",
        "2026-H2",
        "2026-H1",
        "plan",
    ] or [p.code for p in find.periods_of(half.district.id)] == ["2027-Q1", "2026-H2", "plan", "2026-H1"]


def test_a_period_outside_the_plan_is_refused(half):
    with pytest.raises(OutsideThePlan):
        opened(half, "2025-H2")


def test_a_period_goes_from_open_to_sent(half, period, bice, sign):
    assert period.state is State.OPEN
    review(period, bice)
    assert period.state is State.IN_REVIEW
    sign(period)
    assert period.state is State.SIGNED
    with transaction():
        actions.mark_sent(
            period, recipient="Regione Toscana", protocol="PG/2026/118", note="", sent_on=date(2026, 7, 21),
            by=bice,
        )  # fmt: skip
    assert period.state is State.SENT
    assert period.sign_off.transmissions[0].protocol == "PG/2026/118"


def test_what_is_signed_is_figures_rows_hashes_and_the_head_of_the_log(half, period, sign):
    found = sign(period)
    head = freezing.given.head(half.district.id)
    frozen = find.frozen(found)
    figures = by_code(frozen.figures)
    assert len(frozen.figures) == 25
    assert (figures["DV-01"].actual, figures["DV-01"].target) == (Decimal(1), Decimal(4))
    assert figures["DV-03"].actual == Decimal(2)
    assert [(r.table, r.id, r.company, r.reason) for r in figures["DV-03"].rows] == [
        ("activities", half.rows[1].id, "Tessitura Alba", None),
        ("activities", half.rows[2].id, "Tessitura Brina", None),
        ("activities", half.rows[3].id, "Tessitura Cima", "absent"),
    ]
    assert [(r.table, r.company) for r in figures["AD-01"].rows] == [("memberships", "Tessitura Alba")]
    assert [(r.table, r.amount) for r in figures["PF-01"].rows] == [("budget_lines", Decimal(2500))]
    assert [(f.code, f.name, f.size, len(f.sha256), f.indicators) for f in frozen.files] == [
        ("attendance_sheet", "firme marzo.pdf", 14, 64,
         ["AD-02", "AD-03", "DV-01", "DV-02", "DV-03", "DV-04", "DV-05", "PF-02"]),
    ]  # fmt: skip
    assert frozen.head == head
    assert find.is_intact(found, frozen)


def test_every_figure_has_exactly_the_rows_that_it_says(half, h1):
    assert freezing.freeze(half.plan, h1).disagreements() == []


def test_no_person_is_in_what_is_signed(half, period, sign):
    found = sign(period)
    frozen = find.frozen(found)
    everything = repr(frozen)
    assert "@alba.example" not in everything
    assert "Rossi" not in everything


def test_signing_without_a_review_is_refused(half, period, bice):
    frozen = sealed(period)
    with pytest.raises(NotInReview), transaction():
        actions.sign_off(period, frozen, points=[], despite="", by=bice)


def test_a_period_that_is_not_over_cannot_be_signed(half, sign):
    period = opened(half, "2026-H2")
    assert codes(period)["not_over"] is Weight.BLOCKS
    with pytest.raises(StillBlocked):
        sign(period, despite=DESPITE)


def test_open_points_want_a_reason_that_is_kept(half, period, sign):
    with transaction():
        factories.workshop(half.district, starts_at=JULY.replace(month=5), title="Mai chiuso")
    assert codes(period)["workshops"] is Weight.OPEN
    with pytest.raises(NeedsWords):
        sign(period)
    assert sign(period, despite=DESPITE).despite == DESPITE


def test_evidence_deleted_from_the_disk_stands_on_the_list(app, half, period, sign):
    assert "files" not in codes(period)
    folder = app.config["SETTINGS"].files_url.removeprefix("file://")
    stored = freezing.freeze(half.plan, calendar_period(period)).files[0]
    import pathlib

    path = pathlib.Path(folder, stored.sha256[:2], stored.sha256)
    content = path.read_bytes()
    path.write_bytes(content + b"x")
    assert "firme marzo.pdf (cambiato)" in next(p for p in points(period) if p.code == "files").links[0][0]
    path.unlink()
    assert "firme marzo.pdf (perso)" in next(p for p in points(period) if p.code == "files").links[0][0]


def test_an_activity_logged_between_counting_and_signing_stops_it(half, period, bice):
    review(period, bice)
    frozen = sealed(period)
    with transaction():
        half.log("workshop.held", date(2026, 4, 1))
    with pytest.raises(TheLogMoved), transaction():
        actions.sign_off(period, frozen, points=[], despite="", by=bice)


def test_a_signed_period_says_who_signed(half, period, sign, bice):
    sign(period)
    with pytest.raises(AlreadySignedOff, match="Bice"):
        review(period, bice)


def test_two_managers_who_sign_at_once_give_one_sign_off(app, half, period, bice):
    review(period, bice)
    frozen = sealed(period)
    identity, ids = period.id, [bice.id]
    with transaction():
        ids.append(factories.account("anna@moda.example", role="manager", district=half.district).id)
    db.session.remove()
    ready, answers = threading.Barrier(2), []

    def attempt(account_id):
        with app.app_context():
            ready.wait()
            try:
                with transaction():
                    own = db.session.get(ReportingPeriod, identity)
                    by = db.session.get(Account, account_id)
                    actions.sign_off(own, frozen, points=[], despite="", by=by)
                answers.append("signed")
            except AlreadySignedOff:
                answers.append("was first")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=attempt, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["signed", "was first"]
    assert db.session.query(SignOff).count() == 1


def test_the_database_itself_keeps_a_second_sign_off_out(half, period, sign):
    found = sign(period)
    copy = {c.name: getattr(found, c.name) for c in SignOff.__table__.columns if c.name != "id"}
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), transaction():
        db.session.execute(SignOff.__table__.insert(), [copy | {"number": 2}])


def test_reopening_needs_a_reason_and_stays(half, period, sign, bice):
    first = sign(period)
    with pytest.raises(NoReason), transaction():
        actions.reopen(period, because="  ", by=bice)
    with transaction():
        actions.reopen(period, because="Manca un foglio firme", by=bice)
    assert period.state is State.OPEN
    second = sign(period)
    assert [(s.number, s.reopened_because) for s in period.sign_offs] == [
        (1, "Manca un foglio firme"),
        (2, ""),
    ]
    assert (find.sign_off(period, 1).id, find.sign_off(period, None).id) == (first.id, second.id)


def test_a_review_is_begun_once_and_given_back_with_a_reason(half, period, bice):
    review(period, bice)
    with pytest.raises(AlreadyInReview):
        review(period, bice)
    with pytest.raises(NoReason), transaction():
        actions.end_review(period, because="", by=bice)
    with transaction():
        actions.end_review(period, because="Mancano due fogli", by=bice)
    assert period.state is State.OPEN
    assert [r.ended_because for r in period.reviews] == ["Mancano due fogli"]


def test_only_what_is_signed_is_sent_and_only_what_never_was_is_removed(half, period, sign, bice):
    with pytest.raises(NotSignedOff), transaction():
        actions.mark_sent(
            period, recipient="x", protocol="", note="", sent_on=date(2026, 7, 21), by=bice
        )  # fmt: skip
    other = opened(half, "2026-H2")
    with transaction():
        actions.remove_period(other)
    assert [p.code for p in find.periods_of(half.district.id)] == ["2026-H1"]
    sign(period)
    with pytest.raises(WasSigned), transaction():
        actions.remove_period(period)


def known(sign_off):
    return {a.code: a for a in adjustments.of(sign_off)}


def told(adjustment):
    return [(c.what, c.on, c.rows) for c in adjustment.changes]


def test_nothing_later_means_no_adjustment(half, period, sign):
    assert adjustments.of(sign(period)) == []


def test_a_fact_entered_later_is_a_dated_adjustment_and_changes_nothing_signed(half, period, sign, july):
    found = sign(period)
    july.move_to(JULY.replace(month=9, day=3))
    with transaction():
        half.log("workshop.held", date(2026, 6, 30))
    a = known(found)["DV-01"]
    assert (a.reported, a.known, told(a)) == (Decimal(1), Decimal(2), [("added", date(2026, 9, 3), 1)])
    assert by_code(find.signed_figures(found))["DV-01"].actual == Decimal(1)


def test_a_row_taken_back_later_is_an_adjustment_of_the_day_of_the_correction(half, period, sign, july):
    found = sign(period)
    july.move_to(JULY.replace(month=9, day=4))
    with transaction():
        activity.reverse(half.rows[0], by=None, happened_on=date(2026, 9, 4), reason="Un errore")
    a = known(found)["DV-01"]
    assert (a.reported, a.known, told(a)) == (Decimal(1), Decimal(0), [("taken_back", date(2026, 9, 4), 1)])


def test_companies_merged_after_the_sign_off_are_an_adjustment(half, period, sign, july, bice):
    found = sign(period)
    july.move_to(JULY.replace(month=10, day=1))
    with transaction():
        gone, stays = half.companies[1], half.companies[0]
        gone.merged_into_id, gone.merged_at, gone.merged_by_id = (
            stays.id,
            JULY.replace(month=10, day=1),
            bice.id,
        )
    a = known(found)["DV-03"]
    assert (a.reported, a.known, told(a)) == (Decimal(2), Decimal(1), [("merged", date(2026, 10, 1), 1)])


def test_an_activity_moved_to_another_line_after_the_sign_off_is_an_adjustment(half, period, sign, july):
    indicator = queries.indicator(half.plan, "DV-01")
    with transaction():
        indicator.rule = indicator.rule | {"lines": ["a"]}
    found = sign(period)
    july.move_to(JULY.replace(month=9, day=5))
    with transaction():
        activity.reverse(half.rows[0], by=None, happened_on=date(2026, 3, 11), reason="Un errore")
        half.log("workshop.held", date(2026, 3, 11), line="b")
    a = known(found)["DV-01"]
    assert (a.known, told(a)) == (Decimal(0), [("taken_back", date(2026, 9, 5), 1)])


def test_a_changed_rule_target_or_exclusion_is_named(half, period, sign):
    found = sign(period)
    with transaction():
        indicator = queries.indicator(half.plan, "DV-01")
        indicator.rule = indicator.rule | {"where": {"sector": ["pelle"]}}
        next(t for t in indicator.targets if t.period == "2026-H1").value = Decimal(1)
    a = known(found)["DV-01"]
    assert (a.reported, a.known, a.target_reported, a.target_known) == (1, 0, 4, 1)
    assert [c.what for c in a.changes] == ["gone", "rule", "target"]


def test_earlier_adjustments_stand_in_the_next_report(half, period, sign, july):
    found = sign(period)
    with transaction():
        half.log("workshop.held", date(2026, 6, 30))
    earlier = adjustments.as_json([found])
    assert [(e["period"], e["code"], e["reported"], e["known"]) for e in earlier if e["code"] == "DV-01"] == [
        ("2026-H1", "DV-01", "1", "2")
    ]
    assert {"entered later (1 row)", "inserito in seguito (1 riga)"} == set(
        next(e for e in earlier if e["code"] == "DV-01")["changes"][0]["said"]
    )


def test_what_was_reported_is_known_to_the_plan_below(half, period, sign):
    from dissemination.plan import signed

    assert signed.reported(half.plan) == {}
    sign(period)
    assert signed.reported(half.plan)["2026-H1"].values["DV-01"] == (Decimal(4), Decimal(1))


def test_what_is_over_and_unsigned_waits(half, sign, bice):
    assert [p.code for p in find.to_report(half.district)] == ["2026-H1"]
    period = opened(half, "2026-H1", bice)
    assert [p.code for p in find.to_report(half.district)] == ["2026-H1"]
    sign(period)
    assert find.to_report(half.district) == []


def test_the_classes_of_each_split_are_those_of_the_plans_pages(half, h1):

    for f in freezing.count(half.plan, h1):
        wanted = splits.splits(queries.indicator(half.plan, f.code), h1)
        got = [
            (s["attribute"], s["overlaps"], [(c["value"], c["actual"]) for c in s["classes"]])
            for s in f.splits
        ]
        assert got == [
            (s.attribute, s.overlaps, [(x.value, freezing._text(x.actual)) for x in s.lines]) for s in wanted
        ], f.code
