"""Issuing, correcting, withdrawing and announcing certificates."""

from dissemination.certificates import codes, documents, mails, queries, texts
from dissemination.certificates.models import Certificate
from dissemination.certificates.queries import Claim
from dissemination.certificates.refusals import AlreadyWithdrawn, NoReason, NotEntitled, WasWithdrawn
from dissemination.delivery import outbox
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.registrations.models import Registration
from dissemination.workshops.models import Workshop
from dissemination.workshops.queries import hold


def issue(registration: Registration, *, by: Account | None = None) -> Certificate:
    """Her certificate: the valid one when there is one, else a new one.

    `by`: the organiser; without, she asked by her link and needs no mail. Raises NotEntitled, and
    WasWithdrawn when she asks for another after an organiser withdrew hers.
    """
    hold(registration.workshop)
    claim = queries.claim(registration)
    if claim.valid is not None:
        return claim.valid
    if claim.why is not None:
        raise NotEntitled(texts.reason(claim))
    if claim.was_withdrawn and by is None:
        raise WasWithdrawn
    certificate = _add(claim, by)
    db.session.flush()
    return certificate


def issue_all(workshop: Workshop, *, by: Account) -> int:
    """A certificate for everybody who may have one and has none; how many. Not for the withdrawn."""
    hold(workshop)
    added = [_add(claim, by) for claim in queries.claims(workshop) if claim.may_have]
    db.session.flush()
    return len(added)


def correct(certificate: Certificate, *, by: Account) -> Certificate:
    """A new certificate with the name and hours as they are known now; the old one is withdrawn.

    Raises AlreadyWithdrawn, NotEntitled.
    """
    hold(certificate.registration.workshop)
    claim = queries.claim(certificate.registration)
    _must_be_valid(certificate)
    if claim.why is not None:
        raise NotEntitled(texts.reason_at_desk(claim))
    certificate.withdrawn_at, certificate.withdrawn_by = now(), by.id
    db.session.flush()  # first the old one goes: a registration has one valid certificate
    new = _add(claim, by)
    db.session.flush()
    certificate.replaced_by_id = new.id
    db.session.flush()
    return new


def withdraw(certificate: Certificate, *, reason: str, by: Account) -> None:
    """Declare a certificate no longer valid; its public page says so. Raises AlreadyWithdrawn, NoReason."""
    hold(certificate.registration.workshop)
    _must_be_valid(certificate)
    if not reason.strip():
        raise NoReason
    certificate.withdrawn_at, certificate.withdrawn_by = now(), by.id
    certificate.withdrawn_reason = reason.strip()[:300]
    outbox.cancel(certificate, "certificate withdrawn")
    db.session.flush()


def tell(workshop: Workshop) -> int:
    """Write once to each whose certificate is ready and who does not know it; how many mails."""
    hold(workshop)
    waiting = queries.to_tell(workshop)
    for certificate in waiting:
        outbox.put(*mails.ready(certificate), about=certificate)
        certificate.told_at = now()
    db.session.flush()
    return len(waiting)


def _must_be_valid(certificate: Certificate) -> None:
    if certificate.withdrawn_at is not None:
        raise AlreadyWithdrawn


def _add(claim: Claim, by: Account | None) -> Certificate:
    registration, moment = claim.registration, now()
    certificate = Certificate(
        registration_id=registration.id, code=codes.make(), name=registration.contact.name,
        minutes=claim.minutes, of_minutes=claim.of_minutes, language=registration.language,
        printed=documents.printed(claim), issued_at=moment, issued_by=by.id if by else None,
        told_at=None if by else moment,
    )  # fmt: skip
    db.session.add(certificate)
    return certificate
