"""Who was there: acts are kept as facts, presence and stays are derived from them.

Whatever the order in which acts come in, and however often, the same set of acts gives the same
presence: an act whose id is known is not kept again, an undo names the act that it takes back, and
what remains is sorted by its time. Everybody who changes presence holds the workshop's row.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import delete, select

from dissemination.attendance import codes, queries, times
from dissemination.attendance.models import Move, Presence, Scan, Stay
from dissemination.attendance.refusals import NeverPublished, NotOfThisDate
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.registrations.models import Attends, Registration, Standing
from dissemination.registrations.seating import seat_now
from dissemination.workshops.models import State, Workshop
from dissemination.workshops.queries import hold
from dissemination.workshops.refusals import AlreadyCancelled, AlreadyClosed

EARLY = timedelta(days=2)  # an act so long before the start was recorded by a clock that nobody set


@dataclass(frozen=True)
class Act:
    """One act at the door as a phone sends it: read and checked, its time corrected (aware)."""

    scan_id: str
    code: str
    move: Move
    at: datetime
    undoes: str | None = None
    admit: bool = False  # whoever pressed knew that she has no seat, and let her in

    def about(self, registration: Registration) -> "Act":
        """The same act, of the person with that registration."""
        return replace(self, code=codes.code(registration.public_id))


class Outcome(StrEnum):
    """What became of an act."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"  # it was here already
    WITHOUT_SEAT = "without_seat"  # kept; somebody has to say whether she is let in
    CLOSED = "closed"  # kept, and shown to the organiser; the books are closed
    UNKNOWN = "unknown"  # no such registration at this workshop
    NOT_NOW = "not_now"  # not kept: nobody can be registered at a closed workshop; to be sent again later
    OFF = "off"  # the workshop is a draft or was called off
    INVALID = "invalid"


KEPT = (Outcome.ACCEPTED, Outcome.REPEATED, Outcome.WITHOUT_SEAT, Outcome.CLOSED)


def must_be_open(workshop: Workshop) -> None:
    """Raise AlreadyCancelled, AlreadyClosed or NeverPublished when nobody can be noted present."""
    if workshop.cancellation is not None:
        raise AlreadyCancelled
    if workshop.closing is not None:
        raise AlreadyClosed
    if workshop.state is State.DRAFT:
        raise NeverPublished


def scan(
    workshop: Workshop, acts: Sequence[Act], *, by: Account | None, device: str = ""
) -> dict[str, Outcome]:
    """Take in what a phone recorded: scan id -> what became of it.

    Each act is answered apart; one that cannot be taken does not stop the others. Acts that come after
    the closing are kept (`queries.late`), and count when it is opened again.
    """
    hold(workshop)
    if workshop.state in (State.DRAFT, State.CANCELLED):
        return {act.scan_id: Outcome.OFF for act in acts}
    ids = registration_ids(workshop)
    known = _known({act.scan_id for act in acts})
    people = _registrations({ids[act.code] for act in acts if act.code in ids})
    outcomes: dict[str, Outcome] = {}
    for act in acts:
        person = people.get(ids.get(act.code, 0))
        if person is None:
            outcomes[act.scan_id] = Outcome.UNKNOWN
        elif act.scan_id in known:
            same = known[act.scan_id] == person.id
            outcomes.setdefault(act.scan_id, Outcome.REPEATED if same else Outcome.INVALID)
        else:
            known[act.scan_id] = person.id
            outcomes[act.scan_id] = _take(workshop, act, person, by=by, device=device)
    if workshop.closing is None:
        derive(workshop, [p.id for p in people.values()])
    db.session.flush()
    return outcomes


def registration_ids(workshop: Workshop) -> dict[str, int]:
    """The check-in code of every registration of the workshop, whatever its standing -> its id."""
    query = select(Registration.id, Registration.public_id).where(Registration.workshop_id == workshop.id)
    return codes.by_code((i, public_id) for i, public_id in db.session.execute(query))


def _known(scan_ids: set[str]) -> dict[str, int]:
    query = select(Scan.scan_id, Scan.registration_id).where(Scan.scan_id.in_(scan_ids))
    return {row.scan_id: row.registration_id for row in db.session.execute(query)}


def _registrations(ids: set[int]) -> dict[int, Registration]:
    rows = db.session.scalars(select(Registration).where(Registration.id.in_(ids)))
    return {row.id: row for row in rows}


def _take(workshop, act: Act, person: Registration, *, by, device) -> Outcome:
    at = min(act.at, now())
    if at < workshop.starts_at - EARLY:
        at = now()
    _keep(person.id, act.move, at=at, by=by, scan_id=act.scan_id, undoes=act.undoes, device=device)
    if workshop.closing is not None:
        return Outcome.CLOSED
    if act.move is not Move.IN:
        return Outcome.ACCEPTED
    if person.standing is Standing.CONFIRMED or (act.admit and not _comes_otherwise(person)):
        seat_now(person, by=by)
        return Outcome.ACCEPTED
    return Outcome.WITHOUT_SEAT


def _comes_otherwise(person: Registration) -> bool:
    """Whether the same person has another, living registration: this one is an old ticket."""
    if person.standing not in (Standing.CANCELLED, Standing.REFUSED):
        return False
    living = select(Registration.id).where(
        Registration.workshop_id == person.workshop_id, Registration.contact_id == person.contact_id,
        Registration.id != person.id, Registration.standing.not_in([Standing.CANCELLED, Standing.REFUSED]),
    )  # fmt: skip
    return db.session.scalar(living.limit(1)) is not None


def _keep(
    registration_id: int, move: Move, *, at: datetime, by, via: Attends = Attends.ROOM, scan_id: str = "",
    undoes: str | None = None, device: str = "", whole: bool = False,
) -> None:  # fmt: skip
    db.session.add(
        Scan(
            scan_id=scan_id or str(uuid4()), registration_id=registration_id, move=move, via=via, at=at,
            undoes=undoes, received_at=now(), by=by.id if by else None, device=device[:60], whole=whole,
        )
    )  # fmt: skip


# At the desk, one person at a time.


def check_in(workshop: Workshop, registration: Registration, *, by: Account, admit: bool = False) -> Outcome:
    """She is here now. As `scan` with one act that is made here. Raises what `must_be_open` raises."""
    return _act(workshop, registration, Move.IN, by=by, admit=admit)


def check_out(workshop: Workshop, registration: Registration, *, by: Account) -> Outcome:
    """She leaves now. Raises what `must_be_open` raises."""
    return _act(workshop, registration, Move.OUT, by=by)


def _act(workshop, registration, move, *, by, admit=False) -> Outcome:
    hold(workshop)
    must_be_open(workshop)
    act = Act(str(uuid4()), codes.code(registration.public_id), move, now(), admit=admit)
    return scan(workshop, [act], by=by)[act.scan_id]


def undo(workshop: Workshop, registration: Registration, *, by: Account) -> None:
    """Take back the last act at the door about her; nothing when there is none. Raises as `check_in`."""
    hold(workshop)
    must_be_open(workshop)
    standing = _standing(_acts([registration.id]).get(registration.id, []))
    room = [act for act in standing if act.via is Attends.ROOM]
    if room:
        _take_back([room[-1]], by=by)
        db.session.flush()
        derive(workshop, [registration.id])


def _take_back(acts: Iterable[Scan], *, by: Account | None) -> None:
    for act in acts:
        _keep(act.registration_id, Move.UNDO, at=now(), by=by, via=act.via, undoes=act.scan_id)


# Ticked by hand.


def tick(
    workshop: Workshop, *, came: Iterable[int], went: Iterable[int] = (), by: Account | None,
    day: times.Day | None = None,
) -> int:  # fmt: skip
    """Note that the registrations `came` were seen and `went` were not; ids of others are left out.

    For one date when `day` is given, else for all. A tick vouches for the whole of it. Two people may
    tick at once: each names only what they changed. Returns how many are present now.
    Raises AlreadyClosed, AlreadyCancelled, NeverPublished.
    """
    hold(workshop)
    must_be_open(workshop)
    among = times.days(workshop)
    wanted = among if day is None else [day]
    ways = {r.id: r.attends for r in queries.people(workshop)}
    came, went = ways.keys() & set(came), ways.keys() & set(went) - set(came)
    acts = {i: _standing(rows) for i, rows in _acts(came | went).items()}
    for i in sorted(came):
        seen = [times.day_of(act.at, among) for act in acts.get(i, ()) if act.move is Move.IN]
        for one in wanted:
            if one not in seen:
                _keep(i, Move.IN, at=_within(one), by=by, via=ways[i], whole=True)
    for i in went:
        _take_back([a for a in acts.get(i, ()) if times.day_of(a.at, among) in wanted], by=by)
    db.session.flush()
    derive(workshop, came | went)
    return queries.count_present(workshop)


def _within(day: times.Day) -> datetime:
    """Now, when it is that date; else its start or its end."""
    return min(max(now(), day.start), day.end)


# Online.


def join(registration: Registration) -> None:
    """She opens her online link: present online from now on. Pressing twice is once.

    Raises NotOfThisDate when it is not open (`queries.opening`) or not to her: only to who holds a seat
    and has proven her address. And what `must_be_open` raises.
    """
    workshop = registration.workshop
    hold(workshop)
    must_be_open(workshop)
    hers = registration.standing is Standing.CONFIRMED and registration.proof_due is None
    if not hers or not queries.opening(workshop).is_open:
        raise NotOfThisDate
    if not is_online_now(registration):
        _keep(registration.id, Move.IN, at=now(), by=None, via=Attends.ONLINE)
        db.session.flush()
        derive(workshop, [registration.id])


def leave(registration: Registration) -> None:
    """She says that she leaves the online part now; nothing when she is not there."""
    workshop = registration.workshop
    hold(workshop)
    must_be_open(workshop)
    if is_online_now(registration):
        _keep(registration.id, Move.OUT, at=now(), by=None, via=Attends.ONLINE)
        db.session.flush()
        derive(workshop, [registration.id])


def is_online_now(registration: Registration) -> bool:
    """Whether she joined online today and has not left."""
    among = times.days(registration.workshop)
    today = times.day_of(now(), among)
    stays = queries.stays(registration.workshop, only=registration.id).get(registration.id, [])
    return any(s.via is Attends.ONLINE and s.left_at is None and today.holds(s.came_at) for s in stays)


def take_report(workshop: Workshop, spans: Iterable[tuple[int, datetime, datetime]], *, by: Account) -> int:
    """Take in the times of the platform's own report: (registration id, joined, left).

    For whom it names, they replace the times of her join link. The same report twice changes nothing.
    Returns how many people it names. Raises what `must_be_open` raises.
    """
    hold(workshop)
    must_be_open(workshop)
    mine = {r.id for r in queries.people(workshop)}
    told: dict[int, set[tuple[Move, datetime]]] = defaultdict(set)
    for registration_id, came, left in spans:
        if registration_id in mine:
            told[registration_id] |= {(Move.IN, came), (Move.OUT, left)}
    acts = {i: _standing(rows) for i, rows in _acts(told).items()}
    for i, wanted in told.items():
        online = [act for act in acts.get(i, ()) if act.via is Attends.ONLINE]
        if {(act.move, act.at) for act in online if not act.whole} != wanted:
            _take_back(online, by=by)
            for move, at in sorted(wanted):
                _keep(i, move, at=at, by=by, via=Attends.ONLINE, device="report")
    db.session.flush()
    derive(workshop, told)
    return len(told)


# Deriving.


def derive(workshop: Workshop, registration_ids: Iterable[int]) -> None:
    """Write presence and stays of these registrations anew, from their acts."""
    ids = sorted(set(registration_ids))
    db.session.flush()
    acts, among = _acts(ids), times.days(workshop)
    there = {p.registration_id: p for p in db.session.scalars(_presences(ids))}
    db.session.execute(
        delete(Stay).where(Stay.registration_id.in_(ids)).execution_options(synchronize_session=False)
    )
    for i in ids:
        standing = _standing(acts.get(i, []))
        first = next((act for act in standing if act.move is Move.IN), None)
        _write(i, first, there.get(i))
        for via in Attends:
            for came_at, left_at in _stays([a for a in standing if a.via is via], among):
                db.session.add(Stay(registration_id=i, via=via, came_at=came_at, left_at=left_at))
    db.session.flush()


def _presences(ids: list[int]):
    return select(Presence).where(Presence.registration_id.in_(ids))


def _acts(ids: Iterable[int]) -> dict[int, list[Scan]]:
    found = defaultdict(list)
    query = select(Scan).where(Scan.registration_id.in_(ids)).order_by(Scan.at, Scan.scan_id)
    for act in db.session.scalars(query):
        found[act.registration_id].append(act)
    return dict(found)


def _standing(acts: Sequence[Scan]) -> list[Scan]:
    """What remains when undone acts are left out, by time."""
    undone = {act.undoes for act in acts if act.move is Move.UNDO}
    return [act for act in acts if act.move is not Move.UNDO and act.scan_id not in undone]


def _write(registration_id: int, first: Scan | None, presence: Presence | None) -> None:
    if first is None:
        if presence is not None:
            db.session.delete(presence)
        return
    if presence is None:
        presence = Presence(registration_id=registration_id)
        db.session.add(presence)
    presence.at, presence.by, presence.via = first.at, first.by, first.via


def _stays(acts: Iterable[Scan], among: list[times.Day]):
    """(came, left or None) of one way to take part: on each date apart, what two phones said once."""
    for day in among:
        came = None
        for act in acts:
            if act.whole or not day.holds(act.at):
                continue
            if act.move is Move.IN:
                came = came or act.at
            elif came is not None:
                yield came, act.at
                came = None
        if came is not None:
            yield came, None
