"""The mail rehearsal: everything is shown and sent to oneself, marked, and the calendar is clean again."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
import vobject
from sqlalchemy import func, select

from dissemination.delivery import inbound, queries, sending
from dissemination.delivery.calendar import CalendarObject, render
from dissemination.delivery.models import Delivery, Fate
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Contact
from dissemination.registrations import rehearsing
from dissemination.registrations.models import Attends, Invitation, Registration, Room
from dissemination.workshops.models import WorkshopSession
from tests import factories

NOW = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
ORDER = [
    "confirm_address", "confirmation", "changed", "reminder", "still_coming", "withdrawn", "waiting", "offer",
    "promoted", "called_off",
]  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, published=False)


def page(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/rehearsal"


def sent():
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def names(workshop, **how):
    reader = rehearsing.Reader("ada@moda.example", "Ada")
    how = {"language": "it", "attends": Attends.ROOM, "page": "https://x.example/p", **how}
    return [stage.name for stage in rehearsing.sequence(workshop, reader, **how)]


def test_the_whole_sequence_goes_to_oneself_marked_and_nothing_else_happens(workshop, ada, sign_in):
    answer = sign_in(ada).post(page(workshop), data={"language": "it"})
    assert answer.status_code == 303
    rows = sent()
    assert [d.letter.template.split("/")[1] for d in rows] == ORDER
    assert {d.address for d in rows} == {"ada@moda.example"}
    assert [d.letter.subject for d in rows if not d.letter.subject.startswith("[Prova] ")] == []
    for model in (Registration, Invitation, Room, Contact):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    assert workshop.revision == 1


def test_the_calendar_is_clean_again_at_the_end(workshop, ada, sign_in):
    sign_in(ada).post(page(workshop), data={"language": "en"})
    objects = [CalendarObject.from_json(d.calendar) for d in sent() if d.calendar]
    assert [(o.method, o.sequence, o.status) for o in objects] == [
        ("REQUEST", 0, "CONFIRMED"), ("REQUEST", 1, "CONFIRMED"), ("CANCEL", 2, None),
        ("REQUEST", 3, "CONFIRMED"), ("CANCEL", 4, "CANCELLED"),
    ]  # fmt: skip
    (uid,) = {o.uid for o in objects}
    assert uid.startswith("rehearsal-")
    assert {o.attendee_address for o in objects} == {"ada@moda.example"}
    assert objects[1].start - objects[0].start == timedelta(hours=1)
    parts = [queries.parts(d).text for d in sent()]
    assert ["15:00–18:00" in text for text in parts] == [
        n == ORDER.index("changed") for n in range(len(ORDER))
    ]
    for one in objects:
        assert vobject.readOne(render(one).decode()).vevent.summary.value.startswith("[Rehearsal] ")


def test_links_of_a_rehearsal_lead_to_its_page(workshop, ada, sign_in):
    sign_in(ada).post(page(workshop), data={"language": "it"})
    links = {v for d in sent() for k, v in d.merge.items() if k.endswith("_url")}
    assert {link.partition("://")[2].partition("/")[2] for link in links} == {page(workshop)[1:]}
    assert [d for d in sent() if "/r/" in queries.parts(d).text] == []


def test_two_presses_send_once_and_mails_leave_in_order(app, workshop, ada, sign_in, clock):
    browser = sign_in(ada)
    for _press in range(2):
        browser.post(page(workshop), data={"language": "it"})
    rows = sent()
    assert len(rows) == len(ORDER)
    assert [row.next_at for row in rows] == sorted({row.next_at for row in rows})
    assert sending.deliver_due() == 1
    clock.shift(60)
    assert sending.deliver_due() == len(ORDER) - 1
    db.session.expire_all()
    assert {row.state for row in sent()} == {Fate.ACCEPTED}


def test_the_page_shows_each_mail_in_both_languages_and_the_fate_of_those_sent(workshop, ada, sign_in):
    browser = sign_in(ada)
    browser.post(page(workshop), data={"language": "it"})
    shown = browser.get(page(workshop)).text
    assert shown.count("<iframe") == 2 * len(ORDER)
    assert "[Prova] Annullato: Tracciabilità dei tessuti" in shown
    assert "[Rehearsal] Cancelled: Textile traceability" in shown
    assert "METHOD:CANCEL" in shown
    assert "Inviati a ada@moda.example il 01/02/2027" in shown
    frame = browser.get(f"{page(workshop)}/en/called_off.html")
    assert (frame.status_code, "(here stands the reason that you give)" in frame.text) == (200, True)
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert browser.get(f"{page(workshop)}/de/called_off.html").status_code == 404
    assert browser.get(f"{page(workshop)}/it/nonsense.html").status_code == 404


def test_hybrid_workshops_rehearse_both_ways_and_the_switch(workshop):
    with transaction():
        workshop.online_url = "https://meet.example/x"
    found = names(workshop)
    assert found == [*ORDER[:3], "switched", *ORDER[3:]]
    reader = rehearsing.Reader("ada@moda.example", "Ada")
    online = rehearsing.sequence(
        workshop, reader, language="en", attends=Attends.ONLINE, page="https://x.example"
    )
    places = {s.name: s.post.calendar.location for s in online if s.post.calendar}
    assert places["confirmation"] == "Online"
    assert places["switched"] == "Museo del Tessuto, Via Puccetti 3, Prato"
    assert "meet.example" not in str([s.post for s in online])


def test_several_dates_and_approval_have_their_mails(workshop):
    with transaction():
        first = workshop.sessions[0]
        day = timedelta(days=1)
        workshop.sessions = [first] + [
            WorkshopSession(
                title_it=str(n), starts_at=first.starts_at + n * day, ends_at=first.ends_at + n * day
            )
            for n in (1, 2)
        ]
        workshop.needs_approval = True
    assert names(workshop) == [
        "approval_asked", "confirm_address", "confirmation", "further_date", "changed", "reminder", "still_coming",
        "withdrawn", "withdrawn.2", "waiting", "offer", "promoted", "further_date.2", "called_off", "called_off.2",
    ]  # fmt: skip


def test_a_viewer_looks_and_sends_nothing(workshop, moda, person, sign_in):
    browser = sign_in(person(moda, "vera@moda.example", "viewer"))
    assert browser.get(page(workshop)).status_code == 200
    assert browser.post(page(workshop)).status_code == 403


def test_an_answer_to_a_rehearsal_is_nobodys_business(workshop, ada, sign_in):
    sign_in(ada).post(page(workshop))
    uid = next(d.calendar["uid"] for d in sent() if d.calendar)
    octets = (
        "From: ada@moda.example\r\nTo: eventi@moda.example\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nATTENDEE;PARTSTAT=DECLINED:mailto:ada@moda.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
    assert inbound.act(inbound.read(octets), dry=True).effect == "none"
