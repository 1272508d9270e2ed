"""A service, a call with its deadline, and an application in some state, made through the actions.

Call inside transaction(). The clock stands at `NOW`, as in the audits' cast.
"""

from datetime import date
from decimal import Decimal

from dissemination.applications import actions, life
from dissemination.applications.actions import Facts
from dissemination.applications.life import Said
from dissemination.applications.models import Application, Stage
from tests import factories
from tests.audits.cast import NOW, TODAY, VISIT, company, contact, plan_of, visited
from tests.calls import cast as calls

__all__ = ["DEADLINE", "NOW", "TODAY", "VISIT", "application", "brought_to", "call", "company", "contact", "plan_of",
           "service", "visited"]  # fmt: skip
DEADLINE = date(2026, 11, 30)
DAYS = {
    Stage.PREPARATION: date(2026, 11, 11), Stage.SUBMITTED: date(2026, 11, 12),
    Stage.ASSESSMENT: date(2026, 11, 13), Stage.FUNDED: date(2026, 11, 14),
    Stage.WAITING_LIST: date(2026, 11, 14), Stage.NOT_ADMITTED: date(2026, 11, 15),
    Stage.STARTED: date(2026, 11, 16), Stage.REPORTED: date(2026, 11, 17), Stage.PAID: date(2026, 11, 18),
    Stage.WAIVED: date(2026, 11, 18), Stage.REVOKED: date(2026, 11, 19),
}  # fmt: skip
SAID = {
    Stage.FUNDED: Said(note="Decreto n. 12 del 14/11/2026", amount=Decimal(10000)),
    Stage.PAID: Said(amount=Decimal(9000)), Stage.WAIVED: Said(note="non serve più"),
    Stage.REVOKED: Said(note="costi non ammessi"),
}  # fmt: skip


def service(district, **facts):
    """The service for water and energy: 50 % for small companies, of at most 40,000 EUR."""
    return calls.service(district, **facts)


def call(district, services=(), *, days=(DEADLINE,), **facts):
    """A published call of at most 20,000 EUR."""
    return calls.call(district, services=services, days=days, **facts)


def application(district, *, call, company, by=None, on=date(2026, 11, 10), **facts) -> Application:
    """An idea of a company; without an audit unless an area is given."""
    if "area" not in facts:
        facts.setdefault("without_audit", "ci conosce da anni")
    facts = {
        "title": "Recupero dell'acqua", "line_id": factories.line(district, "c").id, "cutoff": call.cutoffs[0],
        "cost": Decimal(30000), "requested": Decimal(12000), **facts,
    }  # fmt: skip
    return actions.add(district, Facts(call=call, company=company, **facts), by=by, on=on)


def brought_to(application, *stages, by=None, protocol="PG/2026/1", days=DAYS):
    """The application after these states, each on its day."""
    said = {**SAID, Stage.SUBMITTED: Said(protocol_number=protocol)}
    for stage in stages:
        life.advance(
            application,
            stage,
            on=days[stage],
            by=by,
            version=application.version,
            said=said.get(stage, Said()),
        )
    return application
