"""Past activities: what a line becomes, what counts it, what undoing leaves, on both databases."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.pastyears import actions
from dissemination.pastyears.models import PastActivity, State, Verdict
from dissemination.people.models import Company
from dissemination.plan import activity, figures, jobs
from dissemination.plan.log import Activity
from dissemination.seals.sealing import seal
from dissemination.seals.verifying import verify
from tests import factories
from tests.pastyears.conftest import again, audit, entered, judged, uploaded, workbook

NOW = datetime(2027, 3, 11, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def some_day():
    with time_machine.travel(NOW, tick=False):
        yield


def figure(plan, code, period="plan"):
    return figures.figure(next(i for i in plan.indicators if i.code == code), period)


def messages(row):
    wrong = db.session.query(PastActivity).filter_by(import_id=row.id, verdict=Verdict.WRONG)
    return [(p.cell, p.message) for p in wrong.order_by(PastActivity.line)]


def test_the_columns_are_guessed_from_an_italian_header(moda, plan):
    row = uploaded(moda, workbook([audit(1)]))
    assert (row.state, row.sheets, row.sheet) == (State.MAPPING, ["Attività"], "Attività")
    assert row.mapping["columns"] == {
        "0": "verb", "1": "date", "2": "tax_id", "3": "company", "4": "title", "5": "amount",
        "6": "attr:sector", "7": "attr:size", "8": "attr:province", "9": "attr:call",
    }  # fmt: skip
    assert row.samples[0][:2] == ["audit", "2026-03-11"]


def test_nothing_is_logged_before_somebody_approves(moda, plan):
    row = judged(uploaded(moda, workbook([audit(1), audit(2)])))
    assert (row.state, row.counts) == (State.JUDGED, {"new": 2})
    assert db.session.query(Activity).count() == 0
    assert db.session.query(Company).count() == 0


def test_approved_lines_become_rows_that_figures_count_and_open(moda, plan, bice):
    with transaction():
        known = factories.company(moda, tax_id=factories.tax_id(1), sector_id=moda.sectors[1].id)
    lines = [audit(n) for n in (1, 2, 3)] + [
        audit(2, Tipo="domanda", Data=date(2026, 5, 1), Bando="POR 2026"),
        audit(2, Tipo="domanda finanziata", Data="30/09/2026", Importo="12.345,60", Bando="POR 2026"),
    ]  # fmt: skip
    row = entered(judged(uploaded(moda, workbook(lines))), by=bice)
    assert (row.state, row.entered_by, row.file_id) == (State.DONE, bice.id, None)
    assert db.session.query(StoredFile).count() == 0
    db.session.refresh(plan)
    assert [figure(plan, c).actual for c in ("RE-01", "RE-02", "FI-01", "FI-02")] == [3, 3, 1, 1]
    assert figure(plan, "FI-03").actual == Decimal("12345.60")
    assert figure(plan, "FI-04").actual == Decimal("33.3")
    assert db.session.query(Company).count() == 3
    first = db.session.query(Activity).order_by(Activity.id).first()
    assert (first.company_id, first.subject_kind, first.recorded_by) == (known.id, "past_activities", bice.id)
    # What the file says of a company is said of the fact; the registry knows the rest and is not overwritten.
    assert first.attributes == {
        "channel": "audit", "sector": "tessile", "size": "small", "province": "PO", "in_managing_body": "no",
        "organisation_type": "company", "returning": "new",
    }  # fmt: skip
    assert db.session.get(Company, known.id).sector_id == moda.sectors[1].id
    new = db.session.query(Company).filter_by(tax_id=factories.tax_id(2)).one()
    assert (new.name, new.size.value, new.province, new.sector.code) == (
        "Filatura 2",
        "small",
        "PO",
        "tessile",
    )
    assert {a.activity_line_id for a in db.session.query(Activity)} == {plan.lines[2].id}


def test_a_company_seen_again_is_returning(moda, plan):
    days = [date(2026, 3, 1), date(2026, 2, 1), date(2026, 4, 1)]
    entered(
        judged(uploaded(moda, workbook([audit(1, day, Oggetto=f"Audit {n}") for n, day in enumerate(days)])))
    )
    rows = db.session.query(Activity).order_by(Activity.happened_on)
    assert [r.attributes["returning"] for r in rows] == ["new", "returning", "returning"]


def test_kept_totals_follow_an_import_and_its_undoing(moda, plan, bice):
    jobs.keep_totals()
    row = entered(judged(uploaded(moda, workbook([audit(n) for n in range(1, 8)]))))
    assert jobs.keep_totals() == 0
    assert figures.disagreements(plan) == []
    assert figure(plan, "RE-01").actual == 7
    with transaction():
        actions.undo(row, reason="file sbagliato", by=bice)
    actions.go_on(row.id)
    assert jobs.keep_totals() == 0
    assert figures.disagreements(plan) == []
    assert figure(plan, "RE-01").actual == 0


def test_undoing_adds_rows_with_the_reason_and_the_lines_may_come_again(moda, plan, bice):
    data = workbook([audit(n) for n in range(1, 4)])
    row = entered(judged(uploaded(moda, data)))
    with pytest.raises(actions.NoReason), transaction():
        actions.undo(row, reason=" ", by=bice)
    with transaction():
        actions.undo(again(row.id), reason="anno sbagliato", by=bice)
    actions.go_on(row.id)
    row = again(row.id)
    assert (row.state, row.undone_by, row.undone_because) == (State.UNDONE, bice.id, "anno sbagliato")
    back = db.session.query(Activity).filter(Activity.reverses_id.is_not(None)).all()
    assert [(b.reason, b.happened_on, b.recorded_by) for b in back] == [
        ("anno sbagliato", date(2026, 3, 11), bice.id)
    ] * 3
    assert db.session.query(Activity).count() == 6
    assert judged(uploaded(moda, data)).counts == {"new": 3}
    with transaction():
        seal(moda.id)
    assert verify(moda) == []


def test_a_line_that_is_there_already_is_not_entered_twice(moda, plan):
    entered(judged(uploaded(moda, workbook([audit(1), audit(2)]))))
    row = judged(uploaded(moda, workbook([audit(2), audit(3), audit(3)]), name="altro.xlsx"))
    assert row.counts == {"new": 1, "same": 2}
    assert entered(row).state is State.DONE
    assert db.session.query(Activity).count() == 3


def test_two_imports_of_the_same_lines_judged_before_either_was_entered_enter_them_once(moda, plan):
    first, second = (judged(uploaded(moda, workbook([audit(1), audit(2)]))) for _ in range(2))
    assert entered(first).state is entered(again(second.id)).state is State.DONE
    assert db.session.query(Activity).count() == 2


@pytest.mark.parametrize(
    ("change", "cell", "said"),
    [
        ({"Tipo": "festa"}, "A2", "“festa” is not a kind of activity that can be imported."),
        ({"Tipo": None}, "A2", "The kind of activity is missing."),
        ({"Data": None}, "B2", "The date is missing."),
        ({"Data": "31/02/2026"}, "B2", "“31/02/2026” is not a date such as 31/12/2026."),
        ({"Data": 46092}, "B2", "“46092” is not a date such as 31/12/2026."),
        ({"Data": date(2027, 3, 12)}, "B2", "This day has not come yet."),
        ({"Data": date(1999, 12, 31)}, "B2", "This is before the year 2000."),
        ({"Partita IVA": "01234567890"}, "C2", "“01234567890” is not a valid partita IVA."),
        ({"Partita IVA": None}, "C2", "The tax id is missing: companies are counted by it."),
        ({"Azienda": None}, "D2", "No company with this tax id is in the registry, and the line has no name."),
        ({"Importo": "molto"}, "F2", "“molto” is not an amount such as 1.234,50."),
        ({"Importo": -3}, "F2", "“-3” is not an amount such as 1.234,50."),
        ({"Settore": "nautica"}, "G2", "The district has no sector “nautica”."),
        ({"Dimensione": "enorme"}, "H2", "“enorme” is not a size: micro, small, medium or large."),
        ({"Provincia": "Prato"}, "I2", "The province is written with two letters, such as PO."),
        ({"Oggetto": "x" * 301}, "E2", "The title is longer than 300 characters."),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_by_its_address(moda, plan, change, cell, said):
    from flask_babel import force_locale

    with force_locale("en"):
        row = judged(uploaded(moda, workbook([audit(1, **change), audit(2)])))
    assert row.counts == {"wrong": 1, "new": 1}
    assert messages(row) == [(cell, said)]
    with pytest.raises(actions.HasProblems), transaction():
        actions.approve(row, leaves_out_wrong=False, by=None)
    assert entered(again(row.id), leaves_out_wrong=True).state is State.DONE
    assert db.session.query(Activity).count() == 1


def test_a_tax_id_that_a_spreadsheet_took_for_a_number_gets_its_zeros_back(moda, plan):
    number = factories.tax_id(12)
    assert number.startswith("00000")
    entered(judged(uploaded(moda, workbook([audit(12, **{"Partita IVA": int(number)})]))))
    assert db.session.query(Company).one().tax_id == number


def test_what_the_program_logs_itself_is_not_imported_from_that_day_on(moda, plan):
    with transaction():
        workshop = factories.workshop(moda)
        activity.record(
            "workshop.held", workshop, district_id=moda.id, title="x", happened_on=date(2026, 6, 1), by=None
        )
    lines = [audit(1, date(2026, 5, 31), Tipo="workshop"), audit(1, date(2026, 6, 1), Tipo="workshop")]
    row = judged(uploaded(moda, workbook(lines)))
    assert row.counts == {"new": 1, "wrong": 1}
    assert "01/06/2026" in messages(row)[0][1]


def test_one_kind_for_all_lines_and_columns_said_by_hand(moda, plan):
    data = "quando;chi;piva\n11/03/2026;Filatura 1;" + factories.tax_id(1) + "\n"
    row = uploaded(moda, data.encode(), name="visite.csv")
    with pytest.raises(actions.NotMapped), transaction():
        actions.map_columns(row, {"0": "date"}, verb="", line="")
    with pytest.raises(actions.SaidTwice), transaction():
        actions.map_columns(again(row.id), {"0": "date", "1": "date"}, verb="audit.visited", line="")
    row = judged(again(row.id), verb="audit.visited", columns={"0": "date", "1": "company", "2": "tax_id"})
    assert row.counts == {"new": 1}
    entered(row)
    assert db.session.query(Activity).one().title == "Audit tecnologico: Filatura 1"
    assert uploaded(moda, data.encode(), name="visite.csv").mapping == row.mapping  # remembered


def test_a_line_of_a_year_without_plan_is_logged_and_counts_in_none(moda, plan):
    entered(judged(uploaded(moda, workbook([audit(1, date(2020, 5, 1))]))))
    assert db.session.query(Activity).one().activity_line_id is None
    assert figure(plan, "RE-01").actual == 0
    assert figure(plan, "RE-01", "2020-H1").actual == 1


def test_an_import_cut_off_in_the_middle_goes_on_where_it_was(moda, plan, monkeypatch):
    from dissemination.pastyears import entering

    monkeypatch.setattr(entering, "BATCH", 2)
    row = judged(uploaded(moda, workbook([audit(n) for n in range(1, 6)])))
    with transaction():
        actions.approve(row, leaves_out_wrong=False, by=None)
    with transaction():
        entering.enter_some(again(row.id), None)
    assert db.session.query(Activity).count() == 2
    assert actions.work() == 1
    assert again(row.id).state is State.DONE
    assert db.session.query(Activity).count() == 5
    assert actions.work() == 0


def test_given_up_leaves_nothing(moda, plan):
    row = judged(uploaded(moda, workbook([audit(1)])))
    with transaction():
        actions.drop(row)
    assert again(row.id).state is State.DROPPED
    assert (db.session.query(PastActivity).count(), db.session.query(StoredFile).count()) == (0, 0)
    with pytest.raises(actions.NotNow), transaction():
        actions.approve(again(row.id), leaves_out_wrong=False, by=None)
