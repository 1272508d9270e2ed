"""Duplicates at the desk: which there are, which one stays."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.bibliography.records import main_text
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.publications import doubles, queries
from dissemination.publications.desk import desk
from dissemination.publications.downloads import absolute
from dissemination.publications.texts import KINDS


@desk.get("/duplicates")
@requires(Role.ORGANISER)
def duplicates(district):
    """The publications that are there twice."""
    return render_template(
        "publications/duplicates.html", groups=doubles.groups(district), KINDS=KINDS, main_title=_title
    )


@desk.route("/<slug>/merging", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def merging(district, slug):
    """Merge the duplicates of a publication into it, after a question."""
    publication = queries.by_slug(district, slug)
    others = doubles.group_with(district, publication)
    if not others:
        if request.method == "GET":
            abort(404)
        flash(str(doubles.NoDouble.message), "warning")
        return redirect(url_for(".duplicates", district=district), 303)
    if request.method == "GET":
        return render_template(
            "publications/merging.html", publication=publication, others=others, main_text=main_text
        )
    address = absolute(url_for("publications.show", district=district, slug=slug))
    try:
        with transaction():
            doubles.merge(publication, others, address=address, by=current_user)
    except Refusal as refusal:
        flash(str(refusal.message), "warning")
        return redirect(url_for(".duplicates", district=district), 303)
    flash(_("The duplicates are merged."))
    return redirect(url_for(".show", district=district, slug=slug), 303)


def _title(row) -> str:
    return row.title_it or row.title_en
