"""A second person looks at an issue that goes to many, before it may be sent.

An approval is of one version: a change afterwards makes a new version, of which it says nothing.
"""

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from dissemination.delivery import outbox
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role
from dissemination.newsletters import history, notices
from dissemination.newsletters.dispatches import Approval, What
from dissemination.newsletters.models import Issue
from dissemination.people.access import appointments
from dissemination.people.accounts import Account
from dissemination.people.actions import ChangedMeanwhile


class NeedsApproval(Refusal):
    """The issue goes to more people than one person may write to alone."""

    message = _l("This issue goes to so many people that somebody else has to approve it first.")


class NobodyToAsk(Refusal):
    """Nobody else of the district may approve."""

    message = _l(
        "Nobody else can approve: the district needs a second organiser or manager, or no threshold for "
        "approval."
    )


class AskedAlready(Refusal):
    """The same version was put to a second person before."""

    message = _l("Somebody was asked to approve this version already.")


class NotOneself(Refusal):
    """Who asked cannot be the second person."""

    status = 403
    message = _l("You asked for the approval yourself: somebody else has to give it.")


class NothingToApprove(Refusal):
    """No open request about what the issue is now."""

    message = _l(
        "There is nothing to approve: the issue was changed meanwhile, or somebody decided before you."
    )


def is_needed(issue: Issue, persons: int) -> bool:
    """Whether a second person has to approve a sending of `issue` to `persons`."""
    threshold = history.settings(issue.district).approval_above
    return threshold is not None and persons > threshold


def is_granted(issue: Issue) -> bool:
    """Whether a second person approved `issue` as it is now."""
    found = history.approval_now(issue)
    return found is not None and found.granted is True


def approvers(issue: Issue, *, but: Account | None) -> list[Account]:
    """Who could approve: organisers and managers of the district, `but` left out."""
    found = {
        a.account.id: a.account for a in appointments(issue.district)
        if a.role in (Role.ORGANISER, Role.MANAGER) and a.account.active
    }  # fmt: skip
    return [account for account_id, account in found.items() if but is None or account_id != but.id]


def ask(issue: Issue, *, version: int, persons: int, by: Account) -> Approval:
    """Ask for an approval of `issue` at `version`; everybody who could give it gets a mail.

    Raises ChangedMeanwhile, AskedAlready, NobodyToAsk.
    """
    db.session.refresh(issue, with_for_update={"of": Issue})
    if issue.version != version or issue.sent_at is not None:
        raise ChangedMeanwhile
    before = history.approval_now(issue)
    if before is not None and before.granted is not False:
        raise AskedAlready
    people = approvers(issue, but=by)
    if not people:
        raise NobodyToAsk
    request = Approval(issue_id=issue.id, version=version, asked_at=now(), asked_by=by.id)
    try:
        with db.session.begin_nested():
            db.session.add(request)
    except IntegrityError:
        raise AskedAlready from None
    history.note(issue, What.ASKED, by=by, words=str(persons))
    for account in people:
        mail, recipient = notices.approval_asked(issue, account, by=by.name or by.email, persons=persons)
        outbox.put(mail, recipient, about=request)
    db.session.flush()
    return request


def decide(issue: Issue, *, granted: bool, words: str, by: Account) -> None:
    """Say yes or no to `issue` as it is now; who asked gets a mail. Raises NothingToApprove, NotOneself."""
    db.session.refresh(issue, with_for_update={"of": Issue})
    request = history.approval_now(issue)
    if request is None or request.decided_at is not None or issue.sent_at is not None:
        raise NothingToApprove
    if request.asked_by == by.id:
        raise NotOneself
    request.decided_at, request.decided_by, request.granted = now(), by.id, granted
    request.words = words.strip()[:500]
    history.note(issue, What.APPROVED if granted else What.REFUSED, by=by, words=request.words)
    asker = db.session.get(Account, request.asked_by) if request.asked_by else None
    if asker is not None:
        mail, recipient = notices.approval_decided(
            issue, asker, by=by.name or by.email, granted=granted, words=request.words
        )
        outbox.put(mail, recipient, about=request)
    db.session.flush()
