"""Services and calls made through the actions."""

from datetime import UTC, date, datetime
from decimal import Decimal

from dissemination.calls import actions
from dissemination.calls.models import Family
from dissemination.calls.moments import last_moment

MOMENT = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def service(district, code="B.2.2", **facts):
    """A service of the catalogue. Needs a transaction."""
    facts = {
        "family": Family(code[0]), "title_it": "Efficienza ambientale", "cost_cap": Decimal(40000),
        "months": 12, "intensity": {"micro": 60, "small": 50, "medium": 40}, "area_types": ["process"],
        "keywords": ["acqua", "energia"], **facts,
    }  # fmt: skip
    return actions.add_service(district, code=code, **facts)


def call(district, *, days=(date(2027, 3, 24),), services=(), published=True, **facts):
    """A call whose deadlines are the ends of `days`. Needs a transaction."""
    facts = {
        "title_it": "Bando servizi qualificati", "body": "Regione Toscana", "summary_it": "Per innovare.",
        "cap": Decimal(20000), **facts,
    }  # fmt: skip
    made = actions.add_call(
        district, deadlines=[last_moment(day, district.zone) for day in days],
        service_ids=[s.id for s in services], by=None, **facts,
    )  # fmt: skip
    if published:
        actions.publish(made)
    return made
