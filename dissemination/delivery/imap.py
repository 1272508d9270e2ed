"""Reading the district's mailbox by IMAP (RFC 9051), without getting in the way of the people who read it.

Only unseen messages are looked at, and with BODY.PEEK, so a message that is people's stays as it was. What
is ours is marked as read, or moved to a folder, only after it was committed: after a crash it is read
again, and its Message-ID says that it was handled. Nothing here ever expunges what others marked.
"""

import imaplib
import logging
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from dissemination.delivery.inbound import LIMIT

BATCH = 200  # messages of one look
REMEMBERED = 10_000
BROKEN = (ImapToolsError, imaplib.IMAP4.error, OSError, EOFError)
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
log = logging.getLogger("dissemination.imap")
# Messages known to be people's, so that each is downloaded once a process; forgetting them costs time only.
_left: dict[tuple, set[str]] = {}
# Messages that failed at the last look: after the others, lest a batch of them keeps all others waiting.
_failed: dict[tuple, set[str]] = {}


class Left(Exception):
    """A message is not ours to handle: leave it as it is."""


class Trouble(Exception):
    """The mailbox cannot be read now; the text says why."""


@dataclass
class Count:
    """What one look at the mailbox did."""

    handled: int = 0
    left: int = 0
    failed: int = 0


def fetch(settings, take: Callable[[bytes], object]) -> Count:
    """Hand each unseen message to `take`, which commits, or raises Left. Raises Trouble.

    A message whose handling fails stays unseen and is tried at the next look; the others go on.
    """
    try:
        mailbox = _connected(settings)
        try:
            return _look(mailbox, settings, take)
        finally:
            with suppress(*BROKEN):
                mailbox.logout()
            with suppress(*BROKEN):
                mailbox.client.shutdown()  # also when the server no longer answers
    except BROKEN as error:
        raise Trouble(f"the mailbox at {settings.server}: {error}") from error


def _connected(settings) -> BaseMailBox:
    """A connection to the mailbox, its certificate checked, the folder open."""
    place = {"host": settings.server, "port": settings.port, "timeout": settings.timeout}
    if settings.security == "tls":
        mailbox: BaseMailBox = MailBox(**place, ssl_context=ssl.create_default_context())
    elif settings.security == "starttls":
        mailbox = MailBoxStartTls(**place, ssl_context=ssl.create_default_context())
    else:
        mailbox = MailBoxUnencrypted(**place)
    plain = (settings.username + settings.password).isascii()
    try:
        enter = mailbox.login if plain else mailbox.login_utf8
        return enter(settings.username, settings.password, initial_folder=settings.folder)
    except BROKEN:
        with suppress(*BROKEN):
            mailbox.client.shutdown()
        raise


def _look(mailbox: BaseMailBox, settings, take) -> Count:
    count = Count()
    validity = mailbox.folder.status(settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
    key = (settings.server, settings.username, settings.folder, validity)
    left, failed = _left.setdefault(key, set()), _failed.setdefault(key, set())
    unseen = mailbox.uids("UNSEEN UNDELETED", charset=None)
    left &= set(unseen)
    failed &= set(unseen)
    for uid in sorted((u for u in unseen if u not in left), key=failed.__contains__)[:BATCH]:
        octets = _octets(mailbox, uid)
        failed.add(uid)
        try:
            if octets is None:
                raise Left
            take(octets)
        except Left:
            failed.discard(uid)
            count.left += 1
            if len(left) < REMEMBERED:
                left.add(uid)
        except Exception:
            count.failed += 1
            log.exception("message %s of the mailbox could not be handled; it is tried again", uid)
        else:
            failed.discard(uid)
            _put_away(mailbox, uid, settings.handled)
            count.handled += 1
    return count


def _octets(mailbox: BaseMailBox, uid: str) -> bytes | None:
    """The message as it is, not marked as read; None when it is gone or over the limit."""
    size = SIZE.search(b" ".join(p for p in _answer(mailbox, uid, "(RFC822.SIZE)") if isinstance(p, bytes)))
    if size is None or int(size[1]) > LIMIT:
        return None
    found = [part[1] for part in _answer(mailbox, uid, "(BODY.PEEK[])") if isinstance(part, tuple)]
    return found[0] if found else None


def _answer(mailbox: BaseMailBox, uid: str, what: str) -> list:
    status, data = mailbox.client.uid("FETCH", uid, what)
    if status != "OK":
        raise mailbox.client.error(f"FETCH {what}: {status}")
    return data


def _put_away(mailbox: BaseMailBox, uid: str, folder: str | None) -> None:
    """Mark as read, and move where there is a folder.

    Not by the library's `flag` and `delete`: they expunge, and with it what others marked as deleted.
    """
    mailbox.client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
    if not folder:
        return
    if not mailbox.folder.exists(folder):
        mailbox.folder.create(folder)
    if "MOVE" in mailbox.client.capabilities:
        mailbox.move(uid, folder)
    elif "UIDPLUS" in mailbox.client.capabilities:
        mailbox.copy(uid, folder)
        mailbox.client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        mailbox.client.uid("EXPUNGE", uid)
