"""A submission's verbs: asked for, sent, corrected, given back, not taken, thanked for."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from dissemination.bibliography.records import one_line, paragraphs
from dissemination.delivery import outbox
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.refusals import Refusal
from dissemination.people import queries as people
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.publications import actions as publications
from dissemination.publications.models import Publication, PublicationFile
from dissemination.submissions import mails
from dissemination.submissions.models import Standing, Submission


class NotYours(Refusal):
    """The district decides on it, or has decided."""

    message = _l("This work can no longer be changed here: the district is deciding on it, or has decided.")


class NoContact(Refusal):
    """Links go to people of the registry who belong to an organisation."""

    status = 422
    message = _l(
        "The registry has no contact of a company or research body with this address. Enter it first."
    )
    field = "email"


class NoPlan(Refusal):
    """Publications hang on the lines of the plan."""

    message = _l("The district does not take publications yet. Please write to us.")


class NothingToDecide(Refusal):
    """It is with its author, or decided."""

    message = _l("Nothing waits for an answer here: it is with its author, or it is decided.")


def contact_for(district: District, email: str) -> Contact | None:
    """The contact of an organisation of the registry with that address."""
    contact = people.contact_by_email(district.id, email.strip().lower())
    fits = contact is not None and contact.company_id is not None and contact.erased_at is None
    return contact if fits else None


def ask(district: District, *, email: str) -> Submission | None:
    """Mail the link to whoever asks for it; None, and no mail, for an address that is not in the registry."""
    contact = contact_for(district, email)
    return None if contact is None else _open(district, contact, by=None)


def invite(district: District, *, email: str, by: Account) -> Submission:
    """Mail the link to somebody whose work is wanted. Raises NoContact."""
    contact = contact_for(district, email)
    if contact is None:
        raise NoContact
    return _open(district, contact, by=by)


def _open(district: District, contact: Contact, *, by: Account | None) -> Submission:
    """Her link that is still unused, mailed again, or a new one."""
    query = select(Submission).where(
        Submission.contact_id == contact.id, Submission.district_id == district.id,
        Submission.sent_at.is_(None),
    )  # fmt: skip
    found = db.session.scalars(query.order_by(Submission.id.desc())).first()
    if found is None:
        found = Submission(district=district, contact=contact)
        db.session.add(found)
    found.asked_at = now()
    found.invited_by = by.id if by else found.invited_by
    db.session.flush()
    _post(found, mails.invitation(found))
    return found


def send(
    submission: Submission,
    *,
    facts: dict,
    line_id: int | None,
    files: list,
    message: str,
    version: int | None = None,
) -> Publication:
    """Keep the work as a draft with its files, or correct the one that was sent.

    `version` is that of the work that was read, when there is one. `facts` as for `publications.actions.add`
    without the plan's places, except `sector_id`; `files` have `stream` and `filename`. All or nothing.
    Raises NotYours, NoPlan, files.WrongFileType, files.EmptyFile and what `publications.actions` raises.
    """
    _hold(submission)
    work = submission.publication
    if work is None:
        if line_id is None:
            raise NoPlan
        work = publications.add(submission.district, by=None, **facts, activity_line_id=line_id)
        submission.publication = work
    else:
        publications.revise(work, by=None, version=version or 0, **facts)
    for file in files:
        publications.attach(work, file.stream, file.filename)
    first, submission.sent_at = submission.sent_at is None, submission.sent_at or now()
    submission.returned_at = None
    submission.title = work.title_it or work.title_en
    submission.message = paragraphs(message)
    db.session.flush()
    if first:
        _post(submission, mails.received(submission))
    _post(submission, mails.told(submission.district, submission))
    return work


def take_off(submission: Submission, file: PublicationFile) -> None:
    """Take a file off that its author sent by mistake. Raises NotYours."""
    _hold(submission)
    publications.detach(file)


def _hold(submission: Submission) -> None:
    """Nobody decides on it until this transaction ends. Raises NotYours."""
    db.session.refresh(submission, with_for_update={"of": Submission})
    if submission.publication is not None:
        db.session.refresh(submission.publication, with_for_update={"of": Publication})
    if not submission.may_change:
        raise NotYours


def give_back(submission: Submission, *, text: str, by: Account) -> None:
    """Ask its author to correct it. Raises NothingToDecide."""
    _decide(submission, text, {"returned_at": now(), "returned_by": by.id})
    _post(submission, mails.returned(submission))


def decline(submission: Submission, *, text: str, by: Account) -> None:
    """Do not take it; its draft goes, the words stay. Raises NothingToDecide."""
    work = submission.publication
    _decide(submission, text, {"declined_at": now(), "declined_by": by.id, "publication_id": None})
    if work is not None:
        publications.remove(work)
    _post(submission, mails.declined(submission))


def _decide(submission: Submission, text: str, values: dict) -> None:
    if submission.standing not in (Standing.SENT, Standing.RETURNED):
        raise NothingToDecide
    query = update(Submission).where(Submission.id == submission.id, Submission.declined_at.is_(None))
    if rows_changed(query.values(words=paragraphs(text), **values)) != 1:
        raise NothingToDecide
    db.session.refresh(submission)


def thank(submission: Submission) -> bool:
    """Tell its author, once, that the work is public and where; whether this was the time."""
    query = update(Submission).where(Submission.id == submission.id, Submission.thanked_at.is_(None))
    if submission.publication is None or rows_changed(query.values(thanked_at=now())) != 1:
        return False
    _post(submission, mails.published(submission, submission.publication))
    return True


def forget(contact: Contact) -> list[int]:
    """Empty what she wrote to the organisers and they to her; the ids of her submissions.

    Her works stay as they are: drafts are the desk's, and what is public is cited.
    """
    ids = list(db.session.scalars(select(Submission.id).where(Submission.contact_id == contact.id)))
    rows_changed(update(Submission).where(Submission.id.in_(ids)).values(message="", words=""))
    return ids


def _post(submission: Submission, mail_and_recipient) -> None:
    mail, recipient = mail_and_recipient
    if submission.contact.erased_at is not None:
        return  # nobody is there any more
    outbox.put(mail, recipient, about=submission, idempotency=one_line(f"{now():%Y%m%d%H%M%S%f}"))
