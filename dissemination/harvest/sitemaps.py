"""Sitemaps (sitemaps.org 0.9): an index, the pages of each district, its publications in parts.

A part holds the publications of a range of ids, so that it is found without counting and changes only when
one of its own does; 50,000 addresses are allowed in a file.
"""

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from flask import current_app, url_for
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.harvest.requests import stamp
from dissemination.kernel.database import db
from dissemination.publications.downloads import absolute
from dissemination.publications.models import Publication
from dissemination.workshops.models import Workshop
from dissemination.workshops.queries import is_shown

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
PART = 20_000  # ids
PARTS = 2**31 // PART  # ids are less
MOST = 40_000  # workshops
PAGES = (
    "front.home", "publications.index", "workshops.index", "workshops.calendar", "plan.index",
    "transparency.index",
)  # fmt: skip
"""What every district shows to everybody, by endpoint: some stand on higher floors."""
OTHERS = ("newsletters.sitemap",)
"""Sitemaps of other packages."""


def index() -> list[str]:
    """The addresses of all sitemaps."""
    found = []
    parts = _parts()
    for district in db.session.scalars(select(District).order_by(District.slug)):
        found.append(url_for("harvest.district_sitemap", district=district))
        found += [
            url_for("harvest.publications_sitemap", district=district, part=part)
            for part in sorted(parts.get(district.id, ()))
        ]
        found += [url_for(name, district=district) for name in OTHERS if name in current_app.view_functions]
    return [absolute(path) for path in found]


def _parts() -> dict[int, set[int]]:
    """District -> its parts that hold something."""
    query = select(Publication.district_id, Publication.id // PART)
    found: dict[int, set[int]] = {}
    for district_id, part in db.session.execute(
        query.where(Publication.published_at.is_not(None)).distinct()
    ):
        found.setdefault(district_id, set()).add(int(part))
    return found


def pages(district: District) -> list[tuple[str, datetime | None]]:
    """(address, None) of the district's own pages and of its public workshops, newest first."""
    shown = [name for name in PAGES if name in current_app.view_functions]
    query = select(Workshop.slug).where(Workshop.district_id == district.id, is_shown())
    slugs = db.session.scalars(query.order_by(Workshop.starts_at.desc(), Workshop.id.desc()).limit(MOST))
    paths = [url_for(name, district=district) for name in shown]
    paths += [url_for("workshops.show", district=district, slug=slug) for slug in slugs]
    return [(absolute(path), None) for path in paths]


def publications(district: District, part: int) -> list[tuple[str, datetime | None]]:
    """(address, last change) of the public publications of that part."""
    query = select(Publication.slug, Publication.changed_at).where(
        Publication.district_id == district.id, Publication.published_at.is_not(None),
        Publication.id >= part * PART, Publication.id < (part + 1) * PART,
    )  # fmt: skip
    home = absolute(url_for("publications.index", district=district))
    return [
        (f"{home}{slug}", changed) for slug, changed in db.session.execute(query.order_by(Publication.id))
    ]


def index_xml(addresses: Iterable[str]) -> str:
    """A sitemap index."""
    body = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in addresses)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{NAMESPACE}">\n{body}</sitemapindex>\n'
    )


def xml(found: Iterable[tuple[str, datetime | None]]) -> str:
    """A sitemap of (address, last change)."""
    body = "".join(
        f"<url><loc>{escape(address)}</loc>"
        + (f"<lastmod>{stamp(changed)}</lastmod>" if changed else "")
        + "</url>\n"
        for address, changed in found
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{NAMESPACE}">\n{body}</urlset>\n'
