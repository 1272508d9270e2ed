"""The whole job of an organiser, once through, over HTTP and a real SMTP server, without JavaScript."""

import json
import re
from datetime import date

import pytest
import time_machine
import vobject
from icalendar import Calendar

from app import periodic_jobs
from dissemination.delivery.sending import deliver_due
from dissemination.kernel.database import transaction
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.queries import current_plan
from tests import factories
from tests.journeys.paper_browser import PaperBrowser

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
BIB = r"""
@article{rossi2026, author = {Rossi, Mar{\'\i}a and {Consorzio Tessile}}, title = {Tracciare i {DNA} delle fibre},
  journal = {Rivista Tessile}, year = {2026}, volume = 12, pages = {1--9}, doi = {10.5555/moda.1}}
"""
START = "2027-03-01 09:00 +0000"


class Story:
    """The cast at their browsers, the clock, and the worker."""

    def __init__(self, app, mailbox, clock):
        self.app, self.mailbox, self.clock = app, mailbox, clock

    def browser(self, client=None):
        return PaperBrowser(client or self.app.test_client())

    def work(self):
        """One round of the worker: every periodic job, then everything that is due is sent."""
        for _seconds, job in periodic_jobs():
            job()
        deliver_due()

    def figures(self, period="2027-H1"):
        return json.loads(self.browser().visit(f"/moda/plan/figures.json?period={period}").answer.data)


@pytest.fixture
def story(app, moda, mailbox):
    with transaction():
        plan = current_plan(moda.id)
        plan.starts_on, plan.ends_on = date(2026, 1, 1), date(2028, 12, 31)
        adopt_catalogue(plan)
    with time_machine.travel(START, tick=False) as clock:
        yield Story(app, mailbox, clock)


def calendar_of(message):
    """The calendar part of a message, read by two libraries that must agree."""
    part = next(p for p in message.walk() if p.get_content_type() == "text/calendar")
    text = part.get_payload(decode=True).decode()
    event = Calendar.from_ical(text).walk("VEVENT")[0]
    second = vobject.readOne(text)
    attendees = second.vevent.contents.get("attendee", [])
    assert second.method.value == part.get_param("method") == Calendar.from_ical(text)["METHOD"]
    assert int(second.vevent.sequence.value) == event["SEQUENCE"]
    return {
        "method": second.method.value, "sequence": int(second.vevent.sequence.value),
        "uid": second.vevent.uid.value, "attendees": [a.value for a in attendees],
        "start": second.vevent.dtstart.value.isoformat(), "status": str(event.get("STATUS", "")),
    }  # fmt: skip


def link_in(message, pattern):
    """The address in the plain text that matches; relative, for the test client."""
    text = message.get_body(("plain",)).get_content()
    found = re.search(rf"https?://[^\s]*?({pattern}[^\s>)]*)", text)
    assert found, f"no {pattern} in:\n{text}"
    return found[1]


def schedule(ada):
    """Ada schedules a workshop for three and publishes it."""
    ada.visit("/moda/desk/workshops/new")
    ada.fill(
        "/new", title_it="Tracciabilità dei tessuti", title_en="Textile traceability", seats="3",
        abstract_it="Di che si parla.", abstract_en="What it is about.", venue="Museo del Tessuto",
        address="Via Puccetti 3, Prato", sector_id=sector(ada),
        sessions__0__title_it="Apertura", sessions__0__day="2027-03-11", sessions__0__start="14:00",
        sessions__0__end="17:00", registration_deadline="2027-03-10", registration_deadline_time="18:00",
    )  # fmt: skip
    slug = ada.url.rstrip("/").rsplit("/", 1)[-1]
    ada.visit(f"/moda/desk/workshops/{slug}/publication").fill("/publication")
    return slug


def sector(browser):
    options = next(
        f for f in browser._reader().forms if "sector_id" in f.options and f.method == "post"
    ).options
    return options["sector_id"][1]


def register(story, slug, name, company=None):
    """`name` registers at her own browser; returns it."""
    browser = story.browser().visit(f"/moda/workshops/{slug}/registrations")
    organisation = (
        {
            "company_name": company,
            "tax_id": factories.tax_id(len(company) + 1000),
            "province": "PO",
            "size": "small",
        }
        if company
        else {"private": "y"}
    )
    browser.fill(
        "/registrations", given_name=name, family_name="Bianchi", email=f"{name.lower()}@example.org",
        job_title="Direttrice", consent="y", **organisation,
    )  # fmt: skip
    return browser


def confirm(story, name):
    """`name` opens the link in the first mail and presses the button: the address is hers."""
    browser = story.browser().visit(link_in(story.mailbox.to(f"{name}@example.org")[0], "/r/"))
    browser.fill("/proof")


def test_the_whole_job_once_through(story, ada, sign_in):
    mailbox, desk = story.mailbox, story.browser(sign_in(ada))

    slug = schedule(desk)
    before = story.figures()
    assert [before[c]["actual"] for c in ("DV-01", "DV-02", "DV-03")] == [0, 0, 0]

    # Carlo registers, two more fill the room, a fourth waits.
    for name, company in (
        ("Carlo", "Tessitura Rossi"),
        ("Lia", "Filatura Neri spa"),
        ("Nino", None),
        ("Pia", "Maglificio Pia"),
    ):
        register(story, slug, name, company)
    story.work()
    assert [len(mailbox.to(f"{n}@example.org")) for n in ("carlo", "lia", "nino", "pia")] == [1] * 4
    for name in ("carlo", "lia", "nino", "pia"):
        confirm(story, name)
    story.work()
    first = mailbox.to("carlo@example.org")[1]
    invitation = calendar_of(first)
    assert (invitation["method"], invitation["sequence"], invitation["attendees"], invitation["start"]) == (
        "REQUEST", 0, ["mailto:carlo@example.org"], "2027-03-11T14:00:00+01:00",
    )  # fmt: skip
    waiting = mailbox.to("pia@example.org")
    assert (
        len(waiting),
        [p.get_content_type() for m in waiting for p in m.walk() if "calendar" in p.get_content_type()],
    ) == (2, [])

    # Carlo cancels by his link; Pia moves up and gets her invitation.
    carlo = story.browser().visit(link_in(first, "/r/"))
    carlo.visit(f"{carlo.url}/cancellation").fill("/cancellation")
    story.work()
    withdrawn, promoted = (
        calendar_of(mailbox.to("carlo@example.org")[-1]),
        calendar_of(mailbox.to("pia@example.org")[-1]),
    )
    assert (withdrawn["method"], withdrawn["sequence"], withdrawn["uid"], withdrawn["status"]) == (
        "CANCEL",
        1,
        invitation["uid"],
        "",
    )
    assert (promoted["method"], promoted["sequence"], promoted["attendees"]) == (
        "REQUEST",
        0,
        ["mailto:pia@example.org"],
    )

    # The time changes: every living invitation is updated, with a higher SEQUENCE.
    desk.visit(f"/moda/desk/workshops/{slug}/edit").fill(
        "/edit", sessions__0__start="15:00", sessions__0__end="18:00"
    )
    story.clock.shift(60)
    story.work()
    for name in ("lia", "nino", "pia"):
        first_told, update = (
            calendar_of(m)
            for m in (mailbox.to(f"{name}@example.org")[-2], mailbox.to(f"{name}@example.org")[-1])
        )
        assert (update["method"], update["sequence"], update["uid"], update["start"]) == (
            "REQUEST", first_told["sequence"] + 1, first_told["uid"], "2027-03-11T15:00:00+01:00",
        )  # fmt: skip
    assert calendar_of(mailbox.to("carlo@example.org")[-1])["method"] == "CANCEL"

    # The day comes; who came is ticked; closing lists what is missing, then succeeds.
    story.clock.move_to("2027-03-12 08:00 +0000")
    attendance = f"/moda/desk/workshops/{slug}/attendance"
    desk.visit(attendance)
    boxes = next(f for f in desk._reader().forms if f.action.endswith("/ticks")).options["present"]
    desk.fill("/ticks", present=boxes[:2])
    desk.visit(attendance).fill("/closing", status=422)
    assert "Foglio firme" in desk.text or "foglio" in desk.text.lower()
    desk.visit(attendance).fill("/evidence", code="attendance_sheet", file=(PDF, "foglio.pdf"))
    desk.visit(attendance).fill("/closing")
    after = story.figures()
    assert [after[c]["actual"] for c in ("DV-01", "DV-02")] == [1, 2]
    assert after["DV-02"]["not_counted"] == 1  # registered, not present
    rows = story.browser(sign_in(ada)).visit("/moda/desk/plan/figures/DV-01?period=2027-H1")
    assert "Tracciabilità dei tessuti" in rows.text

    # A .bib file is imported and published.
    desk.visit("/moda/desk/publications/")
    import_and_publish(desk)
    assert story.figures()["DV-08"]["actual"] == 1

    # A newsletter goes to those who confirmed.
    add_topic(desk)
    subscribe(story, "gina@example.org")
    subscribe(story, "ugo@example.org")
    subscribe(story, "zoe@example.org", confirm=False)
    send_issue(story, desk, slug)
    sent = story.figures()
    assert [sent[c]["actual"] for c in ("DV-06", "DV-07")] == [1, 2]
    issue = mailbox.to("gina@example.org")[-1]
    assert issue["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    # One unsubscribes with one click, and gets nothing more.
    url = re.search(r"<(https?://[^>]*/u/[^>]+)>", issue["List-Unsubscribe"])[1]
    path = url.split("/u/", 1)[1]
    answer = story.app.test_client(use_cookies=False).post(
        f"/u/{path}", data={"List-Unsubscribe": "One-Click"}
    )
    assert answer.status_code == 200
    count = len(mailbox.to("gina@example.org"))
    send_issue(story, desk, slug, subject="Seconda newsletter")
    assert (len(mailbox.to("gina@example.org")), len(mailbox.to("ugo@example.org"))) == (count, 3)

    check_raw_messages(mailbox)


def import_and_publish(desk):
    """Paste BibTeX, look at the preview, import, publish."""
    desk.visit("/moda/desk/publications/imports/new").fill("/imports/new", text=BIB)
    desk.fill(desk.url, published="y")


def add_topic(desk):
    """A topic that people can ask for."""
    desk.visit("/moda/desk/subscriptions/topics").fill("/topics/new", name_it="Tessile", name_en="Textiles")


def subscribe(story, address, *, confirm=True):
    """Ask by the form; confirm by the mailed link when told to."""
    browser = story.browser().visit("/moda/subscriptions")
    form = next(f for f in browser._reader().forms if "topics" in f.options)
    browser.fill(
        "/subscriptions",
        email=address,
        given_name="G",
        family_name="V",
        topics=form.options["topics"],
        consent="y",
    )
    story.work()
    if confirm:
        link = link_in(story.mailbox.to(address)[-1], "/moda/subscriptions/confirmations/")
        browser.visit(link).fill(link)


def send_issue(story, desk, slug, *, subject="Novità di marzo"):
    """Compose from a workshop and a publication, send, let the worker finish."""
    desk.visit("/moda/desk/newsletters/new")
    form = next(f for f in desk._reader().forms if "subject_it" in f.names)
    desk.fill("/new", subject_it=subject, topics=form.options["topics"])
    issue = desk.url
    desk.visit(f"{issue}/sources")
    form = next(f for f in desk._reader().forms if f.action.endswith("/sources"))
    chosen = {name: options[:1] for name, options in form.options.items()}
    desk.fill("/sources", **chosen)
    desk.visit(f"{issue}/sending").fill("/sending")
    story.work()
    assert "Annulla" in desk.visit(f"{issue}/departure").text  # for a minute nothing leaves
    story.clock.shift(61)
    for _round in range(3):
        story.work()


def check_raw_messages(mailbox):
    """What every message on the wire must be (RFC 5322, mail.md)."""
    assert len(mailbox.received) > 12
    for sender, recipients, raw in mailbox.received:
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert len(recipients) == 1
        assert sender
        assert b"\n" not in raw.replace(b"\r\n", b"")
    for _sender, to, _raw in mailbox.received:
        for message in mailbox.to(to[0]):
            assert len(message.get_body(("plain",)).get_content().split()) > 20
