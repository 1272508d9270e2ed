"""Somebody who was met in an audit, invited, shared with and heard asks to be erased; the audit stays and counts."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from dissemination.audits import actions as audits
from dissemination.audits.models import Audit, PersonMet
from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.plan import queries as plans
from dissemination.plan.figures import figures_for
from dissemination.privacy import actions, contacts, dossier, encounters, held
from dissemination.privacy.terms import AUDIT_MONTHS
from dissemination.research import meetings
from dissemination.timelines import actions as pages
from dissemination.visits import actions as visits
from dissemination.visits import photos, sheets
from dissemination.visits.models import Photo, Remark, Sharing
from tests.audits import cast as audit_cast
from tests.research import cast as research
from tests.timelines import cast
from tests.visits import cast as visit_cast

NAMES = ("Carlo Bonciani", "Bonciani", "carlo@blu.example")


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)
    return time_machine


@pytest.fixture
def blu(moda):
    with transaction():
        audit_cast.plan_of(moda)
        return cast.company(moda)


@pytest.fixture
def carlo(moda, blu):
    with transaction():
        return cast.contact(moda, blu, family_name="Bonciani")


@pytest.fixture
def met(moda, ada, blu, carlo):
    """An audit in which Carlo is everywhere, and what followed."""
    with transaction():
        audit = audits.plan(moda, [blu], by=ada, reason="Lo ha chiesto Carlo Bonciani")[0]
        audits.contacted(audit, on=date(2026, 11, 20), by=ada)
        audits.appoint(
            audit, contact=carlo, starts_at=cast.NOW + timedelta(days=3), ends_at=cast.NOW + timedelta(days=3, hours=2),
            place="Prato", message="Gentile Carlo Bonciani", by=ada,
        )  # fmt: skip
    with transaction():
        other = audit_cast.visited(moda, blu, by=ada, on=date(2026, 11, 12), repeat_meant=True)
        facts = {
            "strengths": "Carlo Bonciani conosce ogni telaio", "summary": "Scrivere a carlo@blu.example",
            "people": [
                {"contact_id": carlo.id, "name": "Carlo Bonciani", "role": "titolare"}, {"name": "Mara Blu", "role": "tecnica"},
            ],
        }  # fmt: skip
        audits.revise(other, facts=facts, version=other.version, by=ada)
        photos.add(other, key="foto-1", data=visit_cast.png(), by=ada, caption="Carlo Bonciani al telaio")
        audits.drafted(other, on=date(2026, 11, 15), by=ada)
        visits.share(other, [carlo], by=ada)
        sharing = db.session.scalars(select(Sharing)).one()
        visits.comment(sharing, text="Qui Carlo Bonciani: manca il reparto tintura", area_id=None)
        lab = research.laboratory(moda)
        meeting = research.meeting(moda, blu, lab=lab, contact=carlo, wish="Sono Carlo Bonciani")
        research.arrange(meeting, carlo, lab.contact, starts_at=cast.NOW + timedelta(days=9),
                         ends_at=cast.NOW + timedelta(days=9, hours=1))  # fmt: skip
        meetings.hold(
            meeting,
            held_on=date(2026, 11, 19),
            minutes="Carlo Bonciani e Lea Galli",
            version=meeting.version,
            by=ada,
        )
        link = pages.open_to(blu, carlo, by=ada)
        pages.ask_correction(link, wanted={"address": "Via Nuova 7"}, words="Carlo Bonciani")
    return other


def everywhere():
    """All that stands in any table, as one text."""
    return [
        f"{table.name}: {tuple(row)}"
        for table in db.metadata.sorted_tables
        for row in db.session.execute(text(f'SELECT * FROM "{table.name}"'))
    ]


def figure(moda, code):
    return figures_for(plans.current_plan(moda.id), "2026")[code]["actual"]


def test_she_goes_everywhere_and_the_audit_stays_and_counts(moda, ada, bice, blu, carlo, met):
    assert {n for n in NAMES if any(n in line for line in everywhere())} == set(NAMES)
    before = [figure(moda, code) for code in ("RE-01", "RE-02", "RE-03", "RE-04")]
    assert before == [1, 1, 2, 2]
    with transaction():
        counts = actions.erase(carlo, reason="Lo ha chiesto", by=bice)
    left = [line for line in everywhere() if any(name in line for name in NAMES)]
    assert left == []
    assert [figure(moda, code) for code in ("RE-01", "RE-02", "RE-03", "RE-04")] == before
    audit = db.session.get(Audit, met.id)
    assert [p.name for p in audit.people] == ["Mara Blu"]
    assert audit.strengths.endswith("conosce ogni telaio")
    assert db.session.scalars(select(Remark)).one().text.endswith("manca il reparto tintura")
    assert db.session.scalars(select(Sharing)).one().revoked_at is not None
    assert counts["met"] == 1


def test_nobody_is_written_to_after_she_is_gone(moda, ada, bice, carlo, met):
    with transaction():
        actions.erase(carlo, reason="Lo ha chiesto", by=bice)
    rows = db.session.scalars(select(Delivery).where(Delivery.contact_id == carlo.id)).all()
    assert rows
    assert all(r.address.endswith("@erased.invalid") and r.calendar is None for r in rows)
    assert {r.state.value for r in rows} <= {"cancelled", "accepted", "skipped"}


def test_what_is_held_about_her_names_audits_meetings_and_links(moda, carlo, met):
    found = dossier.dossier(carlo)
    told = {name: len(found.get(name, ())) for name in (
        "audits", "appointments", "reports_shared", "remarks", "meetings", "company_pages", "corrections",
    )}  # fmt: skip
    assert told == dict.fromkeys(told, 1)
    assert found["audits"][0] == {
        "company": "Tessitura Blu", "on": date(2026, 11, 12), "name": "Carlo Bonciani", "role": "titolare",
    }  # fmt: skip
    assert "Carlo Bonciani e Lea Galli" not in dossier.as_json(found)  # minutes are the district's


def test_the_desk_shows_it_in_words(moda, bice, carlo, met, sign_in):
    page = sign_in(bice).get(f"/moda/desk/privacy/people/{carlo.id}").text
    for words in (
        "Incontrata negli audit",
        "Rapporti di audit condivisi",
        "incontrata, invitata o contattata in un audit",
    ):
        assert words in page
    assert f"{AUDIT_MONTHS} mesi" in sign_in(bice).get("/moda/desk/privacy").text


def test_an_audit_is_a_reason_to_keep_her_until_its_time_is_over(moda, ada, carlo, met, autumn):
    assert {"audit", "research", "company_page"} <= contacts.reasons([carlo])[carlo.id]
    assert carlo.id not in [row.contact.id for row in held.lonely(moda)[0]]
    autumn.move_to(datetime(2031, 11, 13, 3, tzinfo=cast.NOW.tzinfo), tick=False)
    assert [a.id for a in encounters.due(moda.id, cast.NOW)] == []
    counts = actions.run(moda)
    assert (counts["met"], counts["photos"]) == (2, 1)
    db.session.expire_all()
    assert (db.session.scalar(select(PersonMet)), db.session.scalar(select(Photo))) == (None, None)
    assert db.session.get(Audit, met.id).strengths != ""
    assert figure(moda, "RE-01") == 1
    assert actions.run(moda)["met"] == 0


def test_people_whose_time_is_not_over_stay(moda, ada, carlo, met, autumn):
    autumn.move_to(datetime(2031, 11, 10, 3, tzinfo=cast.NOW.tzinfo), tick=False)
    assert actions.run(moda)["met"] == 0
    assert len(db.session.scalars(select(PersonMet)).all()) == 2


def test_a_person_who_is_met_in_two_merged_companies_is_found(moda, ada, bice, blu, carlo, met):
    with transaction():
        other = cast.company(moda, "Tessitura Blue")
        audit = audit_cast.visited(moda, other, by=ada, on=date(2026, 11, 2))
        audits.revise(
            audit,
            facts={"people": [{"name": "Carlo Bonciani", "role": "ospite"}]},
            version=audit.version,
            by=ada,
        )
        people.merge_companies(blu, other, by=ada)
    with transaction():
        actions.erase(carlo, reason="Lo ha chiesto", by=bice)
    assert [line for line in everywhere() if any(name in line for name in NAMES)] == []


def test_who_stands_in_a_sheet_that_nobody_took_goes_when_its_time_is_over(moda, ada, autumn):
    with transaction():
        audit = visit_cast.planned(moda, ada)
        visits.take(audit, key="first-key-1", seen_version=audit.version, by=ada,
                    facts=sheets.read(visit_cast.facts(people=[])))  # fmt: skip
        late = {"facts": sheets.read(visit_cast.facts()), "signed_by": "Mara Blu"}
        visits.take(audit, key="other-key-1", seen_version=0, by=ada, **late)
    autumn.move_to(datetime(2031, 11, 13, 3, tzinfo=cast.NOW.tzinfo), tick=False)
    assert [a.id for a in encounters.due(moda.id, now())] == [audit.id]
    actions.run(moda)
    db.session.expire_all()
    assert encounters.due(moda.id, now()) == []
    assert [line for line in everywhere() if "Mara Blu" in line] == []
