"""A visit to a company is written on a phone without a network, and arrives once."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from dissemination.audits import actions as audits
from dissemination.audits.models import Audit, State
from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from dissemination.visits import actions as visits
from dissemination.visits import queries, sheets
from dissemination.visits.models import Photo, VisitSheet
from tests.browser.conftest import serious_findings
from tests.browser.test_accessibility import session_cookie
from tests.browser.test_door import phone_of
from tests.visits import cast

DAY = "2026-11-10"


@pytest.fixture
def audit(app, moda, ada):
    """A planned audit; forms need their token."""
    app.config["WTF_CSRF_ENABLED"] = True
    with transaction():
        row = cast.planned(moda, ada)
        cast.contact_of(row)
    return row


@pytest.fixture
def phone(chromium_browser, app, site, audit):
    """phone(account) opens the visit's page, ready to work without a network."""

    @contextmanager
    def opened(account):
        with phone_of(chromium_browser, app, site, account) as page:
            page.goto(address(audit))
            expect(page.locator("#visit[data-ready=yes]")).to_be_visible()
            expect(page.locator("#visit-form")).to_be_visible()
            yield page

    return opened


def address(audit):
    return f"/moda/desk/audits/{audit.id}/visit"


def write(page, title="Riuso dell’acqua"):
    """What is written in a company."""
    page.fill("#visited_on", DAY)
    page.fill("#visited_from", "09:30")
    page.get_by_role("button", name="Add Carlo Neri").click()
    page.get_by_role("button", name="Somebody else").click()
    page.locator("#visit-people li").last.get_by_label("Name").fill("Mara Blu")
    page.get_by_label("Production").first.check()
    page.fill("#strengths", "Squadra esperta")
    page.get_by_role("button", name="Add an area").click()
    area = page.locator("#visit-areas li").first
    area.get_by_label("Title").fill(title)
    area.get_by_label("Type").select_option("process")
    page.get_by_role("button", name="Add an area").click()
    second = page.locator("#visit-areas li").nth(1)
    second.get_by_label("Title").fill("Turni")
    second.get_by_label("Type").select_option("reorganisation")
    second.get_by_role("button", name="Move up").click()
    page.get_by_text("Scores of innovation management").click()
    page.get_by_label("Strategy").first.select_option("4")
    expect(page.locator("#visit[data-kept]")).to_be_visible()


def photograph(page):
    page.set_input_files(
        "#visit-camera", [{"name": "telai.png", "mimeType": "image/png", "buffer": cast.png(900, 600)}]
    )
    expect(page.locator("#visit-photos li")).to_have_count(1)
    page.locator("#visit-photos li").get_by_label("What the photo shows").fill("Telai")


def sign(page):
    page.fill("#signed_by", "Mara Blu")
    pad = page.locator("#visit-pad")
    pad.scroll_into_view_if_needed()
    frame = pad.bounding_box()
    page.mouse.move(frame["x"] + 30, frame["y"] + 40)
    page.mouse.down()
    page.mouse.move(frame["x"] + 150, frame["y"] + 70, steps=5)
    page.mouse.up()


def kept(page):
    """Wait until what was written last is on the device."""
    expect(page.locator("#visit-state")).to_contain_text("Kept on this device")
    page.wait_for_timeout(400)


def one_sheet(audit_id):
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.scalars(select(VisitSheet).where(VisitSheet.audit_id == audit_id)).all()
    return rows[0] if len(rows) == 1 else rows


@pytest.mark.browser
def test_a_visit_written_without_a_network_survives_a_reload_and_arrives_once(phone, audit, ada):
    with phone(ada) as page:
        expect(page.locator("#visit-state")).to_have_text("Online. Nothing was written on this device yet.")
        page.context.set_offline(True)
        expect(page.locator("#visit-state")).to_have_text("Offline. Nothing was written on this device yet.")
        write(page)
        photograph(page)
        page.once("dialog", lambda asked: asked.dismiss())  # a photo is not lost by one touch
        page.get_by_role("button", name="Remove this photo").click()
        expect(page.locator("#visit-photos li")).to_have_count(1)
        sign(page)
        kept(page)
        expect(page.locator("#visit-state")).to_contain_text("Offline.")
        assert serious_findings(page) == []

        page.reload()  # the page, what was written and the photo are on the device
        expect(page.locator("#strengths")).to_have_value("Squadra esperta")
        expect(page.locator("#visit-areas li").first.get_by_label("Title")).to_have_value("Turni")
        expect(page.locator("#visit-people li")).to_have_count(2)
        expect(page.locator("#visit-photos li").get_by_label("What the photo shows")).to_have_value("Telai")

        page.get_by_role("button", name="Send the visit").click()
        expect(page.locator("#visit-state")).to_contain_text("leaves as soon as there is a network")
        page.reload()
        expect(page.locator("#visit-state")).to_contain_text("leaves as soon as there is a network")
        assert one_sheet(audit.id) == []

        page.context.set_offline(False)
        expect(page.locator("#visit-state")).to_contain_text("All sent")
        expect(page.locator("#visit-photo-count")).to_contain_text("0 on this device, 1 sent")
        page.reload()
        expect(page.locator("#visit-state")).to_contain_text("All sent")

    sheet = one_sheet(audit.id)
    assert (sheet.taken, sheet.signed_by, sheet.file.media_type) == (True, "Mara Blu", "application/pdf")
    fresh = db.session.get(Audit, audit.id)
    assert (fresh.state, fresh.visited_on.isoformat(), fresh.departments) == (
        State.VISITED,
        DAY,
        ["production"],
    )
    assert [(a.title, a.type.value) for a in fresh.areas] == [
        ("Turni", "reorganisation"), ("Riuso dell’acqua", "process"),
    ]  # fmt: skip
    assert [p.name for p in fresh.people] == ["Carlo Neri", "Mara Blu"]
    assert [(s.dimension.value, s.points) for s in fresh.scores] == [("strategy", 4)]
    assert db.session.scalars(select(Photo.caption)).all() == ["Telai"]
    verbs = db.session.execute(select(Activity.verb, func.count()).group_by(Activity.verb)).all()
    assert dict(map(tuple, verbs)) == {"audit.visited": 1, "audit.area_found": 2}


@pytest.mark.browser
def test_what_the_desk_wrote_meanwhile_is_not_overwritten_and_the_phone_says_so(phone, audit, ada, bice):
    with phone(ada) as page:
        page.context.set_offline(True)
        write(page)
        kept(page)
        page.get_by_role("button", name="Send the visit").click()
        with transaction():
            row = db.session.get(Audit, audit.id)
            audits.revise(row, facts={"strengths": "Scritto al desk"}, version=row.version, by=bice)
        page.context.set_offline(False)
        expect(page.locator("#visit-said")).to_contain_text("nothing was overwritten")
        expect(page.locator("#strengths")).to_have_value("Scritto al desk")
    sheet = one_sheet(audit.id)
    assert (sheet.taken, sheet.waits, sheet.facts["strengths"]) == (False, True, "Squadra esperta")
    assert db.session.get(Audit, audit.id).strengths == "Scritto al desk"


@pytest.mark.browser
def test_who_is_signed_out_meanwhile_is_told_loses_nothing_and_goes_on(phone, audit, ada, bice, app, site):
    with phone(ada) as page:
        page.context.clear_cookies()
        write(page)
        kept_here = page.locator("#visit[data-kept]")
        expect(kept_here).to_be_visible()
        page.get_by_role("button", name="Send the visit").click()
        state = page.locator("#visit-state")
        expect(state).to_contain_text("You are signed out. What you wrote is kept on this device")
        expect(state.get_by_role("link", name="Sign in")).to_have_attribute(
            "href", f"/login?next={address(audit)}"
        )
        assert one_sheet(audit.id) == []
        enter(page, session_cookie(app, bice), site)  # somebody else takes the phone
        page.goto(address(audit))
        expect(page.locator("#visit-others")).to_be_visible()
        expect(page.locator("#strengths")).to_have_value("")
        assert one_sheet(audit.id) == []
        enter(page, session_cookie(app, ada), site)
        page.goto(address(audit))
        expect(state).to_contain_text("All sent")
    assert one_sheet(audit.id).facts["strengths"] == "Squadra esperta"


def enter(page, cookie, site):
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": "session", "value": cookie, "url": site}, {"name": "lang", "value": "en", "url": site}]
    )


@pytest.mark.browser
def test_signing_out_leaves_only_what_was_not_sent(phone, audit, ada):
    with phone(ada) as page:
        write(page, title="Segretissimo")
        kept(page)
        caches = "async () => (await caches.keys()).join()"
        assert "door-visit-said" in page.evaluate(caches)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/")
        assert page.evaluate(caches) == ""
        drafts = """() => new Promise((done) => { const asked = indexedDB.open("visits", 1);
          asked.onsuccess = () => { const all = asked.result.transaction("drafts").objectStore("drafts").getAll();
            all.onsuccess = () => { asked.result.close(); done(JSON.stringify(all.result)); }; }; })"""
        assert "Segretissimo" in page.evaluate(drafts)


@pytest.mark.browser
def test_a_refused_sheet_is_told_and_stays_on_the_phone(phone, audit, ada):
    with phone(ada) as page:
        write(page)
        page.fill("#visited_from", "12:00")
        page.fill("#visited_until", "09:00")
        page.get_by_role("button", name="Send the visit").click()
        expect(page.locator("#visit-state")).to_contain_text("The visit ends before it begins")
        expect(page.locator("#strengths")).to_have_value("Squadra esperta")
        page.fill("#visited_until", "13:00")
        page.get_by_role("button", name="Send the visit").click()
        expect(page.locator("#visit-state")).to_contain_text("All sent")
    assert one_sheet(audit.id).facts["visited_until"] == "13:00"


@pytest.mark.browser
def test_the_page_fits_a_phone_of_360_pixels(phone, audit, ada):
    with phone(ada) as page:
        page.set_viewport_size({"width": 360, "height": 740})
        write(page)
        photograph(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert serious_findings(page) == []


@pytest.mark.browser
def test_the_desks_and_the_companys_pages_are_clear_of_barriers_and_fit_a_phone(
    chromium_browser, app, site, moda, ada
):
    with transaction():
        audit, carlo = cast.shared(moda, ada)
        cast.photographed(audit, ada, caption="Telai")
        visits.share(audit, [carlo], by=ada)
        visits.comment(queries.sharings(audit)[0], text="Va bene", area_id=audit.areas[0].id)
        values = sheets.read(cast.facts(strengths="Altro"))
        waiting = visits.take(audit, key="sheet-key-2", seen_version=0, facts=values, by=ada).sheet
    base = f"/moda/desk/audits/{audit.id}"
    pages = [
        base, f"{base}/report", f"{base}/photos", f"{base}/visit/sheets/{waiting.id}",
        f"/v/{queries.token_for(queries.sharings(audit)[0])}", "/v/nothing",
    ]  # fmt: skip
    with phone_of(chromium_browser, app, site, ada) as page:
        page.set_viewport_size({"width": 360, "height": 740})
        for path in pages:
            page.goto(path)
            assert (path, serious_findings(page)) == (path, [])
            assert (path, page.evaluate("document.documentElement.scrollWidth") <= 360) == (path, True)
        page.goto(pages[4])
        page.get_by_label("Comment").fill("Un'altra cosa")
        page.get_by_role("button", name="Send the comment").click()
        expect(page.locator(".remark").last).to_contain_text("Un'altra cosa")
