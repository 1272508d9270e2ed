"""The mail that reminds an organiser of evidence that is missing. Nothing is sent here."""

from collections.abc import Sequence

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import short_date, translated
from dissemination.people.accounts import Account
from dissemination.people.mails import abroad
from dissemination.proofs.queries import Lack

SHOWN = 20  # further activities are counted, and listed on the page


def reminder(account: Account, district: District, lacks: Sequence[Lack]) -> tuple[Mail, Recipient]:
    """What `account` organised and cannot be proven yet, with what is missing of each."""
    with force_locale(account.language):
        subject = ngettext(
            "The evidence of %(num)d activity is not complete",
            "The evidence of %(num)d activities is not complete", len(lacks),
        )  # fmt: skip
        why = _("%(body)s writes to you because you have an account here.", body=district.managing_body)
        rows = [
            {
                "title": x.title,
                "day": short_date(x.on),
                "missing": ", ".join(x.missing) or _("its books are open"),
            }
            for x in lacks[:SHOWN]
        ]
        page = abroad("proofs_desk.index", district=district.slug)
        mail = Mail(
            district_id=district.id, template="proofs/reminder", language=account.language, subject=subject,
            sender=Sender(district.mailbox_name, district.mailbox_address),
            shared={
                "district_name": translated(district, "name"), "footer_lines": [why], "rows": rows,
                "more": len(lacks) - len(rows), "link": page,
                "site_url": abroad("front.home", district=district.slug),
            },
        )  # fmt: skip
    return mail, Recipient(address=account.email, name=account.name)
