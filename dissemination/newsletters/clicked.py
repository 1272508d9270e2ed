"""Where counted links lead first: on to links of that issue only. No cookie, nothing kept of who opened."""

from flask import abort, redirect, request

from dissemination.kernel.database import transaction
from dissemination.newsletters import clicks
from dissemination.newsletters.common import public


@public.get("/c/<int:issue_id>/<int:number>")
def click(issue_id, number):
    """Count one opening and lead on."""
    link = clicks.find(issue_id, number) or abort(404)
    target, link_id = link.url, link.id
    if request.method == "GET":  # HEAD only asks whether there is something
        with transaction():
            clicks.count(link_id)
    response = redirect(target, 302)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
