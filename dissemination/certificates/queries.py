"""Who may have a certificate of a workshop, who not and why, and the certificates that there are."""

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from dissemination.attendance import queries as attendance
from dissemination.attendance.models import Presence
from dissemination.certificates import codes
from dissemination.certificates.models import Certificate
from dissemination.kernel.database import db
from dissemination.people.models import Company
from dissemination.registrations.models import Attends, Registration, Standing
from dissemination.workshops.models import Workshop


class Why(StrEnum):
    """Why somebody gets no certificate."""

    CANCELLED = "cancelled"  # the workshop did not take place
    NOT_CLOSED = "not_closed"  # its books are still open
    NO_SEAT = "no_seat"  # the registration is not (or no longer) confirmed
    ABSENT = "absent"
    TOO_SHORT = "too_short"  # present, but less than the share required
    ERASED = "erased"  # her personal data are no longer held


@dataclass(frozen=True)
class Claim:
    """What one registration is entitled to: `why` not, or None when she may have a certificate.

    `minutes` of `of_minutes` as the door noted them; `via` says where she was seen first; `borne_out`:
    by what is noted now she held a seat and was there long enough.
    """

    registration: Registration
    minutes: int
    of_minutes: int
    required_share: int
    via: Attends | None
    why: Why | None
    borne_out: bool
    certificates: list[Certificate] = field(default_factory=list)  # newest last

    @property
    def share(self) -> int:
        """How much of the time she was there, in whole percent, rounded down: never more than it was."""
        return 100 * self.minutes // self.of_minutes if self.of_minutes else 100

    @property
    def valid(self) -> Certificate | None:
        """Her valid certificate."""
        return next((c for c in self.certificates if c.withdrawn_at is None), None)

    @property
    def was_withdrawn(self) -> bool:
        """An organiser took her certificate away: she does not get another by herself."""
        return bool(self.certificates) and self.valid is None

    @property
    def may_have(self) -> bool:
        """A certificate can be issued now without anybody's further decision."""
        return self.why is None and not self.certificates

    @property
    def lost(self) -> bool:
        """She has a certificate that the door, as it is noted now, no longer bears out."""
        return self.valid is not None and not self.borne_out and self.why is not Why.ERASED

    @property
    def differs(self) -> bool:
        """Her certificate says another name or other hours than are known now."""
        c = self.valid
        if c is None or self.why is not None or not c.name:
            return False
        return (c.name, c.minutes, c.of_minutes) != (
            self.registration.contact.name, self.minutes, self.of_minutes,
        )  # fmt: skip


def claims(workshop: Workshop) -> list[Claim]:
    """Everybody who holds a seat or a certificate, by family name. The same number of queries for all."""
    have: dict[int, list[Certificate]] = {}
    for certificate in _certificates(workshop):
        have.setdefault(certificate.registration_id, []).append(certificate)
    people = attendance.people(workshop)
    seated = {r.id for r in people}
    people += [c[0].registration for key, c in have.items() if key not in seated]
    return _claims(workshop, people, have)


def claim(registration: Registration) -> Claim:
    """What this registration is entitled to."""
    query = select(Certificate).where(Certificate.registration_id == registration.id)
    have = {registration.id: list(db.session.scalars(query.order_by(Certificate.id)))}
    return _claims(registration.workshop, [registration], have, registration.id)[0]


def _claims(workshop, people, have, only: int | None = None) -> list[Claim]:
    of_minutes = attendance.minutes_planned(workshop)
    minutes = attendance.minutes_present(workshop, registration_id=only)
    via = _seen(workshop, only)
    made = []
    for r in people:
        there = min(minutes.get(r.id, 0), of_minutes) if r.id in via else 0
        enough = 100 * there >= workshop.required_share * of_minutes
        made.append(
            Claim(
                registration=r, minutes=there, of_minutes=of_minutes, via=via.get(r.id),
                required_share=workshop.required_share, certificates=have.get(r.id, []),
                why=_why(workshop, r, r.id in via, enough),
                borne_out=r.standing is Standing.CONFIRMED and r.id in via and enough,
            )
        )  # fmt: skip
    return made


def _why(workshop: Workshop, registration: Registration, there: bool, enough: bool) -> Why | None:
    """The reason that weighs most, None when there is none."""
    reasons = (
        (workshop.cancellation is not None, Why.CANCELLED),
        (registration.standing is not Standing.CONFIRMED, Why.NO_SEAT),
        (registration.contact.erased_at is not None or registration.purged_at is not None, Why.ERASED),
        (workshop.closing is None, Why.NOT_CLOSED),
        (not there, Why.ABSENT),
        (not enough, Why.TOO_SHORT),
    )
    return next((why for holds, why in reasons if holds), None)


def _seen(workshop: Workshop, only: int | None) -> dict[int, Attends]:
    query = (
        select(Presence.registration_id, Presence.via)
        .join(Presence.registration)
        .where(Registration.workshop_id == workshop.id)
    )
    if only is not None:
        query = query.where(Registration.id == only)
    return dict(db.session.execute(query).all())


def _certificates(workshop: Workshop) -> list[Certificate]:
    query = (
        select(Certificate)
        .join(Certificate.registration)
        .where(Registration.workshop_id == workshop.id)
        .options(
            joinedload(Certificate.registration).joinedload(Registration.contact),
            joinedload(Certificate.registration).joinedload(Registration.company).joinedload(Company.sector),
        )
        .order_by(Certificate.id)
    )
    return list(db.session.scalars(query))


def in_workshop(workshop: Workshop, certificate_id: int) -> Certificate:
    """The certificate with that id, if it is of this workshop. Raises NotFound (404)."""
    found = db.session.scalar(
        select(Certificate)
        .join(Certificate.registration)
        .where(Certificate.id == certificate_id, Registration.workshop_id == workshop.id)
    )
    if found is None:
        raise NotFound
    return found


def by_code(text: str) -> Certificate | None:
    """The certificate whose code somebody typed, of whatever district; valid or withdrawn."""
    code = codes.read(text)
    if code is None:
        return None
    return db.session.scalar(
        select(Certificate)
        .where(Certificate.code == code)
        .options(joinedload(Certificate.registration).joinedload(Registration.workshop))
    )


def to_tell(workshop: Workshop) -> list[Certificate]:
    """The valid certificates of which nobody has told their owners."""
    return [
        c
        for c in _certificates(workshop)
        if c.withdrawn_at is None and c.told_at is None and c.registration.contact.erased_at is None
    ]
