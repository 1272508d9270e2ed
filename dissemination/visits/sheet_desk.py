"""At the desk: sheets that wait to be compared, and the photos of a visit."""

import secrets

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.audits.texts import AREA_TYPES, DEPARTMENTS, DIMENSIONS, PRIORITIES
from dissemination.kernel.database import transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.visits import photos, queries, sheets
from dissemination.visits.desk import found
from dissemination.visits.forms import NewPhotoForm, PhotoForm
from dissemination.visits.models import Photo, VisitSheet
from dissemination.visits.taking import OVER, settle

desk = Blueprint("sheet_desk", __name__, url_prefix="/<district>/desk/audits/<int:audit_id>")
DECISIONS = {"take": True, "keep": False}


@desk.get("/visit/sheets/<int:sheet_id>")
@requires(Role.ORGANISER)
def show(district, audit_id, sheet_id):
    """What a device sent, beside what the audit says."""
    sheet = _sheet(district, audit_id, sheet_id)
    here = sheets.of_audit(sheet.audit)
    return render_template(
        "visits/sheet.html", audit=sheet.audit, sheet=sheet, current=here,
        different=sheets.differences(here, sheet.facts), names=_names(), over=sheet.audit.state in OVER,
        DEPARTMENTS={key.value: words for key, words in DEPARTMENTS.items()},
        DIMENSIONS={key.value: words for key, words in DIMENSIONS.items()},
        AREA_TYPES={key.value: words for key, words in AREA_TYPES.items()}, PRIORITIES=PRIORITIES,
    )  # fmt: skip


def _names() -> dict[str, str]:
    return {
        "visited_on": _("Day"), "visited_from": _("From"), "visited_until": _("Until"),
        "departments": _("Departments seen"), "people": _("People met"), "strengths": _("Strengths"),
        "weaknesses": _("Weaknesses"), "summary": _("In short"), "areas": _("Improvement areas"),
        "scores": _("Scores of innovation management"),
    }  # fmt: skip


def _sheet(district, audit_id, sheet_id) -> VisitSheet:
    return queries.sheet(found(district, audit_id), sheet_id) or abort(404)


@desk.post("/visit/sheets/<int:sheet_id>/decision")
@requires(Role.ORGANISER)
def create_decision(district, audit_id, sheet_id):
    """Take what the device sent, or keep what is here."""
    sheet = _sheet(district, audit_id, sheet_id)
    take_it = DECISIONS.get(request.form.get("decision", ""))
    if take_it is None:
        abort(400)
    try:
        with transaction():
            settle(sheet, take_it=take_it, by=current_user)
    except Refusal as refusal:
        flash(str(refusal.message), "error")
        return redirect(url_for(".show", district=district, audit_id=audit_id, sheet_id=sheet_id), 303)
    flash(_("The sheet is written into the audit.") if take_it else _("The audit stays as it is."))
    return redirect(url_for("audits_desk.show", district=district, audit_id=audit_id), 303)


@desk.get("/visit/sheets/<int:sheet_id>/signed.pdf")
@requires(Role.ORGANISER)
def show_signed(district, audit_id, sheet_id):
    """The visit sheet with the signature."""
    sheet = _sheet(district, audit_id, sheet_id)
    return _private(attachment(sheet.file or abort(404)))


def _private(response):
    response.headers["Cache-Control"] = "private, no-store"
    return response


# Photos.


@desk.get("/photos")
@requires(Role.ORGANISER)
def index(district, audit_id):
    """The photos of the visit, with what they show."""
    return _gallery(found(district, audit_id), NewPhotoForm(formdata=None))


@desk.post("/photos")
@requires(Role.ORGANISER)
def create_photo(district, audit_id):
    """Add a photo from the desk."""
    audit = found(district, audit_id)
    form = NewPhotoForm()
    if form.validate_on_submit():
        try:
            with transaction():
                photo = photos.add(
                    audit, key=secrets.token_hex(16), data=form.file.data.read(), by=current_user,
                    caption=form.caption.data or "",
                )  # fmt: skip
                photos.describe(photo, **form.facts())
            flash(_("The photo is there, without what the camera wrote into it."))
            return redirect(url_for(".index", district=district, audit_id=audit_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _gallery(audit, form)


def _gallery(audit, form):
    rows = queries.photos(audit)
    forms = {
        one.id: PhotoForm(
            formdata=None, prefix=f"p{one.id}", caption=one.caption, in_report=one.in_report,
            department=one.department.value if one.department else "",
        )
        for one in rows
    }  # fmt: skip
    page = render_template(
        "visits/photos.html", audit=audit, photos=rows, forms=forms, form=form, most=photos.MOST,
        over=audit.state in OVER, DEPARTMENTS=DEPARTMENTS,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.get("/photos/<int:photo_id>/file")
@requires(Role.ORGANISER)
def show_photo(district, audit_id, photo_id):
    """The photo itself."""
    return _private(attachment(_photo(district, audit_id, photo_id).file))


@desk.post("/photos/<int:photo_id>")
@requires(Role.ORGANISER)
def update_photo(district, audit_id, photo_id):
    """Write what a photo shows, and whether the report shows it."""
    photo = _photo(district, audit_id, photo_id)
    form = PhotoForm(prefix=f"p{photo_id}")
    if form.validate_on_submit():
        with transaction():
            photos.describe(photo, **form.facts())
        flash(_("Saved."))
    else:
        flash(_("Not saved: the text is too long, or the department is unknown."), "error")
    return redirect(url_for(".index", district=district, audit_id=audit_id), 303)


@desk.post("/photos/<int:photo_id>/removal")
@requires(Role.ORGANISER)
def create_removal(district, audit_id, photo_id):
    """Take a photo away for good."""
    photo = _photo(district, audit_id, photo_id)
    with transaction():
        photos.remove(photo)
    flash(_("The photo is removed."))
    return redirect(url_for(".index", district=district, audit_id=audit_id), 303)


def _photo(district, audit_id, photo_id) -> Photo:
    return queries.photo(found(district, audit_id), photo_id) or abort(404)
