"""Navigation and error pages."""

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal

PUBLIC = (
    ("workshops.index", _l("Workshops")),
    ("publications.index", _l("Publications")),
    ("research.index", _l("Laboratories")),
    ("newsletters.index", _l("Newsletters")),
    ("calls.index", _l("Calls")),
    ("plan.index", _l("Plan and figures")),
    ("transparency.index", _l("Transparency")),
)
DESK = (
    ("front_desk.today", _l("Today")),
    ("workshops_desk.index", _l("Workshops")),
    ("publications_desk.index", _l("Publications")),
    ("research_desk.index", _l("Research")),
    ("audits_desk.index", _l("Audits")),
    ("newsletters_desk.index", _l("Newsletters")),
    ("calls_desk.index", _l("Calls")),
    ("applications_desk.index", _l("Applications")),
    ("people_desk.companies", _l("Companies")),
    ("people_desk.contacts", _l("Contacts")),
    ("plan_desk.figures", _l("Figures")),
    ("statistics_desk.index", _l("Statistics")),
    ("plan_desk.index", _l("Plan")),
    ("proofs_desk.index", _l("Evidence")),
    ("reporting_desk.index", _l("Reports")),
    ("front_desk.mail", _l("Mail")),
    ("people_desk.settings", _l("Settings")),
)
# Pages that stand at an address of their own, and the entry that they belong to.
BELONGS = {
    "services_desk": "calls_desk.index",
    "subscriptions": "newsletters.index", "subscriptions_desk": "newsletters_desk.index",
    "series_desk": "workshops_desk.index", "speakers_desk": "workshops_desk.index",
    "templates_desk": "workshops_desk.index", "board_desk": "workshops_desk.index",
}  # fmt: skip
ADVICE = {
    400: _l("The request could not be understood. Go back and try again."),
    403: _l("You are signed in, but this page needs another role. Ask a manager of the district."),
    404: _l("There is nothing at this address. Perhaps it was moved, or the link was cut in the mail."),
    405: _l("This address cannot be used that way."),
    413: _l("What you sent is too large. Files may have at most %(limit)d MB."),
    500: _l("Something went wrong on our side. Nothing was half saved. Try again in a minute."),
}


def _page(status, message):
    if request.path.startswith("/api/"):
        return {"status": status, "message": str(message)}, status
    return render_template("front/error.html", status=status, message=message), status


def _covers(url: str) -> bool:
    """Whether the page asked for is the one at `url` or stands below it."""
    return request.path == url or request.path.startswith(url.rstrip("/") + "/")


def _navigation(entries, district) -> list[tuple]:
    """(url, words, whether the page asked for belongs there) of each entry; the first covers only itself."""
    shown = [(endpoint, url_for(endpoint, district=district), words) for endpoint, words in entries]
    home = url_for("front_desk.today", district=district)
    covering = [(len(url), e) for e, url, _words in shown if url != home and _covers(url)]
    current = BELONGS.get(request.blueprint or "") or max(covering, default=(0, ""))[1]
    if request.path == home:
        current = "front_desk.today"
    return [(url, words, endpoint == current) for endpoint, url, words in shown]


def _may_open(view, district) -> bool:
    """Whether the reader's role suffices: an entry that answers 403 is no help."""
    role = getattr(view, "required_role", None)
    return role is None or (current_user.is_authenticated and current_user.may(role, district))


def init_app(app) -> None:
    """Put navigation and error pages on `app`."""

    @app.template_global()
    def navigation(on_desk, district):
        entries = DESK if on_desk else PUBLIC
        views = app.view_functions
        shown = [(e, words) for e, words in entries if e in views and _may_open(views[e], district)]
        return _navigation(shown, district)

    @app.errorhandler(Refusal)
    def refused(refusal):
        return _page(refusal.status, refusal.message)

    @app.errorhandler(CSRFError)
    def stale_form(_error):
        return _page(
            400,
            _l("The form was open for too long or your cookies are off. Go back, reload and send it again."),
        )

    @app.errorhandler(HTTPException)
    def http_error(error):
        if error.response is not None or (error.code or 500) < 400:
            return error
        advice = ADVICE.get(error.code, error.description)
        if error.code == 413:
            advice = advice % {"limit": app.config["MAX_CONTENT_LENGTH"] // 1024 // 1024}
        return _page(error.code, advice)

    @app.errorhandler(500)
    def broken(_error):
        db.session.rollback()
        return _page(500, ADVICE[500])
