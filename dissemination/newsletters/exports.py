"""The fates of an issue's recipients as a spreadsheet. With names, so for organisers only."""

from flask import Response, request
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.models import Fate
from dissemination.delivery.texts import explain
from dissemination.kernel.logs import log
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import queries
from dissemination.newsletters.common import FATES, desk, word_for
from dissemination.registrations.export_rows import Sheet
from dissemination.registrations.exports import XLSX, as_csv, as_xlsx


@desk.get("/<int:issue_id>/recipients.<any(csv, xlsx):kind>")
@requires(Role.ORGANISER)
def export(district, issue_id, kind):
    """Every recipient with the fate, or those of one fate (`?fate=`)."""
    issue = queries.issue(district.id, issue_id)
    wanted = request.args.get("fate", "")
    sheet = fates_sheet(issue, [f for f in Fate if word_for(f) == wanted])
    log.info(
        "newsletter_fates_downloaded", issue=issue_id, fate=wanted, kind=kind, rows=len(sheet.rows),
        account=current_user.id,
    )  # fmt: skip
    body = as_csv(sheet) if kind == "csv" else as_xlsx(sheet)
    response = Response(body, content_type="text/csv; charset=utf-8" if kind == "csv" else XLSX)
    name = f"newsletter-{queries.issue(district.id, issue_id).slug}-recipients.{kind}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def fates_sheet(issue, fates) -> Sheet:
    """One line per recipient: who, which fate, why, the server's words, how often tried, when."""
    zone = issue.district.zone
    head = [
        _("Name"), _("E-mail address"), _("Fate"), _("Reason"), _("What the mail server said"), _("Attempts"),
        _("When"),
    ]  # fmt: skip
    rows = []
    for row in queries.every_fate(issue, fates=fates):
        moment = (row.finished_at or row.created_at).astimezone(zone).replace(tzinfo=None)
        rows.append([
            row.name, row.address, str(FATES[word_for(row.state)][0]),
            explain(row.reason),
            row.last_reply, row.attempts, moment,
        ])  # fmt: skip
    return Sheet(_("Recipients"), head, rows)
