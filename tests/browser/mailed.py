"""Pages behind mailed links: people in every state that a link can meet, and the links that their mails hold.

Everything happens through the same actions as in life; nobody lists addresses of pages. What is walked
is what the mails link to, and what those pages link to in turn. Pages that look alike (the same kinds of
elements on one endpoint) are walked once.
"""

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from urllib.parse import urlsplit

from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from dissemination.applications import alerts
from dissemination.attendance import actions as attendance
from dissemination.audits import actions as audits
from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.records import Person as Author
from dissemination.calls.models import Call
from dissemination.calls.standing import Standing as CallStanding
from dissemination.calls.standing import standing
from dissemination.certificates import actions as certificates
from dissemination.delivery import queries as mails
from dissemination.delivery.models import Delivery
from dissemination.districts.models import District
from dissemination.feedback import actions as feedback
from dissemination.guests import actions as guests
from dissemination.guests.mails import Words
from dissemination.kernel.clock import at, now
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.publications import actions as publications
from dissemination.publications import sending
from dissemination.publications.models import Publication
from dissemination.registrations import actions, asking, gauge, jobs, proofs
from dissemination.registrations.groups import Person
from dissemination.registrations.models import Attends, Registration, Silent, Standing
from dissemination.submissions import actions as submissions
from dissemination.timelines import actions as timelines
from dissemination.visits import actions as reports
from dissemination.visits import queries as shared
from dissemination.visits.sheets import read
from dissemination.workshops import actions as workshops
from dissemination.workshops.models import Workshop
from tests import factories
from tests.visits import cast as visits

# What needs a token and is no page: files, calendars, and forwards to another page.
NOT_PAGES = {
    "registrations.my_file": "a file", "registrations.material": "a file", "certificates.document": "a file",
    "registrations.calendar": "a calendar", "registrations.feed_of_mine": "a calendar",
    "submissions.show_file": "a file", "visits.report": "a file", "visits.photo": "a picture",
    "timelines.export": "a file", "people_account.accept": "goes on to security.reset_password", "newsletters.image": "a picture",
}  # fmt: skip
PER_LETTER = 3  # mails of one template whose links are looked at
ROOTS = re.compile(
    r"/(r|rg|s|u|g|v|o|certificates|reset|account/invitation|[\w-]+/(subscriptions|submissions|readers|company))(/|$)"
)
LOOKS = re.compile(r"<(?!/)(\w+)([^>]*)>")
ATTRIBUTE = re.compile(r'\b(class|name|type|role)="([^"]*)"')


def pages(app) -> list[tuple[str, str]]:
    """(endpoint, path) of every page to walk, after letting people live through the stories."""
    before = db.session.scalar(select(func.max(Delivery.id))) or 0
    led = _stories(app)
    return _walk(app, [*_links(app, before), *led])


def desk_pages(app, cookie: str) -> list[str]:
    """The desk's pages about a private workshop to come, then those about one that is over."""
    browser = app.test_client()
    browser.set_cookie("session", cookie)
    found = []
    for title in ("Cachemire", "Feltro"):
        workshop = db.session.scalars(select(Workshop).where(Workshop.title_it == title)).one()
        found += [
            rule.build({"district": "moda", "slug": workshop.slug})[1]
            for rule in app.url_map.iter_rules()
            if rule.rule.startswith("/<district>/desk/workshops/<slug>") and "GET" in rule.methods
            and rule.arguments == {"district", "slug"}
        ]  # fmt: skip
    return [path for path in found if browser.get(path).status_code == 200]


def _stories(app) -> list[str]:
    """Let people register, wait, be offered a seat, be refused, cancel, come … in the sample district.

    Gives the pages to which forms led that no mail links to.
    """
    with transaction():
        cast = _Cast(db.session.query(District).filter_by(slug="moda").one())
    for story in (
        _ordinary,
        _offers,
        _approval,
        _groups,
        _online,
        _called_off,
        _invited,
        _past,
        _authors,
        _members,
        _audited,
        _told,
        _of_the_desk,
    ):
        with transaction():
            story(cast)
    jobs.tell_changed()
    return _at_the_site(app)


class _Cast:
    """Who takes part: workshops to come and people with names."""

    def __init__(self, district: District):
        self.district = district
        self.ada = db.session.query(Account).filter(Account.email.startswith("ada@")).one()
        self.start = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=30)

    def workshop(self, title, **facts):
        return factories.workshop(self.district, title=title, starts_at=self.start, **facts)

    def enter(self, workshop, name, *, proven=True, **facts) -> Registration:
        company = factories.company(self.district, province="")
        return actions.register(
            workshop, email=f"{name}@maglia.example", given_name=name.title(), family_name="Nesi",
            company=company, proven=proven, **facts,
        )  # fmt: skip


def _ordinary(cast):
    """Confirmed, unproven, waiting, cancelled; asked whether she comes, and for what is missing of her."""
    workshop = cast.workshop("Lana", seats=2)
    confirmed = cast.enter(workshop, "carla")
    cast.enter(workshop, "dina", proven=False)
    cast.enter(workshop, "elsa")
    full = cast.workshop("Seta", seats=2)
    actions.cancel(cast.enter(full, "fina"))
    asking.ask(workshop, whom=Silent.EVERYBODY)
    gauge.ask(workshop)
    actions.send_link(confirmed)
    actions.substitute(confirmed, email="gaia@maglia.example", given_name="Gaia", family_name="Nesi")


def _offers(cast):
    workshop = cast.workshop("Lino", seats=1, offer_hours=8)
    first = cast.enter(workshop, "iole")
    second = cast.enter(workshop, "lea")
    actions.cancel(first)
    assert second.standing is Standing.OFFERED


def _approval(cast):
    workshop = cast.workshop("Canapa", needs_approval=True)
    cast.enter(workshop, "mara")
    actions.refuse(cast.enter(workshop, "nora"), reason="Tema per altre imprese", by=cast.ada)


def _groups(cast):
    workshop = cast.workshop("Juta", seats=20)
    company = factories.company(cast.district)
    for proven, name in ((True, "olga"), (False, "pia")):
        actions.register_group(
            workshop, booker=Person(f"{name}@maglia.example", name.title(), "Nesi"),
            colleagues=[Person(f"{name}{n}@maglia.example", f"{name.title()} {n}", "Nesi") for n in range(3)],
            attends=None, form_mark=None, language="it", consents={}, proven=proven, company=company,
        )  # fmt: skip


def _online(cast):
    workshop = cast.workshop("Nylon", online_url="https://video.example/stanza", online_seats=10)
    cast.enter(workshop, "rita", attends=Attends.ONLINE)


def _called_off(cast):
    workshop = cast.workshop("Rayon")
    cast.enter(workshop, "sara")
    workshops.cancel(workshop, reason="La relatrice è malata", by=cast.ada)


def _invited(cast):
    workshop = cast.workshop("Cachemire", is_private=True)
    names = ("tea", "uma", "vera", "zoe")
    guests.add(
        workshop,
        [guests.Person(f"{name}@maglia.example", name.title(), "Nesi") for name in names],
        by=cast.ada,
    )
    guests.invite(workshop, Words())
    tea, uma, vera, _zoe = db.session.scalars(
        select(guests.Guest).where(guests.Guest.workshop_id == workshop.id).order_by(guests.Guest.id)
    )
    guests.decline(tea)
    guests.withdraw(uma)
    cast.enter(workshop, "vera", guest_id=vera.id)


def _past(cast):
    """She came; the certificate and the questions after it."""
    start = now() - timedelta(hours=5)
    with at(now() - timedelta(days=20)):
        workshop = factories.workshop(cast.district, title="Feltro", starts_at=start)
        came = [cast.enter(workshop, name) for name in ("ilda", "ines", "irma", "isa", "ivana", "iris")]
    attendance.tick(workshop, came=[r.id for r in came[:-1]], by=cast.ada)
    attendance.close(
        workshop, by=cast.ada, started_at=workshop.starts_at, ended_at=workshop.ends_at,
        without_counting="Prova",
    )  # fmt: skip
    certificates.issue_all(workshop, by=cast.ada)
    certificates.tell(workshop)
    feedback.ask(workshop)


def _authors(cast):
    """Asked for a work; sent with a file; given back; in review; declined."""
    company = factories.company(cast.district, "Tintoria Autori")
    for name in ("adele", "bruna", "cinzia", "delia", "emma"):
        factories.contact(cast.district, f"{name}@tintoria.example", company=company)
        row = submissions.invite(cast.district, email=f"{name}@tintoria.example", by=cast.ada)
        if name == "adele":
            continue
        facts = {
            "kind": Kind.REPORT, "issued": now().date(), "title_it": f"Tingere con {name}",
            "authors": [Author("Nesi", name.title())],
        }  # fmt: skip
        line = factories.line(cast.district, "a").id
        work = submissions.send(row, facts=facts, line_id=line, files=[_a_file()], message="Ecco il lavoro")
        if name == "cinzia":
            submissions.give_back(row, text="Manca una tabella", by=cast.ada)
        elif name == "delia":
            publications.ask_approval(work, by=cast.ada)
        elif name == "emma":
            submissions.decline(row, text="Esce altrove", by=cast.ada)


def _a_file():
    return FileStorage(BytesIO(b"%PDF-1.4 tinture"), "tinture.pdf")


def _members(cast):
    """A member company's reader, of one work and of all."""
    company = factories.company(cast.district, "Lanificio Soci")
    people.add_membership(company, since=now().date() - timedelta(days=30), until=None)
    factories.contact(cast.district, "socia@lanificio.example", company=company)
    work = db.session.scalars(select(Publication).where(Publication.published_at.is_not(None))).first()
    for wanted in (work, None):
        assert sending.mail_reading_link(cast.district, "socia@lanificio.example", wanted)


def _audited(cast):
    """Reports shared: new, commented on, and closed; the company's own page, with a correction that waits."""
    start = now().date() - timedelta(days=40)
    for name in ("nuova", "commentata", "chiusa"):
        audit = visits.planned(cast.district, cast.ada, name=f"Filatura {name}")
        facts = visits.facts(visited_on=start.isoformat(), areas=[visits.area(title="Acqua")])
        reports.take(audit, key=f"sheet-{name}", seen_version=audit.version, facts=read(facts), by=cast.ada)
        visits.photographed(audit, cast.ada)
        audits.drafted(audit, on=start, by=cast.ada)
        contact = visits.contact_of(audit, f"{name}@filatura.example")
        contact.proven_at = now()
        reports.share(audit, [contact], by=cast.ada)
        if name != "nuova":
            reports.comment(shared.sharings(audit)[0], text="Bene così", area_id=audit.areas[0].id)
        if name == "chiusa":
            audits.closed(audit, on=now().date(), by=cast.ada)
        link = timelines.open_to(audit.company, contact, by=cast.ada)
        if name == "commentata":
            timelines.ask_correction(link, wanted={"municipality": "Vaiano"}, words="Ci siamo spostati")


def _told(cast):
    """Told of a call that fits, because she said yes to that."""
    for call in db.session.scalars(select(Call).where(Call.district_id == cast.district.id)):
        fits = alerts.fits(call)
        if fits and standing(call, now()) is CallStanding.OPEN:
            contact = factories.contact(cast.district, "avvisata@filatura.example", company=fits[0].company)
            alerts.record(contact, cast.district, given=True, source="desk", proof="scheda firmata")
            alerts.tell(call, [contact.id], by=cast.ada)
            return


def _of_the_desk(cast):
    """What an organiser meets only when there is something to decide."""
    proofs.ask_again(
        db.session.scalars(select(Registration).where(Registration.proof_due.is_not(None))).first()
    )


def _at_the_site(app) -> list[str]:
    """What strangers ask for by forms: a seat, a subscription, a new password; where they are led."""
    browser = app.test_client()
    workshop = db.session.scalars(select(Workshop).where(Workshop.title_it == "Juta")).one()
    at_site = f"/moda/workshops/{workshop.slug}"
    led = [
        _sent(browser, f"{at_site}/registrations", email="una@maglia.example"),
        _sent(browser, f"{at_site}/embed", email="due@maglia.example"),
    ]
    topics = re.findall(r'name="topics"[^>]*value="(\d+)"', browser.get("/moda/subscriptions").text)
    asked = {"email": "nuova@maglia.example", "topics": topics[:1], "consent": "y", "language": "it"}
    browser.post("/moda/subscriptions", data=asked)
    browser.post("/reset", data={"email": "ada@moda.example"})
    return led


def _sent(browser, address, **facts) -> str:
    """Where the filled form at `address` leads."""
    form = browser.get(address).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    person = {"given_name": "Una", "family_name": "Nesi", "private": "y", "consent": "y", **facts}
    answer = browser.post(address, data={**hidden, **person})
    assert answer.status_code == 303, re.findall(r"<li>(.*?)</li>", answer.text)
    return answer.location


def _links(app, before: int) -> list[str]:
    """The paths below the personal addresses that mails link to: all mails of the stories, and of those up
    to the delivery `before` a few of each kind."""
    site = app.config["SETTINGS"].public_url
    seen: dict[tuple, int] = {}
    found: dict[str, None] = {}
    for delivery in db.session.scalars(select(Delivery).order_by(Delivery.id.desc())):
        letter = delivery.letter
        kind = (letter.template, letter.language, _standing_of(delivery))
        seen[kind] = seen.get(kind, 0) + 1
        if delivery.id <= before and seen[kind] > PER_LETTER:
            continue
        for link in re.findall(re.escape(site) + r"(/\S*)", mails.parts(delivery).text):
            found[link] = None
    return [path for path in found if ROOTS.match(path)]


def _standing_of(delivery):
    row = (
        db.session.get(Registration, delivery.subject_id)
        if delivery.subject_kind == "registrations"
        else None
    )
    return row.standing if row is not None else None


def _walk(app, starts: list[str]) -> list[tuple[str, str]]:
    """(endpoint, path) of each kind of page among `starts` and what they link to."""
    browser = app.test_client()
    queue, seen, kept = list(starts), set(), {}
    while queue:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = browser.get(path, follow_redirects=True)
        endpoint = endpoint_of(app, answer.request.path)
        if endpoint is None or "text/html" not in answer.content_type:
            continue
        assert answer.status_code in (200, 410), f"{path} answered {answer.status_code}"
        kept.setdefault((endpoint, _looks(answer.text)), path)
        for link in re.findall(r'href="([^"#]+)', answer.text):
            target = unescape(link)
            if ROOTS.match(target) and "lang=" not in target:
                queue.append(target)
    return sorted((endpoint, path) for (endpoint, _look), path in kept.items())


def _looks(html: str) -> frozenset:
    """The kinds of elements in a page: pages with the same ones need to be walked once only."""
    body = html[html.index("<main") : html.index("</main>")]
    return frozenset((tag, tuple(sorted(ATTRIBUTE.findall(rest)))) for tag, rest in LOOKS.findall(body))


def endpoint_of(app, url):
    """The endpoint that answers a GET of `url`, or None."""
    try:
        return app.url_map.bind("localhost").match(urlsplit(url).path, method="GET")[0]
    except HTTPException:
        return None
