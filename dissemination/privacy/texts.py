"""What reasons, counts and sections are called."""

from flask_babel import lazy_gettext as _l

from dissemination.delivery.texts import REASONS as FATE_REASONS

FATE_REASONS["erased"] = _l("Called back: the person's data were erased.")

REASONS = {
    "registration": _l("registered for a workshop whose time of keeping is not over"),
    "guest": _l("on the guest list of a workshop"),
    "newsletter": _l("reads the newsletter"),
    "consent": _l("agreed to be told of opportunities"),
    "account": _l("works at the desk"),
    "speaker": _l("is among the speakers of the district"),
    "desk": _l("entered at the desk, with activity in the last 24 months"),
}
COUNTS = {
    "registrations": _l("registrations"), "answers": _l("answers"), "certificates": _l("names on certificates"),
    "feedback": _l("signed feedback"), "guests": _l("guests"), "contacts": _l("contacts erased"),
    "unlinked": _l("contacts parted from their registrations"), "consents": _l("proofs of consent"),
    "letters": _l("letters that named somebody"), "deliveries": _l("messages that named somebody"),
    "mails": _l("requests for confirmation"), "seats": _l("seats given back"),
}  # fmt: skip
SECTIONS = {
    "contact": _l("Contact"), "consents": _l("Consents"), "registrations": _l("Registrations"),
    "history": _l("History of the registrations"), "groups": _l("Colleagues registered"),
    "calendar_answers": _l("Answers of calendars"), "presence": _l("Presence"),
    "certificates": _l("Certificates"), "guests": _l("Guest lists"), "subscriptions": _l("Newsletters"),
    "feedback": _l("Signed feedback"), "messages": _l("Messages sent"), "files": _l("Files"),
    "suppressions": _l("Address not written to"),
}  # fmt: skip
