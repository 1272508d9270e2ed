"""The mails to those who hold accounts. Each function returns the mail as a value; nothing is sent here."""

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import translated
from dissemination.people.accounts import Account

RESET_HOURS = 24
INVITATION_DAYS = 14


def abroad(endpoint: str, **values) -> str:
    """The address of a page for use in a mail, under PUBLIC_URL whatever host the request named."""
    path = current_app.url_map.bind("mail").build(endpoint, values)
    return _public_url() + path


def _public_url() -> str:
    return current_app.config["SETTINGS"].public_url


def _mail(
    template: str, subject: str, district: District, account: Account, **shared
) -> tuple[Mail, Recipient]:
    with force_locale(account.language):
        why = _("%(body)s writes to you because you have an account here.", body=district.managing_body)
    mail = Mail(
        district_id=district.id, template=f"people/{template}", language=account.language, subject=subject,
        sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={
            "district_name": translated(district, "name", account.language), "footer_lines": [why],
            "site_url": f"{_public_url()}/{district.slug}/", **shared,
        },
    )  # fmt: skip
    return mail, Recipient(address=account.email, name=account.name)


def password_reset(account: Account, district: District, *, token: str) -> tuple[Mail, Recipient]:
    """The link to choose a new password; it holds for RESET_HOURS."""
    with force_locale(account.language):
        subject = _("Choose a new password")
    link = abroad("security.reset_password", token=token)
    return _mail("password_reset", subject, district, account, link=link, hours=RESET_HOURS)


def password_changed(account: Account, district: District) -> tuple[Mail, Recipient]:
    """Tells the owner that the password is a new one, in case it was not they."""
    with force_locale(account.language):
        subject = _("Your password was changed")
    return _mail("password_changed", subject, district, account, link=abroad("security.forgot_password"))


def invitation(account: Account, district: District, *, token: str, by: str) -> tuple[Mail, Recipient]:
    """Invites to the desk of a district with a link to set the first password; it holds INVITATION_DAYS."""
    with force_locale(account.language):
        subject = _(
            "Access to the desk of %(district)s", district=translated(district, "name", account.language)
        )
    link = abroad("people_account.accept", token=token)
    return _mail("invitation", subject, district, account, link=link, days=INVITATION_DAYS, by=by)


def appointment(account: Account, district: District, *, by: str) -> tuple[Mail, Recipient]:
    """Tells somebody who has a password already that a further desk is open to them."""
    with force_locale(account.language):
        subject = _(
            "Access to the desk of %(district)s", district=translated(district, "name", account.language)
        )
    return _mail("appointment", subject, district, account, link=abroad("security.login"), by=by)
