"""The conditions of a segment: what a person can choose in the form, and the SQL that each of them is.

A condition is data: {"what": a key of CONDITIONS, "side": "include" | "exclude", and its values}. All
conditions of a segment must hold. Each is one EXISTS on `Contact`, so that a segment is one statement
however many there are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, exists, or_, true

from dissemination.attendance.models import Presence
from dissemination.delivery.models import Delivery, Fate
from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.people.models import Company, Contact, Membership, OrganisationType, SizeClass
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.models import Closing, Workshop

INCLUDE, EXCLUDE = "include", "exclude"
MOST = 20  # conditions of a segment
MOST_MONTHS = 120


@dataclass(frozen=True)
class Scope:
    """Where and when conditions are read: the district, its zone, the moment."""

    district_id: int
    zone: ZoneInfo
    at: datetime
    day: date

    @classmethod
    def of(cls, district: District) -> "Scope":
        """Here and now."""
        return cls(district.id, district.zone, now(), today(district.zone))

    def start(self, day: str) -> datetime:
        """The first moment of an ISO day on the district's wall clock."""
        return datetime.combine(date.fromisoformat(day), time(), tzinfo=self.zone)


@dataclass(frozen=True)
class Condition:
    """A kind of condition: how it is called, which values it takes, and its SQL."""

    label: object
    help: object
    values: tuple[str, ...]
    needed: tuple[str, ...]
    sql: Callable[[Scope, dict], ColumnElement[bool]]


def _of_company(*condition) -> ColumnElement[bool]:
    return exists().where(Company.id == Contact.company_id, *condition)


def _member(scope: Scope, said: dict) -> ColumnElement[bool]:
    day = date.fromisoformat(said["on"]) if said.get("on") else scope.day
    return exists().where(
        Membership.company_id == Contact.company_id, Membership.since <= day,
        or_(Membership.until.is_(None), Membership.until >= day),
    )  # fmt: skip


def _registered(scope: Scope, said: dict) -> list[ColumnElement[bool]]:
    """Registrations of the contact in the workshops that are meant: one, a sector, a time."""
    found = [
        Registration.contact_id == Contact.id, Workshop.id == Registration.workshop_id,
        Workshop.district_id == scope.district_id,
    ]  # fmt: skip
    if said.get("workshop"):
        found.append(Workshop.id == said["workshop"])
    if said.get("sector"):
        found.append(Workshop.sector_id == said["sector"])
    if said.get("since"):
        found.append(Workshop.starts_at >= scope.start(said["since"]))
    if said.get("until"):
        found.append(Workshop.starts_at < scope.start(said["until"]) + timedelta(days=1))
    return found


def _attended(scope: Scope, said: dict) -> ColumnElement[bool]:
    return exists().where(*_registered(scope, said), Presence.registration_id == Registration.id)


def _absent(scope: Scope, said: dict) -> ColumnElement[bool]:
    """Had a seat at a workshop whose books are closed, and was not seen there."""
    seen = exists().where(Presence.registration_id == Registration.id)
    closed = exists().where(Closing.workshop_id == Workshop.id)
    return exists().where(
        *_registered(scope, said), Registration.standing == Standing.CONFIRMED, closed, ~seen
    )


def _never_reached(scope: Scope, said: dict) -> ColumnElement[bool]:
    since = scope.at - timedelta(days=round(said["months"] * 30.4375))
    return ~exists().where(
        Delivery.contact_id == Contact.id, Delivery.state == Fate.ACCEPTED, Delivery.finished_at >= since
    )


def _new_since(scope: Scope, said: dict) -> ColumnElement[bool]:
    return Contact.created_at >= scope.start(said["day"])


TIME = ("since", "until")
CONDITIONS: dict[str, Condition] = {
    "member": Condition(
        _l("Member company"), _l("Works at a company that is a member on this day; no day: today."),
        ("on",), (), _member,
    ),
    "province": Condition(
        _l("Province of the company"), "", ("provinces",), ("provinces",),
        lambda _scope, said: _of_company(Company.province.in_(said["provinces"])),
    ),
    "size": Condition(
        _l("Size of the company"), "", ("sizes",), ("sizes",),
        lambda _scope, said: _of_company(Company.size.in_([SizeClass(s) for s in said["sizes"]])),
    ),
    "type": Condition(
        _l("Kind of organisation"), "", ("types",), ("types",),
        lambda _scope, said: _of_company(Company.type.in_([OrganisationType(t) for t in said["types"]])),
    ),
    "sector": Condition(
        _l("Sector of the company"), "", ("sectors",), ("sectors",),
        lambda _scope, said: _of_company(Company.sector_id.in_(said["sectors"])),
    ),
    "language": Condition(
        _l("Language of the person"), "", ("language",), ("language",),
        lambda _scope, said: Contact.language == said["language"],
    ),
    "attended": Condition(
        _l("Was at this workshop"), _l("Seen there, not only registered."),
        ("workshop",), ("workshop",), _attended,
    ),
    "attended_any": Condition(
        _l("Was at any workshop"), _l("Of a sector, in a time, or ever: what is empty does not count."),
        ("sector", *TIME), (), _attended,
    ),
    "absent": Condition(
        _l("Registered and did not come"),
        _l("Had a seat and was not seen, at workshops that are closed. What you leave empty does not count."),
        ("workshop", "sector", *TIME), (), _absent,
    ),
    "never_reached": Condition(
        _l("Not reached for months"),
        _l("No mail of ours was accepted for this person in so many months."),
        ("months",), ("months",), _never_reached,
    ),
    "new": Condition(
        _l("New in the registry since"), _l("The day itself is included."), ("day",), ("day",), _new_since,
    ),
}  # fmt: skip


def is_whole(condition: dict) -> bool:
    """Whether the condition is of a known kind and says all that it needs."""
    kind = CONDITIONS.get(condition.get("what", ""))
    return kind is not None and all(condition.get(name) for name in kind.needed)


def holds(scope: Scope, conditions: Iterable[dict]) -> ColumnElement[bool]:
    """The SQL that all of `conditions` hold for `Contact`. Those that are not whole are left out."""
    parts = []
    for one in conditions:
        if is_whole(one):
            part = CONDITIONS[one["what"]].sql(scope, one)
            parts.append(~part if one.get("side") == EXCLUDE else part)
    return and_(true(), *parts)
