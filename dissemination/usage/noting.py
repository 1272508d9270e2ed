"""Noting that somebody looked at a publication: one short row, after the answer is made.

Left out are robots, pages that browsers fetch ahead, answers that hold nothing, and who works at the
district's desk. The address never reaches the database. While somebody else writes for long (SQLite has one
writer), a hit waits in memory for the next one, so that no reader waits for a count.
"""

import hashlib
import hmac
import logging
import secrets
from collections import deque
from datetime import date

from flask import Request, Response, after_this_request, current_app, request
from flask_login import current_user
from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from dissemination.kernel import clock
from dissemination.kernel.database import db, insert_into, somebody_writes, transaction
from dissemination.kernel.rights import Role
from dissemination.publications.models import Publication, PublicationFile
from dissemination.usage.models import UsageHit, UsageSalt, What
from dissemination.usage.robots import is_robot

MOST_WAITING = 1000
COUNTS = frozenset({200, 206, 304})  # COUNTER 5.1, §7.1: successful, or not modified since
log = logging.getLogger("dissemination.usage")


def seen(publication: Publication, file: PublicationFile | None) -> None:
    """Somebody asks for the public page of a publication, or for a file: note it when the answer is made."""
    if not _is_reader(publication):
        return
    facts = {
        "publication_id": publication.id, "what": What.DOWNLOAD if file else What.VIEW,
        "file_id": file.id if file else 0, "at": clock.now(),
    }  # fmt: skip
    address, agent = request.remote_addr or "", request.headers.get("User-Agent", "")

    @after_this_request
    def note(response: Response) -> Response:
        if response.status_code in COUNTS and _begins(request, response):
            _note(facts, address, agent)
        return response


def _is_reader(publication: Publication) -> bool:
    agent, ahead = request.headers.get("User-Agent", ""), request.headers.get("Sec-Purpose", "")
    ahead += request.headers.get("Purpose", "") + request.headers.get("X-Moz", "")
    if request.method != "GET" or is_robot(agent) or "prefetch" in ahead.lower():
        return False
    return not (current_user.is_authenticated and current_user.may(Role.VIEWER, publication.district))


def _begins(asked: Request, response: Response) -> bool:
    """Of a file that is fetched in parts only the first part counts."""
    if response.status_code != 206:
        return True
    return asked.range is not None and asked.range.ranges[0][0] == 0


def _waiting() -> deque:
    return current_app.extensions.setdefault("usage_waiting", deque(maxlen=MOST_WAITING))


def _note(facts: dict, address: str, agent: str) -> None:
    waiting = _waiting()
    waiting.append((facts, address, agent))
    if somebody_writes():
        return
    try:
        with transaction() as session:
            taken = [waiting.popleft() for _ in range(len(waiting))]
            rows = [f | {"visitor": visitor(a, b, day=f["at"].date())} for f, a, b in taken]
            session.execute(insert(UsageHit), rows)
    except SQLAlchemyError:
        log.exception("a view or download was not counted")


def visitor(address: str, agent: str, *, day: date) -> bytes:
    """16 bytes that stand for a visitor on a day (UTC), and for nobody on the next. Within a transaction."""
    salt = _salt(day)
    return hmac.digest(salt, f"{address}\0{agent}".encode("utf-8", "replace"), hashlib.sha256)[:16]


def _salt(day: date) -> bytes:
    wanted = select(UsageSalt.salt).where(UsageSalt.day == day)
    found = db.session.scalar(wanted)
    if found is not None:
        return found
    fresh = insert_into(UsageSalt).values(day=day, salt=secrets.token_bytes(32)).on_conflict_do_nothing()
    db.session.execute(fresh)
    return db.session.scalars(wanted).one()  # ours, or that of who was faster
