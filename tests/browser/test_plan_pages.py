"""axe on every page about the plan and its figures, in the states in which a person meets it.

The walk along links (`test_accessibility`) sees the sample district as it was loaded. Here the plan was approved and
changed, a call has rules of its own, a half-year was signed off and reopened, the log was verified, a spreadsheet
waits with wrong lines, and files of each kind prove an activity. Forms are also looked at with their errors.
"""

from io import BytesIO

import pytest
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.editions import actions as editions
from dissemination.editions import content
from dissemination.forecast import jobs as forecast
from dissemination.kernel.database import db, transaction
from dissemination.pastyears import actions as past
from dissemination.pastyears.models import PastActivity
from dissemination.people.accounts import Account
from dissemination.plan import actions as plans
from dissemination.plan import queries, rulebook_actions
from dissemination.plan.log import Activity
from dissemination.proofs import actions as proofs
from dissemination.reporting import actions as reporting
from dissemination.reporting import freezing
from dissemination.reporting import queries as reports
from dissemination.seals import actions as seals
from dissemination.seals import jobs as sealing
from dissemination.seals.models import Place
from dissemination.seals.sealing import seal
from tests.browser.mailed import endpoint_of
from tests.browser.test_accessibility import Look, sample_site, session_cookie
from tests.pastyears.conftest import audit, workbook

__all__ = ["sample_site"]
pytestmark = pytest.mark.browser
PACKAGES = {
    "plan", "plan_desk", "editions_desk", "editions_imports_desk", "proofs_desk", "forecast_desk", "pastyears_desk",
    "seals_desk", "reporting_desk", "region", "transparency",
}  # fmt: skip
NOT_PAGES = {  # files, parts of pages
    "plan.figures_csv", "plan.figures_json", "plan_desk.figure_rows", "plan_desk.proof_file", "proofs_desk.content",
    "editions_desk.document_docx", "editions_desk.document_pdf", "editions_desk.plan_json", "region.figures_csv",
    "reporting_desk.document", "reporting_desk.package", "transparency.open_data", "pastyears_desk.progress",
}  # fmt: skip
VIEWS = pytest.mark.parametrize(("lang", "width"), [("it", 1280), ("it", 360), ("en", 360)])
DESK, PLAN = "/moda/desk", "/moda/desk/plan"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def account(name):
    return db.session.scalars(select(Account).where(Account.email.startswith(f"{name}@"))).one()


@pytest.fixture(scope="module")
def states(sample_site):
    """The sample district with something to show on every page; the ids that addresses need."""
    with sample_site.app.app_context(), sample_site.app.test_request_context("/moda/"):
        moda = db.session.scalars(select(District).where(District.slug == "moda")).one()
        plan, bice = queries.current_plan(moda.id), account("bice")
        ids = {
            **_edited(moda, plan, bice), **_proven(moda, bice), **_reported(moda, plan, bice), "past": _past(moda, bice),
            "activity": db.session.scalars(select(PastActivity.id)).first(),
            "plan": plan.id, "observer": session_cookie(sample_site.app, account("elio")), "line": plan.lines[0].id, "objective": plan.objectives[0].id,
            "operation": plan.lines[0].operations[0].id, "indicator": plan.indicators[0].id,
            "macro": plan.macro_areas[0].id, "exclusion": queries.exclusions(moda.id)[0].id,
            "requirement": queries.evidence_requirements(moda.id)[0].id,
            "row": db.session.scalars(select(Activity.id).where(Activity.verb == "workshop.held")).first(),
        }  # fmt: skip
        forecast.make_forecasts()
        db.session.remove()
    return ids


def _edited(moda, plan, bice):
    """An approved plan that was changed since, and the rules of a call."""
    with transaction():
        mark = content.mark_of(content.snapshot(plan))
        approved = editions.approve(plan, mark=mark, words="Delibera 12 del 3 marzo", by=bice)
        plans.revise_plan(plan, version=plans.version_of(plan), situation=plan.situation + " Altro.", by=bice)
        book = rulebook_actions.save_rulebook(
            moda.id, None, version="", exclusion_ids=[], code="2016", name_it="Bando 2016", name_en="Call of 2016",
            reference="DGR 789/2014", valid_from=plan.starts_on, valid_until=None,
        )  # fmt: skip
        rulebook_actions.save_rule(book, "DV-01", {"measure": "count", "verbs": ["attendance.present"]})
        return {"version": approved.version.number}


def _proven(moda, bice):
    """A file of each kind, and one that was taken back."""
    with transaction():
        row = db.session.scalars(
            select(Activity).where(Activity.verb == "workshop.held", Activity.district_id == moda.id)
        ).first()
        files = [
            (BytesIO(PDF), "fogli firme di marzo.pdf"),
            (BytesIO(PNG), "foto.png"),
            (BytesIO(PNG), "doppia.png"),
        ]
        added = proofs.add(
            moda.id,
            row.subject_kind,
            row.subject_id,
            code="abstract_it",
            uploads=files,
            note="dal cellulare",
            by=bice,
        )
        proofs.remove(added[2], reason="doppia", by=bice)
        return {"subject": f"{row.subject_kind}/{row.subject_id}", "pdf": added[0].id, "png": added[1].id}


def _reported(moda, plan, bice):
    """A half-year that was signed off and sent, another in review; the log's head told and verified."""
    with transaction():
        head = seals.publish(seal(moda.id), where=Place.PAGE, by=bice).id
        seals.ask_check(moda.id, by=bice)
        signed = next((p for p in reports.periods_of(moda.id) if p.sign_off is not None), None)
        signed = signed or _signed(plan, reports.proposals(plan)[0].code, bice)
        day = signed.ends_on
        reporting.mark_sent(signed, recipient="Regione", protocol="AOO/123", note="", sent_on=day, by=bice)
        other = reporting.open_period(plan, reports.proposals(plan)[0].code, due_on=None, by=bice)
        reporting.start_review(other, by=bice)
    sealing.verify_asked()
    return {"signed": signed.id, "review": other.id, "head": head}


def _signed(plan, code, bice):
    period = reporting.open_period(plan, code, due_on=None, by=bice)
    reporting.start_review(period, by=bice)
    reporting.seal(period)
    frozen = freezing.freeze(plan, reports.calendar_period(period))
    reporting.sign_off(period, frozen, points=[], despite="", by=bice)
    return period


def _past(moda, bice):
    """A spreadsheet with a wrong line, judged."""
    lines = [audit(1), audit(2, **{"Partita IVA": "1"})]
    with transaction():
        row = past.upload(moda, "storico.xlsx", workbook(lines), by=bice)
    past.go_on(row.id)
    with transaction():
        past.map_columns(row, row.mapping["columns"], verb="", line="c")
    past.go_on(row.id)
    return row.id


def pages(ids) -> list[str]:
    """Every page, some in several states."""
    plan, version = f"{PLAN}/{ids['plan']}", ids["version"]
    parts = {"macro-areas": "macro", "objectives": "objective", "lines": "line", "operations": "operation",
             "indicators": "indicator", "exclusions": "exclusion", "evidence": "requirement"}  # fmt: skip
    signed, review = f"{DESK}/reports/{ids['signed']}", f"{DESK}/reports/{ids['review']}"
    return [
        "/moda/plan/", "/moda/transparency/",
        *(f"{PLAN}/{name}" for name in ("", "print", "new", "heading", "situation", "targets", "panel", "what-if",
                                        "rulebooks/new", "rulebooks/2016", "imports", "log", "past/", "past/new")),
        *(f"{PLAN}/{part}/new" for part in parts),
        *(f"{PLAN}/{part}/{ids[name]}" for part, name in parts.items()),
        f"{PLAN}/operations/{ids['operation']}/removal",
        f"{plan}/versions/", f"{plan}/versions/{version}", f"{plan}/versions/{version + 1}?with={version}",
        f"{plan}/changes", f"{plan}/copies",
        *(f"{PLAN}/figures{name}" for name in (
            "", "?grain=quarter", "?grain=month", "/DV-01", "/DV-03", "/AD-01", "/PF-01", "/PF-02", "/FI-03",
            "/DV-03?rows=not", "/DV-01/rule", "/AD-03/rule", "/DV-01/rule?book=2016", f"/rows/{ids['row']}")),
        f"{DESK}/forecast",
        f"{DESK}/evidence/", f"{DESK}/evidence/?mine=1", f"{DESK}/evidence/{ids['subject']}",
        f"{DESK}/evidence/files/{ids['pdf']}", f"{DESK}/evidence/files/{ids['png']}",
        f"{DESK}/evidence/files/{ids['pdf']}/removal",
        f"{PLAN}/log/heads/{ids['head']}", f"{PLAN}/past/{ids['past']}", f"{PLAN}/past/{ids['past']}/lines",
        f"{PLAN}/past/activities/{ids['activity']}",
        f"{DESK}/reports/", signed, f"{signed}/figures/DV-01", f"{signed}/reopening", f"{signed}/transmissions/new",
        review, f"{review}/sign-off", f"{review}/reviews/end",
    ]  # fmt: skip


@VIEWS
def test_no_page_about_the_plan_has_a_serious_finding(chromium_browser, sample_site, states, lang, width):
    site, seen, found = sample_site, set(), []
    for cookie, paths in ((site.cookie, pages(states)), (states["observer"], ["/region/"])):
        look = Look(chromium_browser, site.address, lang=lang, width=width, cookie=cookie)
        for path in paths:
            answer = look.page.goto(site.address + path)
            assert answer.status == 200, f"{path} answered {answer.status}"
            assert look.page.url == site.address + path, f"{path} leads to {look.page.url}"
            seen.add(endpoint_of(site.app, look.page.url))
            look.at(endpoint_of(site.app, look.page.url))
        look.context.close()
        found += look.found
    assert [
        line for line in found if "chrome-extension:" not in line and "chrome:" not in line
    ] == []  # the browser's own PDF viewer
    needed = {
        rule.endpoint for rule in site.app.url_map.iter_rules()
        if "GET" in rule.methods and rule.endpoint.split(".")[0] in PACKAGES
    }  # fmt: skip
    assert sorted(needed - seen - NOT_PAGES) == []


REFUSED = {  # page, what is written where, the button
    "situation": (f"{PLAN}/situation", {"#situation": "x" * 14_401}),
    "heading": (f"{PLAN}/heading", {"#title": ""}),
    "targets": (f"{PLAN}/targets", {"table.targets input >> nth=0": "molti"}),
    "objective": (f"{PLAN}/objectives/new", {"#text": ""}),
    "line": (f"{PLAN}/lines/new", {"#code": "a", "input[name^=year_budget] >> nth=0": "tanto"}),
    "rulebook": (f"{PLAN}/rulebooks/new", {"#code": "2016 !"}),
    "indicator": (f"{PLAN}/indicators/new", {"#rule": "{"}),
    "import": (f"{PLAN}/imports", {}),
}


@VIEWS
@pytest.mark.parametrize("name", REFUSED)
def test_no_form_of_the_plan_has_a_serious_finding_with_its_errors(
    chromium_browser, sample_site, states, lang, width, name
):
    path, written = REFUSED[name]
    look = Look(chromium_browser, sample_site.address, lang=lang, width=width, cookie=sample_site.cookie)
    look.page.goto(sample_site.address + path)
    look.page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    for where, text in written.items():
        look.page.fill(where, text)
    look.page.click("main form .actions button.btn-primary >> nth=0")
    look.page.wait_for_selector(".error-summary")
    look.at(name)
    look.context.close()
    assert look.found == []
