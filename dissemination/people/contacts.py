"""Contacts at the desk: list, page with the consent ledger, add, revise."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel import subjects
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import actions, queries
from dissemination.people.desk import contact_or_404, desk, whole
from dissemination.people.forms import ContactForm
from dissemination.people.texts import PURPOSES

subjects.register(
    "contacts",
    lambda contact_id: url_for("people_desk.contact", district=g.district, contact_id=contact_id),
)


class NoSuchCompany(Refusal):
    """The tax id of the contact's company is not in the registry."""

    status = 422
    message = _l("No company with this partita IVA is in the registry. Add the company first.")
    field = "company_tax_id"


@desk.get("/contacts/")
@requires(Role.VIEWER)
def contacts(district):
    """The people whom the district knows, by family name."""
    page = queries.contacts(district.id, search=request.args.get("q", ""), after=request.args.get("after"))
    return render_template("people/contacts.html", page=page)


@desk.get("/contacts/<int:contact_id>")
@requires(Role.VIEWER)
def contact(district, contact_id):  # noqa: ARG001
    """A person and their consents."""
    found = contact_or_404(contact_id)
    return render_template(
        "people/contact.html", contact=found, consents=queries.consents(found), purposes=PURPOSES
    )


def _company(form, district):
    if not form.company_tax_id.data:
        return None
    company = queries.company_by_tax_id(district.id, form.company_tax_id.data)
    if company is None:
        raise NoSuchCompany
    return company


@desk.route("/contacts/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def add_contact(district):
    """Add a person."""
    form = ContactForm(company_tax_id=request.args.get("company", ""))
    if form.validate_on_submit():
        try:
            with transaction():
                company = _company(form, district)
                added = actions.add_contact(district_id=district.id, company=company, **form.facts())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(name)s is in the registry.", name=added.name), "success")
            return redirect(url_for(".contact", district=district, contact_id=added.id))
    return render_template("people/contact_form.html", form=form, contact=None), 422 if form.errors else 200


@desk.route("/contacts/<int:contact_id>/edit", methods=["GET", "POST"])
@requires(Role.MANAGER)
def edit_contact(district, contact_id):
    """Revise a person."""
    found = contact_or_404(contact_id)
    form = ContactForm(obj=found, company_tax_id=found.company.tax_id if found.company else "")
    if form.validate_on_submit():
        try:
            with transaction():
                company = _company(form, district)
                if company is None and found.company is not None and found.company.tax_id is None:
                    company = found.company  # it has no tax id by which the form could name it
                actions.revise_contact(
                    found, version=whole(form.version.data) or 0, company=company, **form.facts()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".contact", district=district, contact_id=contact_id))
    return render_template("people/contact_form.html", form=form, contact=found), 422 if form.errors else 200
