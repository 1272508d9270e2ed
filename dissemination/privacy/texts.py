"""What reasons, counts and sections are called."""

from flask_babel import lazy_gettext as _l

from dissemination.delivery.texts import FATES
from dissemination.delivery.texts import REASONS as FATE_REASONS
from dissemination.people.texts import PURPOSES
from dissemination.registrations.texts import STANDINGS

FATE_REASONS["erased"] = _l("Called back: the person's data were erased.")

REASONS = {
    "registration": _l("registered for a workshop whose time of keeping is not over"),
    "guest": _l("on the guest list of a workshop"),
    "newsletter": _l("reads the newsletter"),
    "consent": _l("agreed to be told of opportunities"),
    "account": _l("works at the desk"),
    "speaker": _l("is among the speakers of the district"),
    "audit": _l("met, invited or written to in an audit"),
    "research": _l("contact of a laboratory, or part of a meeting"),
    "company_page": _l("reads her company's page by a link"),
    "desk": _l("entered at the desk, with activity in the last 24 months"),
}
COUNTS = {
    "registrations": _l("registrations"), "answers": _l("answers"), "met": _l("people met in audits"),
    "texts": _l("texts that named somebody"), "photos": _l("photos of visits"),
    "certificates": _l("names on certificates"),
    "feedback": _l("signed feedback"), "guests": _l("guests"), "contacts": _l("contacts erased"),
    "unlinked": _l("contacts parted from their registrations"), "consents": _l("proofs of consent"),
    "letters": _l("letters that named somebody"), "deliveries": _l("messages that named somebody"),
    "mails": _l("requests for confirmation"),
    "replies": _l("answers of calendars without a registration"), "seats": _l("seats given back"),
}  # fmt: skip
LABELS = {
    "given_name": _l("Given name"), "family_name": _l("Family name"), "email": _l("E-mail address"),
    "phone": _l("Telephone"), "job_title": _l("Job title"), "language": _l("Language"),
    "created_at": _l("Since"), "proven_at": _l("Address confirmed"), "company": _l("Company"),
    "company_name": _l("Company"), "at": _l("When"), "on": _l("Held on"), "purpose": _l("For"),
    "given": _l("Answer"), "text": _l("Text"), "consent_text": _l("Text"), "version": _l("Version"),
    "source": _l("Where it was given"), "proof": _l("Proof"), "workshop": _l("Workshop"),
    "standing": _l("Standing"), "attends": _l("Takes part"), "number": _l("Number"),
    "confirmed_at": _l("Confirmed"), "cancelled_at": _l("Cancelled on"),
    "coming_at": _l("Said that she comes"),
    "purged_at": _l("Erased on"), "answers": _l("Answers"), "what": _l("What happened"), "who": _l("By"),
    "reason": _l("Reason"), "details": _l("Details"), "colleagues": _l("Colleagues registered"),
    "received_at": _l("Received"), "address": _l("Address"), "partstat": _l("Answer"), "effect": _l("Effect"),
    "note": _l("Note"), "via": _l("Where"), "came_at": _l("Came"), "left_at": _l("Left"), "move": _l("Scan"),
    "device": _l("Device"), "code": _l("Code"), "name": _l("Name"), "minutes": _l("Minutes"),
    "issued_at": _l("Issued"), "reaction": _l("Reaction"), "added_at": _l("Added"),
    "invited_at": _l("Invited"), "topic": _l("Topic"), "asked_at": _l("Asked"), "mailed_at": _l("Written"),
    "ended_at": _l("Ended"), "given_on": _l("Given on"), "subject": _l("Subject"), "state": _l("Fate"),
    "role": _l("Role"), "until": _l("Until"), "answer": _l("Answer"),
    "finished_at": _l("Finished"), "type": _l("Type"), "octets": _l("Octets"),
}  # fmt: skip
PLACES = {"room": _l("in the room"), "online": _l("online")}
VALUES: dict[str, dict] = {
    "standing": {k.value: words[0] for k, words in STANDINGS.items()},
    "state": {k.value: words[0] for k, words in FATES.items()},
    "purpose": PURPOSES, "attends": PLACES, "via": PLACES,
    "language": {"it": "Italiano", "en": "English"},
}  # fmt: skip


def said(name: str, value):
    """A value of a dossier in words, when it is one of a few."""
    return VALUES.get(name, {}).get(value, value) if isinstance(value, str) else value


SECTIONS = {
    "contact": _l("Contact"), "consents": _l("Consents"), "registrations": _l("Registrations"),
    "history": _l("History of the registrations"), "groups": _l("Colleagues registered"),
    "calendar_answers": _l("Answers of calendars"), "presence": _l("Presence"),
    "certificates": _l("Certificates"), "guests": _l("Guest lists"), "subscriptions": _l("Newsletters"),
    "newsletter_choices": _l("How newsletters are wanted, exclusions, imports"),
    "audits": _l("Met in audits"), "appointments": _l("Visits agreed"),
    "reports_shared": _l("Audit reports shared"), "remarks": _l("Comments on audit reports"),
    "meetings": _l("Meetings"), "laboratories": _l("Laboratories"),
    "company_pages": _l("Links to the company's page"), "corrections": _l("Corrections"),
    "call_alerts": _l("Calls told of"),
    "feedback": _l("Signed feedback"), "messages": _l("Messages sent"), "files": _l("Files"),
    "suppressions": _l("Address not written to"),
}  # fmt: skip
