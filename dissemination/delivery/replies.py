"""What a server's final reply means for one message: RFC 5321 reply codes and RFC 3463 status codes.

The one table of it. The first digit of the reply decides whether a message is tried again; the status
code, where the server gives one, what it was about: only what is about the address itself suppresses it,
only what is about our pace makes a domain rest, only what is about the mailbox counts as a soft bounce.
"""

import re
from enum import Enum

from dissemination.delivery.models import Fate
from dissemination.delivery.transport import Outcome

ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
REPLY_LENGTH = 500


class About(Enum):
    """What a status code speaks of."""

    ADDRESS = "nobody is at this address"
    MAILBOX = "the mailbox takes nothing now: full, locked, over its quota"
    PACE = "the receiver wants fewer messages, or none for a while"
    MESSAGE = "this message: its size, its form, what it says"
    POLICY = "who we are or what we may: blocked, not authenticated"
    ELSE = "anything else"


STATUS = {
    "1.1": About.ADDRESS,  # bad destination mailbox
    "1.2": About.ADDRESS,  # bad destination system: the domain does not exist
    "1.3": About.ADDRESS,  # bad syntax
    "1.6": About.ADDRESS,  # mailbox has moved
    "1.10": About.ADDRESS,  # null MX: the domain takes no mail (RFC 7505)
    "2.0": About.MAILBOX,
    "2.1": About.ADDRESS,  # mailbox disabled
    "2.2": About.MAILBOX,  # full
    "2.3": About.MESSAGE,  # longer than this mailbox takes
    "2.4": About.MAILBOX,  # a list that does not expand
    "3.1": About.PACE,  # mail system full
    "3.2": About.PACE,  # not accepting network messages
    "3.4": About.MESSAGE,  # too big
    "4.2": About.PACE,  # bad connection
    "4.5": About.PACE,  # congestion
    "5.3": About.PACE,  # too many recipients
    "6.0": About.MESSAGE, "6.1": About.MESSAGE, "6.7": About.MESSAGE,
    "7.0": About.POLICY, "7.1": About.POLICY, "7.20": About.POLICY, "7.23": About.POLICY,
    "7.25": About.POLICY, "7.26": About.POLICY,
    "7.27": About.POLICY,  # it is our sender's domain that has a null MX (RFC 7505)
}  # fmt: skip


def about(code: int, text: str) -> About:
    """What a reply speaks of."""
    status = ENHANCED.search(text)
    if status is None or int(status[1]) != code // 100:
        return About.PACE if code in (421, 450) else About.MAILBOX if code == 552 else About.ELSE
    if code // 100 == 4 and status[2] == "7":
        return About.PACE  # 4.7.x: greylisted, deferred for reputation or rate
    found = STATUS.get(f"{status[2]}.{status[3]}", About.ELSE)
    if found is About.ELSE and code == 421:
        return About.PACE
    return found


def outcome_of(id: int, stage: str, code: int, text: str, *, via: str = "") -> Outcome:
    """What a final reply at `stage` (MAIL, RCPT, DATA or END) of the server `via` means for a message.

    A 5xx to MAIL speaks of the sender or the configuration, not of the recipient: tried again until the
    deadline, unless the message is too big (552, RFC 1870) or its address cannot be carried (553, RFC 6531).
    What is neither yes nor no behind the last dot says nothing: the message may have been taken.
    """
    if code // 100 == 2:
        return Outcome(id, Fate.ACCEPTED, f"{code} {text}"[:REPLY_LENGTH], via=via)
    reply, subject = f"{code} {text}"[:REPLY_LENGTH], about(code, text)
    if stage == "END" and code // 100 not in (4, 5):
        return Outcome(id, Fate.UNCERTAIN, reply)
    if code // 100 == 5 and (stage != "MAIL" or code in (552, 553)):
        return Outcome(
            id, Fate.REFUSED, reply, dead_address=subject is About.ADDRESS and stage == "RCPT",
            soft=subject is About.MAILBOX,
        )  # fmt: skip
    return Outcome(id, Fate.DEFERRED, reply, slow_down=subject is About.PACE)
