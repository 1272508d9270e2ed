"""At the door: the page for a phone, what it fetches and sends, and plain forms where there is no script."""

import json
from hashlib import sha256
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from dissemination.attendance import actions, door
from dissemination.attendance.forms import WalkInForm
from dissemination.attendance.presence import Outcome
from dissemination.attendance.texts import door_texts
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.http import asset
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.kernel.text import fold
from dissemination.registrations import queries as registrations
from dissemination.workshops import queries as workshops
from dissemination.workshops.models import State

desk = Blueprint("door_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/door")
BIGGEST = 512 * 1024  # bytes of a batch
CAMERA = "geolocation=(), microphone=(), camera=(self)"
SCRIPTS = ("device-store.js", "checkin-store.js", "checkin-camera.js", "checkin.js")
# What the page needs without a network, besides itself. Fonts are asked for by the style sheet, unmarked.
ASSETS = (
    "vendor/bootstrap-italia/bootstrap-italia.min.css", "app.css", "checkin.css", "icon.svg",
    "vendor/htmx/htmx.min.js", "app.js", *SCRIPTS, "vendor/jsqr/jsQR.js",
)  # fmt: skip
FONTS = tuple(f"vendor/bootstrap-italia/fonts/titillium-{weight}.woff2" for weight in (400, 600, 700))


@desk.get("")
@requires(Role.VIEWER)
def show(district, slug):
    """The page for the phone; `?plain=1` the same with forms only."""
    return _page(workshops.by_slug(district, slug), plain="plain" in request.args)


def _page(workshop, *, plain, walk_in=None):
    text = request.values.get("q", "")[:100]
    people = door.roster(workshop) if plain else []
    response = Response(
        render_template(
            "attendance/door.html", workshop=workshop, State=State, plain=plain, text=text,
            people=[p for p in people if fold(text) in p["find"]], in_room=door.in_room,
            count=sum(door.in_room(p) for p in people), scripts=SCRIPTS, texts=door_texts(),
            seated=sum(p["standing"] == "confirmed" and p["attends"] == "room" for p in people),
            walk_in=walk_in or WalkInForm(formdata=None), form=walk_in, open=door.is_open(workshop),
            leaves_phone_at=door.leaves_phone_at(workshop),
        ),
        status=422 if walk_in else 200,
    )  # fmt: skip
    response.headers["Permissions-Policy"] = CAMERA
    response.headers["Cache-Control"] = "private, no-store" if plain else "private, no-cache"
    return response


@desk.get("/worker.js")
@requires(Role.VIEWER)
def worker(district, slug):
    """The service worker of this workshop's door: our script, after a line that says what to keep."""
    page = url_for(".show", district=district, slug=slug)
    fonts = [url_for("static", filename=name) for name in FONTS]
    files = [*(asset(name) for name in ASSETS), *fonts]
    said = {"page": page, "files": files, "mark": sha256(json.dumps(files).encode()).hexdigest()[:12]}
    script = Path(current_app.static_folder or "", "checkin-worker.js").read_text()
    response = Response(f"const DOOR = {json.dumps(said)};\n{script}", content_type="text/javascript")
    response.headers["Service-Worker-Allowed"] = page
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@desk.get("/list")
@requires(Role.VIEWER)
def index(district, slug):
    """The list of people as JSON, with an ETag; the time and a token for sending are in the headers."""
    workshop = workshops.by_slug(district, slug)
    response = jsonify(
        account=sha256(current_user.fs_uniquifier.encode()).hexdigest()[:16],
        open=door.is_open(workshop), closed=workshop.state in (State.CLOSED, State.CANCELLED),
        leaves_phone_at=int(door.leaves_phone_at(workshop).timestamp() * 1000),
        people=door.roster(workshop),
    )  # fmt: skip
    response.add_etag()
    return _spoken(response.make_conditional(request))


def _spoken(response: Response) -> Response:
    """With the server's clock, and the token that the next batch has to carry."""
    response.headers["X-Now"] = str(int(now().timestamp() * 1000))
    response.headers["X-CSRFToken"] = generate_csrf()
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@desk.post("/scans")
@requires(Role.ORGANISER)
def create_scans(district, slug):
    """Take in a batch of acts; each is answered apart."""
    workshop = workshops.by_slug(district, slug)
    if (request.content_length or 0) > BIGGEST:
        return jsonify(error=f"at most {BIGGEST} bytes at once"), 413
    try:
        sent = request.get_json(silent=True)
    except RecursionError:  # lists in lists, a thousand deep
        sent = None
    try:
        items = door.read_batch(sent)
    except door.BadBatch as error:
        return jsonify(error=str(error)), 400
    with transaction():
        answers = actions.take_batch(
            workshop, items, by=current_user, device=door.text_of(sent.get("device"))[:60]
        )
    said = [{"id": a.scan_id, "outcome": a.outcome.value, "why": a.why} for a in answers]
    return _spoken(jsonify(answers=said))


# Without script: one form per person.


@desk.post("/arrivals")
@requires(Role.ORGANISER)
def create_arrival(district, slug):
    """Somebody came in."""

    def came(workshop, person):
        outcome = actions.check_in(workshop, person, by=current_user, admit=True)
        return _("%(name)s is in the room.") if outcome is Outcome.ACCEPTED else _("%(name)s has no seat.")

    return _act(district, slug, came)


@desk.post("/departures")
@requires(Role.ORGANISER)
def create_departure(district, slug):
    """Somebody left early."""

    def left(workshop, person):
        actions.check_out(workshop, person, by=current_user)
        return _("%(name)s has left.")

    return _act(district, slug, left)


@desk.post("/corrections")
@requires(Role.ORGANISER)
def create_correction(district, slug):
    """The last act about somebody was a mistake."""

    def undone(workshop, person):
        actions.undo(workshop, person, by=current_user)
        return _("The last entry about %(name)s is taken back.")

    return _act(district, slug, undone)


def _act(district, slug, change):
    workshop = workshops.by_slug(district, slug)
    found = actions.registration_ids(workshop).get(request.form.get("code", ""))
    if found is None:
        abort(404)
    person = registrations.in_workshop(workshop, found)
    name = person.contact.name
    try:
        with transaction():
            said = change(workshop, person)
        flash(said % {"name": name})
    except Refusal as refusal:
        flash(str(refusal.message), "error")
    return _back(workshop)


@desk.post("/walk-ins")
@requires(Role.ORGANISER)
def create_walk_in(district, slug):
    """Add somebody who came without a seat."""
    workshop = workshops.by_slug(district, slug)
    form = WalkInForm()
    if form.validate():
        try:
            with transaction():
                registration = actions.walk_in(workshop, by=current_user, at_door=True, **form.facts())
            flash(_("%(name)s is noted as present.", name=registration.contact.name))
            return _back(workshop)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(workshop, plain=True, walk_in=form)


def _back(workshop):
    text = request.form.get("q", "")[:100] or None
    return redirect(url_for(".show", district=workshop.district, slug=workshop.slug, plain=1, q=text), 303)
