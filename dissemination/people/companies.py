"""Companies at the desk: list, page, add, revise, membership, merge."""

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.clock import today
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import actions, hooks, queries
from dissemination.people.desk import company_or_404, desk, whole
from dissemination.people.forms import CompanyForm, MembershipForm
from dissemination.people.models import Company, Membership, SizeClass
from dissemination.people.texts import SIZES

FILTERS = ("q", "sector", "province", "size", "member")


def _url(company_id: int) -> str | None:
    company = db.session.get(Company, company_id)
    if company is None:
        return None
    return url_for("people_desk.company", district=g.district, company_id=company_id)


subjects.register("companies", _url)


@desk.get("/companies/")
@requires(Role.VIEWER)
def companies(district):
    """The registry, by name."""
    asked = request.args
    size = SizeClass(asked["size"]) if asked.get("size") in SIZES else None
    member = {"yes": True, "no": False}.get(asked.get("member", ""))
    on = today(district.zone)
    page = queries.companies(
        district.id, search=asked.get("q", ""), sector_id=whole(asked.get("sector")),
        province=asked.get("province", "")[:2], size=size, member=member, on=on, after=asked.get("after"),
    )  # fmt: skip
    return render_template(
        "people/companies.html", page=page, on=on, sizes=SIZES, provinces=queries.provinces(district.id),
        is_member=queries.is_member, filtered=any(asked.get(name) for name in FILTERS),
    )  # fmt: skip


@desk.get("/companies/<int:company_id>")
@requires(Role.VIEWER)
def company(district, company_id):
    """A company; a merged duplicate leads to its survivor."""
    found = company_or_404(company_id)
    if found.merged_into_id:
        return redirect(url_for(".company", district=district, company_id=found.merged_into_id))
    return render_template(
        "people/company.html", company=found, contacts=queries.contacts_of(found),
        member=queries.is_member(found, today(district.zone)), form=MembershipForm(),
        leads=hooks.leads(found, district),
    )  # fmt: skip


def _form_page(form, *, company=None, refusal=None, similar=(), status=200):
    existing = getattr(refusal, "company", None)
    return render_template(
        "people/company_form.html", form=form, company=company, existing=existing, similar=similar
    ), status


@desk.route("/companies/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def add_company(district):
    """Add a company, after a look at those of a similar name."""
    form = CompanyForm().of(district)
    if not form.validate_on_submit():
        return _form_page(form, status=422 if form.errors else 200)
    similar = queries.similar_companies(district.id, form.name.data)
    there = queries.company_by_tax_id(district.id, form.tax_id.data)
    if similar and not there and not form.anyway.data:
        return _form_page(form, similar=similar, status=422)
    try:
        with transaction():
            added = actions.add_company(district_id=district.id, **form.facts())
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(form, refusal=refusal, status=422)
    flash(_("%(name)s is in the registry.", name=added.name), "success")
    return redirect(url_for(".company", district=district, company_id=added.id))


@desk.route("/companies/<int:company_id>/edit", methods=["GET", "POST"])
@requires(Role.MANAGER)
def edit_company(district, company_id):
    """Revise a company."""
    found = company_or_404(company_id)
    form = CompanyForm(obj=found).of(district)
    if not form.validate_on_submit():
        return _form_page(form, company=found, status=422 if form.errors else 200)
    try:
        with transaction():
            actions.revise_company(found, version=whole(form.version.data) or 0, **form.facts())
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(form, company=found, refusal=refusal, status=422)
    flash(_("Saved."), "success")
    return redirect(url_for(".company", district=district, company_id=company_id))


@desk.post("/companies/<int:company_id>/memberships")
@requires(Role.MANAGER)
def add_membership(district, company_id):
    """Enter a period of membership."""
    found, form = company_or_404(company_id), MembershipForm()
    try:
        if form.validate_on_submit():
            with transaction():
                actions.add_membership(found, since=form.since.data, until=form.until.data)
            flash(_("Saved."), "success")
            return redirect(url_for(".company", district=district, company_id=company_id))
    except Refusal as refusal:
        form.refuse(refusal)
    return render_template(
        "people/company.html", company=found, contacts=queries.contacts_of(found), form=form,
        member=queries.is_member(found, today(district.zone)), leads=hooks.leads(found, district),
    ), 422  # fmt: skip


def _membership(company: Company, membership_id: int) -> Membership:
    return next((m for m in company.memberships if m.id == membership_id), None) or abort(404)


@desk.route("/companies/<int:company_id>/memberships/<int:membership_id>", methods=["GET", "POST"])
@requires(Role.MANAGER)
def edit_membership(district, company_id, membership_id):
    """Correct a period of membership, or end it."""
    found = company_or_404(company_id)
    membership = _membership(found, membership_id)
    form = MembershipForm(obj=membership)
    try:
        if form.validate_on_submit():
            with transaction():
                actions.revise_membership(membership, since=form.since.data, until=form.until.data)
            flash(_("Saved."), "success")
            return redirect(url_for(".company", district=district, company_id=company_id))
    except Refusal as refusal:
        form.refuse(refusal)
    return render_template(
        "people/membership.html", company=found, membership=membership, form=form
    ), 422 if form.errors else 200


@desk.post("/companies/<int:company_id>/memberships/<int:membership_id>/removal")
@requires(Role.MANAGER)
def remove_membership(district, company_id, membership_id):
    """Take out a period entered by mistake."""
    membership = _membership(company_or_404(company_id), membership_id)
    with transaction():
        actions.remove_membership(membership)
    flash(_("The period is removed."), "success")
    return redirect(url_for(".company", district=district, company_id=company_id))


@desk.route("/companies/<int:company_id>/merge", methods=["GET", "POST"])
@requires(Role.MANAGER)
def merge(district, company_id):
    """Choose a duplicate, see both side by side, merge it into this company."""
    survivor = company_or_404(company_id)
    chosen = whole(request.values.get("duplicate"))
    duplicate = company_or_404(chosen) if chosen else None
    if request.method == "POST" and duplicate is not None:
        with transaction():
            actions.merge_companies(survivor, duplicate, by=current_user)
        flash(_("%(name)s is now part of %(other)s.", name=duplicate.name, other=survivor.name), "success")
        return redirect(url_for(".company", district=district, company_id=company_id))
    search = request.args.get("q", "").strip()
    found = (
        queries.companies(district.id, search=search, on=today(district.zone)).rows[:20]
        if search
        else queries.similar_companies(district.id, survivor.name, but=survivor.id)
    )
    return render_template(
        "people/merge.html", survivor=survivor, duplicate=duplicate, search=search,
        candidates=[c for c in found if c.id != survivor.id], moving=_moving(duplicate),
    )  # fmt: skip


def _moving(duplicate: Company | None) -> tuple[int, int]:
    if duplicate is None:
        return 0, 0
    return queries.count_contacts(duplicate), len(duplicate.memberships)
