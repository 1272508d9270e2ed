"""What is still missing on a workshop. Nothing here stops publishing; all of it is worth having.

Each gap says where it is filled: a page of the desk and a place on it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dissemination.kernel.database import db
from dissemination.kernel.languages import clock_time, short_date
from dissemination.plan.contract import Contract, Fed
from dissemination.workshops.models import Speaker, State, Workshop, WorkshopSession

EDIT, MATERIALS, SPEAKERS = "workshops_desk.edit", "materials_desk.index", "speakers_desk.edit"
PAUSE = timedelta(hours=2)  # a longer hole in a day's programme looks like something forgotten


@dataclass(frozen=True)
class Gap:
    """Something missing, and where on which page it is filled in.

    `evidence`: without it the workshop cannot be counted.
    """

    text: str
    endpoint: str
    anchor: str = ""
    profile_id: int | None = None
    evidence: bool = False


_others: list[Callable[[Sequence[Workshop]], dict[int, list[Gap]]]] = []


def register(others: Callable[[Sequence[Workshop]], dict[int, list[Gap]]]) -> None:
    """Let a higher floor add gaps: `others(workshops of one district)` gives them by workshop id, with as
    many queries for many as for one."""
    if others not in _others:
        _others.append(others)


def fed(workshop: Workshop, contract: Contract | None = None) -> list[Fed]:
    """The indicators that the workshop will feed once it was held."""
    contract = contract or Contract(workshop.district_id)
    return contract.fed_by(
        workshop.counted_on, workshop.activity_line_id, attributes={"mode": workshop.mode.value}
    )


def of(workshop: Workshop) -> list[Gap]:
    """The gaps of a workshop, evidence first."""
    return _of_many([workshop], Contract(workshop.district_id))[workshop.id]


def _of_many(workshops: Sequence[Workshop], contract: Contract) -> dict[int, list[Gap]]:
    others = [source(workshops) for source in _others]
    return {
        w.id: sorted(
            [gap for more in others for gap in more.get(w.id, ())] + _own(w, contract),
            key=lambda gap: not gap.evidence,
        )
        for w in workshops
    }


def _own(workshop: Workshop, contract: Contract) -> list[Gap]:
    state = workshop.state
    if state is State.CANCELLED:
        return []
    found = _materials(workshop, state)
    if state is not State.CLOSED:
        found = [*_texts(workshop), *_speakers(workshop), *_programme(workshop), *found]
        if not fed(workshop, contract):
            found.append(
                Gap(_("An activity line that feeds an indicator of the plan"), EDIT, "activity_line_id")
            )
    return found


def count_many(workshops: Iterable[Workshop], district_id: int) -> dict[int, int]:
    """How many gaps each workshop has, by id; as many queries for 100 workshops as for one."""
    ids = [w.id for w in workshops]
    if not ids:
        return {}
    speakers = selectinload(Workshop.sessions).selectinload(WorkshopSession.speakers)
    query = select(Workshop).where(Workshop.id.in_(ids)).execution_options(populate_existing=True)
    rows = db.session.scalars(
        query.options(
            speakers.joinedload(Speaker.profile), selectinload(Workshop.materials),
            selectinload(Workshop.cancellation), selectinload(Workshop.closing),
        )
    )  # fmt: skip
    return {key: len(found) for key, found in _of_many(list(rows), Contract(district_id)).items()}


def _texts(workshop: Workshop) -> list[Gap]:
    in_room = bool(workshop.venue)
    wanted = (
        (_("Title in English"), "title_en", workshop.title_en, False),
        (_("Abstract in Italian"), "abstract_it", workshop.abstract_it.strip(), True),
        (_("Abstract in English"), "abstract_en", workshop.abstract_en.strip(), True),
        (_("Sector"), "sector_id", workshop.sector_id, False),
        (_("Macro-area"), "macro_area_id", workshop.macro_area_id, False),
        (_("Address"), "address", workshop.address or not in_room, False),
        (_("How to get there"), "directions_it", workshop.directions_it.strip() or not in_room, False),
    )
    return [Gap(text, EDIT, anchor, evidence=proof) for text, anchor, value, proof in wanted if not value]


def _speakers(workshop: Workshop) -> list[Gap]:
    speakers = [p for s in workshop.sessions for p in s.speakers]
    if not speakers:
        return [Gap(_("Speakers"), EDIT, "sessions")]
    waiting = {
        p.profile.id: p.profile.name
        for p in speakers
        if p.profile and not p.profile.agreed_at and (p.profile.biography_it or p.profile.biography_en)
    }
    return [
        Gap(_("Consent to publish the biography of %(name)s", name=name), SPEAKERS, "consent", profile_id=key)
        for key, name in waiting.items()
    ]


def _programme(workshop: Workshop) -> list[Gap]:
    """Holes of a day in which nothing takes place."""
    found = []
    for day, sessions in workshop.sessions_by_day.items():
        until = sessions[0].ends_at
        for session in sessions[1:]:
            if session.starts_at - until > PAUSE:
                found.append(_hole(day, until, session.starts_at))
            until = max(until, session.ends_at)
    return found


def _hole(day: date, start: datetime, end: datetime) -> Gap:
    text = _(
        "Programme of %(day)s: nothing from %(start)s to %(end)s",
        day=short_date(day), start=clock_time(start), end=clock_time(end),
    )  # fmt: skip
    return Gap(text, EDIT, "sessions")


def _materials(workshop: Workshop, state: State) -> list[Gap]:
    over = state in (State.HELD, State.CLOSED)
    return [Gap(_("Materials for the participants"), MATERIALS)] if over and not workshop.materials else []
