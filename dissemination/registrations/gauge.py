"""How many of those who come can be reported as the plan promises, what is missing of whom, and asking them.

Someone is reportable when every attribute that the indicators fed by her presence are split by is known:
role, and of a company its size, province and sector. What counts as known is what the closing will log
(see `attendance`): a company without a sector is reported under the workshop's.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.people import actions as people
from dissemination.people.models import Company, Contact, OrganisationType
from dissemination.people.queries import survivors
from dissemination.registrations import forms, history, invitations, mails_of_data
from dissemination.registrations.models import By, Registration, Standing, What
from dissemination.registrations.refusals import WorkshopIsClosed
from dissemination.workshops.models import Workshop

ORDER = ("role", "size", "province", "sector")
BATCH = 200  # mails put in one transaction


@dataclass(frozen=True)
class Missing:
    """A person of whom something is missing that the plan splits by."""

    registration_id: int
    name: str
    email: str
    company_id: int | None
    company: str
    attributes: tuple[str, ...]
    proven: bool  # her address; who has not proven it is not written to


@dataclass(frozen=True)
class Gauge:
    """How reportable a workshop is. `wanted`: what the fed indicators split by, as far as people tell it."""

    total: int
    wanted: tuple[str, ...]
    missing: tuple[Missing, ...]

    @property
    def percent(self) -> int | None:
        """Reportable people of 100, rounded down so that 100 means all; None while nobody has a seat."""
        return 100 * (self.total - len(self.missing)) // self.total if self.total else None

    @property
    def counts(self) -> dict[str, int]:
        """Attribute -> of how many it is missing."""
        found = Counter(name for one in self.missing for name in one.attributes)
        return {name: found[name] for name in self.wanted if found[name]}


def of(workshop: Workshop) -> Gauge:
    """The gauge of `workshop` now: one query for the people, whatever their number."""
    wanted = tuple(name for name in ORDER if name in forms.splits_of(workshop))
    rows = db.session.execute(_people(workshop)).all()
    missing = []
    for row in rows:
        names = _missing(row, wanted, workshop)
        if names:
            missing.append(
                Missing(
                    row.id, f"{row.family_name} {row.given_name}", row.email, row.company_id,
                    row.company or "", names, row.proof_due is None,
                )
            )  # fmt: skip
    return Gauge(len(rows), wanted, tuple(missing))


def _people(workshop: Workshop):
    named = aliased(Company)  # a merged one counts as the company that it became (R1)
    return (
        select(
            Registration.id, Registration.job_title, Registration.proof_due,
            Contact.job_title.label("contact_title"),
            Contact.given_name, Contact.family_name, Contact.email, Company.id.label("company_id"),
            Company.name.label("company"), Company.type, Company.size, Company.province, Company.sector_id,
        )
        .join(Registration.contact)
        .outerjoin(named, named.id == Registration.company_id)
        .outerjoin(Company, Company.id == func.coalesce(named.merged_into_id, named.id))
        .where(
            Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED,
            Registration.purged_at.is_(None),
        )
        .order_by(Contact.name_folded, Registration.id)
    )  # fmt: skip


def _missing(row: Any, wanted: tuple[str, ...], workshop: Workshop) -> tuple[str, ...]:
    is_company = row.type is OrganisationType.COMPANY
    unknown = {
        "role": not (row.job_title or row.contact_title),
        "size": is_company and row.size is None,
        "province": is_company and not row.province,
        "sector": is_company and row.sector_id is None and workshop.sector_id is None,
    }
    return tuple(name for name in wanted if unknown[name])


def of_one(registration: Registration) -> tuple[str, ...]:
    """What is missing of one person who holds a seat."""
    workshop = registration.workshop
    wanted = tuple(name for name in ORDER if name in forms.splits_of(workshop))
    row = db.session.execute(_people(workshop).where(Registration.id == registration.id)).one_or_none()
    return _missing(row, wanted, workshop) if row is not None else ()


# Asking.


def mark_of_today(workshop: Workshop) -> str:
    """What tells today's question from another day's."""
    return f"data {today(workshop.district.zone):%Y%m%d}"


def to_ask(workshop: Workshop, gauge: Gauge) -> list[Missing]:
    """Those of whom something is missing and who have not been asked today, with one query."""
    ids = [one.registration_id for one in gauge.missing]
    asked = set(
        db.session.scalars(
            select(Delivery.subject_id).where(
                Delivery.subject_kind == Registration.__tablename__, Delivery.subject_id.in_(ids),
                Delivery.idempotency == mark_of_today(workshop),
            )
        )
    )  # fmt: skip
    return [one for one in gauge.missing if one.proven and one.registration_id not in asked]


def ask(workshop: Workshop) -> int:
    """Write to the next people of whom something is missing, `BATCH` at most, each once a day; how many.

    Call it in one transaction after the other until it gives 0. Raises WorkshopIsClosed.
    """
    if workshop.closing is not None or workshop.cancellation is not None:
        raise WorkshopIsClosed
    turn = {one.registration_id: one for one in to_ask(workshop, of(workshop))[:BATCH]}
    rows = db.session.scalars(
        select(Registration)
        .where(Registration.id.in_(turn))
        .options(joinedload(Registration.contact), joinedload(Registration.company))
        .order_by(Registration.id)
    ).all()
    for row in rows:
        post = mails_of_data.missing_data(row, turn[row.id].attributes)
        invitations.put(post, row, mark_of_today(workshop))
    return len(rows)


def complete(
    registration: Registration, *, job_title: str = "", size=None, province: str = "",
    sector_id: int | None = None,
) -> None:  # fmt: skip
    """Fill in what was missing: nothing that is known is replaced. Raises WorkshopIsClosed."""
    if registration.workshop.closing is not None:
        raise WorkshopIsClosed
    changed: dict[str, list] = {}
    if job_title and not registration.job_title:
        changed["job_title"] = ["", job_title]
        registration.job_title = job_title
    if registration.company is not None:
        company = survivors([registration.company])[registration.company.id]
        filled = people.fill_company(company, size=size, province=province, sector_id=sector_id)
        changed |= {name: ["", str(value)] for name, value in filled.items()}
    if changed:
        history.note(registration, What.REVISED, By.PERSON, details=changed)
    db.session.flush()
