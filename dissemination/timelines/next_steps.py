"""What a company might need next, each with its reason: rules anybody can follow, nothing hidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dissemination.applications.models import Application, Stage
from dissemination.audits.models import Audit, ImprovementArea, Outcome, State
from dissemination.calls.models import CutOff
from dissemination.kernel import subjects
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.languages import short_date, translated
from dissemination.people import queries as people
from dissemination.plan.log import Activity
from dissemination.research.models import Agreement, Meeting, MeetingState
from dissemination.timelines.history import VISITED, Received
from dissemination.timelines.scope import Scope

SILENT = timedelta(days=365)
SOON = timedelta(days=60)
SLOW = timedelta(days=30)
MOST = 12


@dataclass(frozen=True)
class Step:
    """Something to do, why, and where (None: the reason alone)."""

    what: str
    why: str
    url: str | None = None


def steps(scope: Scope, got: Received) -> list[Step]:
    """What might come next for a company, at most 12, what has a deadline first. For organisers."""
    found = [
        *_deadlines(scope), *_ending(scope), *_reports(scope), *_areas(scope), *_after_meetings(scope),
        *_audit(scope, got), *_silence(scope),
    ]  # fmt: skip
    return found[:MOST]


def _deadlines(scope: Scope) -> Iterator[Step]:
    query = (
        select(Application, CutOff.closes_at).join(CutOff, CutOff.id == Application.cutoff_id)
        .where(
            Application.district_id == scope.district.id, Application.company_id.in_(scope.ids),
            Application.stage.in_((Stage.IDEA, Stage.PREPARATION)), CutOff.closes_at >= now(),
        )
        .order_by(CutOff.closes_at).limit(MOST)
    )  # fmt: skip
    for row, closes_at in db.session.execute(query):
        left = (closes_at - now()).days
        yield Step(
            _("Finish the application “%(title)s”", title=row.title),
            ngettext("The deadline is in %(num)d day.", "The deadline is in %(num)d days.", left),
            subjects.url(Application.__tablename__, row.id),
        )


def _ending(scope: Scope) -> Iterator[Step]:
    on = today(scope.district.zone)
    query = select(Agreement).where(
        Agreement.district_id == scope.district.id, Agreement.company_id.in_(scope.ids),
        Agreement.signed_on.is_not(None), Agreement.ended_at.is_(None),
        Agreement.ends_on.between(on, on + SOON),
    ).options(joinedload(Agreement.partner))  # fmt: skip
    for row in db.session.scalars(query.order_by(Agreement.ends_on).limit(MOST)):
        if row.ends_on is not None:
            yield Step(
                _("Talk about the agreement with %(who)s", who=row.partner.name),
                _("It ends on %(day)s.", day=short_date(row.ends_on)),
                subjects.url(Agreement.__tablename__, row.id),
            )


def _reports(scope: Scope) -> Iterator[Step]:
    on = today(scope.district.zone)
    query = select(Audit).where(
        Audit.district_id == scope.district.id,
        Audit.company_id.in_(scope.ids),
        Audit.state.in_((State.VISITED, State.DRAFTED)),
        Audit.visited_on < on - SLOW,
    )
    for row in db.session.scalars(query.order_by(Audit.visited_on).limit(MOST)):
        if row.visited_on is not None:
            yield Step(
                _("Share the report of the audit"),
                _("The visit was on %(day)s, and the company has not read the report.",
                  day=short_date(row.visited_on)),
                subjects.url(Audit.__tablename__, row.id),
            )  # fmt: skip


def _areas(scope: Scope) -> Iterator[Step]:
    query = (
        select(ImprovementArea).join(ImprovementArea.audit)
        .where(
            Audit.district_id == scope.district.id, Audit.company_id.in_(scope.ids),
            Audit.state.in_(VISITED), ImprovementArea.outcome == Outcome.OPEN,
        )
        .options(
            joinedload(ImprovementArea.audit), joinedload(ImprovementArea.call),
            joinedload(ImprovementArea.laboratory),
        )
        .order_by(ImprovementArea.priority, ImprovementArea.id).limit(MOST)
    )  # fmt: skip
    rows = list(db.session.scalars(query))
    wished = set(db.session.scalars(
        select(Meeting.laboratory_id).where(
            Meeting.company_id.in_(scope.ids), Meeting.state != MeetingState.DECLINED
        )
    ))  # fmt: skip
    closings = _closings({row.call_id for row in rows if row.call_id})
    for row in rows:
        yield _area_step(scope, row, wished, closings)


def _closings(call_ids: set[int]) -> dict:
    query = select(CutOff.call_id, func.min(CutOff.closes_at)).where(
        CutOff.call_id.in_(call_ids), CutOff.closes_at >= now()
    )
    return dict(db.session.execute(query.group_by(CutOff.call_id)).all())  # type: ignore[arg-type]


def _area_step(scope: Scope, row: ImprovementArea, wished: set, closings: dict) -> Step:
    audit_url = subjects.url(Audit.__tablename__, row.audit_id)
    if row.call is not None and row.call_id in closings:
        left = (closings[row.call_id] - now()).days
        return Step(
            _("Apply for “%(area)s”", area=row.title),
            _("It was matched with the call “%(call)s”, which closes in %(n)d days.",
              call=translated(row.call, "title"), n=left),
            audit_url,
        )  # fmt: skip
    if row.laboratory is not None and row.laboratory_id not in wished:
        return Step(
            _("Arrange a meeting with %(lab)s", lab=row.laboratory.name),
            _("The audit names this laboratory for “%(area)s”, and no meeting is noted.", area=row.title),
            _meeting_url(scope, row),
        )  # fmt: skip
    days = (today(scope.district.zone) - (row.audit.visited_on or today(scope.district.zone))).days
    return Step(
        _("Look for a call or a laboratory for “%(area)s”", area=row.title),
        ngettext("The area has been open for %(num)d day.", "The area has been open for %(num)d days.", days),
        audit_url,
    )


def _meeting_url(scope: Scope, row: ImprovementArea) -> str:
    origin: dict[str, Any] = {"from": ImprovementArea.__tablename__, "of": row.id}
    return url_for(
        "meetings_desk.new", district=scope.district, company=scope.company.id,
        laboratory=row.laboratory_id, **origin,
    )  # fmt: skip


def _after_meetings(scope: Scope) -> Iterator[Step]:
    agreed = select(Agreement.meeting_id).where(Agreement.meeting_id.is_not(None))
    query = select(Meeting).where(
        Meeting.district_id == scope.district.id, Meeting.company_id.in_(scope.ids),
        Meeting.state == MeetingState.HELD, Meeting.laboratory_id.is_not(None),
        Meeting.held_on < today(scope.district.zone) - SLOW, Meeting.id.not_in(agreed),
    ).options(joinedload(Meeting.laboratory))  # fmt: skip
    for row in db.session.scalars(query.order_by(Meeting.held_on.desc()).limit(3)):
        if row.laboratory is not None and row.held_on is not None:
            yield Step(
                _("Ask what came of the meeting with %(lab)s", lab=row.laboratory.name),
                _("It was on %(day)s, and no agreement is noted.", day=short_date(row.held_on)),
                subjects.url(Meeting.__tablename__, row.id),
            )


def _audit(scope: Scope, got: Received) -> Iterator[Step]:
    known = select(Audit.id).where(
        Audit.district_id == scope.district.id, Audit.company_id.in_(scope.ids), Audit.state != State.DECLINED
    )
    if got.workshops and db.session.scalar(known.limit(1)) is None:
        yield Step(
            _("Offer an audit"),
            ngettext(
                "It came to %(num)d workshop and was never audited.",
                "It came to %(num)d workshops and was never audited.", got.workshops,
            ),
            url_for("audits_desk.new", district=scope.district, company=scope.company.id),
        )  # fmt: skip


def _silence(scope: Scope) -> Iterator[Step]:
    on: date = today(scope.district.zone)
    if not people.is_member(scope.company, on):
        return
    last = db.session.scalar(
        select(func.max(Activity.happened_on)).where(
            Activity.district_id == scope.district.id,
            Activity.company_id.in_(scope.ids),
            Activity.verb.in_(
                ("attendance.present", "audit.visited", "meeting.held", "application.submitted")
            ),
        )
    )
    if last is None or last < on - SILENT:
        why = _("A member, and nothing was done together so far.") if last is None else _(
            "A member; the last thing done together was on %(day)s.", day=short_date(last)
        )  # fmt: skip
        yield Step(_("Get in touch"), why)
