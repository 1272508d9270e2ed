"""The verbs of a reporting period: open, review, sign off, reopen, send. Never commits.

Signing freezes figures, rows, file hashes and the head of the log. What comes later never changes it.
"""

from datetime import date

from sqlalchemy import select

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan import periods
from dissemination.plan.models import Plan
from dissemination.reporting import given, signatures
from dissemination.reporting.checklist import Point, Weight
from dissemination.reporting.frozen import Frozen, sha256
from dissemination.reporting.models import (
    PeriodReview,
    ReportingPeriod,
    SignedFigure,
    SignedFile,
    SignOff,
    Transmission,
)
from dissemination.reporting.refusals import (
    AlreadyInReview,
    AlreadySignedOff,
    NeedsWords,
    NoReason,
    NotInReview,
    NotSignedOff,
    OutsideThePlan,
    PeriodsOverlap,
    StillBlocked,
    TheLogMoved,
    WasSigned,
)


def open_period(plan: Plan, code: str, *, due_on: date | None, by: Account | None) -> ReportingPeriod:
    """Begin to report a period of a plan.

    `code` as in `plan.periods`. Raises UnknownPeriod, OutsideThePlan, PeriodsOverlap. `plan` is the final
    report of the whole: it takes up what the periods reported, so it overlaps nothing.
    """
    period = periods.read(code, plan)
    if period.end < plan.starts_on or period.start > plan.ends_on:
        raise OutsideThePlan
    db.session.execute(select(Plan.id).where(Plan.id == plan.id).with_for_update())  # of two one waits
    for other in db.session.scalars(select(ReportingPeriod).where(ReportingPeriod.plan_id == plan.id)):
        if other.code == code or _overlap(period, other):
            raise PeriodsOverlap(other)
    row = ReportingPeriod(
        district_id=plan.district_id, plan_id=plan.id, code=code, starts_on=period.start,
        ends_on=period.end, due_on=due_on, created_at=now(), created_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def _overlap(period: periods.Period, other: ReportingPeriod) -> bool:
    if periods.PLAN in (period.code, other.code):
        return False
    return period.start <= other.ends_on and other.starts_on <= period.end


def _hold(period: ReportingPeriod) -> None:
    """Take the period, so that of two people who change its state one comes after the other."""
    db.session.execute(
        select(ReportingPeriod.id).where(ReportingPeriod.id == period.id).with_for_update()
    )  # fmt: skip
    db.session.expire(period)


def remove_period(period: ReportingPeriod) -> None:
    """Forget a period that was opened by mistake. Raises WasSigned."""
    _hold(period)
    if period.sign_offs:
        raise WasSigned
    db.session.delete(period)
    db.session.flush()


def start_review(period: ReportingPeriod, *, by: Account | None) -> PeriodReview:
    """Begin to look the figures through. Raises AlreadyInReview, AlreadySignedOff."""
    _hold(period)
    if period.sign_off is not None:
        raise AlreadySignedOff(period.sign_off)
    if period.review is not None:
        raise AlreadyInReview
    review = PeriodReview(period_id=period.id, at=now(), by=by.id if by else None)
    db.session.add(review)
    db.session.flush()
    return review


def end_review(period: ReportingPeriod, *, because: str, by: Account | None) -> None:
    """Give the period back to those who have to put something right. Raises NotInReview, NoReason."""
    _hold(period)
    review = period.review
    if review is None:
        raise NotInReview
    if not because.strip():
        raise NoReason
    review.ended_at, review.ended_by, review.ended_because = now(), by.id if by else None, because.strip()
    db.session.flush()


def seal(period: ReportingPeriod) -> None:
    """Take every row logged up to now into the head of the log, and look at the evidence that is new, so
    that what is counted next has both."""
    given.judge_evidence(period.district_id)
    given.sealed_head(period.district_id)


def sign_off(
    period: ReportingPeriod, frozen: Frozen, *, points: list[Point], despite: str, by: Account
) -> SignOff:
    """Sign a period off and keep `frozen` for good.

    `frozen` and the checklist's `points` were made just before, outside the transaction. Raises
    AlreadySignedOff, NotInReview, StillBlocked, NeedsWords, and TheLogMoved when the log is no longer the
    one that was counted.
    """
    _hold(period)
    if period.sign_off is not None:
        raise AlreadySignedOff(period.sign_off)
    review = period.review
    if review is None:
        raise NotInReview
    if any(p.weight is Weight.BLOCKS for p in points):
        raise StillBlocked
    if any(p.weight is Weight.OPEN for p in points) and not despite.strip():
        raise NeedsWords
    if given.sealed_head(period.district_id) != frozen.head:
        raise TheLogMoved
    row = SignOff(
        period_id=period.id, number=len(period.sign_offs) + 1, at=now(), by=by.id,
        by_name=by.name or by.email, position=frozen.head.position, chain=frozen.head.chain,
        despite=despite.strip(), content=frozen.content, sha256=frozen.digest(), reopened_because="",
    )  # fmt: skip
    row.mark = signatures.mark_of(row)
    db.session.add(row)
    review.ended_at, review.ended_by = row.at, by.id
    db.session.flush()
    _keep(row, frozen)
    given.publish_head(period.district_id, about=f"{period.code}/{row.number}", by=by)
    db.session.expire(period)
    return row


def _keep(row: SignOff, frozen: Frozen) -> None:
    db.session.add_all(
        SignedFigure(
            sign_off_id=row.id, position=n, code=f.code, content=f.content(), rows=f.squeezed(),
            rows_sha256=sha256(f.packed_rows()),
        )
        for n, f in enumerate(frozen.figures)
    )  # fmt: skip
    db.session.add_all(
        SignedFile(sign_off_id=row.id, position=n, content=f.content()) for n, f in enumerate(frozen.files)
    )
    db.session.flush()


def reopen(period: ReportingPeriod, *, because: str, by: Account | None) -> SignOff:
    """Take a sign-off back, for a further one: it stays, with the reason. Raises NotSignedOff, NoReason."""
    _hold(period)
    found = period.sign_off
    if found is None:
        raise NotSignedOff
    if not because.strip():
        raise NoReason
    found.reopened_at, found.reopened_by = now(), by.id if by else None
    found.reopened_because = because.strip()
    found.mark = signatures.mark_of(found)
    db.session.flush()
    return found


def mark_sent(
    period: ReportingPeriod, *, recipient: str, protocol: str, note: str, sent_on: date, by: Account | None
) -> Transmission:  # fmt: skip
    """Note that the signed report was sent. Raises NotSignedOff."""
    _hold(period)
    if period.sign_off is None:
        raise NotSignedOff
    row = Transmission(
        sign_off_id=period.sign_off.id, at=now(), sent_on=sent_on, by=by.id if by else None,
        recipient=recipient, protocol=protocol, note=note,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row
