"""Plain factories: rows with sensible values, given to tests inside a transaction."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import uuid4

from dissemination.districts.models import District, Sector
from dissemination.kernel.database import db
from dissemination.kernel.rights import Role
from dissemination.kernel.text import fold, slugify
from dissemination.people.accounts import Account, Appointment
from dissemination.people.models import Company, Contact
from dissemination.plan.models import ActivityLine, LineKind, MacroArea, Plan
from dissemination.workshops.models import Workshop, WorkshopSession

_numbers = count(1)
DAY = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)  # 14:00 in Rome


def _add(row):
    db.session.add(row)
    db.session.flush()
    return row


def district(slug="moda", **values):
    """A district with two sectors and a plan 2026-2028 with lines a, b and c and one macro-area."""
    values = {
        "name_it": f"Distretto {slug}", "name_en": f"{slug} district", "managing_body": "Ente gestore",
        "place": "Prato", "mailbox_name": f"Distretto {slug}", "mailbox_address": f"eventi@{slug}.example",
        **values,
    }  # fmt: skip
    row = _add(District(slug=slug, **values))
    for position, (code, it, en) in enumerate(
        (("tessile", "Tessile", "Textiles"), ("pelle", "Pelle e cuoio", "Leather"))
    ):
        _add(Sector(district_id=row.id, code=code, name_it=it, name_en=en, position=position))
    plan(row)
    return row


def plan(district, **values):
    """A plan 2026-2028 with the three lines of the decree and one macro-area."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    values = {
        "title": "Piano 2026-2028",
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2028, 12, 31),
        **values,
    }
    row = _add(Plan(district_id=district.id, created_at=now, **values))
    names = {"a": "Divulgazione tecnologica", "b": "Informazioni strategiche", "c": "Relazioni"}
    for kind in LineKind:
        _add(ActivityLine(plan_id=row.id, code=kind.value, kind=kind, name_it=names[kind.value]))
    _add(MacroArea(plan_id=row.id, name_it="Processi sostenibili", name_en="Sustainable processes"))
    return row


def line(district, code="a"):
    """The activity line of the district's plan with that code."""
    found = db.session.query(Plan).filter_by(district_id=district.id).one()
    return next(x for x in found.lines if x.code == code)


def account(email, *, role="organiser", district=None, name=""):
    """Somebody who signs in, with one role."""
    row = _add(Account(email=email, name=name or email.split("@")[0].title(), fs_uniquifier=uuid4().hex,
                       active=True, language="it"))  # fmt: skip
    _add(Appointment(account_id=row.id, district_id=district.id if district else None, role=Role(role)))
    db.session.refresh(row)
    return row


def tax_id(n=None):
    """A partita IVA with a valid check digit."""
    from stdnum import luhn

    # A number asked for and one out of the counter never meet: they are of different offices.
    base = f"{n or next(_numbers):07d}" + ("048" if n else "049")
    return base + luhn.calc_check_digit(base)


def company(district, name=None, **values):
    """A company of the district."""
    name = name or f"Tessitura {next(_numbers)}"
    values.setdefault("tax_id", tax_id())
    values.setdefault("province", "PO")
    return _add(Company(district_id=district.id, name=name, name_folded=fold(name),
                        created_at=datetime(2026, 1, 1, tzinfo=UTC), **values))  # fmt: skip


def contact(district, email=None, *, company=None, **values):
    """A person known to the district."""
    email = email or f"persona{next(_numbers)}@tessitura.example"
    given = values.pop("given_name", email.split("@")[0].title())
    family = values.pop("family_name", "Rossi")
    return _add(Contact(district_id=district.id, email=email, given_name=given, family_name=family,
                        name_folded=fold(f"{family} {given}"), company_id=company.id if company else None,
                        created_at=datetime(2026, 1, 1, tzinfo=UTC), **values))  # fmt: skip


def workshop(
    district, *, published=True, starts_at=DAY, hours=3, seats=30, title="Tracciabilità dei tessuti", **values
):
    """A workshop with one session; published unless told otherwise."""
    ends_at = starts_at + timedelta(hours=hours)
    created = datetime(2026, 1, 1, tzinfo=UTC)
    values = {
        "venue": "Museo del Tessuto", "address": "Via Puccetti 3, Prato", "abstract_it": "Di che si parla.",
        "abstract_en": "What it is about.", "title_en": "Textile traceability", **values,
    }  # fmt: skip
    row = _add(Workshop(
        district_id=district.id, slug=f"{slugify(title)}-{next(_numbers)}", title_it=title, seats=seats,
        activity_line_id=line(district).id, sector_id=district.sectors[0].id, starts_at=starts_at,
        ends_at=ends_at, registration_deadline=starts_at - timedelta(hours=1), created_at=created,
        published_at=created if published else None, **values,
    ))  # fmt: skip
    _add(WorkshopSession(workshop_id=row.id, title_it="Apertura", starts_at=starts_at, ends_at=ends_at))
    db.session.refresh(row)
    return row


def seat(workshop, contact, *, standing="confirmed", came=False, via="room", **values):
    """A registration as a row, without invitation and mail; `came`: noted as present at the start."""
    from dissemination.attendance.models import Presence
    from dissemination.registrations.models import Attends, Registration, Standing

    number = next(_numbers)
    values = {
        "public_id": f"{number:032x}", "attends": Attends.ROOM, "number": number, "told_revision": 1,
        "company_id": contact.company_id, "created_at": workshop.starts_at - timedelta(days=9),
        "confirmed_at": workshop.starts_at - timedelta(days=9), **values,
    }  # fmt: skip
    row = _add(Registration(
        workshop_id=workshop.id, contact_id=contact.id, standing=Standing(standing), **values,
    ))  # fmt: skip
    if came:
        _add(Presence(registration_id=row.id, at=workshop.starts_at, via=Attends(via)))
    return row


def guest(workshop, email=None, **values):
    """Somebody on a workshop's list of guests, not written to yet."""
    from dissemination.guests.models import Guest

    email = email or f"ospite{next(_numbers)}@maglificio.example"
    values.setdefault("given_name", email.split("@")[0].title())
    values.setdefault("family_name", "Bianchi")
    words = f"{values['family_name']} {values['given_name']} {email} {values.get('company_name', '')}"
    return _add(Guest(public_id=uuid4().hex, workshop_id=workshop.id, email=email, folded=fold(words),
                      added_at=datetime(2026, 1, 1, tzinfo=UTC), **values))  # fmt: skip
