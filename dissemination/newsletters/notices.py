"""Mails to those who work at the desk: an issue waits for a second pair of eyes, or could not go."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient
from dissemination.kernel.languages import translated
from dissemination.newsletters.models import Issue
from dissemination.people.accounts import Account
from dissemination.people.mails import abroad
from dissemination.subscriptions.mails import frame, sender


def _notice(
    name: str, issue: Issue, account: Account, subject: str, *, page: str, **shared
) -> tuple[Mail, Recipient]:
    district, language = issue.district, account.language
    mail = Mail(
        district_id=district.id, template=f"newsletters/{name}", language=language, subject=subject,
        sender=sender(district),
        shared={
            **frame(district, language), "title": subject, "issue": translated(issue, "subject", language),
            "url": abroad(f"newsletters_desk.{page}", district=district.slug, issue_id=issue.id), **shared,
        },
    )  # fmt: skip
    return mail, Recipient(address=account.email, name=account.name)


def approval_asked(issue: Issue, account: Account, *, by: str, persons: int) -> tuple[Mail, Recipient]:
    """`by` asks `account` to look at the issue before it goes to many people."""
    with force_locale(account.language):
        subject = _("A newsletter waits for your approval")
    return _notice("approval_asked", issue, account, subject, page="approval", by=by, persons=persons)


def approval_decided(
    issue: Issue, account: Account, *, by: str, granted: bool, words: str
) -> tuple[Mail, Recipient]:
    """What the second person said, to who asked."""
    with force_locale(account.language):
        subject = _("Your newsletter was approved") if granted else _("Your newsletter was not approved")
    return _notice(
        "approval_decided", issue, account, subject, page="sending", by=by, granted=granted, words=words
    )


def held(issue: Issue, account: Account, *, because: str) -> tuple[Mail, Recipient]:
    """A scheduled issue did not go out when its moment came, and why."""
    with force_locale(account.language):
        subject = _("Your newsletter did not go out")
    return _notice("held", issue, account, subject, page="show", because=because)
