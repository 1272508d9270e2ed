"""The verbs of applications: write down, change, correct, remove. States are in `life`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from flask_babel import gettext as _

from dissemination.applications import life, logged, money, queries
from dissemination.applications.models import Application, Stage, StageStep
from dissemination.applications.refusals import (
    CannotRemove,
    IsSubmitted,
    NoAudit,
    NoCompany,
    NoLine,
    ProtocolMissing,
    ReasonMissing,
    SameProtocol,
    WrongArea,
    WrongDay,
    WrongDeadline,
    WrongPartner,
    WrongServices,
)
from dissemination.applications.stages import BEFORE_SUBMISSION, days
from dissemination.audits.models import Audit, ImprovementArea
from dissemination.audits.queries import family
from dissemination.bibliography.records import one_line, paragraphs
from dissemination.calls.models import Call, CutOff, Service
from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.people.actions import hold, hold_version
from dissemination.people.models import Company

MOST_SERVICES = 2


@dataclass(frozen=True)
class Facts:
    """What an application is before it is submitted. Amounts in EUR."""

    call: Call
    company: Company
    title: str
    line_id: int | None
    cutoff: CutOff | None = None
    services: Sequence[Service] = ()
    partners: Sequence[Company] = ()
    area: ImprovementArea | None = None
    audit: Audit | None = None  # that of the area where it is left out
    without_audit: str = ""
    cost: Decimal | None = None
    requested: Decimal | None = None
    notes: str = field(default="")


def add(
    district: District, facts: Facts, *, by: Account | None, on: date | None = None, stage: Stage = Stage.IDEA
) -> Application:  # fmt: skip
    """Write an application down as an idea, or in preparation, since the day `on` (today).

    Raises NoCompany, NoLine, WrongDeadline, WrongServices, WrongPartner, WrongArea, NoAudit, OverTheLimit,
    AmountMissing, WrongDay.
    """
    today = clock.today(district.zone)
    on = on or today
    if on > today:
        raise WrongDay(_("This day lies in the future."))
    _check(district, facts)
    application = Application(
        district=district, created_at=clock.now(), created_by=by.id if by else None,
        stage=stage if stage in BEFORE_SUBMISSION else Stage.IDEA, version=1,
    )  # fmt: skip
    _write(application, facts)
    application.steps = [
        StageStep(stage=application.stage, on=on, at=clock.now(), by=by.id if by else None, note="")
    ]
    db.session.add(application)
    db.session.flush()
    return application


def _check(district: District, facts: Facts) -> None:
    owners = {facts.company.district_id, facts.call.district_id}
    owners |= {service.district_id for service in facts.services}
    owners |= {partner.district_id for partner in facts.partners}
    if owners != {district.id} or facts.company.merged_into_id:
        raise NoCompany
    if facts.line_id is None:
        raise NoLine
    if facts.cutoff is not None and facts.cutoff.call_id != facts.call.id:
        raise WrongDeadline
    _check_services(facts)
    _check_partners(facts)
    _check_origin(district, facts)
    money.check_requested(
        facts.call, facts.services, size=facts.company.size, cost=facts.cost, requested=facts.requested
    )


def _check_services(facts: Facts) -> None:
    if len(facts.services) > MOST_SERVICES:
        raise WrongServices(_("An application asks for one or two services."))
    paid = {service.id for service in facts.call.services}
    others = [service.code for service in facts.services if paid and service.id not in paid]
    if others:
        raise WrongServices(_("The call does not pay for %(codes)s.", codes=", ".join(others)))


def _check_partners(facts: Facts) -> None:
    ids = [partner.id for partner in facts.partners]
    if facts.company.id in ids or len(set(ids)) < len(ids):
        raise WrongPartner(_("Name each other company of the grouping once, without the one that leads it."))


def _check_origin(district: District, facts: Facts) -> None:
    audit = facts.audit or (facts.area.audit if facts.area is not None else None)
    if audit is None:
        if not facts.without_audit.strip():
            raise NoAudit
        return
    members = family(district.id, [facts.company.id, *(partner.id for partner in facts.partners)])
    wrong = facts.area is not None and facts.area.audit_id != audit.id
    if audit.district_id != district.id or audit.company_id not in members or wrong:
        raise WrongArea


def _write(application: Application, facts: Facts) -> None:
    audit = facts.audit or (facts.area.audit if facts.area is not None else None)
    application.call, application.company = facts.call, facts.company
    application.cutoff_id = facts.cutoff.id if facts.cutoff is not None else None
    application.audit, application.area = audit, facts.area
    application.without_audit = "" if audit is not None else one_line(facts.without_audit)[:300]
    application.activity_line_id = facts.line_id or 0
    application.title = one_line(facts.title)[:300]
    application.cost, application.requested = facts.cost, facts.requested
    application.notes = paragraphs(facts.notes)
    application.services, application.partners = list(facts.services), list(facts.partners)


def revise(application: Application, facts: Facts, *, version: int) -> None:
    """Change what is not submitted yet. Raises ChangedMeanwhile, IsSubmitted and what `add` raises."""
    hold_version(application, version)
    if application.stage not in BEFORE_SUBMISSION:
        raise IsSubmitted
    _check(application.district, facts)
    _write(application, facts)
    db.session.flush()


@dataclass(frozen=True)
class Corrected:
    """What may be corrected after the submission. Amounts in EUR."""

    title: str
    notes: str
    protocol_number: str
    cost: Decimal | None
    requested: Decimal | None
    granted: Decimal | None
    paid: Decimal | None


AMOUNTS = ("cost", "requested", "granted", "paid")


def correct(
    application: Application, said: Corrected, *, reason: str, by: Account | None, version: int
) -> None:
    """Correct what was submitted; where an amount changes, the log says so with the reason.

    Raises ChangedMeanwhile, ProtocolMissing, SameProtocol, ReasonMissing, OverTheLimit, AmountMissing.
    """
    hold_version(application, version)
    number = one_line(said.protocol_number)[:60]
    reached = days(application)
    if Stage.SUBMITTED in reached and not number:
        raise ProtocolMissing
    if number and queries.same_protocol(application, number):
        raise SameProtocol
    if any(getattr(application, name) != getattr(said, name) for name in AMOUNTS) and not reason.strip():
        raise ReasonMissing
    application.title, application.notes = one_line(said.title)[:300], paragraphs(said.notes)
    application.protocol_number = number
    application.cost, application.requested = said.cost, said.requested
    life.check_requested(application, said.requested)
    application.granted = said.granted if Stage.FUNDED in reached else None
    application.paid = said.paid if Stage.PAID in reached else None
    money.check_later(application.requested, application.granted, application.paid)
    _amounts_are_there(application, reached)
    db.session.flush()
    logged.say(application, by, reason=one_line(reason)[:300])


def _amounts_are_there(application: Application, reached) -> None:
    needed = {Stage.SUBMITTED: "requested", Stage.FUNDED: "granted", Stage.PAID: "paid"}
    for stage, name in needed.items():
        if stage in reached and getattr(application, name) is None:
            raise life.AmountMissing(_("This amount cannot be left empty any more."), field=name)


def remove(application: Application) -> None:
    """Remove what was never submitted. Raises CannotRemove."""
    # Somebody may submit it this moment: it is asked again when nobody else holds it.
    hold(application)
    if any(step.stage not in BEFORE_SUBMISSION for step in application.steps):
        raise CannotRemove
    application.services, application.partners = [], []
    db.session.delete(application)
    db.session.flush()
