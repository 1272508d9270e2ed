"""The desk's pages of segments: list, form with a live count, the persons that one selects."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.subscriptions import segments as kept
from dissemination.subscriptions.common import desk
from dissemination.subscriptions.conditions import CONDITIONS, is_whole
from dissemination.subscriptions.segment_forms import SegmentForm, choices_of, in_words


def _form_page(district, form: SegmentForm, choices: dict, *, segment=None, status: int = 200):
    whole = [c for c in form.conditions if is_whole(c)]
    page = render_template(
        "subscriptions/desk_segment_form.html", form=form, segment=segment, kinds=CONDITIONS, choices=choices,
        size=kept.size(district, whole) if whole else None, unfinished=len(form.conditions) - len(whole),
    )  # fmt: skip
    return page, status


@desk.get("/segments/")
@requires(Role.VIEWER)
def segments(district):
    """The saved segments, in words."""
    choices = choices_of(district)
    return render_template(
        "subscriptions/desk_segments.html", segments=kept.all_of(district.id),
        in_words=lambda condition: in_words(condition, choices),
    )  # fmt: skip


@desk.route("/segments/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_segment(district):
    """Make a segment."""
    choices = choices_of(district)
    form = SegmentForm.sent(request.form, choices) if request.method == "POST" else SegmentForm()
    return _sent(district, form, choices, None)


@desk.route("/segments/<int:segment_id>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit_segment(district, segment_id):
    """Change a segment."""
    segment, choices = kept.one(district.id, segment_id), choices_of(district)
    if request.method == "POST":
        return _sent(district, SegmentForm.sent(request.form, choices), choices, segment)
    form = SegmentForm(name=segment.name, version=segment.version, conditions=list(segment.conditions))
    return _sent(district, form, choices, segment)


def _sent(district, form: SegmentForm, choices: dict, segment):
    """Save when that was asked; adding, taking out and counting show the form again."""
    if request.form.get("do") != "save" or "remove" in request.form:
        return _form_page(district, form, choices, segment=segment)
    if not form.check():
        return _form_page(district, form, choices, segment=segment, status=422)
    try:
        with transaction():
            saved = kept.save(
                district, segment, name=form.name, conditions=form.conditions, version=form.version,
                by=current_user,
            )  # fmt: skip
    except Refusal as refusal:
        form.errors.append(
            (refusal.field or "name", _("Name") if refusal.field else "", str(refusal.message))
        )
        return _form_page(district, form, choices, segment=segment, status=422)
    flash(_("The segment is saved."))
    return redirect(url_for(".segment", district=district, segment_id=saved.id), 303)


@desk.post("/segments/count")
@requires(Role.ORGANISER)
def count_segment(district):
    """How many the conditions of the form select, for the page to show while they are written."""
    form = SegmentForm.sent(request.form, choices_of(district))
    whole = [c for c in form.conditions if is_whole(c)]
    return render_template(
        "subscriptions/_segment_count.html", size=kept.size(district, whole) if whole else None,
        unfinished=len(form.conditions) - len(whole),
    )  # fmt: skip


@desk.get("/segments/<int:segment_id>")
@requires(Role.VIEWER)
def segment(district, segment_id):
    """A segment: its conditions, how many it selects, and who they are."""
    found, choices = kept.one(district.id, segment_id), choices_of(district)
    only = request.args.get("subscribed") == "1"
    return render_template(
        "subscriptions/desk_segment.html", segment=found, only=only,
        sentences=[in_words(c, choices) for c in found.conditions],
        size=kept.size(district, found.conditions),
        page=kept.people(district, found.conditions, subscribed=only, after=request.args.get("after")),
    )  # fmt: skip


@desk.post("/segments/<int:segment_id>/removal")
@requires(Role.ORGANISER)
def put_segment_away(district, segment_id):
    """Take a segment out of the list; it can be brought back."""
    found = kept.one(district.id, segment_id)
    with transaction():
        kept.put_away(found)
    flash(_("The segment is put away. Newsletters that name it keep their audience."))
    return redirect(url_for(".segment", district=district, segment_id=segment_id), 303)


@desk.post("/segments/<int:segment_id>/return")
@requires(Role.ORGANISER)
def bring_segment_back(district, segment_id):
    """Offer a segment again."""
    found = kept.one(district.id, segment_id)
    with transaction():
        kept.bring_back(found)
    flash(_("The segment is offered again."))
    return redirect(url_for(".segment", district=district, segment_id=segment_id), 303)
