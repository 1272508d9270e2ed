"""The public start pages, health and metrics. The desk pages of this package are in `desk.py`."""

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from sqlalchemy import text

from dissemination.delivery.models import OPEN, Fate
from dissemination.front import queries
from dissemination.front.desk import desk
from dissemination.kernel.database import db

site = Blueprint("front", __name__)
blueprints = (site, desk)


@site.get("/")
def index():
    """All districts, or the only one."""
    districts = queries.districts()
    if len(districts) == 1:
        return redirect(url_for(".home", district=districts[0]))
    return render_template("front/index.html", districts=districts)


@site.get("/<district>/")
def home(district):
    """A district's start page: what comes next, what is new, what was reached."""
    return render_template("front/home.html", **queries.home(district))


@site.get("/<district>/privacy")
def privacy(district):
    """How the district treats personal data, with the version that consents name."""
    return render_template("front/privacy.html", district=district)


PRIVATE = ("/c/", "/g/", "/r/", "/s/", "/u/")  # what a link in a mail opens is in nobody's search results


@site.get("/robots.txt")
def robots():
    """What search engines find, and what is not for them (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), "Disallow: /*/desk/", ""]
    home = current_app.config["SETTINGS"].public_url.rstrip("/")
    lines.append(f"Sitemap: {home}{url_for('harvest.sitemap')}")
    lines += [f"Sitemap: {home}{url_for('newsletters.sitemap', district=d)}" for d in queries.districts()]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@site.get("/health/live")
def live():
    """200 while this process answers."""
    return {"status": "ok"}


@site.get("/health/ready")
def ready():
    """200 when the database answers too."""
    db.session.execute(text("SELECT 1"))
    return {"status": "ok"}


@site.get("/metrics")
def metrics():
    """Prometheus text: deliveries by state and the age of the oldest one that is due.

    Answers this machine (not what a proxy on it hands on), or whoever sends `Authorization: Bearer
    <METRICS_TOKEN>`.
    """
    token = current_app.config["SETTINGS"].metrics_token
    given = request.headers.get("Authorization", "")
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    local = not forwarded and request.remote_addr and ip_address(request.remote_addr).is_loopback
    if not local and not (token and hmac.compare_digest(given, f"Bearer {token}")):
        abort(404)
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    states = Gauge("dissemination_deliveries", "Deliveries by state", ["state"], registry=registry)
    counts = queries.deliveries_by_state()
    for fate in Fate:
        states.labels(fate.value).set(counts.get(fate, 0))
    waiting = Gauge("dissemination_deliveries_open", "Deliveries not yet final", registry=registry)
    waiting.set(sum(counts.get(fate, 0) for fate in OPEN))
    oldest = Gauge("dissemination_oldest_due_seconds", "Age of the oldest due delivery", registry=registry)
    oldest.set(queries.oldest_due_seconds())
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")
