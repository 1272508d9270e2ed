"""What everybody sees: the calls that are open, one call, and their deadlines for calendars and feeds."""

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.calls import feeds, moments, queries
from dissemination.calls.standing import next_cutoff, standing
from dissemination.calls.texts import SIZE_NAMES, STANDINGS, euro
from dissemination.kernel.clock import now
from dissemination.kernel.languages import translated

public = Blueprint("calls", __name__, url_prefix="/<district>")
WORDS = {
    "STANDINGS": STANDINGS, "SIZES": SIZE_NAMES, "euro": euro, "standing": standing,
    "next_cutoff": next_cutoff, "days_left": moments.days_left, "written": moments.written,
}  # fmt: skip


@public.get("/calls/")
def index(district):
    """The calls that are open or open soon, the next deadline first; closed ones behind a link."""
    at, past = now(), request.args.get("when") == "past"
    page = queries.closed(district.id, at, after=request.args.get("after")) if past else None
    rows = page.rows if page is not None else queries.coming(district.id, at)
    return render_template(
        "calls/index.html",
        calls=rows,
        next=page.next if page is not None else None,
        past=past,
        at=at,
        **WORDS,
    )


@public.get("/calls/<slug>")
def show(district, slug):
    """One call: who may apply for what, until when, and the link to its official page."""
    call = queries.by_slug(district, slug, public=True)
    return render_template("calls/show.html", call=call, at=now(), **WORDS)


@public.get("/calls/<slug>.ics")
def show_ics(district, slug):
    """The deadlines of one call for one's own calendar."""
    call = queries.by_slug(district, slug, public=True)
    body = feeds.ics([call], name=translated(call, "title"), zone=district.timezone)
    return _answer(body, "text/calendar; charset=utf-8", f"{slug}.ics")


@public.get("/calls/.ics")
@public.get("/calls.ics")
def index_ics(district):
    """The deadlines of all published calls."""
    name = _("Deadlines of calls: %(district)s", district=translated(district, "name"))
    body = feeds.ics(queries.published(district.id, most=200), name=name, zone=district.timezone)
    return _answer(body, "text/calendar; charset=utf-8", f"{district.slug}-calls.ics")


@public.get("/calls/.atom")
@public.get("/calls.atom")
def index_atom(district):
    """The calls that were published last, as Atom (RFC 4287)."""
    rows, at = queries.published(district.id), now()
    body = render_template(
        "calls/atom.xml", calls=rows, at=at, feeds=feeds,
        me=feeds.absolute(url_for(".index_atom", district=district)),
        home=feeds.absolute(url_for(".index", district=district)),
        updated=max((feeds.changed_at(call) for call in rows), default=at), **WORDS,
    )  # fmt: skip
    return _answer(body, "application/atom+xml; charset=utf-8")


def _answer(body, kind: str, file: str = ""):
    response = Response(body, content_type=kind)
    response.headers["Cache-Control"] = "no-cache"
    if file:
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    response.add_etag()
    return response.make_conditional(request)
