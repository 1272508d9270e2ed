"""Nothing of an erased person is left where her company was another one's duplicate, a partner, or wrote for her."""

import pytest
from sqlalchemy import select

from dissemination.applications.models import Application
from dissemination.audits import actions as audits
from dissemination.kernel.database import transaction
from dissemination.people import actions as people
from dissemination.plan.log import Evidence
from dissemination.privacy import actions
from dissemination.timelines import actions as pages
from tests.applications import cast as applied
from tests.audits import cast as audited
from tests.privacy.test_encounters import NAMES, everywhere
from tests.research import cast as research
from tests.timelines import cast

HER = "Carlo Bonciani"


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


@pytest.fixture
def blu(moda):
    with transaction():
        audited.plan_of(moda)
        return cast.company(moda)


@pytest.fixture
def carlo(moda, blu):
    with transaction():
        return cast.contact(moda, blu, family_name="Bonciani")


def erase(carlo, bice):
    with transaction():
        actions.erase(carlo, reason="Lo ha chiesto", by=bice)
    return [line for line in everywhere() if any(name in line for name in NAMES)]


def test_she_goes_out_of_the_audit_of_a_duplicate_that_was_merged_into_her_company(
    moda, ada, bice, blu, carlo
):
    with transaction():
        twin = cast.company(moda, "Tessitura Blu srl")
        audit = audited.visited(moda, twin, by=ada, reason=f"Lo ha chiesto {HER}")
        areas = [{"type": "process", "title": "Acqua", "keywords": [HER]}]
        audits.revise(audit, facts={"areas": areas, "people": []}, version=audit.version, by=ada)
        people.merge_companies(blu, twin, by=ada)
    assert erase(carlo, bice) == []


def test_she_goes_out_of_what_proves_an_audit_and_the_proof_stays(moda, ada, bice, blu, carlo):
    with transaction():
        audit = audited.visited(moda, blu, by=ada, sheet=False)
        audits.sheet_on_file(audit, note=f"faldone 3, firmata da {HER}", by=ada)
    assert erase(carlo, bice) == []
    note = select(Evidence.note).where(Evidence.subject_kind == "audits")
    assert Evidence.query.session.scalars(note).one() == "faldone 3, firmata da …"


def test_she_goes_out_of_applications_in_which_her_company_is_a_partner(moda, bice, blu, carlo):
    with transaction():
        leader, call = cast.company(moda, "Filatura Neri"), applied.call(moda)
        applied.application(moda, call=call, company=leader, partners=[blu], notes=f"Chiamare {HER}")
    assert erase(carlo, bice) == []
    assert Application.query.one().notes == "Chiamare …"


def test_she_goes_out_of_agreements_of_the_research_body_that_she_works_for(moda, bice):
    with transaction():
        body = research.body(moda)
        hers = cast.contact(moda, body, family_name="Bonciani")
        research.agreement(moda, cast.company(moda, "Filatura Neri"), body, purpose=f"Con {HER}")
    assert erase(hers, bice) == []


def test_she_goes_out_of_what_a_colleague_wrote_of_her_by_the_company_s_link(moda, ada, bice, blu, carlo):
    with transaction():
        eva = cast.contact(moda, blu, "eva@blu.example", given_name="Eva", family_name="Verdi")
        link = pages.open_to(blu, eva, by=ada)
        wanted = {"website": "https://blu.example/?to=carlo@blu.example", "address": f"presso {HER}"}
        pages.ask_correction(link, wanted=wanted, words=f"{HER} non lavora più qui")
    assert erase(carlo, bice) == []
