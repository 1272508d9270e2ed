"""What leaves the house about an audit: that it took place, and nothing that it says."""

import io
import zipfile
from datetime import date
from types import SimpleNamespace

import pytest
import time_machine

from dissemination.audits import actions
from dissemination.kernel import files
from dissemination.kernel.database import transaction
from dissemination.plan import periods
from dissemination.plan import queries as plans
from dissemination.reporting import bundle, freezing, given
from tests.audits.cast import NOW, PDF, TODAY, plan_of, visited

SECRET = "zaffiro"


@pytest.fixture
def frozen(moda, ada):
    with time_machine.travel(NOW, tick=False):
        with transaction():
            plan_of(moda)
            made = visited(
                moda, by=ada, sheet=False, reason=SECRET, auditor_name=SECRET,
                areas=({"type": "process", "title": SECRET, "description": SECRET, "keywords": [SECRET]},),
                scores={"strategy": (3, SECRET)},
            )  # fmt: skip
            facts = dict.fromkeys(("strengths", "weaknesses", "summary", "site"), SECRET)
            people = [{"name": SECRET, "role": SECRET}]
            actions.revise(made, facts=facts | {"people": people}, version=made.version, by=ada)
            stored = files.put(io.BytesIO(PDF), f"{SECRET}.pdf", district_id=moda.id)
            actions.sheet_on_file(made, file=stored, note=SECRET, by=ada)
            given.judge_evidence(moda.id)
        plan = plans.current_plan(moda.id, TODAY)
        yield freezing.freeze(plan, periods.read("2026-H2", plan))


def test_a_report_names_the_company_and_the_day_and_nothing_of_the_audit(frozen):
    said = repr(frozen)
    assert "Audit tecnologico: Tessitura Gori" in said
    assert SECRET not in said.lower()
    assert {(f.code, f.on) for f in frozen.files} == {("visit_sheet", date(2026, 11, 10))}


def test_its_archive_says_that_the_sheet_is_there_and_does_not_hold_it(frozen):
    report = SimpleNamespace(frozen=frozen, at=NOW)
    with zipfile.ZipFile(io.BytesIO(bundle.render(report))) as archive:
        assert archive.namelist() == ["manifest.csv", "SHA256SUMS"]
        manifest = archive.read("manifest.csv").decode()
    assert ",confidential," in manifest
    assert SECRET not in manifest
