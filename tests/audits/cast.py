"""Companies, their people and audits, made through the actions. Call inside transaction()."""

from datetime import UTC, date, datetime, time, timedelta

from dissemination.audits import actions
from dissemination.audits.models import Audit
from dissemination.people.models import OrganisationType, SizeClass
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.models import Plan
from tests import factories

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 10:00 in Prato
TODAY = date(2026, 11, 20)
VISIT = date(2026, 11, 10)
PDF = b"%PDF-1.7 a signed sheet"


def company(district, name="Tessitura Gori", **values):
    """A company of the first sector, small, in Prato, and somebody there."""
    values = {"sector_id": district.sectors[0].id, "size": SizeClass.SMALL, "province": "PO", **values}
    return factories.company(district, name, type=OrganisationType.COMPANY, **values)


def contact(district, firm, email="gori@gori.example", **values):
    """Somebody of the company."""
    values = {"given_name": "Carla", "family_name": "Gori", "job_title": "titolare", **values}
    return factories.contact(district, email, company=firm, **values)


def plan_of(district):
    """The district's plan with the starter indicators and the checklist."""
    plan = Plan.query.filter_by(district_id=district.id).one()
    adopt_catalogue(plan)
    return plan


def audit(district, firm=None, *, by=None, **values) -> Audit:
    """A planned audit."""
    return actions.plan(district, [firm or company(district)], by=by, **values)[0]


AREAS = (
    {"type": "process", "title": "Recupero dell'acqua di tintoria", "priority": 1, "keywords": ["acqua"]},
    {"type": "product", "title": "Passaporto digitale dei tessuti"},
)


def visited(
    district, firm=None, *, by=None, on=VISIT, areas=AREAS, sheet=True, scores=None, **values
) -> Audit:
    """An audit that was visited, with two areas; its sheet is on file unless told otherwise."""
    made = audit(district, firm, by=by, **values)
    actions.contacted(made, on=on - timedelta(days=5), by=by)
    actions.visited(made, on=on, starts=time(9), ends=time(12, 30), by=by)
    facts = {
        "strengths": "Tintoria propria", "weaknesses": "Molta acqua", "departments": ["production", "quality"],
        "people": [{"name": "Carla Gori", "role": "titolare"}], "areas": [dict(area) for area in areas],
        "scores": scores or {},
    }  # fmt: skip
    actions.revise(made, facts=facts, version=made.version, by=by)
    if sheet:
        actions.sheet_on_file(made, note="in archivio, faldone 3", by=by)
    return made
