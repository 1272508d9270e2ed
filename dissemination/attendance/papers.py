"""What is printed for the door: the sign-in sheet and the badges, as tagged PDF (PDF/UA-1)."""

import re

from flask_babel import gettext as _
from flask_babel import pgettext

from dissemination.attendance import codes, queries, times
from dissemination.kernel import pdf
from dissemination.kernel.languages import clock_time, language, long_date, translated
from dissemination.registrations.models import Attends, Registration
from dissemination.workshops.models import Mode, Workshop

BREAK = "\u200b"
_LONG_WORD, _PIECE = re.compile(r"\S{20,}"), re.compile(r"\S{1,8}")
SPARE = 8  # empty lines for whoever comes without a seat


def sheet(workshop: Workshop) -> bytes:
    """The sign-in sheet: one for each date, everybody with a seat by family name, a QR in each line."""
    data = _head(workshop) | {
        "title": _("Attendance sheet"),
        "days": [
            {"date": long_date(day.date), "hours": f"{clock_time(day.start)}–{clock_time(day.end)}"}
            for day in times.days(workshop)
        ],
        "people": _expected(workshop),
        "spare": SPARE,
        "texts": {
            "number": pgettext("number", "No."), "name": _("Name"), "company": _("Company"),
            "role": _("Role"),
            "signature": _("Signature"), "code": _("Code"), "start": _("Real start"), "end": _("Real end"),
            "signed": _("Signed for the managing body"), "of": _("page {page} of {pages}"),
            "qr": _("Check-in code of {name}"), "nobody": _("free line"),
            "note": _("Whoever is present signs. The code in each line checks the person in with a phone."),
        },
    }  # fmt: skip
    return pdf.render("attendance/sheet.typ", data, standards=pdf.PDF_UA)


def badges(workshop: Workshop) -> bytes:
    """A badge for each person with a seat, ten on an A4 page (90 × 54 mm), in order of family name."""
    data = _head(workshop) | {
        "title": _("Badges"),
        "people": _expected(workshop),
        "texts": {"qr": _("Check-in code of {name}"), "nobody": _("Nobody has a seat yet.")},
    }
    return pdf.render("attendance/badges.typ", data, standards=pdf.PDF_UA)


def _head(workshop: Workshop) -> dict:
    place = ", ".join(part for part in (workshop.venue, workshop.address) if part) or _("online")
    return {
        "language": language(),
        "workshop": translated(workshop, "title"),
        "place": place,
        "district": translated(workshop.district, "name"),
        "body": workshop.district.managing_body,
    }


def _expected(workshop: Workshop) -> list[dict]:
    """Who is expected in the room; of a workshop that is only online, everybody."""
    people = queries.people(workshop)
    if workshop.mode is not Mode.ONLINE:
        people = [person for person in people if person.attends is Attends.ROOM]
    return [_line(person) for person in people]


def _line(person: Registration) -> dict:
    contact, code = person.contact, codes.code(person.public_id)
    words = {
        "given": contact.given_name,
        "family": contact.family_name,
        "company": person.company.name if person.company else "",
        "role": person.job_title or contact.job_title,
    }
    return {
        "name": contact.name,
        **{name: _breakable(text) for name, text in words.items()},
        "code": code,
        "qr": codes.drawing(code),
    }


def _breakable(text: str) -> str:
    """`text` that may break inside its longest words: a cell is no wider than its column."""
    return _LONG_WORD.sub(lambda word: BREAK.join(_PIECE.findall(word.group())), text)
