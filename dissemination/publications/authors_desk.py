"""Authors at the desk, one by one: ORCID, affiliation, and their organisation in the registry."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.publications import actions, affiliations, queries
from dissemination.publications.desk import desk
from dissemination.publications.models import Publication

NAMES = ("orcid", "affiliation", "organisation")


@desk.route("/<slug>/authors", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def authors(district, slug):
    """ORCID, affiliation and organisation of each author and editor."""
    publication = queries.by_slug(district, slug)
    if request.method == "GET":
        return _page(publication, _stored(publication), {}, str(publication.version), 200)
    rows = {
        a.id: {name: request.form.get(f"{name}-{a.id}", "").strip()[:300] for name in NAMES}
        for a in publication.authors
    }
    version = request.form.get("version", "")
    wrong = affiliations.check(district.id, rows)
    if wrong or not (version.isascii() and version.isdecimal() and len(version) < 10):
        return _page(publication, rows, wrong, version, 422)
    with transaction():
        actions.revise_authors(publication, rows, version=int(version), by=current_user)
    flash(_("The authors are saved."))
    return redirect(url_for(".show", district=district, slug=slug), 303)


def _stored(publication: Publication) -> dict[int, dict[str, str]]:
    known = affiliations.companies_of(publication)
    return {
        a.id: {
            "orcid": a.orcid, "affiliation": a.affiliation,
            "organisation": known[a.company_id].name if a.company_id in known else "",
        }
        for a in publication.authors
    }  # fmt: skip


def _page(publication: Publication, rows, wrong, version: str, status: int):
    page = render_template(
        "publications/authors.html", publication=publication, rows=rows, wrong=wrong, version=version,
        offered=affiliations.offered(publication.district_id),
    )  # fmt: skip
    return page, status
