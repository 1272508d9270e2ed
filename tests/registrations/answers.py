"""Calendars' answers as Outlook, Gmail, Apple and Thunderbird send them: the files in `replies/`, filled."""

from base64 import encodebytes
from datetime import UTC
from itertools import count
from pathlib import Path
from quopri import encodestring

FOLDER = Path(__file__).parent / "replies"
WORDS = {"ACCEPTED": "Accettato", "DECLINED": "Rifiutato", "TENTATIVE": "Provvisorio"}
_numbers = count(1)


def answer(client, invitation, partstat="DECLINED", *, method="REPLY", stamp=None, **more):
    """The message that `client` sends for `invitation`; `more`: attendee, uid, sequence, message_id, start, end."""
    stamp = stamp or invitation.stamp
    values = {
        "attendee": "carlo@tessitura.example", "uid": invitation.uid, "sequence": invitation.sequence,
        "message_id": f"answer-{next(_numbers)}@tessitura.example", "start": "20270311T140000",
        "end": "20270311T170000", "method": method, "partstat": partstat, "word": WORDS.get(partstat, "Risposta"),
        "stamp": f"{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}", **more,
    }  # fmt: skip
    calendar = _filled((FOLDER / f"{client}.ics").read_text(), values).replace("\n", "\r\n")
    values |= {
        "calendar": calendar, "calendar_base64": encodebytes(calendar.encode()).decode(),
        "calendar_quoted": encodestring(calendar.replace("\r\n", "\n").encode()).decode(),
    }  # fmt: skip
    return _filled((FOLDER / f"{client}.eml").read_text(), values).encode()


def _filled(text, values):
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def without(octets, header):
    """The message without its header (and what follows it on indented lines)."""
    kept, dropping = [], False
    head, _, body = octets.partition(b"\n\n")
    for line in head.split(b"\n"):
        dropping = line.lower().startswith(header.lower().encode() + b":") or (
            dropping and line.startswith((b" ", b"\t"))
        )
        if not dropping:
            kept.append(line)
    return b"\n".join(kept) + b"\n\n" + body
