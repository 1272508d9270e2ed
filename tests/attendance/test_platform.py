"""Participants reports of online platforms, in the shapes in which they come."""

from datetime import timedelta

import pytest
import time_machine

from dissemination.attendance import actions, platform, queries
from dissemination.kernel.database import transaction
from dissemination.registrations import actions as registrations
from tests import factories

START = factories.DAY  # 11 March 2027, 14:00 in Rome
TEAMS = """1. Summary
Meeting title\tTessuti
Start time\t3/11/27, 1:55:00 PM

2. Participants
Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole
Lina Zeta\t3/11/27, 2:01:10 PM\t3/11/27, 4:59:00 PM\t2h 40m\tlina@x.example\tlina@x.example\tPresenter

3. In-Meeting Activities
Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole
Lina Zeta\t3/11/27, 2:01:10 PM\t3/11/27, 3:00:00 PM\t58m\tlina@x.example\tPresenter
Lina Zeta\t3/11/27, 3:30:00 PM\t3/11/27, 4:59:00 PM\t1h 29m\tLINA@x.example\tPresenter
Niccolò Bianchì (Esterno)\t3/11/27, 2:05:00 PM\t3/11/27, 5:00:00 PM\t2h 55m\t\tAttendee
Qualcun Altro\t3/11/27, 2:05:00 PM\t3/11/27, 5:00:00 PM\t2h 55m\taltro@x.example\tAttendee
"""
ZOOM = """Meeting ID,Topic
123,Tessuti

Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest
"Bianchi, Niccolo",,03/11/2027 02:05:00 PM,03/11/2027 05:00:00 PM,175,Yes
Lina Zeta,lina@x.example,03/11/2027 02:01:10 PM,03/11/2027 03:00:00 PM,58,No
"""
ITALIAN = """Nome;Indirizzo e-mail;Ora di ingresso;Ora di uscita
Lina Zeta;lina@x.example;11/03/2027, 14:01:10;11/03/2027, 15:00:00
"""


@pytest.fixture
def online(moda):
    with transaction():
        workshop = factories.workshop(moda, online_url="https://meet.example/x")
    with time_machine.travel(START - timedelta(days=9)):
        for given, family, email in (("Lina", "Zeta", "lina"), ("Niccolò", "Bianchi", "n"), ("Ugo", "Po", "u1"),
                                     ("Ugo", "Po", "u2")):  # fmt: skip
            with transaction():
                registrations.register(
                    workshop, email=f"{email}@x.example", given_name=given, family_name=family, proven=True
                )
    return workshop


def told(workshop, text, encoding="utf-8"):
    """(number, who, minute joined, minute left, problem) of each line."""
    lines = platform.read(text.encode(encoding), workshop, queries.people(workshop))
    return [
        (
            line.number,
            line.person and line.person.contact.given_name,
            line.span and round((line.span.start - START).total_seconds() / 60),
            line.span and round((line.span.end - START).total_seconds() / 60),
            line.problem,
        )
        for line in lines
    ]


def test_teams_is_read_with_each_coming_and_going(online):
    assert told(online, TEAMS, "utf-16") == [
        (11, "Lina", 1, 60, ""), (12, "Lina", 90, 179, ""), (13, "Niccolò", 5, 180, ""), (14, None, 5, 180, ""),
    ]  # fmt: skip


def test_zoom_and_italian_reports_are_read(online):
    assert told(online, ZOOM) == [(5, "Niccolò", 5, 180, ""), (6, "Lina", 1, 60, "")]
    assert told(online, ITALIAN, "utf-8-sig") == [(2, "Lina", 1, 60, "")]


def test_each_bad_line_says_why(online):
    text = """Name,Email,Join time,Leave time
Lina Zeta,lina@x.example,2027-03-12 14:00:00,2027-03-12 15:00:00
Lina Zeta,lina@x.example,2027-03-18 14:00:00,2027-03-18 15:00:00
Lina Zeta,lina@x.example,ieri,2027-03-11 15:00:00
Lina Zeta,lina@x.example,2027-03-11 15:00:00,2027-03-11 14:00:00
Ugo Po,,2027-03-11 14:00:00,2027-03-11 15:00:00
Lina Zeta,lina@x.example,2027-03-11T14:00:00+01:00,2027-03-11T14:00:00Z
"""
    assert [(number, who, problem != "") for number, who, _in, _out, problem in told(online, text)] == [
        (2, None, True), (3, None, True), (4, None, True), (5, None, True), (6, None, True), (7, "Lina", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n\0\0", b"Name,Email\nLina,l@x.example\n", b"\xff\xfe\x00", b"a\n" * 6000,
     b"Name,Join time,Leave time\n", b"Nome;Ora di uscita\n"],
)  # fmt: skip
def test_what_is_no_report_is_refused_in_words(online, data):
    with pytest.raises(platform.Unusable) as refused:
        platform.read(data, online, [])
    assert str(refused.value).endswith((".", "CSV."))


def test_the_report_replaces_the_times_of_the_link_and_twice_is_once(online, ada):
    lina = next(r for r in queries.people(online) if r.contact.given_name == "Lina")
    with time_machine.travel(START, tick=False), transaction():
        actions.join(lina)
    assert queries.minutes_present(online) == {lina.id: 180}
    lines = platform.read(TEAMS.encode("utf-16"), online, queries.people(online))
    spans = [(line.person.id, *line.span) for line in lines if line.person]
    for _ in range(2):
        with time_machine.travel(START + timedelta(hours=5)), transaction():
            assert actions.take_report(online, spans, by=ada) == 2
        minutes = queries.minutes_present(online)
        assert (minutes[lina.id], len(minutes), len(queries.stays(online)[lina.id])) == (147, 2, 2)
