"""Laboratories, meetings and agreements, made through the actions."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from dissemination.people.models import OrganisationType
from dissemination.research import agreements, labs, meetings
from dissemination.research.models import Cooperation
from tests import factories

PDF = b"%PDF-1.7 accordo"
SOON = datetime(2026, 6, 10, 8, 0, tzinfo=UTC)  # 10:00 in Rome
NOW = SOON - timedelta(days=30)


def body(district, name="Università di Prova"):
    """A research body."""
    return factories.company(district, name, type=OrganisationType.RESEARCH, municipality="Firenze")


def laboratory(district, *, organisation=None, by=None, **facts):
    """A laboratory with its contact."""
    organisation = organisation or body(district)
    contact = facts.pop("contact", None) or factories.contact(
        district,
        f"lab{organisation.id}@uni.example",
        company=organisation,
        given_name="Lea",
        family_name="Galli",
    )
    facts = {
        "organisation_id": organisation.id, "name": "Laboratorio Acque", "competences_it": "Riciclo dell'acqua",
        "competences_en": "", "equipment_it": "Osmosi", "equipment_en": "", "keywords": ["acqua", "tintura"],
        "sectors": ["tessile"], "contact_id": contact.id, "website": "", **facts,
    }  # fmt: skip
    return labs.add(district, by=by, **facts)


def meeting(district, company, *, lab=None, by=None, **more):
    """A wish for a meeting."""
    line = factories.line(district, "c")
    return meetings.ask(
        district, company=company, laboratory=lab, activity_line_id=line.id, by=by,
        **{"wish": "Meno acqua", **more},
    )  # fmt: skip


def arrange(row, contact, lab_contact, **more):
    """A date for a meeting."""
    facts = {
        "contact_id": contact.id, "laboratory_contact_id": lab_contact.id if lab_contact else None,
        "starts_at": SOON, "ends_at": SOON + timedelta(hours=1), "place": "Prato", "message": "A presto",
        "version": row.version, **more,
    }  # fmt: skip
    meetings.arrange(row, **facts)


def agreement(district, company, partner, *, by=None, **facts):
    """An agreement in preparation."""
    facts = {
        "partner_id": partner.id, "laboratory_id": None, "title": "Acqua pulita", "purpose": "Ridurre",
        "cooperation": Cooperation.ACTIVE, "activity_line_id": factories.line(district, "c").id,
        "starts_on": date(2026, 5, 1), "ends_on": date(2026, 7, 1), **facts,
    }  # fmt: skip
    return agreements.draft(district, company=company, by=by, **facts)


def sign(row, *, by=None, on=date(2026, 5, 2), data=PDF):
    """Its signature."""
    agreements.sign(row, signed_on=on, stream=BytesIO(data), name="accordo.pdf", version=row.version, by=by)
