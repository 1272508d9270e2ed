"""The visit on a phone or a tablet: its page, what it fetches and sends, what works without a network."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from dissemination.audits import queries as audits
from dissemination.audits import states
from dissemination.audits.models import Audit, Department
from dissemination.audits.texts import AREA_TYPES, DEPARTMENTS, DIMENSIONS, POINTS, PRIORITIES
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.http import asset
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.visits import documents, photos, queries, sheets
from dissemination.visits.refusals import BadSheet
from dissemination.visits.taking import OVER, take
from dissemination.visits.texts import visit_texts

desk = Blueprint("visit_desk", __name__, url_prefix="/<district>/desk/audits/<int:audit_id>/visit")
SCRIPTS = ("device-store.js", "visit-store.js", "visit-pad.js", "visit.js")
# What the page needs without a network, besides itself. Fonts are asked for by the style sheet, unmarked.
ASSETS = (
    "vendor/bootstrap-italia/bootstrap-italia.min.css", "app.css", "visit.css", "icon.svg",
    "vendor/htmx/htmx.min.js", "app.js", *SCRIPTS,
)  # fmt: skip
FONTS = tuple(f"vendor/bootstrap-italia/fonts/titillium-{weight}.woff2" for weight in (400, 600, 700))


def found(district, audit_id) -> Audit:
    """The district's audit, or 404."""
    return audits.by_id(district.id, audit_id) or abort(404)


@desk.get("")
@requires(Role.ORGANISER)
def show(district, audit_id):
    """The page for the device. It holds the company's name and nothing that was written."""
    response = Response(
        render_template(
            "visits/visit.html", audit=found(district, audit_id), scripts=SCRIPTS, texts=visit_texts(),
            DEPARTMENTS=DEPARTMENTS, DIMENSIONS=DIMENSIONS, AREA_TYPES=AREA_TYPES, PRIORITIES=PRIORITIES,
            POINTS=POINTS, most_photos=photos.MOST, heaviest=photos.HEAVIEST,
        )
    )  # fmt: skip
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@desk.get("/worker.js")
@requires(Role.ORGANISER)
def worker(district, audit_id):
    """The service worker of this page: the door's, after a line that says what to keep."""
    page = url_for(".show", district=district, audit_id=audit_id)
    fonts = [url_for("static", filename=name) for name in FONTS]
    kept = [*(asset(name) for name in ASSETS), *fonts]
    said = {"page": page, "files": kept, "mark": sha256(json.dumps(kept).encode()).hexdigest()[:12]}
    script = Path(current_app.static_folder or "", "checkin-worker.js").read_text()
    response = Response(f"const DOOR = {json.dumps(said)};\n{script}", content_type="text/javascript")
    response.headers["Service-Worker-Allowed"] = page
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@desk.get("/data")
@requires(Role.ORGANISER)
def index(district, audit_id):
    """The audit as it stands, as JSON; a token for sending is in the headers."""
    audit = found(district, audit_id)
    facts = sheets.of_audit(audit)
    meeting = audits.appointment(audit)
    if meeting is not None and not facts["visited_on"]:
        zone = district.zone
        facts["visited_on"] = meeting.starts_at.astimezone(zone).date().isoformat()
    return _spoken(jsonify(
        account=sha256(current_user.fs_uniquifier.encode()).hexdigest()[:16],
        version=audit.version, company=audits.standing_company(audit).name,
        open=audit.state not in OVER, visited=states.was_visited(audit), facts=facts,
        photos=queries.count_photos(audit),
        contacts=[
            {"contact_id": one.id, "name": one.name, "role": one.job_title} for one in queries.contacts(audit)
        ],
    ))  # fmt: skip


def _spoken(response: Response) -> Response:
    """With the token that the next sending has to carry; kept by nobody on the way."""
    response.headers["X-CSRFToken"] = generate_csrf()
    response.headers["Cache-Control"] = "private, no-store"
    return response


@desk.post("/sheets")
@requires(Role.ORGANISER)
def create_sheet(district, audit_id):
    """Take a sheet in, once; the answer says what became of it."""
    audit = found(district, audit_id)
    if (request.content_length or 0) > sheets.BIGGEST:
        return _refused(_("The sheet is too large."))
    try:
        sent = request.get_json(silent=True)
    except RecursionError:  # lists in lists, a thousand deep
        sent = None
    try:
        values = _read(audit, sent)
        with transaction():
            taken = take(audit, by=current_user, **values)
    except Refusal as refusal:
        return _refused(str(refusal.message))
    return _spoken(jsonify(outcome=taken.outcome.value, version=audit.version, why=""))


def _read(audit: Audit, sent) -> dict:
    """What `take` needs, with the signed sheet drawn: that takes a while, so before the transaction."""
    seen = sent.get("seen_version") if isinstance(sent, dict) else None
    if not isinstance(seen, int) or not 0 <= seen < 2**31:
        raise BadSheet(_("This is not a visit sheet."))
    values: dict[str, Any] = {
        "key": sheets.read_key(sent.get("key")), "seen_version": int(seen),
        "facts": sheets.read(sent.get("facts")),
    }  # fmt: skip
    name, role, signature = sheets.read_signature(sent.get("facts"))
    if not signature or queries.sheet_by_key(audit, values["key"]) is not None:
        return values
    document = documents.signed_sheet(
        audit, values["facts"], signed_by=name, signed_role=role, signature=signature, at=now(),
        by=current_user.name,
    )  # fmt: skip
    return values | {"signed_by": name, "document": document}


def _refused(why: str):
    return _spoken(jsonify(outcome="refused", why=why)), 422


@desk.post("/photos")
@requires(Role.ORGANISER)
def create_photo(district, audit_id):
    """Take a photo in, once."""
    audit = found(district, audit_id)
    sent = request.files.get("file")
    departments = {one.value: one for one in Department}
    try:
        key = sheets.read_key(request.form.get("key"))
        caption = sheets.text(request.form.get("caption"), 300)
        with transaction():
            photos.add(
                audit, key=key, data=sent.read() if sent else b"", by=current_user, caption=caption,
                department=departments.get(request.form.get("department", "")),
            )  # fmt: skip
    except Refusal as refusal:
        return _refused(str(refusal.message))
    return _spoken(jsonify(outcome="taken", why=""))
