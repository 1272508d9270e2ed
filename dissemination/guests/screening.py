"""Before people come on the list: who is there already, who was named twice, who must not be written to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _
from sqlalchemy import func, select

from dissemination.delivery.suppressed import forgotten
from dissemination.guests import queries
from dissemination.guests.models import Guest
from dissemination.kernel.database import db
from dissemination.kernel.text import fold
from dissemination.people.models import Company, Contact
from dissemination.workshops.models import Workshop


@dataclass(frozen=True)
class Person:
    """Somebody to invite. `line` is her line in a file, 0 when there is none."""

    email: str
    given_name: str = ""
    family_name: str = ""
    company_name: str = ""
    language: str = "it"
    contact_id: int | None = None
    company_id: int | None = None
    line: int = 0

    @property
    def name(self) -> str:
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass
class Screening:
    """People sorted by what would become of them."""

    new: list[Person] = field(default_factory=list)
    there: list[Person] = field(default_factory=list)  # on the list already
    merged: list[tuple[Person, Person]] = field(default_factory=list)  # a duplicate, and who stands for it
    left_out: list[tuple[Person, str]] = field(default_factory=list)  # with the reason


def screen(workshop: Workshop, people: Iterable[Person]) -> Screening:
    """Sort `people` with a handful of queries. Writes nothing.

    Two lines with one address become one: what the first leaves empty the second fills.
    """
    found = Screening()
    unique = _merged(people, found)
    emails = list(unique)
    there = set(
        db.session.scalars(
            select(Guest.email).where(Guest.workshop_id == workshop.id, Guest.email.in_(emails))
        )
    )
    refused = _refused(workshop.district_id, emails)
    erased = forgotten(workshop.district_id, emails)
    known = _known(workshop.district_id, emails)
    companies = _companies(workshop.district_id, [p.company_name for p in unique.values()])
    for email, person in unique.items():
        if email in there:
            found.there.append(person)
        elif email in refused:
            found.left_out.append((person, refused[email]))
        elif email in erased:
            found.left_out.append((person, _("This person asked for her data to be erased.")))
        else:
            found.new.append(_completed(person, known.get(email), companies))
    return found


def _merged(people: Iterable[Person], found: Screening) -> dict[str, Person]:
    unique: dict[str, Person] = {}
    for person in people:
        email = person.email.strip().lower()
        first = unique.get(email)
        if first is None:
            unique[email] = replace(person, email=email)
            continue
        unique[email] = replace(
            first, given_name=first.given_name or person.given_name,
            family_name=first.family_name or person.family_name,
            company_name=first.company_name or person.company_name,
        )  # fmt: skip
        found.merged.append((person, first))
    return unique


def _refused(district_id: int, emails: list[str]) -> dict[str, str]:
    """Address -> why it must not be written to."""
    return {
        email: _("This address must not be written to: %(reason)s", reason=reason)
        for email, reason in queries.suppressed(district_id, emails).items()
    }


def _known(district_id: int, emails: list[str]) -> dict[str, Contact]:
    rows = db.session.scalars(
        select(Contact).where(Contact.district_id == district_id, Contact.email.in_(emails))
    )
    return {contact.email: contact for contact in rows}


def _companies(district_id: int, names: list[str]) -> dict[str, int]:
    """Folded name -> company, for names that only one company of the registry has."""
    folded = {fold(name)[:200] for name in names if name}
    if not folded:
        return {}
    rows = db.session.execute(
        select(Company.name_folded, func.min(Company.id))
        .where(
            Company.district_id == district_id, Company.merged_into_id.is_(None),
            Company.name_folded.in_(folded),
        )
        .group_by(Company.name_folded)
        .having(func.count() == 1)
    )  # fmt: skip
    return {name: company_id for name, company_id in rows}  # noqa: C416 (rows are not pairs to mypy)


def _completed(person: Person, contact: Contact | None, companies: dict[str, int]) -> Person:
    """With what the registry knows of her; what the list says of her name goes first."""
    company_id = person.company_id or companies.get(fold(person.company_name)[:200])
    if contact is None:
        return replace(person, company_id=company_id)
    named = bool(person.given_name or person.family_name)
    return replace(
        person, contact_id=contact.id, company_id=company_id or contact.company_id,
        given_name=person.given_name if named else contact.given_name,
        family_name=person.family_name if named else contact.family_name,
    )  # fmt: skip
