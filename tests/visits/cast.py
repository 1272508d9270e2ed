"""Audits as these tests need them, made through the actions."""

from datetime import date

from dissemination.audits import actions as audits
from dissemination.people import actions as people
from dissemination.visits import actions, photos, sheets
from tests import factories

DAY = date(2026, 10, 6)


def png(width=60, height=40, colour=(30, 60, 120)):
    """A real PNG."""
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(colour) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def planned(district, by, name="Tessitura Blu", **values):
    """An audit that is planned, of a company with a sector."""
    values.setdefault("sector_id", district.sectors[0].id)
    company = factories.company(district, name, **values)
    return audits.plan(district, [company], by=by, auditor=by, on=DAY)[0]


def contact_of(audit, email="carlo@tessitura.example", **values):
    """Somebody of the audited company."""
    values.setdefault("given_name", "Carlo")
    values.setdefault("family_name", "Neri")
    return people.add_contact(district_id=audit.district_id, email=email, company=audit.company, **values)


def facts(**values):
    """The facts of a sheet as a device sends them."""
    return {
        "visited_on": DAY.isoformat(), "visited_from": "09:30", "visited_until": "12:00",
        "departments": ["production", "quality"], "people": [{"contact_id": None, "name": "Mara Blu", "role": "titolare"}],
        "strengths": "Squadra esperta", "weaknesses": "Acqua sprecata", "summary": "Da seguire",
        "areas": [area()], "scores": {"strategy": {"points": 3, "note": "un piano"}}, **values,
    }  # fmt: skip


def area(key="area-key-1", title="Riuso dell’acqua", **values):
    """An improvement area as a device sends it."""
    return {
        "key": key, "type": "process", "priority": "1", "title": title, "description": "Vasche aperte",
        "proposed_action": "Un circuito chiuso", "expected_result": "Meno 40 %", "deadline": "2027-06-30", **values,
    }  # fmt: skip


def signature():
    """A drawn signature, as the page sends it."""
    import base64

    return sheets.PNG + base64.b64encode(png()).decode()


def visited(district, by, **values):
    """An audit whose visit was written on a device."""
    audit = planned(district, by, **values)
    actions.take(audit, key="sheet-key-1", seen_version=audit.version, facts=sheets.read(facts()), by=by)
    return audit


def drafted(district, by, **values):
    """An audit whose report is written."""
    audit = visited(district, by, **values)
    audits.drafted(audit, on=DAY, by=by)
    return audit


def shared(district, by, **values):
    """(audit, contact) of a report that was shared."""
    audit = drafted(district, by, **values)
    contact = contact_of(audit)
    actions.share(audit, [contact], by=by)
    return audit, contact


def photographed(audit, by, key="photo-key-1", **values):
    """A photo of the audit."""
    return photos.add(audit, key=key, data=png(), by=by, **values)
