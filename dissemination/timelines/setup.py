"""What this package tells lower floors: the company's page in the registry leads to its timeline."""

from flask import url_for
from flask_babel import gettext as _

from dissemination.audits import hooks as audits
from dissemination.kernel import subjects
from dissemination.people import hooks
from dissemination.people.models import Company
from dissemination.timelines import area_meetings
from dissemination.timelines.models import CompanyCorrection, CompanyLink


def init_app(_app) -> None:
    """Let the registry's page of a company lead here; show at areas of audits what meetings came of them."""
    subjects.keep_confidential(CompanyLink.__tablename__, CompanyCorrection.__tablename__)
    hooks.lead(_timeline, position=10)
    audits.show_at_areas(area_meetings.section, position=80)


def _timeline(company: Company, district) -> tuple[str, str]:
    return _("Timeline"), url_for("timelines_desk.show", district=district, company_id=company.id)
