"""What everybody sees: the list, a workshop, and the same for calendars, feed readers and programs."""

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.clock import now
from dissemination.kernel.languages import translated
from dissemination.workshops import feeds, linked, queries, slots
from dissemination.workshops.forms import filters_from
from dissemination.workshops.models import Mode, State
from dissemination.workshops.queries import When

public = Blueprint("workshops", __name__, url_prefix="/<district>")


@public.get("/workshops/")
def index(district):
    """Workshops to come, or past ones, narrowed by filters."""
    filters = filters_from(request.args, district, public=True)
    page = queries.listed(district, filters, public=True, after=request.args.get("after"))
    return render_template(
        "workshops/index.html", page=page, filters=filters, left=slots.left(page.rows), When=When,
        Mode=Mode, State=State, narrowed=_narrowing(),
    )  # fmt: skip


@public.get("/workshops/<slug>")
def show(district, slug):
    """One workshop: programme, place, seats and the way to register. See `kept` for who gets a kept one."""
    workshop = queries.by_slug(district, slug, public=True)
    left = slots.left([workshop]).get(workshop.id)
    return render_template(
        "workshops/show.html", workshop=workshop, panel=slots.panel(workshop), State=State, Mode=Mode,
        event=linked.event(workshop, left=left), url=linked.page_of(workshop), place=feeds.place_of(workshop),
        is_past=workshop.ends_at <= now(),
    )  # fmt: skip


@public.get("/workshops/<slug>.ics")
def show_ics(district, slug):
    """The dates of a workshop for one's own calendar."""
    workshop = queries.by_slug(district, slug, public=True)
    body = feeds.ics([workshop], name=translated(workshop, "title"), zone=district.timezone)
    return _answer(body, "text/calendar; charset=utf-8", file=f"{slug}.ics")


@public.get("/workshops.ics")
@public.get("/workshops/.ics")
def index_ics(district):
    """The list as a calendar that one subscribes to."""
    body = feeds.ics(_feed(district), name=_name(district), zone=district.timezone)
    return _answer(body, "text/calendar; charset=utf-8", file=f"{district.slug}.ics")


@public.get("/workshops.json")
@public.get("/workshops/.json")
def index_json(district):
    """The list as data: `{"workshops": […], "next": address or null}`."""
    filters = filters_from(request.args, district, public=True)
    page = queries.listed(district, filters, public=True, after=request.args.get("after"))
    left = slots.left(page.rows)
    following = page.next and linked.absolute(
        url_for(".index_json", district=district, **{**_narrowing(), "after": page.next})
    )
    return {"workshops": [feeds.as_json(w, left.get(w.id)) for w in page.rows], "next": following}


@public.get("/workshops.atom")
@public.get("/workshops/.atom")
def index_atom(district):
    """The workshops published last, as an Atom feed (RFC 4287)."""
    rows = queries.newest(district)
    updated = max((feeds.changed_at(w) for w in rows), default=now())
    body = render_template(
        "workshops/atom.xml",
        workshops=rows,
        name=_name(district),
        updated=updated,
        feeds=feeds,
        linked=linked,
    )
    return _answer(body, "application/atom+xml; charset=utf-8")


def _feed(district):
    return queries.feed(district, filters_from(request.args, district, public=True))


def _name(district) -> str:
    return _("Workshops of %(district)s", district=translated(district, "name"))


def _narrowing() -> dict:
    return {
        k: v for k, v in request.args.items() if v and k in ("q", "sector", "mode", "month", "when", "state")
    }


def _answer(body, kind: str, *, file: str = "") -> Response:
    response = Response(body, content_type=kind)
    response.headers["Cache-Control"] = "no-cache"
    if file:
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    response.add_etag()
    response.make_conditional(request)
    return response
