"""The district of a URL: `/<district>/…` becomes the row, or 404."""

from flask import abort, g
from sqlalchemy import bindparam, select

from dissemination.districts.models import District
from dissemination.kernel.database import db

_BY_SLUG = select(District).where(District.slug == bindparam("slug"))


def _find_district(_endpoint, values):
    slug = (values or {}).get("district")
    if slug is None:
        return
    found = db.session.scalar(_BY_SLUG, {"slug": slug})
    if found is None:
        abort(404)
    values["district"] = g.district = found


def _name_district(_endpoint, values):
    district = values.get("district")
    if isinstance(district, District):
        values["district"] = district.slug


def init_app(app) -> None:
    """Views receive the District; `url_for` takes one."""
    app.url_value_preprocessor(_find_district)
    app.url_default_functions.setdefault(None, []).append(_name_district)
