"""Addresses kept as keyed hashes: one can tell that an address is among them, not which they are.

When a person is erased her address may have to be known again: because mail to it came back, or so that an
import does not bring her back. The key is the installation's secret; a new secret forgets these rows.
"""

import hmac
from collections.abc import Iterable

from flask import current_app
from sqlalchemy import select

from dissemination.delivery.models import Suppression
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once

BOUNCED = "hash"  # no mail may go there
ERASED = "erased"  # she asked to be forgotten: no import brings her back; what she asks for herself is sent


def keyed(kind: str, address: str) -> str:
    """What stands for `address` in a suppression's row."""
    key = str(current_app.secret_key).encode()
    return f"{kind}:{hmac.new(key, address.strip().lower().encode(), 'sha256').hexdigest()}"


def forget(district_id: int, address: str) -> None:
    """Remember, as a hash only, that this person asked to be erased."""
    insert_once(Suppression, district_id=district_id, address=keyed(ERASED, address), reason="", at=now())


def forgotten(district_id: int, addresses: Iterable[str]) -> set[str]:
    """Those of `addresses` (lower case) whose persons asked to be erased; one query per 500."""
    marks = {keyed(ERASED, address): address for address in addresses}
    keys, found = list(marks), set()
    for start in range(0, len(keys), 500):
        query = select(Suppression.address).where(
            Suppression.district_id == district_id, Suppression.address.in_(keys[start : start + 500])
        )
        found |= {marks[key] for key in db.session.scalars(query)}
    return found
