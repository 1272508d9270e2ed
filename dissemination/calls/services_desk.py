"""The catalogue of qualified services at the desk: list, change, CSV in and out."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dissemination.calls import actions, queries, tables
from dissemination.calls.desk import version_of
from dissemination.calls.forms import CatalogueFileForm, ServiceForm, values_of_service
from dissemination.calls.models import Service
from dissemination.calls.starter import starter
from dissemination.calls.texts import AREA_TYPES, FAMILIES, SIZE_NAMES, euro
from dissemination.kernel import subjects
from dissemination.kernel.clock import today
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan.exports import csv_response

desk = Blueprint("services_desk", __name__, url_prefix="/<district>/desk/services")


def desk_url(service_id: int) -> str | None:
    """Where the desk shows a service."""
    row = db.session.get(Service, service_id)
    return row and url_for("services_desk.edit", district=row.district, service_id=row.id)


subjects.register("services", desk_url)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """The catalogue, by family and code."""
    return _index_page(district, CatalogueFileForm())


def _index_page(district, form, report=None):
    rows, on = queries.services(district.id), today(district.zone)
    page = render_template(
        "calls/services.html", services=rows, on=on, is_valid=queries.is_valid, form=form, report=report,
        FAMILIES=FAMILIES, AREA_TYPES=AREA_TYPES, SIZES=SIZE_NAMES, euro=euro,
        lacks=sum(s["code"] not in {row.code for row in rows} for s in starter()), columns=tables.COLUMNS,
    )  # fmt: skip
    return page, 422 if form.errors or (report is not None and report.problems) else 200


@desk.post("/starter")
@requires(Role.ORGANISER)
def create_starter(district):
    """Take in the starter rows that are not there yet."""
    with transaction():
        count = actions.adopt_starter(district)
    flash(ngettext("%(num)d service was added.", "%(num)d services were added.", count))
    return redirect(url_for(".index", district=district), 303)


@desk.get(".csv")
@requires(Role.VIEWER)
def index_csv(district):
    """The catalogue as CSV."""
    return csv_response(
        "services.csv", tables.head(), [tables.line(s) for s in queries.services(district.id)]
    )


@desk.post("/import")
@requires(Role.ORGANISER)
def create_import(district):
    """Read a CSV: all of it, or nothing while a line is wrong."""
    form, report = CatalogueFileForm(), None
    if form.validate_on_submit():
        data = form.file.data.read(1024 * 1024 + 1)
        with transaction():
            report = tables.carry_out(data, district)
        if not report.problems:
            flash(_("%(new)d services added, %(old)d changed.", new=report.added, old=report.existing))
            return redirect(url_for(".index", district=district), 303)
    return _index_page(district, form, report)


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Add a service."""
    form = ServiceForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.add_service(district, **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, None)


@desk.route("/<int:service_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, service_id):
    """Change a service."""
    service = queries.service(district.id, service_id) or abort(404)
    form = ServiceForm(data=None if request.method == "POST" else values_of_service(service))
    if form.validate_on_submit():
        try:
            with transaction():
                actions.revise_service(service, version=version_of(form), **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, service)


@desk.post("/<int:service_id>/removal")
@requires(Role.ORGANISER)
def create_removal(district, service_id):
    """Take a service out that nothing names."""
    service = queries.service(district.id, service_id) or abort(404)
    with transaction():
        actions.remove_service(service)
    flash(_("The service is removed."))
    return redirect(url_for(".index", district=district), 303)


def _form_page(form, service):
    page = render_template("calls/service_form.html", form=form, service=service)
    return page, 422 if form.errors else 200
