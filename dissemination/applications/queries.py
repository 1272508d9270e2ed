"""Finding applications. Every query names its district; merged companies are one."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.applications.models import Application, Stage, application_partners
from dissemination.applications.stages import BEFORE_SUBMISSION
from dissemination.audits.models import Audit, ImprovementArea
from dissemination.audits.queries import family
from dissemination.audits.states import FROM_THE_VISIT
from dissemination.calls.models import Call
from dissemination.kernel import paging
from dissemination.kernel.database import db
from dissemination.kernel.text import like
from dissemination.people.models import Company


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; `text` is looked for in company and protocol number, and where `titles` may
    be read, often words of an audit, in these."""

    text: str = ""
    stage: Stage | None = None
    call_id: int | None = None
    titles: bool = True


def shown():
    """What a page shows of an application, asked for at once."""
    company = joinedload(Application.company)
    return (
        joinedload(Application.call).selectinload(Call.cutoffs), company.joinedload(Company.sector),
        selectinload(Application.services), selectinload(Application.partners),
        selectinload(Application.steps), joinedload(Application.area).joinedload(ImprovementArea.audit),
        joinedload(Application.audit), joinedload(Application.district),
    )  # fmt: skip


def by_id(district_id: int, application_id: int) -> Application | None:
    """The district's application with that id."""
    query = select(Application).where(
        Application.district_id == district_id, Application.id == application_id
    )
    return db.session.scalar(query.options(*shown()))


def _narrowed(district_id: int, wanted: Wanted):
    query = select(Application).where(Application.district_id == district_id)
    if wanted.stage is not None:
        query = query.where(Application.stage == wanted.stage)
    if wanted.call_id is not None:
        query = query.where(Application.call_id == wanted.call_id)
    if wanted.text.strip():
        pattern = like(wanted.text)
        named = select(Company.id).where(
            Company.district_id == district_id, Company.name_folded.like(pattern, escape="\\")
        )
        found = [Application.company_id.in_(named), Application.protocol_number == wanted.text.strip()]
        if wanted.titles:
            found.append(func.lower(Application.title).like(pattern, escape="\\"))
        query = query.where(or_(*found))
    return query


def listed(district_id: int, *, wanted: Wanted, after: str | None = None, size: int = paging.SIZE):
    """One page of the district's applications, newest first."""
    query = _narrowed(district_id, wanted).options(*shown())
    return paging.page(query, columns=(Application.id,), after=after, descending=True, size=size)


def by_stage(district_id: int) -> dict[Stage, int]:
    """How many applications stand where."""
    query = select(Application.stage, func.count()).where(Application.district_id == district_id)
    return dict(db.session.execute(query.group_by(Application.stage)).all())


def of_company(district_id: int, company_id: int) -> list[Application]:
    """The applications that a company leads or takes part in, merged duplicates included, newest first."""
    mine = list(family(district_id, [company_id]))
    takes_part = select(application_partners.c.application_id).where(
        application_partners.c.company_id.in_(mine)
    )
    query = select(Application).where(
        Application.district_id == district_id,
        or_(Application.company_id.in_(mine), Application.id.in_(takes_part)),
    )
    return list(db.session.scalars(query.options(*shown()).order_by(Application.id.desc())))


def of_call(call: Call, *, most: int = 200) -> list[Application]:
    """The applications to a call, newest first."""
    query = select(Application).where(Application.call_id == call.id).options(*shown())
    return list(db.session.scalars(query.order_by(Application.id.desc()).limit(most)))


def of_areas(area_ids: Collection[int]) -> dict[int, list[Application]]:
    """The applications that came of improvement areas, by area."""
    query = select(Application).where(Application.area_id.in_(list(area_ids))).options(*shown())
    found: dict[int, list[Application]] = {}
    for application in db.session.scalars(query.order_by(Application.id)):
        found.setdefault(application.area_id or 0, []).append(application)
    return found


def areas_going(call: Call) -> set[int]:
    """The improvement areas of which an application to the call is on its way, or was."""
    query = select(Application.area_id).where(
        Application.call_id == call.id, Application.area_id.is_not(None), Application.stage != Stage.WAIVED
    )
    return {area_id for area_id in db.session.scalars(query) if area_id is not None}


def of_audit(audit: Audit) -> list[Application]:
    """The applications that came of an audit without naming one of its areas, oldest first."""
    query = select(Application).where(Application.audit_id == audit.id, Application.area_id.is_(None))
    return list(db.session.scalars(query.options(*shown()).order_by(Application.id)))


def areas_in_use(area_ids: Collection[int]) -> set[int]:
    """Those of the areas that an application names."""
    query = select(Application.area_id).where(Application.area_id.in_(list(area_ids)))
    return {area_id for area_id in db.session.scalars(query) if area_id is not None}


def aimed_at(cutoff_ids: Collection[int]) -> dict[int, list[Application]]:
    """The applications that aim at deadlines, by deadline, oldest first."""
    query = select(Application).where(Application.cutoff_id.in_(list(cutoff_ids))).options(*shown())
    found: dict[int, list[Application]] = {}
    for application in db.session.scalars(query.order_by(Application.id)):
        found.setdefault(application.cutoff_id or 0, []).append(application)
    return found


def without_deadline(district_id: int) -> list[Application]:
    """Applications not submitted yet that aim at no deadline."""
    query = select(Application).where(
        Application.district_id == district_id, Application.cutoff_id.is_(None),
        Application.stage.in_(BEFORE_SUBMISSION),
    )  # fmt: skip
    return list(db.session.scalars(query.options(*shown()).order_by(Application.id).limit(100)))


def areas_of(district_id: int, company_ids: Collection[int]) -> list[ImprovementArea]:
    """The improvement areas found in these companies (merged ones too), the newest audit first."""
    query = select(ImprovementArea).join(ImprovementArea.audit).where(
        Audit.district_id == district_id, Audit.company_id.in_(family(district_id, company_ids)),
        Audit.state.in_(FROM_THE_VISIT),
    )  # fmt: skip
    query = query.options(joinedload(ImprovementArea.audit).joinedload(Audit.company))
    return list(db.session.scalars(query.order_by(Audit.id.desc(), ImprovementArea.position).limit(200)))


def same_protocol(application: Application, number: str) -> bool:
    """Whether another application to the same call has this protocol number; the call is held, so that of two
    who enter one number at once the second is told. Needs transaction()."""
    held = select(Call.id).where(Call.id == application.call_id).with_for_update(key_share=True)
    db.session.execute(held)
    query = select(Application.id).where(
        Application.call_id == application.call_id, Application.protocol_number == number,
        Application.id != application.id,
    )  # fmt: skip
    return db.session.scalar(query.limit(1)) is not None
