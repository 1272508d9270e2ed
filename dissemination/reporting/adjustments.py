"""What became known after a sign-off: "as reported / as known today", with the day and the reason (R6).

Nothing is stored: the signed rows are held against a count of today, and each difference says where it
comes from. A difference in rules, exclusions, companies or targets is found by comparing contents, because
none of these leaves a row in the log.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from dissemination.kernel.clock import local
from dissemination.kernel.database import db
from dissemination.people.models import Company
from dissemination.plan import queries
from dissemination.plan.log import Activity
from dissemination.plan.rules import Measure
from dissemination.reporting import freezing
from dissemination.reporting.frozen import FrozenFigure, FrozenRow
from dissemination.reporting.models import SignOff
from dissemination.reporting.queries import calendar_period, signed_figures

CHUNK = 500


@dataclass(frozen=True)
class Change:
    """Why a figure is another one: a kind, since when it is known (None: today), and how many rows."""

    what: str
    on: date | None
    rows: int = 0

    def said(self) -> str:
        """In the reader's language."""
        return _said(self.what, self.rows)


@dataclass(frozen=True)
class Adjustment:
    """A figure as reported and as known today; None as known today: the indicator was removed."""

    code: str
    name_it: str
    name_en: str
    unit: str
    reported: Decimal | None
    known: Decimal | None
    target_reported: Decimal | None
    target_known: Decimal | None
    changes: list[Change]


def of(sign_off: SignOff) -> list[Adjustment]:
    """What changed since a sign-off, in the plan's order; [] when everything stands as it was reported."""
    period = sign_off.period
    reported = signed_figures(sign_off)
    now = {f.code: f for f in freezing.count(period.plan, calendar_period(period), brief=True)}
    seen = _Seen(sign_off, reported, list(now.values()))
    found = [_adjustment(before, now.get(before.code), seen) for before in reported]
    return [a for a in found if a is not None]


def as_json(sign_offs: list[SignOff]) -> list[dict]:
    """The adjustments of several sign-offs, for a later report to print: texts in both languages."""
    return [
        {
            "period": s.period.code, "number": s.number, "at": s.at.isoformat(), "code": a.code,
            "name_it": a.name_it, "name_en": a.name_en, "unit": a.unit, "reported": _text(a.reported),
            "known": _text(a.known), "target_reported": _text(a.target_reported),
            "target_known": _text(a.target_known),
            "changes": [
                {"on": c.on.isoformat() if c.on else None, "said": freezing.both(c.said)} for c in a.changes
            ],
        }
        for s in sign_offs
        for a in of(s)
    ]  # fmt: skip


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _adjustment(before: FrozenFigure, after: FrozenFigure | None, seen: "_Seen") -> Adjustment | None:
    if after is None:
        changes = [Change("removed", None)]
    else:
        changes = seen.changes(before, after)
        same = (before.actual, before.target, before.baseline) == (after.actual, after.target, after.baseline)
        if not changes and same:
            return None
        if before.actual != after.actual and not any(c.what != "target" for c in changes):
            changes.append(Change("persons" if _counts_persons(before) else "companies", None))
    return Adjustment(
        code=before.code, name_it=before.name_it, name_en=before.name_en, unit=before.unit,
        reported=before.actual, known=after.actual if after else None, target_reported=before.target,
        target_known=after.target if after else None, changes=changes,
    )  # fmt: skip


def _counts_persons(figure: FrozenFigure) -> bool:
    return figure.rule.get("measure") == Measure.PERSONS


class _Seen:
    """What has to be looked up once for all figures: when rows came in, were taken back, were merged."""

    def __init__(self, sign_off: SignOff, before: list[FrozenFigure], after: list[FrozenFigure]):
        self.zone = _zone_of(sign_off)
        self.exclusions_changed = _exclusions_changed(sign_off)
        ids = _changed_ids(before, after)
        self.recorded = self._days(Activity.id, ids)
        self.taken_back = self._days(Activity.reverses_id, ids)
        self.merged = self._merges(sign_off)

    def _days(self, column, ids: list[int]) -> dict[int, date]:
        found: dict[int, date] = {}
        for start in range(0, len(ids), CHUNK):
            query = select(column, Activity.recorded_at).where(column.in_(ids[start : start + CHUNK]))
            found |= {i: local(at, self.zone).date() for i, at in db.session.execute(query)}
        return found

    def _merges(self, sign_off: SignOff) -> dict[int, date]:
        query = select(Company.id, Company.merged_at).where(
            Company.district_id == sign_off.period.district_id, Company.merged_at > sign_off.at
        )
        return {i: local(at, self.zone).date() for i, at in db.session.execute(query) if at}

    def changes(self, before: FrozenFigure, after: FrozenFigure) -> list[Change]:
        """Why `after` is not `before`, by day."""
        counted: Counter[tuple[str, date | None]] = Counter()
        old, new = ({row.key: row for row in f.rows} for f in (before, after))
        for key in old.keys() | new.keys():
            found = self._row(old.get(key), new.get(key))
            if found is not None:
                counted[found] += 1
        changes = [Change(what, on, n) for (what, on), n in counted.items()]
        changes.sort(key=lambda c: (c.on or date.max, c.what))
        if before.rule != after.rule:
            changes.append(Change("rule", None))
        if self.exclusions_changed and before.actual != after.actual:
            changes.append(Change("exclusions", None))
        if (before.target, before.baseline) != (after.target, after.baseline):
            changes.append(Change("target", None))
        return changes

    def _row(self, old: FrozenRow | None, new: FrozenRow | None) -> tuple[str, date | None] | None:
        """(what happened to a row, when); None when nothing that matters."""
        if old is None:
            if new is None or new.reason is not None:
                return None
            return "added", self.recorded.get(new.id) if new.table == "activities" else None
        if new is None:
            return ("gone", None) if old.reason is None else None
        if old.reason is None and new.reason is not None:
            if new.reason == "reversed":
                return "taken_back", self.taken_back.get(old.id)
            return "counts_no_more", None
        if old.reason is not None and new.reason is None:
            return "counts_now", None
        if new.reason is not None:
            return None
        if old.company_id != new.company_id:
            return "merged", self.merged.get(old.company_id or 0)
        return ("amount", None) if old.amount != new.amount or old.title != new.title else None


def _zone_of(sign_off: SignOff):
    return ZoneInfo(sign_off.content["district"]["zone"])


def _exclusions_changed(sign_off: SignOff) -> bool:
    period = calendar_period(sign_off.period)
    rows = queries.exclusions(sign_off.period.district_id)
    return freezing.exclusions_in(rows, period) != sign_off.content["exclusions"]


def _changed_ids(before: list[FrozenFigure], after: list[FrozenFigure]) -> list[int]:
    """The rows of the log that count on one side only."""
    return sorted({row_id for _code, _part, row_id in _counted(before) ^ _counted(after)})


def _counted(figures: list[FrozenFigure]) -> set[tuple[str, str, int]]:
    return {
        (f.code, row.part, row.id)
        for f in figures
        for row in f.rows
        if row.table == "activities" and row.reason is None
    }


def _said(what: str, n: int) -> str:
    rows = ngettext("%(num)d row", "%(num)d rows", n)
    texts: dict[str, Callable[[], str]] = {
        "added": lambda: _("entered later (%(rows)s)", rows=rows),
        "taken_back": lambda: _("taken back by a correction (%(rows)s)", rows=rows),
        "gone": lambda: _("no longer belongs to this figure (%(rows)s)", rows=rows),
        "counts_no_more": lambda: _("counts no more (%(rows)s)", rows=rows),
        "counts_now": lambda: _("counts now (%(rows)s)", rows=rows),
        "merged": lambda: _("companies merged (%(rows)s)", rows=rows),
        "amount": lambda: _("the amount was changed (%(rows)s)", rows=rows),
        "rule": lambda: _("the counting rule was changed"),
        "exclusions": lambda: _("the exclusions of the call were changed"),
        "target": lambda: _("target or baseline were changed"),
        "removed": lambda: _("the indicator was taken out of the plan"),
        "persons": lambda: _("persons were forgotten at their request"),
        "companies": lambda: _("data of companies were changed"),
    }
    return texts[what]()
