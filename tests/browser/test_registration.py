"""The registration form in a real browser: what scripts hide, and the form inside another site's page."""

import threading
from contextlib import contextmanager

import pytest
import time_machine
from playwright.sync_api import expect
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from dissemination.kernel.database import db, transaction
from dissemination.registrations.models import Registration
from dissemination.workshops import questions
from dissemination.workshops.models import Kind
from tests import factories
from tests.browser.conftest import serious_findings


@pytest.fixture
def workshop(moda):
    with time_machine.travel("2027-03-01 09:00 +0000", tick=True):
        with transaction():
            workshop = factories.workshop(moda, title="Lana")
            words = [{"key": "", "it": it, "en": en} for it, en in (("Sì", "Yes"), ("No", "No"))]
            lunch = questions.add(
                workshop, by=None, version=1, text_it="Resti a pranzo?", kind=Kind.CHOICE, choices=words
            )
            yes = questions.offered(lunch)[0]["key"]
            questions.add(
                workshop, by=None, version=2, text_it="Che cosa non mangi?", kind=Kind.TEXT, required=True,
                depends_on_id=lunch.id, depends_value=yes,
            )  # fmt: skip
        yield workshop


def fill(place, **values):
    for name, value in values.items():
        place.locator(f"main [name='{name}']").first.fill(value)


def registered():
    db.session.rollback()
    return db.session.scalars(select(Registration)).all()


@pytest.mark.browser
def test_what_is_not_asked_is_hidden_and_comes_back(page, workshop):
    page.goto(f"/moda/workshops/{workshop.slug}/registrations")
    diet, company = page.get_by_label("Che cosa non mangi?"), page.get_by_label("Partita IVA")
    expect(diet).to_be_hidden()
    expect(company).to_be_visible()
    page.get_by_label("Sì", exact=True).check()
    page.get_by_label("Partecipo come privato cittadino").check()
    expect(diet).to_be_visible()
    expect(company).to_be_hidden()
    fill(page, given_name="Carlo", family_name="Rossi", email="carlo@x.example")
    page.locator("main [name=consent]").check()
    page.locator("main button.btn-primary").last.click()
    expect(page.locator(".error-summary li")).to_have_text("Che cosa non mangi?: Serve una risposta.")
    assert serious_findings(page) == []
    page.get_by_label("No", exact=True).check()
    page.locator("main button.btn-primary").last.click()
    expect(page.locator("h1")).to_contain_text("guarda la tua posta")
    assert [r.contact.name for r in registered()] == ["Carlo Rossi"]


@pytest.mark.browser
def test_without_scripts_everything_is_shown_with_its_condition_and_works(chromium_browser, site, workshop):
    context = chromium_browser.new_context(base_url=site, locale="it-IT", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/moda/workshops/{workshop.slug}/registrations")
    expect(page.get_by_label("Che cosa non mangi?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Solo se hai risposto «Sì» a «Resti a pranzo?».")
    page.get_by_role("button", name="Iscrivi anche dei colleghi").click()
    fill(
        page, given_name="Carlo", family_name="Rossi", email="carlo@x.example", company_name="Tessitura",
        tax_id=factories.tax_id(3),
    )  # fmt: skip
    for name, value in (("given_name", "Lia"), ("family_name", "Neri"), ("email", "lia@x.example")):
        page.locator(f"[name='colleagues-0-{name}']").fill(value)
    page.locator("main [name=consent]").check()
    page.locator("main button.btn-primary").last.click()
    expect(page.locator("h1")).to_contain_text("I posti ci sono")
    context.close()
    assert sorted(r.contact.given_name for r in registered()) == ["Carlo", "Lia"]


@contextmanager
def other_site(address):
    """A page of somebody else's site, on another port, that frames `address`."""

    @Request.application
    def show(_request):
        frame = f'<!doctype html><title>x</title><iframe id="f" src="{address}" width="600" height="900"></iframe>'
        return Response(frame, mimetype="text/html")

    server = make_server("127.0.0.1", 0, show, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()


@pytest.mark.browser
def test_another_site_shows_the_form_only_if_the_district_names_it(
    app, chromium_browser, site, moda, workshop
):
    app.config["WTF_CSRF_ENABLED"] = True
    with other_site(f"{site}/moda/workshops/{workshop.slug}/embed") as origin:
        context = chromium_browser.new_context(locale="it-IT")
        page = context.new_page()
        page.goto(origin)
        expect(page.frame_locator("#f").locator("main")).to_have_count(0)
        with transaction():
            moda.embed_origins = origin
        page.goto(origin)
        inside = page.frame_locator("#f")
        for name, value in (("given_name", "Carlo"), ("family_name", "Rossi"), ("email", "carlo@x.example")):
            inside.locator(f"[name={name}]").fill(value)
        inside.locator("[name=private]").check()
        inside.locator("[name=consent]").check()
        inside.locator("button.btn-primary").last.click()
        expect(inside.locator("h1")).to_contain_text("guarda la tua posta")  # a frame loads on its own
        context.close()
    assert [r.contact.name for r in registered()] == ["Carlo Rossi"]
