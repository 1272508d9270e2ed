"""No page, export, feed or search shows an audit to anyone outside the district's people and that company.

An audit is filled with one word wherever something can be written. Then every route that answers to GET is
asked, with every id and name that it could take, by each kind of reader; the word must not appear. What
makes PDFs hands out what it was given, and a tongue of the search word is asked of every list.
"""

import io
import itertools
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

from dissemination.applications import life
from dissemination.applications.life import Said
from dissemination.applications.models import Application, Stage
from dissemination.audits import actions as audits
from dissemination.audits.models import Audit, ImprovementArea
from dissemination.calls.models import Call, Service
from dissemination.delivery.models import Delivery
from dissemination.kernel import files, pdf
from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.people.models import Company, Contact, Membership, SizeClass
from dissemination.plan import queries as plans
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.models import Indicator
from dissemination.publications.models import Publication
from dissemination.registrations import queries as registrations
from dissemination.registrations.models import Registration
from dissemination.reporting import actions as reporting
from dissemination.reporting import checklist, delivered
from dissemination.reporting.models import ReportingPeriod
from dissemination.reporting.queries import calendar_period
from dissemination.research import meetings
from dissemination.research.models import Laboratory, Meeting
from dissemination.subscriptions.mails import token_for as subscriber_token
from dissemination.timelines import actions as timelines
from dissemination.timelines.models import CompanyLink
from dissemination.timelines.queries import token_for as company_token
from dissemination.visits import actions, photos, queries, sheets
from dissemination.visits.models import Photo, Sharing, VisitSheet
from dissemination.workshops.models import Workshop
from tests import factories
from tests.applications import cast as grants
from tests.newsletters import cast as newsletters
from tests.publications import cast as publications
from tests.registrations import cast as seats
from tests.research import cast as research
from tests.visits import cast

WORD = "zirconiosegreto"
SOUGHT = "kriptonite"  # stands beside the word everywhere: what a search finds shows the word
TOLD = f"Zirconiosegreto {SOUGHT}"
JULY = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)
VISIT = date(2026, 5, 12)


@pytest.fixture(autouse=True)
def july(monkeypatch):
    """The half-year of the visit is over; PDFs hold their data as it is, so that it can be looked through."""
    monkeypatch.setattr(
        pdf, "render", lambda _template, data, **_more: b"%PDF-1.7 " + json.dumps(data).encode()
    )
    with time_machine.travel(JULY, tick=False) as traveller:
        yield traveller


def secret_audit(district, by):
    """(audit, contact): an audit that says the word wherever something can be written, shared with Carlo."""
    company = factories.company(
        district, "Tessitura Blu", sector_id=district.sectors[0].id, size=SizeClass.SMALL
    )
    db.session.add(Membership(company_id=company.id, since=date(2026, 1, 10)))
    audit = audits.plan(district, [company], by=by, auditor_name=TOLD, reason=TOLD, on=date(2026, 5, 1))[0]
    contact = cast.contact_of(audit)
    with time_machine.travel(datetime(2026, 5, 4, 8, 0, tzinfo=UTC)):
        start = datetime(2026, 5, 12, 7, 30, tzinfo=UTC)
        audits.appoint(
            audit, contact=contact, starts_at=start, ends_at=start + timedelta(hours=2), place=TOLD, message=TOLD,
            by=by,
        )  # fmt: skip
    areas = [
        cast.area(title=TOLD, description=TOLD, proposed_action=TOLD, expected_result=TOLD),
        cast.area("area-key-2", f"{TOLD} due"),
    ]
    facts = cast.facts(
        visited_on=VISIT.isoformat(), strengths=TOLD, weaknesses=TOLD, summary=TOLD, areas=areas,
        people=[{"contact_id": None, "name": TOLD, "role": TOLD}], scores={"strategy": {"points": 3, "note": TOLD}},
    )  # fmt: skip
    document = b"%PDF-1.7 " + TOLD.encode()
    actions.take(
        audit, key="sheet-key-1", seen_version=audit.version, facts=sheets.read(facts), by=by, signed_by=TOLD,
        document=document,
    )  # fmt: skip
    actions.take(audit, key="sheet-key-2", seen_version=0, facts=sheets.read(facts), by=by, signed_by=TOLD)
    audits.set_area(audit.areas[0], by=by, keywords=[TOLD], outcome="started", outcome_note=TOLD)
    audits.upload_sheet(audit, io.BytesIO(document), f"{TOLD}.pdf", by=by)
    audits.sheet_on_file(audit, note=TOLD, by=by)
    photos.add(audit, key="photo-key-1", data=cast.png(), by=by, caption=TOLD)
    audits.revise(audit, facts={"site": TOLD}, version=audit.version, by=by)
    audits.drafted(audit, on=date(2026, 5, 20), by=by, note=TOLD)
    actions.share(audit, [contact], by=by)
    actions.comment(queries.sharings(audit)[0], text=TOLD, area_id=audit.areas[0].id)
    actions.answer(audit, text=TOLD, area_id=None, by=by)
    actions.tell(audit)
    return audit, contact


def other_audit(district, by):
    """Another company's audit, shared with somebody of that company: its words are its own."""
    with time_machine.travel(JULY - timedelta(days=30)):
        audit = cast.planned(district, by, name="Conceria Verde")
        facts = cast.facts(visited_on="2026-06-02", areas=[cast.area(title="Turni")])
        actions.take(audit, key="sheet-key-1", seen_version=audit.version, facts=sheets.read(facts), by=by)
        audits.drafted(audit, on=date(2026, 6, 10), by=by)
        contact = cast.contact_of(audit, "vera@conceria.example", given_name="Vera")
        actions.share(audit, [contact], by=by)
    return audit, contact


def what_came_of_it(audit, by):
    """An application and a meeting that came of the audit's first area, and words of the word in both."""
    district, area = audit.district, audit.areas[0]
    call = grants.call(district, [grants.service(district)], days=[date(2026, 12, 1)])
    made = grants.application(
        district, call=call, company=audit.company, area=area, services=call.services, by=by, title=TOLD,
        notes=TOLD, on=date(2026, 6, 1),
    )  # fmt: skip
    days = {stage: date(2026, 6, 1) + timedelta(days=n) for n, stage in enumerate(grants.DAYS, start=1)}
    grants.brought_to(made, Stage.PREPARATION, Stage.SUBMITTED, Stage.ASSESSMENT, by=by, days=days)
    said = Said(note="Decreto 7", amount=Decimal(9000))  # the proof of a figure
    life.advance(made, Stage.FUNDED, on=date(2026, 6, 20), by=by, version=made.version, said=said)
    lab = research.laboratory(district, keywords=["vasche"])
    wish = meetings.ask(
        district, company=audit.company, laboratory=lab, wish=TOLD, by=by, activity_line_id=audit.activity_line_id,
        origin=("improvement_areas", area.id),
    )  # fmt: skip
    meetings.hold(wish, held_on=date(2026, 6, 25), minutes=TOLD, version=wish.version, by=by)


def signed_period(district, by):
    """The half-year with the audit, reported and signed off."""
    plan = plans.current_plan(district.id)
    with transaction():
        period = reporting.open_period(plan, "2026-H1", due_on=None, by=by)
    with transaction():
        reporting.start_review(period, by=by)
    with transaction():
        reporting.seal(period)
    frozen = delivered.draft(period.plan, calendar_period(period)).frozen
    found = checklist.points(period, frozen)
    with transaction():
        reporting.sign_off(period, frozen, points=found, despite="Così com'è", by=by)


@pytest.fixture
def world(moda, nautica, ada, bice):
    """The audit in a district in which every other page has something to show; the tokens of its readers."""
    with transaction():
        adopt_catalogue(plans.current_plan(moda.id))
    with transaction():
        audit, _contact = secret_audit(moda, ada)
        other, vera = other_audit(moda, ada)
        what_came_of_it(audit, ada)
        vera.proven_at = JULY
        page = timelines.open_to(other.company, vera, by=ada)
        workshop = factories.workshop(moda, starts_at=JULY + timedelta(days=20))
        reader = newsletters.subscriber(moda, newsletters.topic(moda))
        newsletters.publication(moda)
        publications.publication(moda)
        newsletters.issue(moda, by=ada)
    registration = seats.enter(workshop, "mario")
    signed_period(moda, bice)
    return {
        "audit": audit, "company": f"/v/{queries.token_for(queries.sharings(audit)[0])}",
        "tokens": {
            "subscriber": subscriber_token(reader.id), "registrant": registrations.token(registration),
            "other company": queries.token_for(queries.sharings(other)[0]),
            "other company's page": company_token(page),
        },
    }  # fmt: skip


IDS = {
    "audit_id": Audit, "area_id": ImprovementArea, "photo_id": Photo, "sheet_id": VisitSheet,
    "sharing_id": Sharing, "evidence_id": Evidence, "company_id": Company, "contact_id": Contact,
    "delivery_id": Delivery, "application_id": Application, "period_id": ReportingPeriod,
    "registration_id": Registration, "file_id": StoredFile, "meeting_id": Meeting, "laboratory_id": Laboratory,
    "service_id": Service, "link_id": CompanyLink, "workshop_id": Workshop,
}  # fmt: skip


# Files that everybody has; and what would sign the reader out, who then sees nothing anyhow.
NOT_ASKED = {
    "static", "security.static", "security.logout", "people_account.sign_out", "security.two_factor_token_validation",
}  # fmt: skip


def known(rule, district, tokens):
    """Every value that each part of the rule's address could take."""
    codes = db.session.scalars(select(Indicator.code).distinct())
    by_name = {
        "district": lambda: [district],
        "row_id": lambda: range(1, 1 + db.session.query(Activity).count()),
        "subject_id": lambda: db.session.scalars(select(Activity.subject_id).distinct()).all(),
        "slug": lambda: [
            *db.session.scalars(select(Workshop.slug)),
            *db.session.scalars(select(Publication.slug)),
            *db.session.scalars(select(Call.slug)),
        ],
        "code": lambda: [*(code for code in codes if code[:2] in ("RE", "AD", "FI", "PF")), "2026-H1"],
        "token": lambda: list(tokens),
    }
    found = {}
    for name, converter in rule._converters.items():
        choices = sorted(getattr(converter, "items", ()))
        if name in IDS:
            found[name] = db.session.scalars(select(IDS[name].id)).all()
        elif name in by_name:
            found[name] = by_name[name]()
        else:
            is_number = type(converter).__name__ == "IntegerConverter"
            found[name] = choices or (
                [1, 2] if is_number else ["it", "audits", "improvement_areas", "companies"]
            )
    return found


def addresses(app, district, tokens):
    """Every address of every route that answers to GET; lists are asked plainly and for the word beside it."""
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint in NOT_ASKED:
            continue
        values = known(rule, district, tokens)
        for chosen in itertools.product(*values.values()):
            address = rule.build(dict(zip(values, chosen, strict=True)))[1]
            yield address
            if set(values) <= {"district", "code"}:
                yield f"{address}?q={SOUGHT}&search={SOUGHT}&text={SOUGHT}&name={SOUGHT}"


def readable(answer):
    """Everything that an answer says: headers, body, and what is packed inside it."""
    yield str(answer.headers).encode()
    yield answer.data
    if answer.data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)


def says(answer, hidden):
    """Whether an answer says the word, or is one of the audit's own files."""
    return any(WORD.encode() in part.lower() or part in hidden for part in readable(answer))


def own_files(audit):
    """The content of the photos of the audit and of its signed sheets."""
    kept = [photo.file for photo in queries.photos(audit)] + [s.file for s in queries.sheets(audit) if s.file]
    return {files.read(one) for one in kept}


def leaks(app, browser, world, district="moda", tokens=()):
    """The addresses at which a reader sees what she must not; and how many answered at all."""
    hidden, found, answered = own_files(world["audit"]), set(), 0
    # Read first: what a request does may not depend on what was asked before.
    for address in list(addresses(app, district, tokens)):
        answer = browser.get(address)
        answered += answer.status_code == 200
        assert answer.status_code < 500, address
        if says(answer, hidden):
            found.add(address)
    return sorted(found), answered


def test_a_stranger_sees_nothing_of_an_audit(app, world, client):
    found, answered = leaks(app, client, world, tokens=["x"])
    assert found == []
    assert answered > 30


def test_people_with_a_link_of_their_own_see_nothing_of_it(app, world, client):
    found, answered = leaks(app, client, world, tokens=world["tokens"].values())
    assert found == []
    assert answered > 40


@pytest.mark.parametrize("district", ["moda", "nautica"])
def test_another_districts_manager_sees_nothing_of_it(app, world, dora, sign_in, district):
    found, answered = leaks(app, sign_in(dora), world, district, tokens=["x"])
    assert found == []
    assert answered > 30


def test_the_region_sees_that_it_took_place_and_nothing_of_what_it_says(app, world, elio, sign_in):
    browser = sign_in(elio)
    found, answered = leaks(app, browser, world, tokens=["x"])
    assert found == []
    assert answered > 250
    rows = browser.get("/moda/desk/plan/figures/RE-01?period=2026")
    assert "Tessitura Blu" in rows.text
    assert browser.get("/moda/desk/plan/figures/RE-01/rows.csv?period=2026").text.count("Tessitura Blu") >= 1


def test_a_viewer_of_the_district_sees_figures_alone(app, world, person, sign_in):
    viewer = person(world["audit"].district, "vera@moda.example", "viewer")
    found, answered = leaks(app, sign_in(viewer), world, tokens=["x"])
    assert found == []
    assert answered > 250


def test_the_districts_people_and_the_company_do_read_it(app, world, ada, sign_in, client):
    """The control: the word is there to be found, by the same walk."""
    found, _answered = leaks(app, sign_in(ada), world, tokens=["x"])
    audit_id, base = world["audit"].id, "/moda/desk/audits"
    for address in (
        f"{base}/{audit_id}", f"{base}/{audit_id}/report", f"{base}/{audit_id}/report/draft.pdf",
        f"{base}/{audit_id}/photos", f"{base}/{audit_id}/photos/1/file", f"{base}/{audit_id}/visit/data",
        f"{base}/{audit_id}/visit/sheets/1/signed.pdf", "/moda/desk/applications/1", "/moda/desk/research/meetings/1",
        f"/moda/desk/people/companies/{world['audit'].company_id}/timeline",
    ):  # fmt: skip
        assert address in found
    assert all("/desk/" in address for address in found)
    for path in ("", "/report.pdf", "/photos/1"):
        assert says(client.get(world["company"] + path), own_files(world["audit"]))
