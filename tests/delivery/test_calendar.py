"""Calendar objects as whole files, and read again by a second library."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from dissemination.delivery.calendar import CalendarObject, FeedEvent, feed, render

GOLDEN = Path(__file__).parent / "golden"
START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
INVITATION = CalendarObject(
    method="REQUEST", uid="6c1f0e9a2b7d4c5e8f90a1b2c3d4e5f6@moda.example", sequence=0,
    stamp=datetime(2027, 2, 1, 9, 30, tzinfo=UTC), start=START, end=START + timedelta(hours=3),
    summary="Tracciabilità dei tessuti, parte 1; introduzione",
    location="Museo del Tessuto, Via Puccetti 3, Prato",
    url="https://moda.example/moda/workshops/tracciabilita",
    description="Tracciabilità dei tessuti\ngiovedì 11 marzo 2027, 14:00-17:00\nhttps://moda.example/moda/workshops/tracciabilita",
    organizer_name='Distretto "Moda"', organizer_address="eventi@moda.example",
    attendee_name="Carlo D’Angelo, detto: Lo", attendee_address="carlo@tessitura.example", status="CONFIRMED",
)  # fmt: skip
OBJECTS = {
    "request": INVITATION,
    "update": replace(
        INVITATION, sequence=1, stamp=INVITATION.stamp + timedelta(days=3),
        start=START + timedelta(days=40), end=START + timedelta(days=40, hours=3),
    ),
    "cancel_person": replace(INVITATION, method="CANCEL", sequence=2, status=None),
    "cancel_workshop": replace(INVITATION, method="CANCEL", sequence=2, status="CANCELLED"),
}  # fmt: skip
EVENT = FeedEvent(
    uid="workshop-7@moda.example", start=START, end=START + timedelta(hours=3), summary="Tracciabilità",
    location="Prato", url="https://moda.example/moda/workshops/t", description="Di che si parla.",
    stamp=datetime(2027, 2, 1, 9, 30, tzinfo=UTC), sequence=1,
)  # fmt: skip


def unfolded(octets):
    return octets.replace(b"\r\n ", b"").decode().split("\r\n")


@pytest.mark.parametrize("name", OBJECTS)
def test_a_calendar_object_is_written_as_its_golden_file(name):
    assert render(OBJECTS[name]) == (GOLDEN / f"{name}.ics").read_bytes()


def test_a_feed_is_written_as_its_golden_file():
    octets = feed([EVENT, replace(EVENT, uid="b", status="CANCELLED")], name="Eventi, Moda")
    assert octets == (GOLDEN / "publish.ics").read_bytes()
    assert b"ATTENDEE" not in octets


@pytest.mark.parametrize("name", OBJECTS)
def test_a_second_library_reads_the_same_facts(name):
    item = OBJECTS[name]
    calendar = vobject.readOne(render(item).decode())
    event = calendar.vevent
    assert len(calendar.vevent_list) == 1
    assert [a.value for a in event.attendee_list] == ["mailto:carlo@tessitura.example"]
    assert event.organizer.value == "mailto:eventi@moda.example"
    assert (calendar.method.value, event.uid.value, event.sequence.value) == (
        item.method, item.uid, str(item.sequence),
    )  # fmt: skip
    assert (event.dtstart.value, event.dtend.value) == (item.start, item.end)  # through our VTIMEZONE
    assert (event.summary.value, event.location.value) == (item.summary, item.location)
    assert hasattr(event, "status") == (item.status is not None)


def test_summer_time_is_right_on_the_days_around_the_change():
    for day, offset in ((27, 1), (28, 2)):  # 28 March 2027, 02:00 → 03:00
        moment = datetime(2027, 3, day, 12, 0, tzinfo=UTC)
        event = vobject.readOne(render(replace(INVITATION, start=moment, end=moment)).decode()).vevent
        assert event.dtstart.value.utcoffset() == timedelta(hours=offset)


def test_a_district_elsewhere_gets_its_times_in_utc():
    octets = render(replace(INVITATION, zone="Atlantic/Azores"))
    assert b"DTSTART:20270311T130000Z" in octets
    assert b"VTIMEZONE" not in octets


def test_an_object_survives_storing():
    assert CalendarObject.from_json(INVITATION.to_json()) == INVITATION


@given(text=st.text(), name=st.text())
def test_whatever_people_type_stays_inside_its_property(text, name):
    octets = render(
        replace(INVITATION, summary=text, location=text, description=text, url=text, attendee_name=name,
                organizer_name=name)
    )  # fmt: skip
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    assert b"\n" not in octets.replace(b"\r\n", b"")
    names = [line.split(":")[0].split(";")[0] for line in unfolded(octets)]
    assert sorted(n for n in names if n in ("BEGIN", "ATTENDEE", "ORGANIZER", "METHOD", "UID")) == sorted(
        ["BEGIN"] * 5 + ["ATTENDEE", "ORGANIZER", "METHOD", "UID"]
    )
    people = [line for line in unfolded(octets) if line.startswith(("ATTENDEE", "ORGANIZER"))]
    assert not any('"' in line for line in people)
    event = vobject.readOne(octets.decode()).vevent
    assert len(event.attendee_list) == 1
