"""Several colleagues in one go, by a company's contact: all get seats, or all wait together, or nobody.

Each has an own registration, invitation and link. The booker need not come herself; when her address is
among the colleagues she does. Everything is one transaction: one refusal, and nobody is registered.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select

from dissemination.guests import actions as guests
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Contact, OrganisationType, Purpose
from dissemination.registrations import entering, proofs, queries, rooms, unasked
from dissemination.registrations.models import Attends, By, Group, Registration, Standing
from dissemination.registrations.refusals import (
    ColleagueRegistered,
    NotTwice,
    WrittenTooOften,
    WrongNumber,
)
from dissemination.workshops.models import Workshop

MOST = 10


@dataclass(frozen=True)
class Person:
    """Who books, or one of the colleagues."""

    email: str
    given_name: str
    family_name: str
    job_title: str = ""
    answers: dict = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The e-mail address as it is kept."""
        return self.email.strip().lower()


def register_group(
    workshop: Workshop,
    *,
    booker: Person,
    colleagues: Sequence[Person],
    company: Company | None = None,
    tax_id: str = "",
    company_name: str = "",
    province: str = "",
    size=None,
    sector_id: int | None = None,
    organisation_type: OrganisationType = OrganisationType.COMPANY,
    attends: Attends | None = None,
    consents: Mapping[Purpose, str] | None = None,
    language: str = "it",
    form_mark: str | None = None,
    newsletter_issue_id: int | None = None,
    newsletter_block_id: int | None = None,
    guest_id: int | None = None,
    proven: bool = False,
    by: Account | None = None,
    network: str | None = None,
) -> Group:
    """Register `colleagues` (1 to 10) for one company: seats for all, or all on the waiting list together.

    The booker's address counts for the group: is it new, the places are held until she proves it and nobody
    else is written to before. Arguments as in `actions.register`; a `form_mark` seen before gives the group
    that it made. Raises WrongNumber, NotTwice, ColleagueRegistered (both name the line), WrittenTooOften,
    and what `actions.register` raises.
    """
    twin = _sent_before(workshop, form_mark, booker)
    if twin is not None:
        return twin
    entering.check_open(workshop, by=by)
    _check_list(colleagues)
    attends = rooms.way(workshop, attends)
    invited = {p.address: guests.admit(workshop, guest_id=guest_id, email=p.email, by=by) for p in colleagues}
    facts = {
        "tax_id": tax_id, "company_name": company_name, "province": province, "size": size,
        "sector_id": sector_id, "organisation_type": organisation_type,
    }  # fmt: skip
    company = entering.company_of(workshop, company, facts)
    contacts = _contacts(
        workshop, booker, colleagues, company, language=language, fill=proven or by is not None
    )
    contact = contacts[booker.address]
    due = unasked.proof_due(workshop, contact, by=by, proven=proven)
    if proven:
        people.prove(contact)
        db.session.flush()
    may_ask = _count_mails(workshop, contact, contacts, due=due, network=network, by=by)
    group = _add_group(workshop, contact, company, form_mark)
    if group is None:
        return _there(workshop, form_mark, booker)
    place, standing = entering.take(workshop, attends, by=by, size=len(colleagues))
    shared = {
        "workshop_id": workshop.id, "company_id": company.id if company else None, "group_id": group.id,
        "attends": attends, "standing": standing, "proof_due": due, "language": language,
        "newsletter_issue_id": newsletter_issue_id, "newsletter_block_id": newsletter_block_id,
        "told_revision": workshop.revision,
    }  # fmt: skip
    members = []
    for n, (person, number) in enumerate(zip(colleagues, place.numbers, strict=True), 1):
        row = {**shared, "number": number, "guest_id": invited[person.address]}
        members.append(_member(n, person, contacts[person.address], row))
    _after(members, place, company, by=by, consents=consents)
    if due is None:
        proofs.tell(members)
    elif may_ask:
        proofs.ask_group(group, members)
    return group


def _check_list(colleagues: Sequence[Person]) -> None:
    if not 1 <= len(colleagues) <= MOST:
        raise WrongNumber(MOST)
    seen: set[str] = set()
    for n, person in enumerate(colleagues, 1):
        if person.address in seen:
            raise NotTwice(n, person.address)
        seen.add(person.address)


def _contacts(workshop, booker, colleagues, company, *, language: str, fill: bool) -> dict[str, Contact]:
    """The contact of each, by address; in one order, so that two groups at once never wait for each other."""
    everybody = {person.address: person for person in (*colleagues, booker)}
    return {
        address: people.find_or_add_contact(
            district_id=workshop.district_id, email=address, given_name=person.given_name,
            family_name=person.family_name, company=company, language=language, job_title=person.job_title,
            fill=fill and person is booker,
        )
        for address, person in sorted(everybody.items())
    }  # fmt: skip


def _count_mails(workshop, contact, contacts, *, due, network, by) -> bool:
    """Count the mails that this booking is the reason for; whether the booker may be asked for her proof."""
    if by is not None:
        return True
    others = [c for c in contacts.values() if c is not contact]
    asked = [contact.email] if due is not None else []
    if not others and not asked:
        return True
    allowed = unasked.count(
        workshop.district_id, asked, others=others, network=network if due is not None else None
    )
    refused = {c.email for c in others} - allowed
    if refused:
        raise WrittenTooOften(min(refused))
    return due is None or contact.email in allowed


def _add_group(workshop, contact: Contact, company: Company | None, form_mark: str | None) -> Group | None:
    return insert_once(
        Group, public_id=secrets.token_hex(16), workshop_id=workshop.id, contact_id=contact.id,
        company_id=company.id if company else None, created_at=now(),
        form_mark=form_mark if form_mark and len(form_mark) <= entering.MARK else None,
    )  # fmt: skip


def _sent_before(workshop: Workshop, form_mark: str | None, booker: Person) -> Group | None:
    if not form_mark:
        return None
    found = db.session.scalar(select(Group).where(Group.form_mark == form_mark))
    if found is None or found.workshop_id != workshop.id or found.contact.email != booker.address:
        return None
    return found


def _there(workshop: Workshop, form_mark: str | None, booker: Person) -> Group:
    """The group that the same form made at the same moment."""
    twin = _sent_before(workshop, form_mark, booker)
    if twin is None:
        raise RuntimeError("a form mark that a constraint knows cannot be read")
    return twin


def _member(line: int, person: Person, contact: Contact, row: dict) -> Registration:
    row = {
        **row, "contact_id": contact.id, "job_title": person.job_title, "answers": dict(person.answers),
    }  # fmt: skip
    registration = entering.add(row, form_mark=None)
    if registration is None:
        raise ColleagueRegistered(line, person.address)
    return registration


def _after(members: list[Registration], place, company, *, by, consents) -> None:
    """Rows that go with the new registrations, and the seats that are free for them after all."""
    workshop, group = members[0].workshop, cast(Group, members[0].group)
    entering.settle(workshop, members, place, company)
    for member in members:
        entering.record(entering.Did.REGISTERED, member, by=by)
        if by is not None:
            entering.note_made(member, By.ORGANISER, by)
        elif member.contact_id != group.contact_id:
            entering.note_made(member, By.COLLEAGUE)
        if member.guest_id is not None:
            guests.accept(member.guest_id)
    entering.record_consents(group.contact, workshop, consents)
    db.session.flush()


def standing_of(group: Group) -> Standing:
    """How the group stands: as its first living member, or the first."""
    members = queries.members(group)
    living = [m for m in members if m.standing not in (Standing.CANCELLED, Standing.REFUSED)]
    return (living or members)[0].standing
