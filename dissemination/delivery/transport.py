"""What carries prepared messages away: values that SMTP and the folder share, and the folder itself.

A carrier takes messages from a source until it has no more, and reports each one's outcome. The source
(see `sending`) has written down that a message is about to be sent before it hands it out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import flask_mail

from dissemination.delivery.models import Fate

SHORT = 16_384  # octets: to copy them costs less than to tell the kernel where each piece is
FOLDER = "folder"  # the name under which it is kept whether the folder can be written


class Prepared(flask_mail.Message):
    """A message whose octets are final, in pieces. Flask-Mail's own building of messages is left out."""

    __slots__ = ("id", "pieces", "size", "utf8")

    def __init__(self, id: int, *, sender: str, recipient: str, pieces: list[bytes]):
        self.id = id
        self.sender = sender  # of the envelope
        self.recipients = [recipient]
        self.pieces = pieces
        self.size = sum(map(len, pieces))  # octets
        self.utf8 = not recipient.isascii()  # needs SMTPUTF8 (RFC 6531)

    def as_bytes(self) -> bytes:
        """The message as it goes over the wire."""
        return b"".join(self.pieces)


class Outcome(NamedTuple):
    """What became of one message. QUEUED: it was never begun; DEFERRED: to be tried again."""

    id: int
    fate: Fate
    reply: str = ""
    dead_address: bool = False  # the server says for good that nobody is at this address
    reason: str = ""  # a code of `texts.REASONS`, when the reply does not say all
    soft: bool = False  # the mailbox takes nothing now: counts against the address for a while
    slow_down: bool = False  # the receiver wants fewer messages
    via: str = ""  # the name of the server that took it


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
                sizes.setdefault(self.sending_of(message.id), []).append(message.size)
                source.report(Outcome(message.id, Fate.ACCEPTED, f"250 rehearsed, {message.size} octets"))
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
            part.write_bytes(message.as_bytes())
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            source.report(Outcome(message.id, Fate.QUEUED))
            raise RelayDown(f"{target}: {error.strerror}") from None
        source.report(Outcome(message.id, Fate.ACCEPTED, f"250 written to {target.name}", via=FOLDER))
