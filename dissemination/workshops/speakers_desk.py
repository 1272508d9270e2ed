"""The directory of speakers at the desk: biographies, and the consent to publish them."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import profiles
from dissemination.workshops.desk_forms import ConsentForm, ProfileForm, whole
from dissemination.workshops.refusals import RowChangedMeanwhile

desk = Blueprint("speakers_desk", __name__, url_prefix="/<district>/desk/speakers")


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """Everybody who speaks or spoke, by name."""
    text = request.args.get("q", "")[:100]
    page = profiles.listed(district.id, text, after=request.args.get("after"))
    talks = profiles.talks(p.id for p in page.rows)
    return render_template("workshops/desk_speakers.html", page=page, text=text, talks=talks)


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """A speaker who is in no programme yet, or who has the name of another one."""
    form = ProfileForm()
    if form.validate_on_submit():
        try:
            with transaction():
                profile = profiles.add(district.id, **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".edit", district=district, profile_id=profile.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(form, None)


@desk.get("/<int:profile_id>")
@requires(Role.VIEWER)
def show(district, profile_id):
    """A speaker: who it is, where she speaks, what the public may see."""
    profile = _found(district, profile_id)
    workshops = profiles.workshops_of(profile)
    return render_template("workshops/desk_speaker.html", profile=profile, workshops=workshops)


@desk.route("/<int:profile_id>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, profile_id):
    """Change what is known of a speaker. A second editor is told; nothing is overwritten unseen."""
    profile = _found(district, profile_id)
    form = ProfileForm(obj=profile)
    if form.validate_on_submit():
        try:
            with transaction():
                profiles.revise(profile, version=whole(form.version.data), **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".show", district=district, profile_id=profile_id), 303)
        except RowChangedMeanwhile as refusal:
            form.refuse(refusal)
            form.version.data = str(_found(district, profile_id).version)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(form, _found(district, profile_id))


@desk.post("/<int:profile_id>/consent")
@requires(Role.ORGANISER)
def create_consent(district, profile_id):
    """Note that the speaker agreed to be presented in public, and how."""
    profile = _found(district, profile_id)
    form = ConsentForm()
    if form.validate():
        try:
            with transaction():
                version = whole(form.version.data)
                profiles.agree(profile, how=form.agreed_text.data, by=current_user, version=version)
            flash(_("The consent is noted. The biography stands on the public pages now."))
            return redirect(url_for(".show", district=district, profile_id=profile_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    profile = _found(district, profile_id)
    values = ProfileForm(formdata=None, obj=profile)
    return _page(values, profile, consent=form)


@desk.post("/<int:profile_id>/consent/withdrawal")
@requires(Role.ORGANISER)
def create_withdrawal(district, profile_id):
    """Take the consent back."""
    profile = _found(district, profile_id)
    with transaction():
        profiles.withdraw(profile)
    flash(_("The consent is withdrawn. The biography has left the public pages."))
    return redirect(url_for(".show", district=district, profile_id=profile_id), 303)


@desk.get("/<int:profile_id>/deletion")
@requires(Role.ORGANISER)
def deletion(district, profile_id):
    """Ask before a speaker is forgotten."""
    profile = _found(district, profile_id)
    talks = profiles.talks([profile_id]).get(profile_id, 0)
    return render_template("workshops/desk_speaker_delete.html", profile=profile, talks=talks)


@desk.post("/<int:profile_id>/deletion")
@requires(Role.ORGANISER)
def create_deletion(district, profile_id):
    """Forget a speaker."""
    profile = _found(district, profile_id)
    with transaction():
        profiles.remove(profile)
    flash(_("The speaker is deleted. Programmes keep the name."))
    return redirect(url_for(".index", district=district), 303)


def _found(district, profile_id):
    return profiles.by_id(district.id, profile_id) or abort(404)


def _page(form, profile, *, consent=None):
    if consent is None and profile is not None:
        consent = ConsentForm(formdata=None, data={"version": str(profile.version)})
    page = render_template("workshops/desk_speaker_form.html", form=form, profile=profile, consent=consent)
    return page, 422 if request.method == "POST" else 200
