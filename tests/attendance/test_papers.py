"""The sign-in sheet and the badges: for nobody, one and three hundred people, long names, several dates."""

import time
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from pypdf import PdfReader

from dissemination.attendance import codes, papers, queries
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions as registrations
from dissemination.registrations.models import Attends
from dissemination.workshops.models import WorkshopSession
from tests import factories

START = factories.DAY
LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft"
HARD = '#panic("no") $x$ *b* \\ ]] Dell\'Àquila-Gonçalves'


@pytest.fixture
def room(moda):
    with transaction():
        return factories.workshop(moda, seats=500)


def add(workshop, n, **facts):
    facts = {
        "given_name": "Niccolò",
        "family_name": f"Ferri {n:03}",
        "company_name": f"Tessitura {n}",
        **facts,
    }
    with time_machine.travel(START - timedelta(days=9)), transaction():
        registrations.register(workshop, email=f"p{n}@x.example", proven=True, **facts)


def read(app, make, workshop):
    with app.test_request_context("/?lang=en"):
        return PdfReader(BytesIO(make(workshop)))


def texts(reader):
    return [" ".join(page.extract_text().split()) for page in reader.pages]


@pytest.mark.parametrize("make", [papers.sheet, papers.badges])
def test_it_is_tagged_with_a_title_and_a_language(app, room, make):
    add(room, 1)
    reader = read(app, make, room)
    root = reader.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, "en")
    assert room.title_en in reader.metadata.title
    assert b"pdfuaid" in root["/Metadata"].get_data()


def test_a_sheet_for_nobody_has_free_lines(app, room):
    (page,) = texts(read(app, papers.sheet, room))
    assert "page 1 of 1" in page
    assert " 8 " in page + " "


def test_each_date_has_its_own_sheet_with_its_own_page_numbers(app, room):
    with transaction():
        later = START + timedelta(days=7)
        db.session.add(
            WorkshopSession(
                workshop_id=room.id, title_it="S", starts_at=later, ends_at=later + timedelta(hours=1)
            )
        )
    db.session.refresh(room)
    for n in range(30):
        add(room, n)
    pages = texts(read(app, papers.sheet, room))
    half = len(pages) // 2
    assert [
        f"page {n} of {half}" in page for n, page in zip([*range(1, half + 1)] * 2, pages, strict=True)
    ] == [True] * len(pages)
    assert ["18 March 2027" in page for page in pages] == [False] * half + [True] * half
    assert "Museo del Tessuto" in pages[-1]
    assert pages[0].index("Ferri 000") < pages[0].index("Ferri 001")


def test_what_people_wrote_is_printed_as_they_wrote_it(app, room):
    add(room, 1, family_name=HARD, company_name=LONG * 2, job_title=LONG)
    for make in (papers.sheet, papers.badges):
        text = (
            "".join(texts(read(app, make, room)))
            .replace(" ", "")
            .replace("-", "")
            .replace("\u200b", "")
            .replace("’", "'")
        )
        assert "#panic(" in text
        assert "Dell'ÀquilaGonçalves" in text


def lines_of(page):
    """(text, left, baseline) of each piece drawn, in millimetres."""
    found = []

    def keep(text, cm, tm, _font, _size):
        if text.strip():
            x, y = cm[0] * tm[4] + cm[2] * tm[5] + cm[4], cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
            mm = 72 / 25.4
            found.append((text.strip(), x / mm, y / mm))

    page.extract_text(visitor_text=keep)
    return found


@pytest.mark.parametrize("word", [LONG, "W" * 60, "i" * 99])
def test_however_long_the_words_nothing_leaves_its_badge_or_its_column(app, room, word):
    add(room, 1, family_name=word, given_name=word, company_name=word * 2, job_title=word)
    drawn = lines_of(read(app, papers.badges, room).pages[0])
    assert len(drawn) > 3
    assert all(15 <= left <= 105 and 297 - 13.5 - 54 <= y <= 297 - 13.5 for _text, left, y in drawn)
    text = "".join(line[0] for line in drawn).translate(dict.fromkeys(map(ord, "-\xad\u200b")))
    assert text.count(word) == 5  # all of it is there


def test_three_hundred_people_are_printed_in_seconds(app, room):
    for n in range(300):
        add(room, n)
    began = time.perf_counter()
    sheet, badges = read(app, papers.sheet, room), read(app, papers.badges, room)
    assert time.perf_counter() - began < 20
    assert len(badges.pages) == 30
    text = " ".join(texts(sheet))
    assert all(f"Ferri {n:03}" in text for n in range(300))


def test_who_takes_part_online_signs_nothing(app, room):
    with transaction():
        room.online_url, room.online_seats = "https://meet.example/x", 10
    add(room, 1)
    add(room, 2, attends=Attends.ONLINE)
    assert [
        "Ferri 002" in "".join(texts(read(app, make, room))) for make in (papers.sheet, papers.badges)
    ] == [False] * 2


def test_the_qr_of_a_sheet_checks_its_person_in(app, room):
    add(room, 1)
    (person,) = queries.people(room)
    drawn = papers._line(person)
    assert drawn["code"] == codes.code(person.public_id)
    assert codes.read(codes.PREFIX + drawn["code"]) == drawn["code"]
