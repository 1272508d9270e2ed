"""Atom feeds (RFC 4287) of a district, of a sector, of a type: what was published or changed last."""

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dissemination.districts.models import District, Sector
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.publications import queries
from dissemination.publications.described import described
from dissemination.publications.downloads import absolute
from dissemination.publications.forms import filter_from
from dissemination.publications.models import Publication, PublicationFile
from dissemination.publications.public import public
from dissemination.publications.queries import Filter
from dissemination.publications.related import page_of
from dissemination.publications.texts import KINDS

SIZE = 50
NARROWING = ("kind", "sector", "q", "year", "access")


@public.get("/publications/.atom")
@public.get("/publications.atom")
def index_atom(district):
    """The feed of the district, or of what the query string leaves: `?sector=tessile`, `?kind=report` …"""
    wanted = filter_from(request.args, district, public=True)
    rows, at = entries(district, wanted), now()
    asked = {name: request.args[name] for name in NARROWING if request.args.get(name)}
    body = render_template(
        "publications/atom.xml", publications=rows, name=feed_name(district, wanted), page_of=page_of,
        me=absolute(url_for(".index_atom", district=district, **asked)), KINDS=KINDS,
        home=absolute(url_for(".index", district=district, **asked)), first_published=first_published,
        updated=max((p.changed_at for p in rows), default=at),
        files={p.id: described(p, at, related=[]).files for p in rows},
    )  # fmt: skip
    response = Response(body, content_type="application/atom+xml; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)


def entries(district: District, wanted: Filter) -> list[Publication]:
    """The public publications of a feed, the last change first. A search is answered as the list does."""
    if wanted != Filter(kind=wanted.kind, sector_id=wanted.sector_id):
        rows = queries.listed(district.id, wanted=wanted, public=True, size=SIZE).rows
        return sorted(rows, key=lambda p: (p.changed_at, p.id), reverse=True)
    query = select(Publication).where(
        Publication.district_id == district.id, Publication.first_published_at.is_not(None),
        Publication.published_at.is_not(None), queries.CURRENT,
    )  # fmt: skip
    for column, value in ((Publication.kind, wanted.kind), (Publication.sector_id, wanted.sector_id)):
        if value is not None:
            query = query.where(column == value)
    query = query.order_by(Publication.changed_at.desc(), Publication.id.desc()).limit(SIZE)
    return list(db.session.scalars(query.options(
        selectinload(Publication.authors), selectinload(Publication.sector),
        selectinload(Publication.files).joinedload(PublicationFile.file),
    )))  # fmt: skip


def feed_name(district: District, wanted: Filter) -> str:
    """ "Publications of the district: Report, Textiles"."""
    name = _("Publications of %(district)s", district=translated(district, "name"))
    sector = db.session.get(Sector, wanted.sector_id) if wanted.sector_id else None
    parts = [str(KINDS[wanted.kind])] if wanted.kind else []
    parts += [translated(sector, "name")] if sector else []
    return f"{name}: {', '.join(parts)}" if parts else name


def first_published(publication: Publication):
    """When it was first public (RFC 4287 §4.2.9)."""
    return publication.first_published_at or publication.published_at
