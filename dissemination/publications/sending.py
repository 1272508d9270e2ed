"""Which mails go out of this package, and to whom."""

from dissemination.delivery import outbox
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.rights import Role
from dissemination.people import access
from dissemination.people.accounts import Account
from dissemination.publications import mails, members
from dissemination.publications.models import Publication, Step


def mail_reading_link(district: District, email: str, publication: Publication | None) -> bool:
    """Mail the link for members' publications if the address is a contact's of a member company; whether."""
    contact = members.by_address(district, email)
    if contact is None:
        return False
    mail, recipient = mails.reading_link(
        district, contact, token=members.token_for(contact, publication), days=members.DAYS
    )
    outbox.put(mail, recipient, about=contact, idempotency=f"{now():%Y%m%d%H%M%S%f}")
    return True


def mail_review(publication: Publication, step: Step, *, asker_id: int | None, by: Account) -> int:
    """Tell the managers that an approval is asked for, or who asked what came of it; how many are told.

    Nobody is told of what she did herself, nor of a mere comment.
    """
    if step is Step.ASKED:
        appointed = access.appointments(publication.district)
        told = {a.account for a in appointed if a.role is Role.MANAGER and a.account.active}
    elif step in (Step.CHANGES, Step.APPROVED) and asker_id is not None:
        told = {db.session.get_one(Account, asker_id)}
    else:
        return 0
    words = publication.notes[-1].text
    told = sorted((a for a in told if a.id != by.id), key=lambda a: a.id)
    for account in told:
        mail, recipient = mails.review(publication, account, step=step, by=by.name, words=words)
        outbox.put(mail, recipient, about=publication, idempotency=f"note {publication.notes[-1].id}")
    return len(told)
