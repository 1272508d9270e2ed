"""A plan as data: everything that the decree's document says, JSON-able, without a reference outside it.

Rows carry their `id` in a version, so that a comparison knows a renamed row again; what is exported has
none. Money is integer cents, days are ISO 8601, numbers that are measured are decimal texts.
"""

import json
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dissemination.kernel.database import db
from dissemination.plan.models import (
    PROSPECTS,
    ActivityLine,
    BudgetLine,
    Indicator,
    MacroArea,
    Objective,
    Operation,
    Plan,
)

SIDES = ("opportunity", "risk")
# What happens to a plan while it is carried out is no change of the plan.
PROGRESS = ("spent_cents", "committed_cents", "done_on")


def snapshot(plan: Plan) -> dict:
    """The whole plan as data, in the decree's order. A handful of queries, however long the plan is."""
    lines = list(
        db.session.scalars(
            select(ActivityLine).where(ActivityLine.plan_id == plan.id).order_by(ActivityLine.code)
            .options(selectinload(ActivityLine.budget), selectinload(ActivityLine.operations))
        )
    )  # fmt: skip
    areas = list(
        db.session.scalars(
            select(MacroArea).where(MacroArea.plan_id == plan.id).order_by(MacroArea.position, MacroArea.id)
            .options(selectinload(MacroArea.application_areas))
        )
    )  # fmt: skip
    objectives = list(
        db.session.scalars(
            select(Objective).where(Objective.plan_id == plan.id).order_by(Objective.position, Objective.id)
            .options(selectinload(Objective.macro_areas))
        )
    )  # fmt: skip
    indicators = list(
        db.session.scalars(
            select(Indicator).where(Indicator.plan_id == plan.id).order_by(Indicator.position, Indicator.id)
            .options(selectinload(Indicator.targets))
        )
    )  # fmt: skip
    numbers = {m.id: n for n, m in enumerate(areas, start=1)}
    line_codes = {x.id: x.code for x in lines}
    codes = {i.id: i.code for i in indicators}
    return {
        "title": plan.title,
        "starts_on": plan.starts_on.isoformat(),
        "ends_on": plan.ends_on.isoformat(),
        "situation": {"it": plan.situation, "en": plan.situation_en},
        "sources": _lines_of(plan.sources),
        "macro_areas": [_macro_area(m) for m in areas],
        "objectives": _objectives(objectives, None, numbers),
        "lines": [_line(x, codes) for x in lines],
        "indicators": [_indicator(i, line_codes) for i in indicators],
    }


def _lines_of(text: str) -> list[str]:
    return [line.strip() for line in (text or "").split("\n") if line.strip()]


def _both(row, name: str) -> dict[str, str]:
    """A short text that has a column for each language."""
    return {"it": getattr(row, f"{name}_it") or "", "en": getattr(row, f"{name}_en") or ""}


def _long(row, name: str) -> dict[str, str]:
    """A long text, whose Italian column has the bare name."""
    return {"it": getattr(row, name) or "", "en": getattr(row, f"{name}_en") or ""}


def _macro_area(m: MacroArea) -> dict:
    stored = m.prospects or {}
    prospects = {
        theme: {
            side: {lang: stored.get(theme, {}).get(side, {}).get(lang, "") for lang in ("it", "en")}
            for side in SIDES
        }
        for theme in PROSPECTS
    }
    texts = ("actors", "scenarios", "trends", "synergies", "opportunities", "risks")
    return {
        "id": m.id, "name": _both(m, "name"), "sources": _lines_of(m.sources),
        **{name: _long(m, name) for name in texts},
        "prospects": prospects,
        "application_areas": [_both(a, "name") for a in m.application_areas],
    }  # fmt: skip


def _objectives(rows: list[Objective], parent_id: int | None, numbers: dict[int, int]) -> list[dict]:
    return [
        {
            "id": o.id,
            "text": _long(o, "text"),
            "macro_areas": sorted(numbers[m.id] for m in o.macro_areas),
            "objectives": _objectives(rows, o.id, numbers),
        }
        for o in rows
        if o.parent_id == parent_id
    ]


def _line(x: ActivityLine, codes: dict[int, str]) -> dict:
    return {
        "id": x.id, "code": x.code, "kind": x.kind.value, "name": _both(x, "name"),
        "description": _long(x, "description"),
        "budget": [_money(b) for b in x.budget],
        "operations": [_operation(o, codes) for o in x.operations],
    }  # fmt: skip


def _money(b: BudgetLine) -> dict:
    names = ("year", "budget_cents", "committed_cents", "spent_cents", "cofinanced_cents",
             "cofinancing_percent")  # fmt: skip
    return {name: getattr(b, name) for name in names}


def _operation(o: Operation, codes: dict[int, str]) -> dict:
    return {
        "id": o.id, "title": _both(o, "title"), "starts_on": o.starts_on.isoformat(),
        "ends_on": o.ends_on.isoformat(), "planned": o.planned,
        "indicator": codes.get(o.indicator_id) if o.indicator_id else None,
        "done_on": o.done_on.isoformat() if o.done_on else None,
    }  # fmt: skip


def _indicator(i: Indicator, line_codes: dict[int, str]) -> dict:
    return {
        "id": i.id, "code": i.code, "name": _both(i, "name"), "unit": i.unit,
        "direction": i.direction.value, "baseline": _plain(i.baseline), "baseline_year": i.baseline_year,
        "threshold": _plain(i.threshold), "source": _both(i, "source"),
        "line": line_codes.get(i.activity_line_id) if i.activity_line_id else None, "public": i.public,
        "rule": i.rule,
        "targets": {t.period: _plain(t.value) for t in sorted(i.targets, key=lambda t: t.period)},
    }  # fmt: skip


def _plain(value: Decimal | None) -> str | None:
    """A decimal as a text without needless zeros: "4", "0.5"."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def mark_of(content: Any) -> str:
    """SHA-256 of the content as canonical JSON (sorted keys, no spaces)."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def without(content: Any, names: tuple[str, ...]) -> Any:
    """A copy of the content without the keys `names`, at every depth."""
    if isinstance(content, dict):
        return {k: without(v, names) for k, v in content.items() if k not in names}
    if isinstance(content, list):
        return [without(v, names) for v in content]
    return content


def planned(content: dict) -> dict:
    """The content without what was spent, committed and done: what an approval is about."""
    return without(content, PROGRESS)
