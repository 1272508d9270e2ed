"""What this package adds to the audit's page: the visit on a device, sheets, photos, the report."""

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.audits import hooks, states
from dissemination.audits.models import Audit, State
from dissemination.kernel import subjects
from dissemination.visits import queries
from dissemination.visits.models import Sharing
from dissemination.visits.taking import OVER


def init_app(_app) -> None:
    """Register the section and the better way to enter a visit."""
    subjects.keep_confidential(Sharing.__tablename__)
    hooks.show(section, position=20)
    hooks.offer(State.VISITED, visit)
    hooks.offer(State.SHARED, report)


def visit(audit: Audit) -> tuple[str, str] | None:
    """Write the visit down on a phone or a tablet."""
    return _("Visit with a phone or tablet"), url_for(
        "visit_desk.show", district=audit.district, audit_id=audit.id
    )


def report(audit: Audit) -> tuple[str, str] | None:
    """Share the report by link."""
    return _("Share the report"), url_for("report_desk.show", district=audit.district, audit_id=audit.id)


def section(audit: Audit) -> str:
    """The visit, photos and report in a few lines, each with its page."""
    sheets = queries.sheets(audit)
    sharings = queries.sharings(audit)
    return render_template(
        "visits/_section.html", audit=audit, over=audit.state in OVER, photos=queries.count_photos(audit),
        waiting=[one for one in sheets if one.waits], signed=[one for one in sheets if one.file_id],
        visited=states.was_visited(audit), last=queries.last_report(audit), sharings=sharings,
        readers=[one for one in sharings if queries.may_read(one)],
        remarks=len(queries.remarks(audit)), organises=current_user.may("organiser", audit.district),
    )  # fmt: skip
