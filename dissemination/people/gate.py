"""The gate before each request: who may call a marked view, and who must wait before the next try."""

from contextlib import contextmanager
from functools import partial

from flask import (
    abort,
    after_this_request,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)  # fmt: skip
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import db, finish_transaction, transaction, transaction_until_response
from dissemination.kernel.languages import clock_time
from dissemination.kernel.rights import RANK, is_marked
from dissemination.people import throttle

SAFE = ("GET", "HEAD", "OPTIONS")
GUESSED = {  # endpoints where a secret is tried; a page shown again (200) is a failure
    "security.login", "security.verify", "security.two_factor_token_validation", "security.mf_recovery",
}  # fmt: skip
# Anybody can make these compute a slow hash: not while the one write lock is held. They write nothing
# but their failures and mails, each in a short transaction of its own.
HASHING = {"security.login", "security.verify", "security.forgot_password"}


def check_role():
    """Refuse a marked view (`requires`) to those without the role.

    Not signed in: to the sign-in page. No business in this district: 404, as if it were not there.
    Too low a role, or an observer who wants to change something: 403.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if not is_marked(view):
        return None
    if not current_user.is_authenticated:
        after = {"next": request.full_path.rstrip("?")} if request.method in SAFE else {}
        return redirect(url_for("security.login", **after))
    role = getattr(view, "required_role", None)
    if role is None:  # the Region's pages: who observes reads, nobody changes anything
        if not current_user.is_observer or request.method not in SAFE:
            abort(403)
        return None
    district = g.get("district")
    rank = current_user.rank_in(district) if district is not None else 0
    if not rank:
        abort(404)
    if rank < RANK[role] or (request.method not in SAFE and current_user.only_observes(district)):
        abort(403)
    return None


def keep_private(response):
    """Pages of the desk are not for shared caches, nor for the back button after signing out."""
    view = current_app.view_functions.get(request.endpoint or "")
    if is_marked(view):
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _attempted() -> throttle.Attempted | None:
    if request.method != "POST":
        return None
    address = request.remote_addr or ""
    if request.endpoint in GUESSED:
        account = request.form.get("email") or session.get("tf_user_id") or session.get("_user_id") or ""
        return throttle.Attempted("sign-in", str(account), address)
    if request.endpoint == "security.forgot_password":
        return throttle.Attempted("recovery", request.form.get("email", ""), address)
    return None


def slow_down():
    """Answer 429 with the time of the next try when there were too many."""
    attempted = _attempted()
    if attempted is None:
        return None
    until = throttle.wait_until(attempted)
    if until is None:
        after_this_request(partial(_count, attempted))
        return None
    message = _("Too many attempts. Try again after %(time)s.", time=clock_time(until))
    return render_template("people/wait.html", message=message), 429, {"Retry-After": "900"}


def _count(attempted, response):
    """Count a secret that was wrong, and each mail asked for. Runs before the transaction is closed."""
    if attempted.what == "recovery" or response.status_code in (200, 400):
        with writing():
            throttle.count(attempted)
    elif response.status_code < 400 and "_user_id" in session and throttle.counted(attempted):
        with writing():
            throttle.forgive(attempted)
    return response


@contextmanager
def writing():
    """The transaction that is open already, or else a short one."""
    if db.session().info.get("writing"):
        yield
    else:
        with transaction():
            yield


def open_for_writing():
    """Let Flask-Security's own views write: they commit by themselves, our guard wants a transaction."""
    if request.blueprint != "security":
        return None
    if request.is_json:  # our pages send forms; nobody has looked at what the views make of other values
        abort(400)
    waiting = slow_down()
    if waiting is None and request.method == "POST" and request.endpoint not in HASHING:
        transaction_until_response()
    return waiting


def close(_error=None):
    """Close what is left open when no response was made."""
    finish_transaction(failed=True)
