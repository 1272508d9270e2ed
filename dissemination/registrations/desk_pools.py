"""Seats kept for companies, at the desk."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.exceptions import NotFound

from dissemination.kernel.clock import local
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.registrations import actions, queries, rooms, rows
from dissemination.registrations.desk import desk
from dissemination.registrations.desk_forms import pool_form
from dissemination.registrations.texts import WAYS
from dissemination.workshops import queries as workshops


class NoSuchCompany(Refusal):
    """The registry does not know the tax id."""

    status = 422
    message = _l("No company with this partita IVA is in the registry. Add the company first.")
    field = "company_tax_id"


def _page(workshop, form, status: int = 200):
    found = rows.pools(workshop)
    page = render_template(
        "registrations/desk_pools.html", workshop=workshop, form=form, pools=found, way_words=WAYS,
        ways=rooms.ways(workshop), seats={way: queries.seats(workshop, way) for way in rooms.ways(workshop)},
        accounts=rows.names_of_accounts(p.released_by for p in found),
        may_organise=current_user.may(Role.ORGANISER, workshop.district),
    )  # fmt: skip
    return page, status


def _empty_form(workshop):
    start = local(workshop.starts_at, workshop.district.zone)
    return pool_form(workshop, until_day=start.date(), until_hour=start.time())


@desk.get("/pools")
@requires(Role.VIEWER)
def pools(district, slug):
    """The seats kept, and the form to keep some."""
    workshop = workshops.by_slug(district, slug)
    return _page(workshop, _empty_form(workshop))


@desk.post("/pools")
@requires(Role.ORGANISER)
def create_pool(district, slug):
    """Keep seats for a company, or change what is kept for it."""
    workshop = workshops.by_slug(district, slug)
    form = pool_form(workshop)
    if not form.validate():
        return _page(workshop, form, 422)
    try:
        with transaction():
            pool = actions.keep_seats(
                workshop, _company(workshop, form), seats=form.seats.data, until=form.until(),
                attends=form.way(), by=current_user,
            )  # fmt: skip
            name = pool.company.name
    except Refusal as refusal:
        if refusal.field == "until":
            refusal.field = "until_day"
        form.refuse(refusal)
        return _page(workshop, form, refusal.status)
    flash(_("The seats are kept for %(company)s.", company=name))
    return redirect(url_for(".pools", district=district, slug=slug), 303)


def _company(workshop, form):
    company = people.company_by_tax_id(workshop.district_id, form.company_tax_id.data)
    if company is None:
        raise NoSuchCompany
    return company


@desk.post("/pools/<int:pool_id>/release")
@requires(Role.ORGANISER)
def create_release(district, slug, pool_id):
    """Give the unused seats to everybody."""
    workshop = workshops.by_slug(district, slug)
    pool = next((one for one in rows.pools(workshop) if one.id == pool_id), None)
    if pool is None:
        raise NotFound
    with transaction():
        actions.release_pool(pool, by=current_user)
    flash(_("The unused seats are everybody's now."))
    return redirect(url_for(".pools", district=district, slug=slug), 303)
