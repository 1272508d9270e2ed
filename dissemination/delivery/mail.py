"""What a mail is: plain values. Nothing here renders, stores or sends.

A `Mail` is the part that is the same for everybody, a `Recipient` what differs. Other packages make
both in their `mails.py` and hand them to `outbox.put`.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field

from dissemination.kernel.text import ascii_domain

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(text: str) -> str:
    """`text` on one line without control characters: what may stand in a header or a calendar value."""
    text = str(text)
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(CONTROL.sub(" ", text).split())


@dataclass(frozen=True)
class Sender:
    """The district's one monitored mailbox: From, Reply-To and ORGANIZER. Never a no-reply."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The domain of the address in ASCII (IDNA), as message ids need it."""
        domain = self.address.rsplit("@", 1)[-1].strip().lower()
        try:
            return ascii_domain(domain)
        except UnicodeError:
            return "invalid"


@dataclass(frozen=True)
class Bulk:
    """What makes a mail a newsletter: the List-* headers of RFC 2369, 2919 and 8058.

    `unsubscribe` names the merge field that holds the https address of the one-click unsubscribe;
    `help_url` defaults to the archive. `feedback_id` goes to Feedback-ID.
    """

    list_id: str  # "newsletter.moda.example"
    archive_url: str
    unsubscribe: str = "unsubscribe_url"
    list_name: str = ""
    help_url: str = ""
    feedback_id: str = ""


@dataclass(frozen=True)
class Mail:
    """A mail in one language, without its recipients.

    `template` "registrations/confirmation" means templates/mail/registrations/confirmation.mjml and
    .txt. `shared` is JSON-able data that is the same for every recipient; templates see its keys at
    top level, and what differs as `{{ merge.<field> }}`. See templates/mail/_layout.mjml for the keys
    that the layout wants.
    """

    district_id: int
    template: str
    language: str
    subject: str
    sender: Sender
    shared: dict
    bulk: Bulk | None = None

    def source(self) -> dict:
        """The whole mail as JSON-able data. Not a copy: `shared` is the mail's own."""
        return {**vars(self), "sender": vars(self.sender), "bulk": vars(self.bulk) if self.bulk else None}

    @classmethod
    def from_source(cls, data: dict) -> "Mail":
        """The mail that `source()` was made of."""
        bulk = Bulk(**data["bulk"]) if data.get("bulk") else None
        return cls(**{**data, "sender": Sender(**data["sender"]), "bulk": bulk})


def content_hash(source: dict) -> str:
    """SHA-256 over a mail's source, in hexadecimal: equal mails are one letter."""
    canonical = json.dumps(source, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Recipient:
    """One address, and the values of the merge fields for it (plain text or URLs, never markup)."""

    address: str
    name: str = ""
    contact_id: int | None = None
    merge: dict[str, str] = field(default_factory=dict)
