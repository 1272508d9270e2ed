"""What pages, reports and mails ask the chain."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import and_, func, or_, select

from dissemination.kernel.database import db
from dissemination.kernel.rights import Role
from dissemination.people.accounts import Account, Appointment
from dissemination.plan.log import Activity
from dissemination.seals.models import LogCheck, LogHead, LogSeal, LogTip
from dissemination.seals.strict import ODD, strict

PRINTED = re.compile(r"(\d{1,12})-([0-9a-f]{4}(?:-?[0-9a-f]{4}){7,15})")
DIGITS = 32  # hexadecimal digits on paper: 128 bits, which nobody can meet by trying


@dataclass(frozen=True)
class Head:
    """The chain up to a position: what proves everything before it."""

    district_id: int
    position: int  # rows of the log that it covers
    activity_id: int  # the last of them
    chain: str  # 64 hexadecimal digits
    at: datetime

    @property
    def printed(self) -> str:
        """As it stands on paper: `1204-9f3c-…`, the position and eight groups of four digits."""
        return printed(self.position, self.chain)


def printed(position: int, chain: str) -> str:
    """A head as it stands on paper, from its position and chain in hexadecimal."""
    return "-".join([str(position), *[chain[n : n + 4] for n in range(0, DIGITS, 4)]])


def read_head(text: str) -> tuple[int, str] | None:
    """(position, hexadecimal digits) of a head as printed, however it was typed; None: it is none."""
    found = PRINTED.fullmatch("".join(text.split()).lower().replace("–", "-"))
    return (int(found[1]), found[2].replace("-", "")) if found else None


def genesis(district_id: int) -> bytes:
    """What the chain of a district starts from."""
    return sha256(b"activity log of district|%d" % district_id).digest()


def head(district_id: int) -> Head | None:
    """The head as it stands now; None before anything was sealed."""
    tip = db.session.get(LogTip, district_id)
    return head_of(tip) if tip else None


def head_of(row: LogTip | LogHead) -> Head:
    """The head in a row."""
    return Head(row.district_id, row.position, row.activity_id, row.chain.hex(), row.at)


def began_at(district_id: int) -> datetime | None:
    """Since when rows are sealed as they are written; earlier ones were sealed as they were found."""
    tip = db.session.get(LogTip, district_id)
    return tip.began_at if tip else None


def heads(district_id: int, limit: int = 100) -> list[LogHead]:
    """The heads that were told to others, the latest first."""
    query = select(LogHead).where(LogHead.district_id == district_id)
    return list(db.session.scalars(query.order_by(LogHead.at.desc(), LogHead.id.desc()).limit(limit)))


def published(district_id: int, head_id: int) -> LogHead | None:
    """A head that was told to others, by its id."""
    found = db.session.get(LogHead, head_id)
    return found if found and found.district_id == district_id else None


def chain_at(district_id: int, position: int) -> bytes | None:
    """The chain at a position; None where there is none."""
    if position == 0:
        return genesis(district_id)
    mine = LogSeal.district_id == district_id, LogSeal.position == position
    chain = db.session.scalar(select(strict(LogSeal.__table__.c.chain)).where(*mine))
    return None if chain is ODD else chain


def rows_sealed(district_id: int) -> int:
    """How many rows of the log have a seal, whatever the tip says."""
    query = select(func.count()).select_from(LogSeal).where(LogSeal.district_id == district_id)
    return db.session.scalar(query) or 0


def holds(district_id: int, text: str) -> bool | None:
    """Whether the head in `text` stands in the chain; None when it is no head at all."""
    asked = read_head(text)
    if asked is None:
        return None
    found = chain_at(district_id, asked[0])
    return found is not None and found.hex().startswith(asked[1])


def checks(district_id: int, limit: int = 20) -> list[LogCheck]:
    """The verifications of a log, the latest first."""
    query = select(LogCheck).where(LogCheck.district_id == district_id)
    return list(db.session.scalars(query.order_by(LogCheck.asked_at.desc(), LogCheck.id.desc()).limit(limit)))


def corrections(district_id: int, limit: int = 50) -> list[Activity]:
    """The last rows that take others back, with their reason."""
    query = select(Activity).where(Activity.district_id == district_id, Activity.reverses_id.is_not(None))
    return list(db.session.scalars(query.order_by(Activity.id.desc()).limit(limit)))


def waiting_checks() -> list[LogCheck]:
    """The verifications that were asked for and not done yet, of all districts."""
    return list(db.session.scalars(select(LogCheck).where(LogCheck.done_at.is_(None)).order_by(LogCheck.id)))


def last_told(district_id: int, place: str) -> datetime | None:
    """When a head was last told in that way."""
    query = select(func.max(LogHead.at)).where(LogHead.district_id == district_id, LogHead.place == place)
    return db.session.scalar(query)


def names(account_ids) -> dict[int, str]:
    """What accounts are called, by id."""
    query = select(Account).where(Account.id.in_({i for i in account_ids if i}))
    return {a.id: a.name or a.email for a in db.session.scalars(query)}


def readers(district_id: int, *, observers: bool) -> list[Account]:
    """Who is written to about a district's log: its managers, and with `observers` the Region."""
    wanted = select(Account).join(Appointment).where(Account.active).order_by(Account.id)
    condition = and_(Appointment.district_id == district_id, Appointment.role == Role.MANAGER)
    if observers:
        condition = or_(condition, Appointment.role == Role.OBSERVER)
    return list(db.session.scalars(wanted.where(condition)).unique())
