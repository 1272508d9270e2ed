"""How long data are kept: calendar months, and the address that an erased person gets."""

import calendar
import secrets
from datetime import datetime

IDLE_MONTHS = 24  # a contact for whom nothing else speaks, after the last trace of her
MOST_MONTHS = 120
AUDIT_MONTHS = 60  # photos of a visit and the people met: the plan, and the time in which it is controlled
GONE = "@erased.invalid"  # RFC 2606: no mail ever goes there


def months_later(moment: datetime, months: int) -> datetime:
    """`moment` plus calendar months (negative: before); the 31st becomes a shorter month's last day."""
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def erased_address() -> str:
    """A fresh address that nobody has, for a row that must have one."""
    return f"erased-{secrets.token_hex(12)}{GONE}"
