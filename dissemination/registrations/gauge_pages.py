"""The gauge at the desk, and the page below /r/ where a participant tells what is missing of her."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from wtforms import SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from dissemination.kernel.database import transaction
from dissemination.kernel.forms import Form, text_field
from dissemination.kernel.languages import translated
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people.models import SizeClass
from dissemination.registrations import forms, gauge, queries
from dissemination.registrations.mails_of_data import NAMES
from dissemination.registrations.public import private, public
from dissemination.workshops import queries as workshops

desk = Blueprint("gauge_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/reportability")
SHOWN = 500  # people of whom something is missing, on one page
FIELDS = {"role": "job_title", "size": "size", "province": "province", "sector": "sector_id"}


@desk.get("")
@requires(Role.VIEWER)
def show(district, slug):
    """How many can be reported, and what is missing of whom."""
    return _page(district, workshops.by_slug(district, slug))


@desk.post("/requests")
@requires(Role.ORGANISER)
def create_requests(district, slug):
    """Ask everybody of whom something is missing, by mail, once a day."""
    workshop, n = workshops.by_slug(district, slug), 0
    try:
        while True:
            with transaction():
                asked = gauge.ask(workshop)
            n += asked
            if not asked:
                break
    except Refusal as refusal:
        flash(refusal.message, "error")
    else:
        flash(ngettext("%(num)d person is being asked.", "%(num)d people are being asked.", n))
    return redirect(url_for(".show", district=district, slug=slug), 303)


def _page(district, workshop):
    found = gauge.of(workshop)
    return render_template(
        "registrations/gauge.html", workshop=workshop, gauge=found, names=NAMES, shown=SHOWN,
        to_ask=len(gauge.to_ask(workshop, found)) if found.missing else 0,
        may_organise=current_user.may(Role.ORGANISER, district),
        may_manage=current_user.may(Role.MANAGER, district),
    )  # fmt: skip


@desk.app_context_processor
def _gauge():
    """For pages that include `registrations/_gauge.html`: nothing is asked before they do."""
    return {"gauge_of": gauge.of, "gauge_names": NAMES}


# The participant's page.


class _DataForm(Form):
    """Only what is missing; a field that stays here has to be filled."""

    job_title = text_field(_l("Your role in the organisation"), most=120)
    size = SelectField(_l("Size of your company"), validators=[DataRequired(_l("Choose the size."))])
    province = StringField(_l("Province (two letters)"), validators=[DataRequired()])
    sector_id = SelectField(_l("Sector of your company"), validators=[InputRequired()])

    def validate_province(self, field):
        """Two letters of an Italian province."""
        field.data = (field.data or "").upper()
        if field.data not in forms.PROVINCES:
            raise ValidationError(forms.NO_PROVINCE)

    def facts(self) -> dict:
        """The arguments of `gauge.complete`."""
        told = {name: self[name].data for name in FIELDS.values() if name in self}
        return told | {
            "size": SizeClass(told["size"]) if told.get("size") else None,
            "sector_id": int(told["sector_id"]) if told.get("sector_id") else None,
        }  # fmt: skip


def _form(registration, missing) -> _DataForm:
    form = _DataForm()
    for attribute, name in FIELDS.items():
        if attribute not in missing:
            del form[name]
    if "size" in missing:
        form.size.choices = [SelectChoice("", "–"), *forms.SIZES[1:]]
    if "sector" in missing:
        sectors = registration.workshop.district.sectors
        known = [SelectChoice(str(s.id), translated(s, "name")) for s in sectors]
        form.sector_id.choices = [SelectChoice("", "–"), *known]
    return form


@public.route("/r/<token>/data", methods=["GET", "POST"])
def data(token):
    """What is missing of me: role, size, province, sector; nothing that is known is asked or replaced."""
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    missing = gauge.of_one(registration) if registration.workshop.closing is None else ()
    form = _form(registration, missing)
    if missing and request.method == "POST" and form.validate():
        try:
            with transaction():
                gauge.complete(registration, **form.facts())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Thank you: we have all that we need."))
            return redirect(url_for(".data", token=token), 303)
    page = render_template(
        "registrations/data.html", token=token, registration=registration, form=form, missing=missing,
        workshop=registration.workshop,
    )  # fmt: skip
    return private(page, 422 if missing and form.is_submitted() else 200)
