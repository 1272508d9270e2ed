"""What carries prepared messages away: values that SMTP and the folder share, and the folder itself.

A carrier takes messages from a source until it has no more, and reports each one's outcome. The source
(see `sending`) has written down that a message is about to be sent before it hands it out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import flask_mail

from dissemination.delivery.models import Fate

ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
DEAD_ADDRESS = frozenset({"1.1", "1.3", "1.6", "1.10", "2.1"})  # RFC 3463 §3.2, RFC 7505: nobody is there
REPLY_LENGTH = 500


class Prepared(flask_mail.Message):
    """A message whose octets are final. Flask-Mail's own building of messages is left out: see mail.md §1."""

    __slots__ = ("data", "id")

    def __init__(self, id: int, *, sender: str, recipient: str, data: bytes):
        self.id = id
        self.sender = sender  # of the envelope
        self.recipients = [recipient]
        self.data = data

    def as_bytes(self) -> bytes:
        """The message as it goes over the wire."""
        return self.data


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message. QUEUED: it was never begun; DEFERRED: to be tried again."""

    id: int
    fate: Fate
    reply: str = ""
    dead_address: bool = False  # the server says for good that nobody is at this address
    reason: str = ""  # a code of `texts.REASONS`, when the reply does not say all


class RelayDown(Exception):
    """The mail server cannot be reached or used at all. Says why; no message is at fault."""


class Source(Protocol):
    """Where a carrier gets messages and reports outcomes."""

    def take(self, *, wait: bool = False) -> list[Prepared]:
        """The next messages, already marked as being sent.

        [] when none is ready yet; with `wait`, which a carrier asks that has nothing under way, when none
        is left.
        """

    def ready(self) -> int:
        """How many more could be taken now."""

    def when_ready(self, notify: Callable[[], object]) -> None:
        """Call `notify()`, from another thread, when more can be taken."""

    def report(self, outcome: Outcome) -> None:
        """Note what became of a message."""


class Carrier(Protocol):
    """SMTP, or the folder."""

    def run(self, source: Source) -> None:
        """Carry what `source` gives until it gives no more. Raises RelayDown."""


def outcome_of(id: int, stage: str, code: int, text: str) -> Outcome:
    """What a final reply at `stage` (MAIL, RCPT, DATA or END) means for a message (RFC 5321, 3463).

    A 5xx to MAIL speaks of the sender or the configuration, not of the recipient: tried again until the
    deadline, unless the message is too big (RFC 1870).
    """
    reply = f"{code} {text}"[:REPLY_LENGTH]
    if code // 100 == 2:
        return Outcome(id, Fate.ACCEPTED, reply)
    if code // 100 == 5 and (stage != "MAIL" or code == 552):
        status = ENHANCED.search(text)
        dead = stage == "RCPT" and status is not None and f"{status[2]}.{status[3]}" in DEAD_ADDRESS
        return Outcome(id, Fate.REFUSED, reply, dead and status is not None and status[1] == "5")
    return Outcome(id, Fate.DEFERRED, reply)


class Sink:
    """Where rehearsals go: counts octets and keeps nothing. No network, no file."""

    def __init__(self, sending_of: Callable[[int], int], note: Callable[[int, int, int], None]):
        self.sending_of = sending_of
        self.note = note  # (sending, octets, largest)

    def run(self, source: Source) -> None:
        """Swallow every message of `source`."""
        while messages := source.take(wait=True):
            sizes: dict[int, list[int]] = {}
            for message in messages:
                sizes.setdefault(self.sending_of(message.id), []).append(len(message.data))
                source.report(
                    Outcome(message.id, Fate.ACCEPTED, f"250 rehearsed, {len(message.data)} octets")
                )
            for sending, lengths in sizes.items():
                self.note(sending, sum(lengths), max(lengths))


class Folder:
    """Delivery into a folder as .eml files: what happens when no mail server is set."""

    def __init__(self, path: Path, name: Callable[[int], str]):
        self.path = path
        self.name = name

    def run(self, source: Source) -> None:
        """Write every message of `source`; a reader never sees half a file. Raises RelayDown."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RelayDown(f"{self.path}: {error.strerror}") from None
        while messages := source.take(wait=True):
            for message in messages:
                self._write(message, source)

    def _write(self, message: Prepared, source: Source) -> None:
        target = self.path / self.name(message.id)
        part = target.with_suffix(".part")
        try:
            part.write_bytes(message.data)
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            source.report(Outcome(message.id, Fate.QUEUED))
            raise RelayDown(f"{target}: {error.strerror}") from None
        source.report(Outcome(message.id, Fate.ACCEPTED, f"250 written to {target.name}"))
