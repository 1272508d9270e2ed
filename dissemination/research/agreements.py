"""An agreement's verbs: drafted, revised, signed, taken back, ended."""

from datetime import date
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from dissemination.districts.models import District
from dissemination.kernel import files
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.people.actions import hold_version
from dissemination.people.models import Company
from dissemination.plan import activity, holders
from dissemination.research.logged import Did, attributes, standing
from dissemination.research.models import Agreement


class IsSigned(Refusal):
    """What was signed is not rewritten."""

    message = _l("The agreement is signed. Take the signature back first, with a reason.")


class NotSigned(Refusal):
    """There is nothing to end or to take back."""

    message = _l("The agreement is not signed.")


class HasEnded(Refusal):
    """It was given up."""

    message = _l("The agreement has ended.")


class SignedAhead(Refusal):
    """Nobody signs tomorrow."""

    status = 422
    field = "signed_on"
    message = _l("This day is still to come: an agreement counts once it is signed.")


class SamePartner(Refusal):
    """Nobody agrees with itself."""

    status = 422
    field = "partner_id"
    message = _l("Company and research body are the same organisation.")


def draft(
    district: District, *, company: Company, by: Account | None, meeting_id: int | None = None, **facts
) -> Agreement:
    """Note an agreement that is being prepared. `facts`: see `forms`. Raises SamePartner."""
    if facts["partner_id"] == company.id:
        raise SamePartner
    row = Agreement(
        district_id=district.id, company_id=company.id, meeting_id=meeting_id, created_at=now(),
        created_by=by.id if by else None, **facts,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def revise(agreement: Agreement, *, version: int, **facts) -> None:
    """Change what is not signed yet. Raises IsSigned, HasEnded, SamePartner, ChangedMeanwhile."""
    hold_version(agreement, version)
    if agreement.signed_on is not None:
        raise IsSigned
    if agreement.ended_at is not None:
        raise HasEnded
    if facts["partner_id"] == agreement.company_id:
        raise SamePartner
    for name, value in facts.items():
        setattr(agreement, name, value)
    db.session.flush()


def sign(
    agreement: Agreement, *, signed_on: date, stream: BinaryIO, name: str, version: int, by: Account | None
) -> None:
    """It is signed and the signed file is here: RE-05 counts it if both work on it (not a service).

    Raises IsSigned, HasEnded, SignedAhead, ChangedMeanwhile, files.EmptyFile, files.WrongFileType.
    """
    hold_version(agreement, version)
    if agreement.signed_on is not None:
        raise IsSigned
    if agreement.ended_at is not None:
        raise HasEnded
    if signed_on > today(agreement.district.zone):
        raise SignedAhead
    agreement.file = files.put(stream, name, district_id=agreement.district_id)
    agreement.signed_on, agreement.signed_at = signed_on, now()
    agreement.signed_by = by.id if by else None
    db.session.flush()
    activity.record(
        Did.SIGNED, agreement, district_id=agreement.district_id, title=agreement.title,
        happened_on=signed_on, by=by, activity_line_id=agreement.activity_line_id,
        company_id=agreement.company_id,
        attributes=attributes(agreement.company, Did.SIGNED)
        | {"cooperation": agreement.cooperation.value, "partner": agreement.partner.name},
    )  # fmt: skip
    holders.changed(Agreement.__tablename__, [agreement.id])


def take_back(agreement: Agreement, *, reason: str, version: int, by: Account | None) -> None:
    """The signature was entered by mistake: the log's row is reversed, the file goes.

    Raises NotSigned, ChangedMeanwhile.
    """
    hold_version(agreement, version)
    if agreement.signed_on is None:
        raise NotSigned
    row = standing(agreement, Did.SIGNED)
    if row is not None:
        activity.reverse(row, by=by, happened_on=row.happened_on, reason=reason)
    gone, agreement.file_id = agreement.file, None
    agreement.signed_on = agreement.signed_at = agreement.signed_by = None
    db.session.flush()
    if gone is not None:
        files.remove(gone)
    db.session.refresh(agreement)
    holders.changed(Agreement.__tablename__, [agreement.id])


def end(agreement: Agreement, *, reason: str, version: int, by: Account | None) -> None:
    """It is given up before its last day, or never comes about; what was signed counts on.

    Raises HasEnded, ChangedMeanwhile.
    """
    hold_version(agreement, version)
    if agreement.ended_at is not None:
        raise HasEnded
    agreement.ended_at, agreement.ended_because = now(), reason.strip()[:300]
    agreement.ended_by = by.id if by else None
    db.session.flush()
