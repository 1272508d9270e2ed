"""The verbs of the catalogue and the calls: add, revise, remove, publish, take back, withdraw."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dissemination.calls import queries
from dissemination.calls.models import Call, CutOff, Service
from dissemination.calls.starter import starter
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import free_slug
from dissemination.people.accounts import Account
from dissemination.people.actions import hold_version

TAKEN = {"new", "services"}  # addresses of the desk's own


class CodeExists(Refusal):
    """Two services with one code."""

    field = "code"
    message = _l("The catalogue has a service with this code. Change that one, or choose another code.")


class InUse(Refusal):
    """A call, an improvement area or an application names the row."""

    message = _l(
        "This cannot be removed: calls, improvement areas or applications name it. "
        "Let its validity end instead."
    )


class DeadlineInUse(Refusal):
    """Applications aim at a deadline that was left out."""

    field = "deadlines"
    message = _l(
        "Applications aim at a deadline that you left out. Change its date, and they follow; "
        "or move them first."
    )


class NotComplete(Refusal):
    """The public would read a call without words or deadline."""

    message = _l(
        "Before it is published the call needs a deadline, and a summary or the address of its official page."
    )


class NotADraft(Refusal):
    """What was published keeps its address."""

    message = _l("What was published cannot be removed. Withdraw the call: its page then says so.")


class NotPublished(Refusal):
    """Only what is public can be withdrawn."""

    message = _l("This call is not public.")


def add_service(district: District, **facts) -> Service:
    """Add a service to the catalogue. `facts` are columns of Service. Raises CodeExists."""
    service = Service(district_id=district.id, **facts)
    _keep(service, CodeExists)
    return service


def revise_service(service: Service, *, version: int, **facts) -> None:
    """Change a service. Raises ChangedMeanwhile, CodeExists."""
    _revise(service, version, facts, CodeExists)


def _keep(row, refusal: type[Refusal]) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        raise refusal from None


def _revise(row, version: int, facts: dict, refusal: type[Refusal]) -> None:
    try:
        with db.session.begin_nested():
            hold_version(row, version)
            for column, value in facts.items():
                setattr(row, column, value)
    except IntegrityError:
        raise refusal from None


def remove_service(service: Service) -> None:
    """Take a service out of the catalogue. Raises InUse where something names it."""
    _remove(service, InUse)


def _remove(row, refusal: type[Refusal]) -> None:
    try:
        with db.session.begin_nested():
            db.session.delete(row)
            db.session.flush()
    except IntegrityError:
        raise refusal from None


def adopt_starter(district: District) -> int:
    """Give the catalogue the starter services whose codes it lacks; how many came in."""
    have = set(db.session.scalars(select(Service.code).where(Service.district_id == district.id)))
    rows = [Service(district_id=district.id, **deepcopy(s)) for s in starter() if s["code"] not in have]
    db.session.add_all(rows)
    db.session.flush()
    return len(rows)


def add_call(
    district: District, *, deadlines: Sequence[datetime], service_ids: Sequence[int] = (),
    by: Account | None, **facts,
) -> Call:  # fmt: skip
    """Write a call down as a draft. `deadlines` are the last moments (aware); `facts` columns of Call."""

    def taken(slug: str) -> bool:
        mine = Call.district_id == district.id, Call.slug == slug
        return slug in TAKEN or db.session.scalar(select(Call.id).where(*mine)) is not None

    slug = free_slug(facts["title_it"] or facts.get("title_en", ""), taken)
    call = Call(
        district_id=district.id, slug=slug, created_at=now(), created_by=by.id if by else None, **facts
    )
    call.cutoffs = [CutOff(closes_at=moment) for moment in sorted(set(deadlines))]
    call.services = _services(district.id, service_ids)
    db.session.add(call)
    db.session.flush()
    return call


def _services(district_id: int, ids: Sequence[int]) -> list[Service]:
    return [s for s in queries.services(district_id) if s.id in set(ids)]


def revise_call(
    call: Call, *, version: int, deadlines: Sequence[datetime], service_ids: Sequence[int], **facts
) -> None:  # fmt: skip
    """Change a call; its address stays. Applications follow a deadline that is moved.

    Raises ChangedMeanwhile, NotComplete (of a public one), DeadlineInUse.
    """
    try:
        with db.session.begin_nested():
            hold_version(call, version)
            for column, value in facts.items():
                setattr(call, column, value)
            call.services = _services(call.district_id, service_ids)
            _move_deadlines(call, sorted(set(deadlines)))
            db.session.flush()
            if call.published_at is not None:
                _must_be_complete(call)
    except IntegrityError:
        raise DeadlineInUse from None
    db.session.refresh(call)


def _move_deadlines(call: Call, moments: list[datetime]) -> None:
    """Rows that still stand stay, the others take the new moments in order; the rest comes or goes."""
    gone = [c for c in call.cutoffs if c.closes_at not in moments]
    fresh = [m for m in moments if m not in {c.closes_at for c in call.cutoffs}]
    for cutoff, moment in zip(gone, fresh, strict=False):
        cutoff.closes_at = moment
    for cutoff in gone[len(fresh) :]:
        call.cutoffs.remove(cutoff)
    call.cutoffs.extend(CutOff(closes_at=moment) for moment in fresh[len(gone) :])


def _must_be_complete(call: Call) -> None:
    if not call.cutoffs or not (call.summary_it or call.summary_en or call.url):
        raise NotComplete


def publish(call: Call) -> None:
    """Show the call to the public, also again after it was withdrawn. Raises NotComplete."""
    _must_be_complete(call)
    call.published_at = call.published_at or now()
    call.withdrawn_at = None
    call.version += 1
    db.session.flush()


def withdraw(call: Call) -> None:
    """Its body took the call back before its time: its page stays and says so. Raises NotPublished."""
    if call.published_at is None or call.withdrawn_at is not None:
        raise NotPublished
    call.withdrawn_at = now()
    call.version += 1
    db.session.flush()


def remove_call(call: Call) -> None:
    """Remove a draft. Raises NotADraft, InUse."""
    if call.published_at is not None:
        raise NotADraft
    call.services = []
    _remove(call, InUse)
