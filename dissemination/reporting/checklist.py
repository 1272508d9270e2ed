"""What stands between a period and its sign-off, found anew each time somebody looks."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from flask import has_request_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel import subjects
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.kernel.languages import short_date, translated
from dissemination.plan import orphans
from dissemination.plan.periods import PLAN
from dissemination.plan.texts import period_name
from dissemination.reporting import given
from dissemination.reporting.frozen import Frozen
from dissemination.reporting.models import ReportingPeriod
from dissemination.reporting.queries import calendar_period
from dissemination.workshops.models import Cancellation, Closing, Workshop

MOST = 20  # links shown of a point


class Weight(StrEnum):
    """What a point means for signing."""

    BLOCKS = "blocks"  # nobody can sign
    OPEN = "open"  # signing needs a reason in words, which the report prints
    NOTE = "note"  # good to know


@dataclass(frozen=True)
class Point:
    """One thing on the list: what it is, and where to put it right (text, address or None)."""

    code: str
    weight: Weight
    text: str
    links: list[tuple[str, str | None]] = field(default_factory=list)
    more: int = 0


def points(period: ReportingPeriod, frozen: Frozen) -> list[Point]:
    """Everything that blocks, is open or is worth knowing; `frozen` is the period counted just now."""
    district = db.session.get(District, period.district_id)
    if district is None:
        return []
    loose = orphans.orphans(period.plan)
    found = [
        _not_over(period, district), _figures(frozen), _broken(period, district, loose.broken),
        _workshops(period, district), _evidence(period), _files(frozen), _earlier(period, district),
        _targets(frozen), _unfed(loose.indicators),
    ]  # fmt: skip
    return [point for point in found if point is not None]


def _page(endpoint: str, **values) -> str | None:
    """Where to put it right; a command has no pages."""
    return url_for(endpoint, **values) if has_request_context() else None


def _subject(row) -> str | None:
    return subjects.url(row.kind, row.subject_id) if has_request_context() else None


def _listed(code, weight, text, links) -> Point:
    return Point(code, weight, text, links[:MOST], max(len(links) - MOST, 0))


def _not_over(period, district) -> Point | None:
    if period.ends_on < today(district.zone):
        return None
    text = _("The period is not over: its last day is %(day)s.", day=short_date(period.ends_on))
    return Point("not_over", Weight.BLOCKS, text)


def _figures(frozen: Frozen) -> Point | None:
    wrong = frozen.disagreements()
    if not frozen.figures:
        return Point("no_figures", Weight.BLOCKS, _("The plan has no indicator that can be counted."))
    if not wrong:
        return None
    text = _("A figure and its rows disagree: %(codes)s. Count again in a minute.", codes=", ".join(wrong))
    return Point("disagreement", Weight.BLOCKS, text)


def _broken(period, district, broken) -> Point | None:
    if not broken:
        return None
    text = ngettext(
        "%(num)d indicator has a rule that cannot be counted: the report leaves it out.",
        "%(num)d indicators have a rule that cannot be counted: the report leaves them out.", len(broken),
    )  # fmt: skip
    page = _page("plan_desk.index", district=district, plan=period.plan_id)
    return _listed("broken", Weight.OPEN, text, [(f"{i.code} {translated(i, 'name')}", page) for i in broken])


def _workshops(period, district) -> Point | None:
    query = (
        select(Workshop)
        .outerjoin(Cancellation)
        .outerjoin(Closing)
        .where(
            Workshop.district_id == district.id, Workshop.published_at.is_not(None),
            Cancellation.workshop_id.is_(None), Closing.workshop_id.is_(None),
            Workshop.ends_at >= _midnight(period.starts_on, district, -1),
            Workshop.starts_at <= _midnight(period.ends_on, district, 2),
        )
        .order_by(Workshop.starts_at, Workshop.id)
    )  # fmt: skip
    found = [w for w in db.session.scalars(query) if period.starts_on <= w.counted_on <= period.ends_on]
    if not found:
        return None
    text = ngettext(
        "%(num)d workshop of the period is not closed, so it does not count.",
        "%(num)d workshops of the period are not closed, so they do not count.", len(found),
    )  # fmt: skip
    return _listed("workshops", Weight.OPEN, text, [
        (f"{short_date(w.starts_at)} {translated(w, 'title')}",
         _page("attendance_desk.show", district=district, slug=w.slug))
        for w in found
    ])  # fmt: skip


def _midnight(day, district, shift):
    return datetime.combine(day + timedelta(days=shift), time(), tzinfo=district.zone)


def _evidence(period) -> Point | None:
    found = given.missing(period.plan, calendar_period(period))
    if not found:
        return None
    text = ngettext(
        "%(num)d activity lacks evidence.", "%(num)d activities lack evidence.", len(found)
    )  # fmt: skip
    return _listed("evidence", Weight.OPEN, text, [
        (f"{short_date(row.on) if row.on else ''} {row.title}".strip(), _subject(row)) for row in found
    ])  # fmt: skip


def gone_since(frozen: Frozen) -> Point | None:
    """The files of a signed period that the storage no longer has as they were signed."""
    return _files(frozen)


def _files(frozen: Frozen) -> Point | None:
    """Every file of the period is read and held against its hash."""
    links = []
    for file in frozen.files:
        if not file.sha256:
            continue
        state, _data = given.content_of(file.sha256)
        if state != "ok":
            said = _("lost") if state == "lost" else _("changed")
            links.append((f"{file.title}: {file.name} ({said})", _subject(file)))
    if not links:
        return None
    text = ngettext(
        "%(num)d file of evidence is gone from the storage, or is no longer what was stored.",
        "%(num)d files of evidence are gone from the storage, or are no longer what was stored.", len(links),
    )  # fmt: skip
    return _listed("files", Weight.OPEN, text, links)


def _earlier(period, district) -> Point | None:
    query = (
        select(ReportingPeriod)
        .where(ReportingPeriod.plan_id == period.plan_id, ReportingPeriod.ends_on < period.starts_on)
        .order_by(ReportingPeriod.starts_on)
    )
    if period.code == PLAN:
        query = select(ReportingPeriod).where(
            ReportingPeriod.plan_id == period.plan_id, ReportingPeriod.id != period.id
        )
    found = [p for p in db.session.scalars(query) if p.sign_off is None]
    if not found:
        return None
    text = ngettext(
        "%(num)d earlier period is not signed off.", "%(num)d earlier periods are not signed off.", len(found)
    )
    return _listed("earlier", Weight.OPEN, text, [
        (period_name(p.code), _page("reporting_desk.show", district=district, period_id=p.id))
        for p in found
    ])  # fmt: skip


def _targets(frozen: Frozen) -> Point | None:
    without = [f.code for f in frozen.figures if f.target is None]
    if not without:
        return None
    text = ngettext(
        "%(num)d indicator has no target for this period: %(codes)s.",
        "%(num)d indicators have no target for this period: %(codes)s.", len(without),
        codes=", ".join(without),
    )  # fmt: skip
    return Point("targets", Weight.NOTE, text)


def _unfed(indicators) -> Point | None:
    if not indicators:
        return None
    text = ngettext(
        "Nothing has ever fed %(num)d indicator: %(codes)s.",
        "Nothing has ever fed %(num)d indicators: %(codes)s.", len(indicators),
        codes=", ".join(i.code for i in indicators),
    )  # fmt: skip
    return Point("unfed", Weight.NOTE, text)
