"""Mails about the log: its head, to be kept outside this database, and what a verification found."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import translated
from dissemination.people.accounts import Account
from dissemination.people.mails import abroad
from dissemination.seals.models import LogCheck
from dissemination.seals.queries import Head


def head(found: Head, district: District, account: Account) -> tuple[Mail, Recipient]:
    """The monthly head of a district's log, for a manager or for the Region."""
    with force_locale(account.language):
        name = translated(district, "name", account.language)
        subject = _("The head of the activity log: %(district)s", district=name)
    return _mail("head", subject, district, account, printed=found.printed, rows=found.position)


def alarm(check: LogCheck, district: District, account: Account) -> tuple[Mail, Recipient]:
    """A verification found that the log is not as it was written."""
    with force_locale(account.language):
        name = translated(district, "name", account.language)
        subject = _("The activity log was changed from outside: %(district)s", district=name)
    return _mail("alarm", subject, district, account, count=len(check.findings))


def _mail(
    template: str, subject: str, district: District, account: Account, **shared
) -> tuple[Mail, Recipient]:
    with force_locale(account.language):
        why = _("%(body)s writes to you because you have an account here.", body=district.managing_body)
    site = abroad("seals_desk.index", district=district.slug)
    mail = Mail(
        district_id=district.id, template=f"seals/{template}", language=account.language, subject=subject,
        sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={
            "district_name": translated(district, "name", account.language), "footer_lines": [why],
            "site_url": site, "title": subject, "url": site, **shared,
        },
    )  # fmt: skip
    return mail, Recipient(address=account.email, name=account.name)
