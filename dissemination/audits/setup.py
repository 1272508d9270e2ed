"""What this package tells lower floors."""

from flask import has_request_context, url_for
from flask_login import current_user

from dissemination.audits import answers, hooks, logged, proving  # noqa: F401 (answers: registers itself)
from dissemination.audits.models import Audit, ImprovementArea, VisitAppointment
from dissemination.kernel import subjects
from dissemination.kernel.database import db
from dissemination.kernel.rights import Role
from dissemination.plan import holders


def init_app(app) -> None:
    """Say what proves an audit, how to open one from the log, and what its page shows of higher floors."""
    holders.register(proving.HOLDER)
    holders.listen(proving.follow)
    subjects.register(Audit.__tablename__, page_of)
    subjects.keep_confidential(Audit.__tablename__, VisitAppointment.__tablename__)
    subjects.register(ImprovementArea.__tablename__, page_of_area)
    app.jinja_env.globals["audit_sections"] = hooks.sections
    app.jinja_env.globals["audit_area_sections"] = hooks.area_sections


def page_of(audit_id: int) -> str | None:
    """The desk page of an audit."""
    audit = db.session.get(Audit, audit_id)
    return _url(audit) if audit is not None else None


def page_of_area(area_id: int) -> str | None:
    """The desk page of the audit that found an area."""
    area = db.session.get(ImprovementArea, area_id)
    return _url(area.audit, f"area-{area.id}") if area is not None else None


def _url(audit: Audit, anchor: str | None = None) -> str | None:
    """None for who may not read audits: a row of a figure is then all that is shown."""
    if not has_request_context() or not current_user.is_authenticated:
        return None
    if not current_user.may(Role.ORGANISER, audit.district):
        return None
    return url_for("audits_desk.show", district=audit.district, audit_id=audit.id, _anchor=anchor)
