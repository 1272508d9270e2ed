"""Two phones check in fifty people, one of them without a network: none is lost, none is doubled."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
import segno
import time_machine
from playwright.sync_api import expect
from sqlalchemy import func, select

from dissemination.attendance import codes, queries
from dissemination.attendance.models import Move, Scan
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions as registrations
from dissemination.registrations.models import Registration
from dissemination.registrations.queries import token
from tests import factories
from tests.browser.conftest import foreign, serious_findings
from tests.browser.test_accessibility import session_cookie

PEOPLE = 52
# A camera that sees a picture; without BarcodeDetector, so that jsQR has to read it.
CAMERA = """async (picture) => {
  delete self.BarcodeDetector;
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 480 });
  const pen = canvas.getContext("2d");
  const draw = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, 480, 480);
    pen.drawImage(image, 90, 90, 300, 300);
    requestAnimationFrame(draw);
  };
  draw();
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
}"""
REFUSED = """() => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
}"""


@pytest.fixture
def workshop(app, moda):
    """A workshop that begins in ten minutes, with 52 people: Numero 00 to Numero 51. Forms need their token."""
    app.config["WTF_CSRF_ENABLED"] = True
    with transaction():
        row = factories.workshop(moda, starts_at=now() + timedelta(minutes=10), seats=60)
        company = factories.company(moda, "Filatura Rossi")
    with time_machine.travel(now() - timedelta(days=9)):
        for n in range(PEOPLE):
            with transaction():
                registrations.register(
                    row, email=f"p{n}@x.example", given_name="Persona", family_name=f"Numero {n:02}",
                    company=company, proven=True,
                )  # fmt: skip
    return row


@contextmanager
def phone_of(browser, app, site, account):
    """A phone on which `account` has signed in; fails on script errors and foreign requests."""
    context = browser.new_context(base_url=site, locale="it-IT", viewport={"width": 390, "height": 844})
    context.add_cookies(
        [
            {"name": "session", "value": session_cookie(app, account), "url": site},
            {"name": "lang", "value": "en", "url": site},
        ]
    )
    troubles = []
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("console", lambda m: troubles.append(m.text) if "Content Security Policy" in m.text else None)
    context.on(
        "request", lambda r: troubles.append(f"foreign request: {r.url}") if foreign(r.url, site) else None
    )
    yield page
    context.close()
    assert troubles == []


@pytest.fixture
def phone(chromium_browser, app, site, workshop):
    """phone(account) opens the page at the door, ready to work without a network."""

    @contextmanager
    def opened(account):
        with phone_of(chromium_browser, app, site, account) as page:
            page.goto(f"/moda/desk/workshops/{workshop.slug}/door")
            expect(page.locator("#door[data-ready=yes]")).to_be_visible()
            expect(page.locator("#door-state")).to_have_attribute("data-kind", "good")
            yield page

    return opened


def check_in(page, numbers):
    """Find each person by her number and press her button."""
    for n in numbers:
        page.fill("#door-search", f"numero {n:02}")
        page.locator("#door-people li", has_text=f"Numero {n:02}").get_by_role("button").click()
        expect(page.locator("#door-said")).to_contain_text(f"Numero {n:02} Persona: in the room")


def sent(page):
    expect(page.locator("#door-state")).to_contain_text("All sent")
    expect(page.locator("#door-recent")).not_to_contain_text("waits to be sent")


def present(workshop):
    db.session.rollback()
    return queries.count_present(workshop)


@pytest.mark.browser
def test_two_phones_check_in_fifty_people_and_lose_or_double_none(phone, workshop, ada, bice):
    with phone(ada) as one, phone(bice) as two:
        check_in(one, range(12))
        sent(one)
        one.context.set_offline(True)
        check_in(one, range(12, 32))
        expect(one.locator("#door-state")).to_have_text("Offline: 20 wait to be sent.")
        expect(one.locator("#door-count")).to_have_text(re.compile("^32 of 52"))

        check_in(two, range(25, 51))  # seven of them stand at both doors
        sent(two)
        expect(two.locator("#door-count")).to_have_text(re.compile("^38 of 52"))
        assert present(workshop) == 38

        # One more by mistake on each phone, taken back: one online, one offline.
        two.locator("#door-recent li", has_text="Numero 50").get_by_role("button", name="Undo").click()
        expect(two.locator("#door-count")).to_have_text(re.compile("^37 of 52"))
        check_in(one, [51])
        one.locator("#door-said").get_by_role("button", name="Undo").click()
        expect(one.locator("#door-count")).to_have_text(re.compile("^32 of 52"))

        # The phone is closed and opened again, still without a network.
        one.reload()
        expect(one.locator("#door-state")).to_have_text("Offline: 22 wait to be sent.")
        expect(one.locator("#door-count")).to_have_text(re.compile("^32 of 52"))
        assert serious_findings(one) == []

        one.context.set_offline(False)
        sent(one)
        expect(one.locator("#door-count")).to_have_text(re.compile("^50 of 52"))
        two.reload()
        expect(two.locator("#door-count")).to_have_text(re.compile("^50 of 52"))
        assert serious_findings(two) == []
    assert present(workshop) == 50
    scans = db.session.execute(select(Scan.move, func.count()).group_by(Scan.move)).all()
    assert dict(map(tuple, scans)) == {Move.IN: 12 + 20 + 26 + 1, Move.UNDO: 2}
    by_person = select(Scan.registration_id).group_by(Scan.registration_id).having(func.count() > 1)
    assert len(db.session.scalars(by_person).all()) == 7 + 2  # both doors; and the two mistakes


@pytest.mark.browser
def test_a_code_is_scanned_and_a_refused_camera_is_told_in_words(phone, workshop, ada):
    person = db.session.scalars(select(Registration).order_by(Registration.id)).first()
    with phone(ada) as page:
        said, scan = page.locator("#door-said"), page.locator("#door-scan")
        page.evaluate(REFUSED)
        scan.click()
        expect(said).to_contain_text("The camera may not be used.")
        expect(page.locator("#door-search")).to_be_focused()
        page.evaluate(CAMERA, codes.picture(codes.code(person.public_id)))
        scan.click()
        expect(said).to_contain_text("Numero 00 Persona: in the room")
        sent(page)
        scan.click()
        page.evaluate(CAMERA, segno.make("https://evil.example/?x=1").svg_data_uri(scale=8, light="#fff"))
        scan.click()
        expect(said).to_have_text("This is not a code of ours.")
    assert (present(workshop), queries.present_ids(workshop)) == (1, {person.id})


@pytest.mark.browser
def test_who_signs_out_leaves_no_name_on_the_phone(phone, workshop, ada):
    with phone(ada) as page:
        assert "Numero 00" in kept(page)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/")
        assert kept(page) == ""


@pytest.mark.browser
def test_who_is_signed_out_meanwhile_is_told_and_loses_nothing(phone, workshop, ada, bice, app, site):
    with phone(ada) as page:
        page.context.clear_cookies()
        check_in(page, [3])
        expect(page.locator("#door-state")).to_contain_text("You are signed out.")
        expect(page.locator("#door-state").get_by_role("link")).to_be_visible()
        sign_in(page, session_cookie(app, bice), site)  # somebody else takes the phone
        page.goto(f"/moda/desk/workshops/{workshop.slug}/door")
        expect(page.locator("#door-others")).to_be_visible()
        expect(page.locator("#door-recent")).not_to_contain_text("Numero 03")
        assert present(workshop) == 0
        sign_in(page, session_cookie(app, ada), site)
        page.goto(f"/moda/desk/workshops/{workshop.slug}/door")
        expect(page.locator("#door-count")).to_contain_text("1 ")
        expect(page.locator("#door-recent")).not_to_contain_text(re.compile("waits to be sent|da inviare"))
        expect(page.locator("#door-recent")).to_contain_text("Numero 03")
    assert present(workshop) == 1


@pytest.mark.browser
def test_somebody_without_registration_is_added_without_a_network(phone, workshop, ada):
    with phone(ada) as page:
        page.context.set_offline(True)
        page.get_by_text("Somebody came without having registered").click()
        page.fill("#walk-given", "Eva")
        page.fill("#walk-family", "Po")
        page.get_by_role("button", name="Add as present").click()
        expect(page.locator("#door-state")).to_have_text("Offline: 1 waits to be sent.")
        expect(page.locator("#door-count")).to_have_text("1 of 53 in the room")
        page.context.set_offline(False)
        sent(page)
        expect(page.locator("#door-count")).to_have_text("1 of 53 in the room")
    db.session.rollback()
    eva = next(r for r in queries.people(workshop) if r.contact.given_name == "Eva")
    assert queries.present_ids(workshop) == {eva.id}


@pytest.mark.browser
def test_the_join_button_notes_presence_and_goes_on_to_the_platform(chromium_browser, site, workshop):
    platform = "https://127.0.0.1:9/tessuti"  # another origin, where nobody answers
    with transaction():
        workshop.online_url = platform
    person = db.session.scalars(select(Registration).order_by(Registration.id)).first()
    page = chromium_browser.new_context(base_url=site).new_page()
    page.goto(f"/r/{token(person)}/join?lang=en")
    assert serious_findings(page) == []
    assert present(workshop) == 0
    with page.expect_request(platform):  # the page's policy lets the redirect leave
        page.get_by_role("button", name="Join", exact=True).click()
    page.context.close()
    assert present(workshop) == 1


def sign_in(page, cookie, site):
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "session", "value": cookie, "url": site}])


@pytest.mark.browser
def test_two_tabs_of_one_phone_send_everything_once(phone, workshop, ada):
    with phone(ada) as one:
        two = one.context.new_page()
        two.goto(one.url)
        expect(two.locator("#door-state")).to_have_attribute("data-kind", "good")
        one.context.set_offline(True)
        check_in(one, [1, 2])
        check_in(two, [3])
        expect(one.locator("#door-state")).to_have_text("Offline: 3 wait to be sent.")
        one.context.set_offline(False)
        for tab in (one, two):
            sent(tab)
            expect(tab.locator("#door-count")).to_have_text("3 of 52 in the room")
    assert present(workshop) == 3
    assert db.session.scalar(select(func.count()).select_from(Scan)) == 3


def kept(page):
    """Everything that the phone keeps in caches, as one text."""
    return page.evaluate(
        """async () => {
          const texts = [];
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) texts.push(await (await cache.match(request)).text());
          }
          return texts.join("\\n");
        }"""
    )
