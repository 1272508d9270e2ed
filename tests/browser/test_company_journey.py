"""A company's way from a workshop to money, once through: what no list of registrations knows.

A workshop attended, an audit written on a phone without a network, the report shared, an improvement area
matched with a call, an application submitted and funded. Each figure moves and opens its rows, and the report
in the other direction names the workshop.
"""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
import time_machine
from playwright.sync_api import expect

from dissemination.applications.models import Application, Stage
from dissemination.attendance import actions as attendance
from dissemination.audits.models import Audit, State
from dissemination.delivery import queries as mails
from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import at
from dissemination.kernel.database import db, transaction
from dissemination.plan import actions as plans
from dissemination.plan import figures
from dissemination.plan.queries import current_plan, indicator
from dissemination.registrations import actions as registrations
from tests import factories
from tests.applications import cast
from tests.browser.test_door import phone_of
from tests.browser.test_visit import kept, sign, write

ADDRESS = "carlo@blu.example"
BEFORE = {"RE-01": 0, "RE-02": 0, "RE-03": 0, "FI-01": 0, "FI-02": 0, "FI-03": 0}
AFTER = {"RE-01": 1, "RE-02": 1, "RE-03": 2, "FI-01": 1, "FI-02": 1, "FI-03": 10_000, "FI-04": 100}


@pytest.fixture(autouse=True)
def autumn():
    with time_machine.travel(cast.NOW, tick=True):
        yield


@pytest.fixture
def company(app, moda):
    """The plan with its indicators, a call that pays for water, and a company."""
    app.config["WTF_CSRF_ENABLED"] = True
    with transaction():
        cast.plan_of(moda)
        cast.call(moda, [cast.service(moda)])
        return cast.company(moda, "Tessitura Blu")


def fresh():
    """Let the test see what the server wrote meanwhile."""
    db.session.rollback()
    db.session.expire_all()


def counted(moda, codes):
    fresh()
    plan = current_plan(moda.id, cast.TODAY)
    return {code: figures.figure(indicator(plan, code), "plan").actual for code in codes}


def attend(moda, company, ada):
    """Carlo registers, comes, and the workshop is closed."""
    start = cast.NOW - timedelta(days=60)
    with transaction(), at(cast.NOW - timedelta(days=75)):
        workshop = factories.workshop(
            moda, title="Tingere con meno acqua", starts_at=start, abstract_it="Prove", abstract_en="Tests"
        )
        seat = registrations.register(
            workshop, email=ADDRESS, given_name="Carlo", family_name="Neri", company=company, proven=True
        )
    with transaction(), at(start + timedelta(hours=5)):
        attendance.tick(workshop, came=[seat.id], by=ada)
        plans.add_evidence(workshop, district_id=moda.id, code="attendance_sheet", by=ada, note="faldone 1")
        attendance.close(workshop, by=ada, started_at=workshop.starts_at, ended_at=workshop.ends_at)
    return workshop


def sent(page, **facts):
    """Fill the form of the page's main part and send it."""
    form = (
        page.locator("main form[method=post]").filter(has=page.locator(f"[name={next(iter(facts))}]")).first
    )
    for name, value in facts.items():
        field = form.locator(f"[name={name}]").first
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        elif field.get_attribute("type") == "checkbox":
            field.check()
        else:
            field.fill(value)
    form.locator("button:not([type=button])").last.click()
    expect(page.locator(".error-summary")).to_have_count(0)


def step(page, stage, **facts):
    page.goto(f"/moda/desk/applications/{only().id}/steps/{stage}")
    sent(page, on="2026-11-20", **facts)
    assert only().stage.value == stage


def only() -> Application:
    fresh()
    return db.session.query(Application).one()


def shared_link() -> str:
    """The path of the shared report, as the mail names it."""
    delivery = db.session.query(Delivery).filter_by(subject_kind="audit_sharings").one()
    return urlsplit(re.search(r"https?://\S+/v/\S+", mails.parts(delivery).text)[0]).path


@pytest.mark.browser
def test_from_the_workshop_to_the_money(chromium_browser, app, site, moda, company, ada):
    assert counted(moda, BEFORE) == BEFORE
    workshop = attend(moda, company, ada)
    with phone_of(chromium_browser, app, site, ada) as page:
        page.goto(f"/moda/desk/audits/new?company={company.id}")
        sent(page, reason="Ha chiesto una visita dopo il workshop")
        fresh()
        audit = db.session.query(Audit).one()
        _visit(page, audit)
        assert counted(moda, ("RE-01", "RE-02", "RE-03")) == {"RE-01": 1, "RE-02": 1, "RE-03": 2}
        _share(page, audit)
        _comment(page, shared_link())
        _apply(page, audit)
        assert counted(moda, AFTER) == AFTER
        for code in AFTER:
            page.goto(f"/moda/desk/plan/figures/{code}?period=plan")
            rows = page.locator(
                "main table a[href*='/desk/audits/'], main table a[href*='/desk/applications/']"
            )
            assert rows.count() >= 1, code
            assert "Tessitura Blu" in page.locator("main").inner_text()
        page.goto("/moda/desk/statistics/effects/")
        cells = page.locator("main tr", has_text=workshop.title_en).locator("td")
        assert [c.split("\n")[-1] for c in cells.all_inner_texts()][-5:] == ["1", "1", "1", "1", "€10,000.00"]
        page.goto(f"/moda/desk/people/companies/{company.id}/timeline")
        told = unescape(page.locator("main").inner_text())
        assert all(words in told for words in (workshop.title_en, "Riuso dell’acqua", "Acqua che torna"))


def _visit(page, audit):
    """Without a network; it arrives when there is one."""
    page.goto(f"/moda/desk/audits/{audit.id}/visit")
    expect(page.locator("#visit[data-ready=yes]")).to_be_visible()
    page.context.set_offline(True)
    write(page)
    sign(page)
    kept(page)
    page.get_by_role("button", name="Send the visit").click()
    page.context.set_offline(False)
    expect(page.locator("#visit-state")).to_contain_text("All sent")


def _share(page, audit):
    """The report is written, looked at and shared with Carlo."""
    page.goto(f"/moda/desk/audits/{audit.id}/steps/drafted")
    sent(page, on="2026-11-20")
    page.goto(f"/moda/desk/audits/{audit.id}/report")
    form = page.locator("form[action$='/report/sharings']")
    form.get_by_label(ADDRESS).check()
    form.locator("button").last.click()
    fresh()
    assert db.session.get(Audit, audit.id).state is State.SHARED


def _comment(page, path):
    """Carlo reads, and says something."""
    visitor = page.context.browser.new_context(base_url=page.url.split("/moda/")[0])
    reader = visitor.new_page()
    assert reader.goto(path).status == 200
    assert "Riuso dell’acqua" in reader.locator("main").inner_text()
    reader.fill("[name=text]", "Ci interessa cominciare dalle vasche")
    reader.locator("form[action$='/remarks'] button").last.click()
    expect(reader.locator("main")).to_contain_text("Ci interessa cominciare dalle vasche")
    visitor.close()


def _apply(page, audit):
    """The suggestion for the area is taken, and the application goes its way to the grant."""
    area = next(a for a in audit.areas if "acqua" in a.title)
    page.goto(f"/moda/desk/audits/{audit.id}")
    page.get_by_text(f"What could help: {area.title}").click()
    page.locator(f"form[action$='/areas/{area.id}/suggestions']").first.locator("button").click()
    fresh()
    page.goto(f"/moda/desk/applications/new?company={audit.company_id}&area={area.id}")
    target = page.locator("[name=target] option").nth(1).get_attribute("value")
    page.locator("[name=service_ids]").first.check()
    sent(page, title="Acqua che torna", target=target, cost="30.000", requested="12.000", in_preparation="y",
         on="2026-11-19")  # fmt: skip
    step(page, "submitted", protocol_number="PG/2026/7")
    step(page, "assessment")
    step(page, "funded", granted="10.000", note="Decreto 7")
    assert only().stage is Stage.FUNDED
