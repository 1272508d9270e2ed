"""What a publication is related to, at the desk."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.publications import linking, queries, reading
from dissemination.publications.desk import desk
from dissemination.publications.life_forms import LinkForm
from dissemination.publications.models import Relation


@desk.route("/<slug>/links", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def links(district, slug):
    """What it is related to, and a form to add one."""
    publication = queries.by_slug(district, slug)
    form = LinkForm().offer(district, publication)
    if form.validate_on_submit():
        target = form.target()
        if target is not None:
            with transaction():
                linking.add(publication, Relation(form.relation.data), **target)
            flash(_("The link is added."))
            return redirect(url_for(".links", district=district, slug=slug), 303)
        form.form_errors = [
            _("Choose a workshop, or a publication, or write a work elsewhere: one of the three.")
        ]
    page = render_template(
        "publications/links.html", publication=publication, form=form,
        related=reading.related(publication, public=False),
    )  # fmt: skip
    return page, 422 if form.errors or form.is_submitted() else 200


@desk.post("/<slug>/links/<int:link_id>/removal")
@requires(Role.ORGANISER)
def create_link_removal(district, slug, link_id):
    """Relate it no longer."""
    publication = queries.by_slug(district, slug)
    with transaction():
        linking.remove(linking.by_id(publication, link_id))
    flash(_("The link is removed."))
    return redirect(url_for(".links", district=district, slug=slug), 303)
