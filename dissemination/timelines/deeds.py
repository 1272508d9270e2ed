"""The lines about audits, areas, applications, meetings and agreements.

Confidential by default: organisers read everything; who only reads the desk sees that an audit took place and
what became of applications, which are the proof of figures; the company sees what it was told.
"""

from collections.abc import Iterator
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager, joinedload

from dissemination.applications.models import Application, Stage, StageStep, application_partners
from dissemination.audits.models import Audit, AuditStep, ImprovementArea, State
from dissemination.audits.texts import AREA_TYPES, OUTCOMES
from dissemination.kernel import subjects
from dissemination.kernel.database import db
from dissemination.kernel.languages import money, translated
from dissemination.research.models import Agreement, Cooperation, Laboratory, Meeting
from dissemination.timelines import told
from dissemination.timelines.scope import Cut, Entry, Reader, Scope
from dissemination.timelines.sources import line
from dissemination.timelines.texts import AUDIT_STEPS, STAGES, Kind

# What each reader sees of an audit's steps; organisers see all.
STEPS = {
    Reader.VIEWER: (State.VISITED,),
    Reader.COMPANY: (State.CONTACTED, State.VISITED, State.SHARED, State.CLOSED, State.DECLINED),
}
BEFORE_SUBMISSION = (Stage.IDEA, Stage.PREPARATION)


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


def _url(scope: Scope, kind: str, row_id: int) -> str | None:
    return subjects.url(kind, row_id) if scope.is_desk else None


def euro(amount: Decimal | None) -> str:
    """An amount in words; "" without one."""
    return money(int(amount * 100)) if amount is not None else ""


def audits(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Each state of each audit."""
    query = select(AuditStep, Audit).join(Audit, Audit.id == AuditStep.audit_id).where(
        Audit.district_id == scope.district.id, Audit.company_id.in_(scope.ids)
    )  # fmt: skip
    if scope.reader in STEPS:
        query = query.where(AuditStep.state.in_(STEPS[scope.reader]))
    query = cut.of(query, source="audit", column=AuditStep.on, row_id=AuditStep.id, dated=True)
    for step, audit in db.session.execute(query):
        note = step.note if scope.reader is Reader.ORGANISER else ""
        yield line(
            scope, "audit", Kind.AUDIT, step.id, step.on, str(AUDIT_STEPS[step.state]), note=note,
            url=_url(scope, Audit.__tablename__, audit.id),
        )  # fmt: skip


def areas(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """What was found to improve: for organisers, and for the company once it has read the report."""
    if scope.reader is Reader.VIEWER:
        return
    query = select(ImprovementArea).join(ImprovementArea.audit).where(
        Audit.district_id == scope.district.id, Audit.company_id.in_(scope.ids),
        Audit.visited_on.is_not(None),
    ).options(contains_eager(ImprovementArea.audit))  # fmt: skip
    if scope.reader is Reader.COMPANY:
        query = query.where(ImprovementArea.id.in_(told.areas(scope)))
    query = cut.of(query, source="area", column=Audit.visited_on, row_id=ImprovementArea.id, dated=True)
    for row in db.session.scalars(query):
        if row.audit.visited_on is not None:
            yield line(
                scope, "area", Kind.AREA, row.id, row.audit.visited_on,
                _("Improvement area: %(title)s", title=row.title),
                note=_joined(AREA_TYPES[row.type], OUTCOMES[row.outcome]),
                url=_url(scope, Audit.__tablename__, row.audit_id),
            )  # fmt: skip


def applications(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Each state of each application that it made, or takes part in."""
    mine = select(application_partners.c.application_id).where(
        application_partners.c.company_id.in_(scope.ids)
    )
    query = select(StageStep).join(StageStep.application).where(
        Application.district_id == scope.district.id,
        or_(Application.company_id.in_(scope.ids), Application.id.in_(mine)),
    ).options(contains_eager(StageStep.application).joinedload(Application.call))  # fmt: skip
    if scope.reader is Reader.VIEWER:
        query = query.where(StageStep.stage.not_in(BEFORE_SUBMISSION))
    query = cut.of(query, source="application", column=StageStep.on, row_id=StageStep.id, dated=True)
    for step in db.session.scalars(query):
        row = step.application
        leads = row.company_id in scope.ids
        partner = "" if leads else _("as a partner")
        own_words = step.note if scope.reader is Reader.ORGANISER else ""
        yield line(
            scope, "application", Kind.APPLICATION, step.id, step.on, str(STAGES[step.stage]),
            note=_joined(
                row.title if scope.reader is not Reader.VIEWER else "", translated(row.call, "title"),
                partner, euro(step.amount) if leads or scope.is_desk else "", own_words,
            ),
            url=_url(scope, Application.__tablename__, row.id),
        )  # fmt: skip


def _with(row: Meeting) -> str:
    lab = row.laboratory
    return f"{lab.name} ({lab.organisation.name})" if lab is not None else row.expert


def meetings(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Meetings: when they were asked for and when they took place; never what was said."""
    for source, column, dated in (
        ("meeting", Meeting.asked_at, False), ("meeting.held", Meeting.held_on, True),
    ):  # fmt: skip
        query = select(Meeting).where(
            Meeting.district_id == scope.district.id, Meeting.company_id.in_(scope.ids), column.is_not(None)
        ).options(joinedload(Meeting.laboratory).joinedload(Laboratory.organisation))  # fmt: skip
        query = cut.of(query, source=source, column=column, row_id=Meeting.id, dated=dated)
        for row in db.session.scalars(query):
            asked = source == "meeting"
            at = row.asked_at if asked else row.held_on
            title = _("Meeting wished for: %(who)s", who=_with(row)) if asked else _(
                "Meeting held: %(who)s", who=_with(row)
            )  # fmt: skip
            if at is not None:
                yield line(
                    scope, source, Kind.MEETING, row.id, at, title,
                    url=_url(scope, Meeting.__tablename__, row.id),
                )  # fmt: skip


def agreements(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Signed agreements, on either side."""
    query = select(Agreement).where(
        Agreement.district_id == scope.district.id, Agreement.signed_on.is_not(None),
        or_(Agreement.company_id.in_(scope.ids), Agreement.partner_id.in_(scope.ids)),
    ).options(joinedload(Agreement.company), joinedload(Agreement.partner))  # fmt: skip
    query = cut.of(query, source="agreement", column=Agreement.signed_on, row_id=Agreement.id, dated=True)
    for row in db.session.scalars(query):
        other = row.partner if row.company_id in scope.ids else row.company
        kinds = {Cooperation.ACTIVE: _("active cooperation"), Cooperation.SERVICE: _("service")}
        if row.signed_on is not None:
            yield line(
                scope, "agreement", Kind.AGREEMENT, row.id, row.signed_on,
                _("Agreement signed with %(who)s", who=other.name),
                note=_joined(row.title, kinds[row.cooperation]),
                url=_url(scope, Agreement.__tablename__, row.id),
            )  # fmt: skip
