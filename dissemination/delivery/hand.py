"""The messages of one round of sending: filled from rows that the ledger has marked."""

from collections import OrderedDict
from datetime import datetime

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from dissemination.delivery import verp
from dissemination.delivery.encoding import BadAddress, envelope_address
from dissemination.delivery.ledger import Ledger
from dissemination.delivery.letters import Letter, Slip, compile_letter, fill_pieces
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Fate
from dissemination.delivery.models import Letter as StoredLetter
from dissemination.delivery.transport import Outcome, Prepared
from dissemination.kernel.database import db, transaction

LETTERS = 16  # compiled letters kept at hand
CHUNK = 8  # messages filled at once: more would let the network wait


class Hand:
    """The source of a carrier: fills messages just before they are sent, and collects what became of them."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger
        self.out: dict[int, object] = {}  # handed to the carrier and not decided
        self.letters: OrderedDict[int, Letter | Exception] = OrderedDict()
        self.senders: dict[int, str] = {}
        self.tried = 0
        self.secret = str(current_app.secret_key)

    def take(self, *, wait: bool = False) -> list[Prepared]:
        """The next messages; [] when none is ready yet, or with `wait` when none is left."""
        while rows := self.ledger.take(CHUNK, wait=wait and not self.out):
            self.out.update((row.id, row) for row in rows)
            try:
                prepared = [message for row in rows if (message := self.prepared(row)) is not None]
            except DBAPIError:  # no fault of the messages: they were not begun
                for row in rows:
                    self.report(Outcome(row.id, Fate.QUEUED))
                raise
            if prepared:
                return prepared
        return []

    def ready(self) -> int:
        """How many more could be taken now."""
        return len(self.ledger.marked)

    def when_ready(self, notify) -> None:
        """Call `notify()`, from another thread, when more can be taken."""
        self.ledger.notify = notify

    def prepared(self, row) -> Prepared | None:
        """The message of a row; None when it cannot be filled, which is then its outcome."""
        try:
            return self.message(row)
        except BadAddress:
            self.report(Outcome(row.id, Fate.REFUSED, "", reason="bad_address"))
        except DBAPIError:
            raise
        except Exception as problem:  # templates and data of any kind: shown at the desk, tried later
            self.report(Outcome(row.id, Fate.DEFERRED, f"{problem}"[:500], reason="letter_broken"))
        return None

    def message(self, row) -> Prepared:
        """The finished message of one row."""
        letter = self.letter(row.letter_id)
        recipient = envelope_address(row.address)
        slip = Slip(row.address, row.name, row.merge, row.calendar, row.message_id, row.created_at, recipient)
        sender = verp.sign(row.id, self.senders[row.letter_id], secret=self.secret)
        return Prepared(row.id, sender=sender, recipient=recipient, pieces=fill_pieces(letter, slip))

    def letter(self, letter_id: int) -> Letter:
        """The letter, compiled when it is used for the first time. Raises what compiling it raised."""
        if letter_id not in self.letters:
            try:
                self.letters[letter_id], self.senders[letter_id] = stored_letter(letter_id)
            except DBAPIError:
                raise
            except Exception as problem:
                current_app.logger.exception("letter %s cannot be compiled", letter_id)
                self.letters[letter_id] = problem
            if len(self.letters) > LETTERS:
                self.letters.popitem(last=False)
        found = self.letters[letter_id]
        if isinstance(found, Exception):
            raise found.with_traceback(None)
        return found

    def report(self, outcome: Outcome) -> None:
        """Note what became of a message; the ledger writes it down."""
        row = self.out.pop(outcome.id, None)
        if row is not None:
            self.tried += outcome.fate is not Fate.QUEUED
            self.ledger.add(outcome, row)

    def sending_of(self, delivery_id: int) -> int:
        """The id of the sending that a message belongs to; 0 for single mails."""
        return self.out[delivery_id].sending  # type: ignore[attr-defined]

    def file_name(self, delivery_id: int) -> str:
        """The name of a message's file: when it was written, and its row."""
        row = self.out[delivery_id]
        made = row.created_at  # type: ignore[attr-defined]
        made = datetime.fromisoformat(made) if isinstance(made, str) else made
        return f"{made:%Y%m%dT%H%M%SZ}-{delivery_id:06d}.eml"


def stored_letter(letter_id: int) -> tuple[Letter, str]:
    """A letter and the address it is sent from, compiled and stored when it was not."""
    row = db.session.execute(
        select(StoredLetter.segments, StoredLetter.source, StoredLetter.content_hash).where(
            StoredLetter.id == letter_id
        )
    ).one()
    db.session.rollback()  # rendering happens outside of any transaction
    mail = Mail.from_source(row.source)
    sender = envelope_address(mail.sender.address)
    if row.segments is not None:
        return Letter.load(row.segments), sender
    letter = compile_letter(mail, seed=row.content_hash)
    with transaction():
        db.session.execute(
            update(StoredLetter)
            .where(StoredLetter.id == letter_id, StoredLetter.segments.is_(None))
            .values(segments=letter.dump())
        )
    return letter, sender
