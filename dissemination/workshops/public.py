"""What everybody sees: the list, a workshop, and the same for calendars, feed readers and programs.

A private workshop is in none of the lists; its own pages open for its guests only (`?g=<token>`) and for
the desk, and are in no cache and no search engine.
"""

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from dissemination.kernel import subjects
from dissemination.kernel.clock import now, today
from dissemination.kernel.downloads import attachment
from dissemination.kernel.languages import translated
from dissemination.workshops import agenda, feeds, linked, materials, queries, series, slots
from dissemination.workshops.forms import filters_from
from dissemination.workshops.models import Mode, State, Workshop
from dissemination.workshops.queries import When

public = Blueprint("workshops", __name__, url_prefix="/<district>")


@public.get("/workshops/")
def index(district):
    """Workshops to come, or past ones, narrowed by filters."""
    filters = filters_from(request.args, district, public=True)
    page = queries.listed(district, filters, public=True, after=request.args.get("after"))
    return render_template(
        "workshops/index.html", page=page, filters=filters, left=slots.left(page.rows), When=When,
        Mode=Mode, State=State, narrowed=_narrowing(), webcal=_webcal(district),
    )  # fmt: skip


@public.get("/workshops/<slug>")
def show(district, slug):
    """One workshop: programme, place, seats and the way to register. See `kept` for who gets a kept one."""
    workshop = _seen(district, slug)
    others = series.other_dates(workshop)
    left = slots.left([workshop, *others])
    page = render_template(
        "workshops/show.html", workshop=workshop, panel=slots.panel(workshop), State=State, Mode=Mode,
        event=linked.event(workshop, left=left.get(workshop.id)), url=linked.page_of(workshop),
        place=feeds.place_of(workshop), is_past=workshop.ends_at <= now(), left=left, others=others,
        materials=materials.open_to(workshop, participants=False), guest=_guest(workshop),
        works=subjects.related("publications", Workshop.__tablename__, workshop.id),
    )  # fmt: skip
    return _discreet(page) if workshop.is_private else page


@public.get("/workshops/calendar")
def calendar(district):
    """A month of workshops, day by day."""
    filters = filters_from(request.args, district, public=True)
    first = filters.month or today(district.zone)
    month = agenda.month(district, first, public=True, sector_id=filters.sector_id)
    return render_template("workshops/calendar.html", month=month, filters=filters)


@public.get("/workshops/<slug>/materials/<int:material_id>")
def material(district, slug, material_id):
    """A public material, once it may be opened."""
    workshop = _seen(district, slug)
    found = materials.by_id(workshop, material_id)
    if found is None or not materials.is_open(found, participants=False):
        raise NotFound
    return _discreet(attachment(found.file)) if workshop.is_private else attachment(found.file)


@public.get("/workshops/<slug>.ics")
def show_ics(district, slug):
    """The dates of a workshop for one's own calendar."""
    workshop = _seen(district, slug)
    body = feeds.ics([workshop], name=translated(workshop, "title"), zone=district.timezone)
    answer = _answer(body, "text/calendar; charset=utf-8", file=f"{slug}.ics")
    return _discreet(answer) if workshop.is_private else answer


@public.get("/workshops.ics")
@public.get("/workshops/.ics")
def index_ics(district):
    """The list as a calendar that one subscribes to, of one sector too (`?sector=`)."""
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
    lately = not (request.args.get("when") or request.args.get("month"))
    return queries.feed(district, filters_from(request.args, district, public=True), lately=lately)


def _webcal(district) -> str:
    """The address under which calendar programs take the feed as a subscription."""
    return "webcal:" + linked.absolute(url_for(".index_ics", district=district)).partition(":")[2]


def _name(district) -> str:
    name = _("Workshops of %(district)s", district=translated(district, "name"))
    chosen = [s for s in district.sectors if s.code == request.args.get("sector")]
    return f"{name}, {translated(chosen[0], 'name')}" if chosen else name


def _seen(district, slug):
    """The published workshop, if this visitor may see it; else 404, as if there were none."""
    workshop = queries.by_slug(district, slug, public=True)
    if workshop.is_private and not _may_see(workshop):
        raise NotFound
    return workshop


def _may_see(workshop) -> bool:
    at_desk = current_user.is_authenticated and current_user.rank_in(workshop.district)
    return bool(at_desk) or slots.is_guest(workshop, _token())


def _token() -> str:
    return request.args.get("g", "")[:300]


def _guest(workshop) -> dict:
    """What links of a private workshop's page carry on, so that the guest gets in there too."""
    return {"g": _token()} if workshop.is_private and _token() else {}


def _discreet(page) -> Response:
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


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
