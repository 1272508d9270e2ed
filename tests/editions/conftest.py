"""A plan with something in every section."""

from datetime import date

import pytest

from dissemination.kernel.database import transaction
from dissemination.plan import actions, queries
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.models import LineKind


@pytest.fixture
def plan(moda, bice):
    """Moda's plan 2026-2028 with every section written, by Bice."""
    plan = queries.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
        area = plan.macro_areas[0]
        actions.revise_plan(
            plan, version=actions.version_of(plan), by=bice, situation="Cinque filiere.",
            situation_en="Five value chains.", sources="IRPET, 2025, https://www.irpet.example/moda",
        )  # fmt: skip
        actions.save_macro_area(
            plan, area, version=actions.version_of(area), by=bice, name_it="Processi sostenibili",
            name_en="Sustainable processes", actors="Duecento imprese.", sources="Rapporto regionale 2025",
            trends="Meno acqua.", trends_en="Less water.",
            prospects={"jobs": {"risk": {"it": "Mancano tecnici.", "en": ""}}},
            application_areas=[("Tintura a secco", "Dry dyeing"), ("Rigenerazione", "")],
        )  # fmt: skip
        top = actions.save_objective(
            plan, None, version="", text="Più innovazione", text_en="More innovation",
            macro_area_ids=[area.id], by=bice,
        )  # fmt: skip
        actions.save_objective(
            plan, None, version="", text="Più visite in azienda", parent_id=top.id, macro_area_ids=[area.id],
            by=bice,
        )  # fmt: skip
        line = plan.lines[0]
        money = {
            "budget_cents": 9_000_000, "committed_cents": 4_000_000, "spent_cents": 2_500_000,
            "cofinanced_cents": 4_500_000, "cofinancing_percent": 50,
        }  # fmt: skip
        actions.save_line(
            plan, line, version=actions.version_of(line), by=bice, code="a", kind=LineKind("a"),
            name_it="Divulgazione tecnologica", name_en="Technology dissemination", description="Workshop.",
            description_en="Workshops.", budget={2026: money},
        )  # fmt: skip
        actions.save_operation(
            plan, None, version="", by=bice, activity_line_id=plan.lines[0].id, title_it="Ciclo tessile",
            title_en="Textile series", starts_on=date(2026, 3, 1), ends_on=date(2026, 6, 30), planned=4,
            indicator_id=queries.indicator(plan, "DV-01").id, done_on=None,
        )  # fmt: skip
    return plan
