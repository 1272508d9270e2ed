"""The verbs of accounts and appointments: who may do what in a district."""

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l
from flask_security import hash_password
from sqlalchemy import func, select

from dissemination.delivery import outbox
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role
from dissemination.people import mails
from dissemination.people.accounts import Account, Appointment, uniquifier

SHORTEST_PASSWORD = 10


class LastManager(Refusal):
    """A district would be left without anybody who may give access to it."""

    message = _l("This is the only manager of the district. Appoint another one first.")


class AlreadyAppointed(Refusal):
    """The person holds a role here."""

    message = _l("This person already has access to the district. Change the role instead.")
    field = "email"


class BadAddress(Refusal):
    """Not an e-mail address."""

    status = 422
    message = _l("This is not a complete e-mail address.")
    field = "email"


class ShortPassword(Refusal):
    """Too short a password."""

    status = 422
    message = _l("The password needs at least 10 characters.")
    field = "password"


def account_by_email(email: str) -> Account | None:
    """The account with that address, whatever its case."""
    return db.session.scalar(select(Account).where(func.lower(Account.email) == email.strip().lower()))


def appointments(district: District) -> list[Appointment]:
    """Who has access to the district, by address. Observers of all districts are not listed."""
    return list(
        db.session.scalars(
            select(Appointment).join(Account).where(Appointment.district_id == district.id)
            .order_by(Account.email)
        )
    )  # fmt: skip


def add_account(*, email: str, name: str = "", language: str = "it", password: str | None = None) -> Account:
    """The account with that address, added when it is not there; an existing password is kept unless one
    is given. Raises BadAddress, ShortPassword."""
    try:
        address = validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise BadAddress from None
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise ShortPassword
    account = account_by_email(address)
    if account is None:
        account = Account(
            email=address.lower(), name=name, language=language, active=True, created_at=now(),
            fs_uniquifier=uniquifier(),
        )  # fmt: skip
        db.session.add(account)
    if password is not None:
        account.password, account.fs_uniquifier = hash_password(password), uniquifier()
    account.name = account.name or name
    db.session.flush()
    return account


def appoint(account: Account, role: Role, district: District | None) -> Appointment:
    """Give `account` one role in the district (district None: observer of all). Replaces a former one.

    Raises LastManager when the only manager would lose that role.
    """
    held = [a for a in account.appointments if a.district_id == (district.id if district else None)]
    if held and held[0].role is Role.MANAGER and role is not Role.MANAGER:
        _keep_a_manager(held[0])
    for former in held[1:]:
        account.appointments.remove(former)
    if held:
        held[0].role = role
    else:
        held = [Appointment(role=role, district_id=district.id if district else None)]
        account.appointments.append(held[0])
    db.session.flush()
    return held[0]


def withdraw(appointment: Appointment) -> None:
    """Take the role away. Raises LastManager."""
    if appointment.role is Role.MANAGER:
        _keep_a_manager(appointment)
    appointment.account.appointments.remove(appointment)
    db.session.flush()


def _keep_a_manager(appointment: Appointment) -> None:
    # The managers are locked, so that of two who withdraw each other at once one is refused.
    managers = db.session.scalars(
        select(Appointment)
        .where(Appointment.district_id == appointment.district_id, Appointment.role == Role.MANAGER)
        .with_for_update()
    ).all()
    if not [m for m in managers if m.id != appointment.id and m.account.active]:
        raise LastManager


def invite(district: District, *, email: str, name: str, role: Role, language: str, by: Account) -> Account:
    """Give a person access and tell them by mail: with a link to set a password when they have none.

    Raises AlreadyAppointed, BadAddress.
    """
    account = add_account(email=email, name=name, language=language)
    if any(a.district_id == district.id for a in account.appointments):
        raise AlreadyAppointed
    appointed = appoint(account, role, district)
    send_invitation(appointed, by=by)
    return account


def send_invitation(appointment: Appointment, *, by: Account) -> None:
    """Send the mail of an appointment, once more when it was sent before."""
    account, district = appointment.account, appointment.district or first_district(appointment.account)
    if district is None:
        return  # an installation without districts has nobody to write in the name of
    who = by.name or by.email
    if account.password:
        mail, recipient = mails.appointment(account, district, by=who)
    else:
        mail, recipient = mails.invitation(account, district, token=invitation_token(account), by=who)
    outbox.put(mail, recipient, about=account, idempotency=now().isoformat()[:19])


def invitation_token(account: Account) -> str:
    """What the link of an invitation carries. It dies when a password is set."""
    return links.sign_for_a_while("invitation", account.fs_uniquifier)


def invited(token: str) -> Account | None:
    """The account that an invitation is for; None when the link is false, old or used."""
    mark = links.read_recent("invitation", token, max_age=mails.INVITATION_DAYS * 86400)
    account = db.session.scalar(select(Account).where(Account.fs_uniquifier == mark)) if mark else None
    return account if account is not None and account.active and not account.password else None


def revise_account(account: Account, *, name: str, language: str) -> None:
    """Change one's own name and language."""
    account.name, account.language = name, language
    db.session.flush()


def first_district(account: Account) -> District | None:
    """In whose name mails to the account are sent: its first district, else the installation's first."""
    for held in account.appointments:
        if held.district is not None:
            return held.district
    return db.session.scalar(select(District).order_by(District.id).limit(1))
