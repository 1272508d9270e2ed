"""What an issue went through on its way out, who decided what is open now, and how a district sends."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.newsletters.dispatches import (
    QUIET_FROM,
    QUIET_UNTIL,
    Approval,
    Dispatch,
    IssueEvent,
    NewsletterSettings,
    Rehearsal,
    What,
)
from dissemination.newsletters.models import Issue
from dissemination.newsletters.quiet import Quiet
from dissemination.people.accounts import Account


def note(issue: Issue, what: What, *, by: Account | None, words: str = "") -> None:
    """Write a line of the history of `issue`, in the transaction of the fact."""
    db.session.add(
        IssueEvent(issue_id=issue.id, at=now(), by=by.id if by else None, what=what, words=words[:500])
    )


def events(issue: Issue) -> list[IssueEvent]:
    """The history of `issue`, oldest first."""
    query = select(IssueEvent).where(IssueEvent.issue_id == issue.id).order_by(IssueEvent.id)
    return list(db.session.scalars(query.options(joinedload(IssueEvent.account)).limit(500)))


def settings(district: District) -> NewsletterSettings:
    """How `district` sends: its row, or the defaults (not stored)."""
    found = db.session.get(NewsletterSettings, district.id)
    if found is not None:
        return found
    return NewsletterSettings(
        district_id=district.id, approval_above=500, quiet_from=QUIET_FROM, quiet_until=QUIET_UNTIL,
        quiet_days=True, per_second=None, domain_rates={}, counts_clicks=False, version=0,
    )  # fmt: skip


def quiet_of(district: District) -> Quiet:
    """When `district` sends nothing."""
    chosen = settings(district)
    hours = (chosen.quiet_from, chosen.quiet_until) if chosen.quiet_from and chosen.quiet_until else None
    return Quiet(zone=district.zone, hours=hours, days=chosen.quiet_days)


def open_dispatch(issue: Issue) -> Dispatch | None:
    """The decision to send `issue` that waits for its moment; None when there is none."""
    query = select(Dispatch).where(
        Dispatch.issue_id == issue.id, Dispatch.undone_at.is_(None), Dispatch.held_at.is_(None),
        Dispatch.begun_at.is_(None),
    )  # fmt: skip
    return db.session.scalar(query.options(joinedload(Dispatch.decided_by)))


def last_dispatch(issue: Issue) -> Dispatch | None:
    """The last decision to send `issue`, whatever became of it."""
    query = select(Dispatch).where(Dispatch.issue_id == issue.id).order_by(Dispatch.id.desc()).limit(1)
    return db.session.scalar(query.options(joinedload(Dispatch.decided_by)))


def waiting(district_id: int) -> dict[int, Dispatch]:
    """The decisions that wait for their moment, by issue id."""
    query = (
        select(Dispatch).join(Issue)
        .where(
            Issue.district_id == district_id, Dispatch.undone_at.is_(None), Dispatch.held_at.is_(None),
            Dispatch.begun_at.is_(None),
        )
    )  # fmt: skip
    return {row.issue_id: row for row in db.session.scalars(query)}


def due() -> list[int]:
    """The ids of decisions, of all districts, whose moment has come."""
    query = select(Dispatch.id).where(
        Dispatch.starts_at <= now(), Dispatch.undone_at.is_(None), Dispatch.held_at.is_(None),
        Dispatch.begun_at.is_(None),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Dispatch.starts_at, Dispatch.id)))


def approvals(issue: Issue) -> list[Approval]:
    """Who was asked to approve `issue` and what she said, newest first."""
    query = select(Approval).where(Approval.issue_id == issue.id).order_by(Approval.id.desc()).limit(20)
    return list(db.session.scalars(query.options(joinedload(Approval.asker), joinedload(Approval.decider))))


def approval_now(issue: Issue) -> Approval | None:
    """The last request about the version of `issue` that stands; earlier versions' say nothing of it."""
    query = select(Approval).where(Approval.issue_id == issue.id, Approval.version == issue.version)
    return db.session.scalar(query.order_by(Approval.id.desc()).limit(1))


def to_approve(district_id: int) -> list[Approval]:
    """Requests that wait for an answer about what a draft is now."""
    query = (
        select(Approval).join(Issue)
        .where(
            Issue.district_id == district_id, Issue.sent_at.is_(None), Approval.decided_at.is_(None),
            Approval.version == Issue.version,
        )
        .options(joinedload(Approval.issue), joinedload(Approval.asker))
        .order_by(Approval.id)
    )  # fmt: skip
    return list(db.session.scalars(query))


def last_rehearsal(issue: Issue) -> Rehearsal | None:
    """The last rehearsal of `issue`."""
    query = select(Rehearsal).where(Rehearsal.issue_id == issue.id).order_by(Rehearsal.id.desc()).limit(1)
    return db.session.scalar(query)


def rehearsal_by_id(rehearsal_id: int) -> Rehearsal | None:
    """The rehearsal with that id, of whatever district: for jobs and links upward, never for a URL."""
    return db.session.get(Rehearsal, rehearsal_id)


def approval_by_id(approval_id: int) -> Approval | None:
    """The request for approval with that id, of whatever district: for links upward, never for a URL."""
    return db.session.get(Approval, approval_id)


def dispatch_by_id(dispatch_id: int) -> Dispatch | None:
    """The decision to send with that id, of whatever district: for jobs and links upward, never for a URL."""
    return db.session.get(Dispatch, dispatch_id)


def open_rehearsals() -> list[int]:
    """The ids of rehearsals, of all districts, whose report is not written yet."""
    return list(db.session.scalars(select(Rehearsal.id).where(Rehearsal.finished_at.is_(None))))
