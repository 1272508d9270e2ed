"""Hostile texts wherever people may write, and every page that shows them: nothing comes out unescaped."""

from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urlencode

import pytest
import time_machine
from sqlalchemy import select

from dissemination.attendance import actions as attendance
from dissemination.certificates import actions as certificates
from dissemination.certificates.models import Certificate
from dissemination.delivery import queries as delivery
from dissemination.delivery.models import Delivery
from dissemination.feedback import actions as feedback
from dissemination.feedback import queries as sheets
from dissemination.feedback.models import Purpose
from dissemination.followups import actions as followups
from dissemination.followups.models import Anchor, State
from dissemination.guests import queries as guests
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, queries
from dissemination.registrations.groups import Person
from dissemination.registrations.models import Effect, Reply, Standing
from dissemination.workshops import materials, profiles, questions
from dissemination.workshops.models import Audience, CoOrganiser, Kind, Series
from tests import factories

START = factories.DAY
MARK = """</script><evil onx=1>"'{{7*7}}"""  # opens an element, closes a script, leaves an attribute
LINES = "\r\nBcc: spy@evil.example\r\nATTACH:https://evil.example/x\r\n"


LINKS = ("href", "src", "action", "formaction")


class Tags(HTMLParser):
    """The names of all elements and attributes; a link that runs a script counts as theirs."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found |= {tag, *(name for name, _value in attrs)}
        if any("script:" in (value or "").split("?")[0].lower() for name, value in attrs if name in LINKS):
            self.found.add("evil")


def evil(what):
    """A hostile text that begins with a word of its own."""
    return f"{what}{MARK}"


@pytest.fixture
def workshop(moda):
    """Everything that an organiser can write of a workshop."""
    with transaction():
        row = factories.workshop(
            moda, title=evil("Titolo"), title_en=evil("Title"), theme=evil("Tema"), abstract_it=evil("Testo"),
            abstract_en=evil("Text"), venue=evil("Sala"), address=evil("Via"), directions_it=evil("Dove"),
            directions_en=evil("Where"), online_url="https://meet.example/?a=%22%3E", online_seats=9,
        )  # fmt: skip
        session = row.sessions[0]
        session.title_it, session.title_en = evil("Seduta"), evil("Session")
        session.room, session.track = evil("Aula"), evil("Filone")
        profile = profiles.add(
            moda.id, name=evil("Relatrice"), affiliation=evil("Ente"), email="x@x.example",
            website="https://x.example/?q=%22", biography_it=evil("Vita"), biography_en=evil("Life"),
        )  # fmt: skip
        profiles.agree(profile, how=evil("Scritto"), by=None, version=profile.version)
        row.series = Series(
            district_id=moda.id, title_it=evil("Serie"), title_en=evil("Series"), created_at=START
        )
        db.session.add(CoOrganiser(workshop_id=row.id, name=evil("Con"), website="https://x.example"))
    for audience in Audience:
        with transaction():
            materials.add(
                row, BytesIO(b"%PDF-1.7 " + audience.value.encode()), f"{evil('file')}{LINES}.pdf", by=None,
                title_it=evil("Slide"), title_en=evil("Slides"), session_id=None, audience=audience,
                after_end=False,
            )  # fmt: skip
    with transaction():
        choices = [{"key": "a", "it": evil("Prima"), "en": evil("First")}, {"key": "b", "it": "B", "en": "B"}]
        questions.add(
            row,
            by=None,
            version=row.version,
            text_it=evil("Domanda"),
            text_en=evil("Question"),
            kind=Kind.TEXT,
        )
        questions.add(
            row,
            by=None,
            version=row.version,
            text_it=evil("Scelta"),
            text_en="",
            kind=Kind.CHOICE,
            choices=choices,
        )
        factories.guest(
            row, "ospite@x.example", given_name=evil("Ospite"), family_name="X", company_name=evil("Casa")
        )
    return row


@pytest.fixture
def ugo(workshop, ada):
    """Somebody who writes hostile texts wherever she may, with a colleague, a reply and a history."""
    people = [
        Person(f"{n}@x.example", evil(n) + LINES, evil("Rossi"), evil("Ruolo"), {"1": evil("Risposta")})
        for n in ("ugo", "eva")
    ]
    with transaction():
        group = actions.register_group(
            workshop, booker=people[0], colleagues=people, company_name=evil("Ditta"), proven=True
        )
    ugo, eva = queries.members(group)
    with transaction():
        actions.revise(ugo, job_title=evil("Capa"), answers={"1": evil("Altra"), "2": "a"}, language="it")
        actions.cancel(eva, by=ada, reason=evil("Motivo"))
        actions.restore(eva, by=ada)
        db.session.add(
            Reply(
                district_id=workshop.district_id, message_id=evil("<1@x>"), received_at=START, partstat="COUNTER",
                invitation_id=ugo.invitations[0].id, address=evil("a@b"), effect=Effect.FOR_A_PERSON,
                note=f"counter: {evil('Commento')}", method="COUNTER",
            )
        )  # fmt: skip
        followups.add(
            workshop, by=None, anchor=Anchor.END, minutes=60, states=[State.ATTENDED], subject_it=evil("Oggetto")[:-7],
            subject_en="", body_it=f"{evil('Corpo')[:-7]} [qui](javascript:evil())", body_en="",
        )  # fmt: skip
    return ugo


def walk(app, browser, known, endpoints=lambda name: True):
    """(address, answer) of every page whose values are known."""
    for rule in app.url_map.iter_rules():
        values = {**known, **known.get(rule.endpoint, {})}
        if (
            "GET" in rule.methods
            and rule.arguments
            and rule.arguments <= values.keys()
            and endpoints(rule.endpoint)
        ):
            path = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)[1]
            yield path, browser.get(path, follow_redirects=False)


def wrong(answer):
    """What is wrong with an answer: an element or attribute of theirs, a server error, a header of theirs."""
    if answer.status_code >= 500 or "spy@evil" in str(answer.headers):
        return str(answer.status_code)
    kinds = ("text/html", "application/xhtml+xml", "application/atom+xml")
    if answer.mimetype in kinds and Tags(answer.text).found & {"evil", "onx"}:
        return "an element of theirs"
    if answer.mimetype in kinds and "<evil" in answer.text:
        return "a piece of theirs"
    if answer.mimetype == "text/calendar" and any(
        line.startswith(("Bcc", "ATTACH")) for line in answer.text.splitlines()
    ):
        return "a line of theirs"
    return ""


def known_of(workshop, ugo):
    mine, group = queries.token(ugo), queries.group_token(ugo.group)
    guest = db.session.scalars(select(guests.Guest)).one()
    names = (
        "material_id", "question_id", "guest_id", "rule_id", "profile_id", "series_id", "evidence_id", "file_id",
        "delivery_id", "certificate_id", "company_id",
    )  # fmt: skip
    first = dict.fromkeys(names, 1)
    return {
        "district": "moda", "slug": workshop.slug, "token": mine, "registration_id": ugo.id, **first,
        "contact_id": ugo.contact_id, "purpose": "feedback", "kind": "csv", "language": "it", "lang": "it",
        "guests.show": {"token": guests.token(guest)}, **{f"registrations.{name}": {"token": group} for name in (
            "group", "group_proof", "group_cancellation", "group_substitution")},
    }  # fmt: skip


def bad(pages):
    return {path: said for path, answer in pages if (said := wrong(answer))}


def test_before_it_begins(app, workshop, ugo, bice, sign_in, client):
    known = known_of(workshop, ugo)
    with time_machine.travel(START - timedelta(days=9), tick=False):
        open_pages = dict(walk(app, client, known, lambda name: "_desk" not in name))
        assert f"/r/{known['token']}" in open_pages
        assert open_pages[f"/r/{known['token']}"].status_code == 200
        assert bad(open_pages.items()) == {}
        desk_pages = dict(walk(app, sign_in(bice), known))
        assert sum(a.status_code == 200 for a in desk_pages.values()) > 60
        assert bad(desk_pages.items()) == {}
        board = desk_pages[f"/moda/desk/workshops/{workshop.slug}/calendars"]
        assert ("Commento&lt;/script&gt;&lt;evil" in board.text, board.status_code) == (True, 200)
        asked = urlencode(
            {"q": MARK, "after": MARK, "show": MARK, "stand": MARK, "month": MARK, "sector": MARK}
        )
        browser = sign_in(bice)
        again = {
            path: browser.get(f"{path}?{asked}")
            for path, a in desk_pages.items()
            if a.mimetype == "text/html"
        }
        assert bad(again.items()) == {}


def test_after_its_end(app, workshop, ugo, bice, sign_in, client):
    known = known_of(workshop, ugo)
    with time_machine.travel(START + timedelta(days=1), tick=False):
        with transaction():
            attendance.tick(workshop, came=[r.id for r in queries.members(ugo.group)], by=None)
            attendance.close(
                workshop, by=None, started_at=workshop.starts_at, ended_at=workshop.ends_at,
                without_counting=evil("Prova"),
            )  # fmt: skip
        form = client.get(f"/r/{known['token']}/feedback")
        assert (form.status_code, wrong(form)) == (200, "")
        for member in queries.members(ugo.group):
            with transaction():
                sheet = sheets.sheet(workshop, Purpose.FEEDBACK)
                texts = {q["key"]: evil("Parere") for q in sheet.questions if q["kind"] == "text"}
                feedback.answer(
                    member, Purpose.FEEDBACK, answers={"overall": "4", **texts}, anonymous=sheet.anonymous
                )
        mine = dict(walk(app, client, known, lambda name: "_desk" not in name))
        assert bad(mine.items()) == {}
        page = mine[f"/r/{known['token']}"].text
        tails = ("/certificate", "/materials/", "/erasure", "/calendar")
        assert [tail for tail in tails if f"{known['token']}{tail}" not in page] == []
        assert bad(walk(app, sign_in(bice), known)) == {}
        with transaction():
            certificates.issue(ugo)
        assert db.session.scalars(select(Certificate)).one().registration_id == ugo.id
        certificate = client.get(f"/r/{known['token']}/certificate.pdf")
        assert (certificate.status_code, certificate.data[:5]) == (200, b"%PDF-")


def test_no_mail_has_a_header_or_an_element_of_theirs(workshop, ugo):
    assert ugo.standing is Standing.CONFIRMED
    rows = db.session.scalars(select(Delivery)).all()
    assert len(rows) > 3
    for row in rows:
        parts = delivery.parts(row)
        head = parts.raw.partition(b"\r\n\r\n")[0]
        assert b"\r\nBcc:" not in head
        assert not Tags(parts.html).found & {"evil", "onx"}
        assert not [line for line in parts.calendar.splitlines() if line.startswith(("Bcc", "ATTACH"))]
