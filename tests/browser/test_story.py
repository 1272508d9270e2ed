"""The same story as tests/journeys, clicked through in a real Chromium, mail over a real SMTP server."""

import re
from datetime import date

import pytest
import time_machine
from flask_security import hash_password
from playwright.sync_api import expect

from app import periodic_jobs
from dissemination.delivery.sending import deliver_due
from dissemination.kernel.database import transaction
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.queries import current_plan
from tests import factories
from tests.browser.conftest import serious_findings
from tests.journeys.conftest import app, mailbox  # noqa: F401 (fixtures: the application that posts)
from tests.journeys.test_story import BIB, PDF, calendar_of, link_in

PASSWORD = "una-lunga-parola-di-prova"


def work():
    """One round of the worker."""
    for _seconds, job in periodic_jobs():
        job()
    deliver_due()


def press(page, name):
    """Press the button that says `name`."""
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def fill(page, **values):
    """Fill fields by their name; `__` stands for `-`. True ticks a box."""
    for name, value in values.items():
        field = page.locator(f"main [name='{name.replace('__', '-')}']").first
        if value is True:
            field.check()
        else:
            field.fill(value)


@pytest.fixture
def ready(moda, ada):
    """The plan has its indicators, Ada her password, and it is the first of March 2027."""
    with transaction():
        plan = current_plan(moda.id)
        plan.starts_on, plan.ends_on = date(2026, 1, 1), date(2028, 12, 31)
        adopt_catalogue(plan)
        ada.password = hash_password(PASSWORD)
    with time_machine.travel("2027-03-01 09:00 +0000", tick=False) as clock:
        yield clock


@pytest.mark.browser
def test_an_organiser_does_her_whole_job(chromium_browser, page, site, mailbox, ready):  # noqa: F811
    def visitor():
        other = chromium_browser.new_context(base_url=site, locale="it-IT")
        return other.new_page()

    # Ada signs in and schedules.
    page.goto("/login")
    fill(page, email="ada@moda.example", password=PASSWORD)
    press(page, "Accedi")
    page.goto("/moda/desk/")
    page.get_by_role("link", name="Programma un workshop").click()
    fill(
        page, title_it="Tracciabilità dei tessuti", title_en="Textile traceability", abstract_it="Di che si parla.",
        abstract_en="What it is about.", sessions__0__title_it="Apertura", sessions__0__day="2027-03-11",
        sessions__0__start="14:00", sessions__0__end="17:00", venue="Museo del Tessuto", seats="2",
    )  # fmt: skip
    press(page, "Salva come bozza")
    page.wait_for_url(lambda url: not url.endswith("/new"))
    slug = page.url.rstrip("/").rsplit("/", 1)[-1]
    assert serious_findings(page) == []
    page.locator("main a.btn-primary, main button.btn-primary").first.click()
    press(page, "Pubblica")

    # Carlo and Lia register, Pia waits; Carlo cancels, Pia is promoted.
    for name, private in (("Carlo", False), ("Lia", True), ("Pia", True)):
        person = visitor()
        person.goto(f"/moda/workshops/{slug}")
        person.get_by_role("link", name=re.compile("Iscriviti|lista d'attesa")).first.click()
        fill(
            person, given_name=name, family_name="Bianchi", email=f"{name.lower()}@example.org", consent=True
        )
        if private:
            fill(person, private=True)
        else:
            fill(person, company_name="Tessitura Rossi", tax_id=factories.tax_id(77), province="PO")
        person.locator("main button.btn-primary").last.click()
        assert serious_findings(person) == []
        person.context.close()
    work()
    assert [len(mailbox.to(f"{n}@example.org")) for n in ("carlo", "lia", "pia")] == [1, 1, 1]
    for name in ("carlo", "lia", "pia"):  # each confirms the address by the mailed link
        person = visitor()
        person.goto(link_in(mailbox.to(f"{name}@example.org")[0], "/r/"))
        assert serious_findings(person) == []
        person.locator("main button.btn-primary").click()
        assert serious_findings(person) == []
        person.context.close()
    work()
    carlo = visitor()
    carlo.goto(link_in(mailbox.to("carlo@example.org")[1], "/r/"))
    carlo.get_by_role("link", name=re.compile("Annulla|Disdici|Rinuncia", re.I)).first.click()
    carlo.locator("main button.btn-danger").click()
    carlo.context.close()
    work()
    assert calendar_of(mailbox.to("pia@example.org")[-1])["method"] == "REQUEST"

    # The time changes.
    page.goto(f"/moda/desk/workshops/{slug}/edit")
    fill(page, sessions__0__start="15:00", sessions__0__end="18:00")
    press(page, "Salva")
    ready.shift(60)
    work()
    told = calendar_of(mailbox.to("lia@example.org")[-1])
    assert (told["method"], told["sequence"], told["start"]) == ("REQUEST", 1, "2027-03-11T15:00:00+01:00")

    # The day comes: attendance, evidence, closing.
    ready.move_to("2027-03-12 08:00 +0000")
    page.goto(f"/moda/desk/workshops/{slug}/attendance")
    for box in page.locator("main input[name=present]").all():
        box.check()
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator("main button[name=how][value=count]").click()
    assert asked == ["Alcune presenze di questa pagina non sono ancora salvate. Chiudere senza?"]
    page.locator("main form[action$=ticks] button").click()
    page.set_input_files(
        "main input[name=file]", {"name": "foglio.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.locator("main form[action$=evidence] button").click()
    page.locator("main button[name=how][value=count]").click()
    page.goto("/moda/desk/plan/figures/DV-02?period=2027-H1")
    assert page.get_by_role("link", name="Tracciabilità dei tessuti", exact=True).count() == 2
    assert serious_findings(page) == []

    # A .bib file is imported and published.
    page.goto("/moda/desk/publications/imports/new")
    page.set_input_files(
        "main input[name=file]", {"name": "a.bib", "mimeType": "text/plain", "buffer": BIB.encode()}
    )
    page.locator("main button.btn-primary").click()
    fill(page, published=True)
    page.locator("main button.btn-primary").click()
    page.goto("/moda/publications/")
    expect(page.locator("main")).to_contain_text("Tracciare i DNA delle fibre")

    # A topic; Gina subscribes and confirms.
    page.goto("/moda/desk/subscriptions/topics")
    fill(page, name_it="Tessile")
    press(page, "Aggiungi")
    gina = visitor()
    gina.goto("/moda/subscriptions")
    gina.locator("main input[name=topics]").first.check()
    fill(gina, email="gina@example.org", consent=True)
    press(gina, "Iscriviti")
    work()
    gina.goto(link_in(mailbox.to("gina@example.org")[0], "/moda/subscriptions/confirmations/"))
    gina.locator("main button.btn-primary").click()
    gina.context.close()

    # The newsletter is composed, looked at, sent.
    page.goto("/moda/desk/newsletters/new")
    fill(page, subject_it="Novità di marzo")
    page.locator("main input[name=topics]").first.check()
    page.locator("main button.btn-primary").last.click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    issue = page.url.split("#")[0].split("?")[0]
    page.goto(f"{issue}/sources")
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    page.locator("main button.btn-primary").last.click()
    assert serious_findings(page) == []
    page.goto(f"{issue}/sending")
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/departure")
    ready.shift(61)  # the minute in which it can be undone
    for _round in range(3):
        work()
    newsletter = mailbox.to("gina@example.org")[-1]
    assert newsletter["Subject"] == "Novità di marzo"
    page.goto("/moda/desk/plan/figures/DV-07?period=2027-H1")
    assert page.locator(".figure-number, dl.facts").first.inner_text().split()[1] == "1"
