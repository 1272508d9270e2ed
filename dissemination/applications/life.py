"""An application through its states: one step on, or back with a reason. The log follows (`logged.say`)."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select

from dissemination.applications import logged, money, queries
from dissemination.applications.models import Application, Stage, StageStep
from dissemination.applications.refusals import (
    AmountMissing,
    AtTheStart,
    DecisionMissing,
    OutOfOrder,
    ProtocolMissing,
    ReasonMissing,
    SameProtocol,
    TooLate,
    WrongDay,
    WrongServices,
)
from dissemination.applications.stages import AFTER, LOST, standing, was_submitted
from dissemination.applications.texts import STAGES
from dissemination.audits import contents
from dissemination.audits.models import Outcome
from dissemination.bibliography.records import one_line
from dissemination.calls.moments import is_in_time, written
from dissemination.calls.queries import is_valid
from dissemination.kernel import clock
from dissemination.kernel.clock import local
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.people.accounts import Account
from dissemination.people.actions import hold_version
from dissemination.plan import actions as plans
from dissemination.plan.queries import evidence_of

PROTOCOL, GRANT = "protocol_number", "grant_decision"


@dataclass(frozen=True)
class Said:
    """What a step says beside its day. `amount`: requested, granted or paid (EUR), as the step means it."""

    note: str = ""  # the grant decision; why it was waived, revoked, not admitted
    hour: time | None = None
    protocol_number: str = ""
    cost: Decimal | None = None
    amount: Decimal | None = None
    file: StoredFile | None = None  # the grant decision itself


def advance(
    application: Application, stage: Stage, *, on: date, by: Account | None, version: int, said: Said = Said()
) -> None:  # fmt: skip
    """The application comes into `stage` on that day (of the district).

    Raises ChangedMeanwhile, OutOfOrder, WrongDay, TooLate, ProtocolMissing, SameProtocol, AmountMissing,
    OverTheLimit, WrongServices, DecisionMissing, ReasonMissing.
    """
    hold_version(application, version)
    _must_follow(application, stage)
    _must_be_a_day(application, on)
    amount = _ENTERS[stage](application, on, said) if stage in _ENTERS else None
    if stage in LOST and not said.note.strip():
        raise ReasonMissing(field="note")
    application.steps.append(StageStep(
        stage=stage, on=on, hour=said.hour, at=clock.now(), by=by.id if by else None, amount=amount,
        note=one_line(said.note)[:300],
    ))  # fmt: skip
    application.stage = stage
    db.session.flush()
    if stage is Stage.FUNDED:
        plans.add_evidence(
            application, district_id=application.district_id, code=GRANT, file=said.file,
            note=one_line(said.note)[:300], by=by,
        )  # fmt: skip
    logged.say(application, by)
    if stage is Stage.SUBMITTED:
        _mark_area(application, by)


def _must_follow(application: Application, stage: Stage) -> None:
    after = AFTER[application.stage]
    if stage in after:
        return
    here = str(STAGES[application.stage][0])
    if not after:
        raise OutOfOrder(_("“%(here)s” is the last state: nothing comes after it.", here=here))
    words = ", ".join(f"“{STAGES[s][0]}”" for s in after)
    raise OutOfOrder(
        _("“%(next)s” does not come after “%(here)s”. What may come now: %(after)s.",
          next=STAGES[stage][0], here=here, after=words)
    )  # fmt: skip


def _must_be_a_day(application: Application, on: date) -> None:
    if on > clock.today(application.district.zone):
        raise WrongDay(_("This day lies in the future."))
    last = standing(application.steps)[-1]
    if on < last.on:
        raise WrongDay(
            _("Not before %(day)s: the application came to “%(stage)s” then.",
              day=format_date(last.on, "dd/MM/y"), stage=STAGES[last.stage][0])
        )  # fmt: skip


def _submitted(application: Application, on: date, said: Said) -> Decimal:
    number = one_line(said.protocol_number or application.protocol_number)[:60]
    if not number:
        raise ProtocolMissing
    if queries.same_protocol(application, number):
        raise SameProtocol
    application.protocol_number = number
    _in_time(application, on, said.hour)
    if application.call.services and not application.services:
        raise WrongServices(_("Choose the one or two services that the application asks for."))
    late = [service.code for service in application.services if not is_valid(service, on)]
    if late:
        raise WrongServices(
            _("The catalogue did not offer %(codes)s on that day.", codes=", ".join(late)), field="on"
        )
    application.cost = said.cost if said.cost is not None else application.cost
    requested = said.amount if said.amount is not None else application.requested
    if requested is None:
        raise AmountMissing(_("Write the amount that is requested."), field="requested")
    check_requested(application, requested)
    application.requested = requested
    return requested


def check_requested(application: Application, requested: Decimal | None) -> None:
    """Raises what `money.check_requested` raises."""
    money.check_requested(
        application.call, application.services, size=application.company.size, cost=application.cost,
        requested=requested,
    )  # fmt: skip


def _in_time(application: Application, on: date, hour: time | None) -> None:
    """Not before the call opens, not after the deadline; without an hour its day counts."""
    call, zone = application.call, application.district.zone
    if call.opens_at is not None and on < local(call.opens_at, zone).date():
        raise TooLate(_("The call opens on %(day)s.", day=written(call.opens_at, zone)[:10]))
    if call.withdrawn_at is not None and on > local(call.withdrawn_at, zone).date():
        raise TooLate(_("The call was withdrawn on %(day)s.", day=written(call.withdrawn_at, zone)[:10]))
    if not call.cutoffs:
        return
    aimed = next((c for c in call.cutoffs if c.id == application.cutoff_id), None)
    if aimed is None:
        aimed = next((c for c in call.cutoffs if _reached(c.closes_at, on, hour, zone)), call.cutoffs[-1])
        application.cutoff_id = aimed.id
    if not _reached(aimed.closes_at, on, hour, zone):
        raise TooLate(
            _("The deadline was %(when)s. If the application was meant for a later deadline of the call, "
              "choose that one first.", when=written(aimed.closes_at, zone))
        )  # fmt: skip


def _reached(closes_at: datetime, on: date, hour: time | None, zone) -> bool:
    if hour is None:
        return on <= local(closes_at, zone).date()
    return is_in_time(datetime.combine(on, hour, tzinfo=zone), closes_at)


def _funded(application: Application, _on: date, said: Said) -> Decimal:
    if said.amount is None:
        raise AmountMissing(_("Write the amount that is granted."), field="granted")
    money.check_later(application.requested, said.amount, None)
    if not said.note.strip() and said.file is None:
        raise DecisionMissing
    application.granted = said.amount
    return said.amount


def _paid(application: Application, _on: date, said: Said) -> Decimal:
    if said.amount is None:
        raise AmountMissing(_("Write the amount that is paid."), field="paid")
    money.check_later(application.requested, application.granted, said.amount)
    application.paid = said.amount
    return said.amount


_ENTERS = {Stage.SUBMITTED: _submitted, Stage.FUNDED: _funded, Stage.PAID: _paid}


def go_back(application: Application, *, reason: str, by: Account | None, version: int) -> Stage:
    """Take the last step back; the state that holds again. The log's rows of that step are taken back.

    Raises ChangedMeanwhile, ReasonMissing, AtTheStart.
    """
    hold_version(application, version)
    if not reason.strip():
        raise ReasonMissing
    steps = standing(application.steps)
    if len(steps) < 2:
        raise AtTheStart
    left, stage = application.stage, steps[-2].stage
    application.steps.append(StageStep(
        stage=stage, on=clock.today(application.district.zone), at=clock.now(), by=by.id if by else None,
        note=one_line(reason)[:300],
    ))  # fmt: skip
    application.stage = stage
    if left is Stage.PAID:
        application.paid = None
    if left is Stage.FUNDED:
        application.granted = None
    db.session.flush()
    logged.say(application, by, reason=one_line(reason)[:300])
    if left is Stage.FUNDED:
        for proof in evidence_of(application):
            if proof.code == GRANT:
                plans.remove_evidence(proof, reason=one_line(reason)[:300], by=by)
    if left is Stage.SUBMITTED:
        _mark_area(application, by)
    return stage


def _mark_area(application: Application, by: Account | None) -> None:
    """An area of which an application was submitted says so; when that is taken back it is open again."""
    area = application.area
    if area is None:
        return
    others = select(Application).where(Application.area_id == area.id)
    applied = any(was_submitted(one) for one in db.session.scalars(others))
    if applied and area.outcome in (Outcome.OPEN, Outcome.STARTED):
        contents.set_area(area, by=by, outcome=Outcome.APPLIED)
    elif not applied and area.outcome is Outcome.APPLIED:
        contents.set_area(area, by=by, outcome=Outcome.OPEN)
