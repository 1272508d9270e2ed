"""What a phone at the door is given, and what it sends: the list of people, and batches of acts.

The list holds names, companies and roles, no addresses. A batch is read item by item: one that cannot
be read is answered by itself and does not stop the others.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import aliased, joinedload
from werkzeug.datastructures import MultiDict

from dissemination.attendance import codes, times
from dissemination.attendance.forms import WalkInForm
from dissemination.attendance.models import Move, Scan
from dissemination.attendance.presence import Act
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.http import flatten_errors
from dissemination.kernel.text import fold
from dissemination.people.models import Contact
from dissemination.registrations.models import LIVING, Attends, Registration, Standing
from dissemination.workshops.models import State, Workshop

MOST = 200  # items in a batch
FAR = timedelta(days=3660)  # no clock is wrong by more
STAYS_ON_PHONE = timedelta(days=2)  # after the end, at the latest


@dataclass(frozen=True)
class Newcomer:
    """Somebody who came without a seat, as a phone noted her; `facts` as `actions.walk_in` takes them."""

    act: Act
    facts: dict


@dataclass(frozen=True)
class Unreadable:
    """An item that says nothing we can use, and why."""

    scan_id: str
    why: str


class BadBatch(ValueError):
    """The whole request is not a batch; the text says why."""


# The list.


def roster(workshop: Workshop) -> list[dict[str, Any]]:
    """Everybody who may come to the door, who has a seat first, by family name; what it knows of her today.

    `acts` are the standing acts of this date in the room, by time: [id, "in" or "out", milliseconds].
    Two queries, whatever the number of people.
    """
    acts = _acts_today(workshop)
    people = sorted(_living(workshop), key=lambda person: person.standing is not Standing.CONFIRMED)
    return [_line(person, acts.get(person.id, [])) for person in people]


def _living(workshop: Workshop) -> list[Registration]:
    query = (
        select(Registration)
        .join(Registration.contact)
        .where(Registration.workshop_id == workshop.id, Registration.standing.in_(LIVING))
        .options(joinedload(Registration.contact), joinedload(Registration.company))
        .order_by(Contact.name_folded, Registration.id)
    )
    return list(db.session.scalars(query))


def _acts_today(workshop: Workshop) -> dict[int, list[list]]:
    undo = aliased(Scan)
    query = (
        select(Scan)
        .join(Registration, Registration.id == Scan.registration_id)
        .where(
            Registration.workshop_id == workshop.id, Scan.move != Move.UNDO, Scan.via == Attends.ROOM,
            ~select(1)
            .where(undo.undoes == Scan.scan_id, undo.registration_id == Scan.registration_id)
            .exists(),
        )
        .order_by(Scan.at, Scan.scan_id)
    )  # fmt: skip
    today = times.day_of(now(), times.days(workshop))
    found: dict[int, list[list]] = {}
    for act in db.session.scalars(query):
        if today.holds(act.at):
            found.setdefault(act.registration_id, []).append([act.scan_id, act.move.value, _ms(act.at)])
    return found


def _line(person: Registration, acts: list[list]) -> dict[str, Any]:
    contact, company = person.contact, person.company.name if person.company else ""
    name = f"{contact.family_name} {contact.given_name}".strip()
    return {
        "code": codes.code(person.public_id),
        "name": name,
        "company": company,
        "role": person.job_title or contact.job_title,
        "standing": person.standing.value,
        "attends": person.attends.value,
        "find": fold(f"{name} {contact.given_name} {contact.family_name} {company}"),
        "acts": acts,
    }


def in_room(person: dict[str, Any]) -> bool:
    """Whether the last thing that the door knows of a line of `roster` is that she came in."""
    return bool(person["acts"]) and person["acts"][-1][1] == Move.IN.value


def is_open(workshop: Workshop) -> bool:
    """Whether acts at the door count now."""
    return workshop.state in (State.PUBLISHED, State.HELD)


def leaves_phone_at(workshop: Workshop) -> datetime:
    """When the list of names is dropped from phones, if nothing drops it before."""
    return workshop.ends_at + STAYS_ON_PHONE


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


# Batches.


def read_batch(sent: Any) -> list[Act | Newcomer | Unreadable]:
    """The items of a batch as JSON gave it: {"sent_at": ms, "scans": [{"id", "code", "move", "at", …}]}.

    Times are milliseconds of the phone's clock. Each item may carry `offset`, by how much that clock was
    behind the server's when they last spoke; without it the difference now (`sent_at`) is taken.
    Raises BadBatch.
    """
    if not isinstance(sent, dict) or not isinstance(sent.get("scans"), list):
        raise BadBatch('a JSON object with a list "scans" is needed')
    if len(sent["scans"]) > MOST:
        raise BadBatch(f"at most {MOST} scans at once")
    here, there = _ms(now()), _number(sent.get("sent_at"))
    behind = here - there if there is not None else 0.0
    return [_read(item, behind) for item in sent["scans"]]


def _read(item: Any, behind: float) -> Act | Newcomer | Unreadable:
    scan_id = _uuid(item.get("id") if isinstance(item, dict) else None)
    if scan_id is None:
        given = text_of(item.get("id") if isinstance(item, dict) else "")[:36]
        return Unreadable(given, _("It has no valid id."))
    at = _moment(item.get("at"), item.get("offset"), behind)
    if at is None:
        return Unreadable(scan_id, _("It has no valid time."))
    if isinstance(item.get("person"), dict):
        return _newcomer(scan_id, at, item["person"])
    code = codes.read(str(item.get("code", "")))
    move = {m.value: m for m in Move}.get(str(item.get("move")))
    undoes = _uuid(item.get("undoes"))
    if code is None or move is None or (move is Move.UNDO and undoes is None):
        return Unreadable(scan_id, _("It does not say who came, left, or what is undone."))
    return Act(
        scan_id, code, move, at, undoes=undoes if move is Move.UNDO else None, admit=item.get("admit") is True
    )


def _newcomer(scan_id: str, at: datetime, person: dict) -> Newcomer | Unreadable:
    names = ("given_name", "family_name", "email", "company_name", "job_title")
    form = WalkInForm(MultiDict({n: text_of(person.get(n)) for n in names}), meta={"csrf": False})
    if not form.validate():
        said = [f"{form[name].label.text}: {flatten_errors(errors)}" for name, errors in form.errors.items()]
        return Unreadable(scan_id, " ".join(said))
    return Newcomer(Act(scan_id, "", Move.IN, at), form.facts() | {"form_mark": scan_id})


def text_of(value: Any) -> str:
    """What JSON gave as text that a database takes: without NUL and halves of characters (a phone that cuts
    a name within an emoji sends one)."""
    return str(value or "").encode("utf-8", "ignore").decode().replace("\0", "")


def _uuid(value: Any) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e16 and math.isfinite(value) else None


def _moment(at: Any, offset: Any, behind: float) -> datetime | None:
    told, known = _number(at), _number(offset)
    if told is None:
        return None
    try:
        moment = datetime.fromtimestamp((told + (behind if known is None else known)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if abs(moment - now()) < FAR else None
