"""Laboratories as everybody sees them: what they can do, and the way to them, which is the district."""

from flask import Blueprint, abort, render_template, request

from dissemination.research import queries

public = Blueprint("research", __name__, url_prefix="/<district>/research")


@public.get("/")
def index(district):
    """The laboratories that are public, by name."""
    search, sector = request.args.get("q", "").strip(), request.args.get("sector", "")
    return render_template(
        "research/index.html", search=search, sector=sector,
        page=queries.laboratories(
            district.id, search=search, sector=sector, public=True, after=request.args.get("after")
        ),
    )  # fmt: skip


@public.get("/<int:laboratory_id>")
def show(district, laboratory_id):
    """One laboratory."""
    found = queries.public_laboratory(district.id, laboratory_id) or abort(404)
    sectors = [s for s in district.sectors if s.code in found.sectors]
    return render_template("research/show.html", laboratory=found, sectors=sectors)
