"""The mails about a shared report. None says what was found: that stays behind the link."""

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from dissemination.audits.models import Audit
from dissemination.audits.queries import standing_company
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import long_date, translated
from dissemination.people.mails import abroad
from dissemination.visits.models import Sharing
from dissemination.visits.queries import token_for


def _frame(district: District, language: str) -> dict:
    return {
        "district_name": translated(district, "name", language), "managing_body": district.managing_body,
        "mailbox": district.mailbox_address, "district_url": abroad("front.home", district=district.slug),
        "privacy_url": abroad("front.privacy", district=district.slug),
    }  # fmt: skip


def _to_reader(sharing: Sharing, template: str, subject: str, **shared) -> tuple[Mail, Recipient]:
    audit, contact = sharing.audit, sharing.contact
    language = contact.language
    with force_locale(language):
        day = long_date(audit.visited_on) if audit.visited_on else ""
    mail = Mail(
        district_id=audit.district_id, template=f"visits/{template}", language=language,
        subject=subject[:200], sender=Sender(audit.district.mailbox_name, audit.district.mailbox_address),
        shared={
            **_frame(audit.district, language), "name": contact.given_name, "day": day,
            "company": standing_company(audit).name, **shared,
        },
    )  # fmt: skip
    link = abroad("visits.show", token=token_for(sharing))
    return mail, Recipient(contact.email, contact.name, contact.id, {"link_url": link})


def shared(sharing: Sharing, *, again: bool) -> tuple[Mail, Recipient]:
    """The link to the report; `again`: she has it, and the report is a new one."""
    company = standing_company(sharing.audit).name
    with force_locale(sharing.contact.language):
        subject = (
            _("A new version of the audit report of %(company)s", company=company)
            if again
            else _("The audit report of %(company)s", company=company)
        )
    return _to_reader(sharing, "shared", subject, again=again)


def reminder(sharing: Sharing) -> tuple[Mail, Recipient]:
    """The link once more."""
    company = standing_company(sharing.audit).name
    with force_locale(sharing.contact.language):
        subject = _("Still to be read: the audit report of %(company)s", company=company)
    return _to_reader(sharing, "reminder", subject)


def answered(sharing: Sharing, count: int) -> tuple[Mail, Recipient]:
    """To a reader: the district wrote something about the report."""
    company = standing_company(sharing.audit).name
    with force_locale(sharing.contact.language):
        subject = _("The district answered about the audit report of %(company)s", company=company)
        said = ngettext("There is one new comment.", "There are %(num)d new comments.", count)
    return _to_reader(sharing, "answered", subject, said=said)


def commented(audit: Audit, count: int) -> tuple[Mail, Recipient]:
    """To who made the audit, or to the district: the company commented on the report."""
    district, auditor = audit.district, audit.auditor
    language = auditor.language if auditor else "it"
    company = standing_company(audit).name
    with force_locale(language):
        subject = _("%(company)s commented on the audit report", company=company)
        said = ngettext("There is one new comment.", "There are %(num)d new comments.", count)
    mail = Mail(
        district_id=district.id, template="visits/commented", language=language, subject=subject[:200],
        sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={
            **_frame(district, language), "company": company, "said": said,
            "link": abroad("report_desk.show", district=district.slug, audit_id=audit.id),
        },
    )  # fmt: skip
    to = (auditor.email, auditor.name) if auditor else (district.mailbox_address, district.mailbox_name)
    return mail, Recipient(*to)
