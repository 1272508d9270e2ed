"""My account: name, language, password, second factor, passkeys; the way in and out."""

from flask import Blueprint, current_app, flash, redirect, render_template, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import auth_required, logout_user
from flask_security.recoverable import generate_reset_password_token

from dissemination.kernel.database import transaction
from dissemination.people import access
from dissemination.people.forms import AccountForm

account = Blueprint("people_account", __name__)


@account.route("/account", methods=["GET", "POST"])
@auth_required("session")
def show():
    """My account."""
    form = AccountForm(obj=current_user)
    if form.validate_on_submit():
        with transaction():
            access.revise_account(current_user, name=form.name.data, language=form.language.data)
        flash(_("Saved."), "success")
        return redirect(url_for(".show", lang=form.language.data))
    return render_template("people/account.html", form=form), 422 if form.errors else 200


@account.get("/account/way-in")
@auth_required("session")
def enter():
    """The way in: to the desk of the only district, else to a choice of them."""
    held = [a.district for a in current_user.appointments if a.district is not None]
    if len(held) == 1 and "front_desk.today" in current_app.view_functions:
        return redirect(url_for("front_desk.today", district=held[0]))
    return redirect(url_for(".show"))


@account.post("/sign-out")
def sign_out():
    """Sign out."""
    logout_user()
    session.clear()
    flash(_("You are signed out."), "success")
    return redirect("/")


@account.get("/account/invitation/<token>")
def accept(token):
    """The link of an invitation: on to the page that sets the first password."""
    invited = access.invited(token)
    if invited is None:
        flash(_("This link was used already or is not complete. Ask for a new one."), "error")
        return redirect(url_for("security.forgot_password"))
    return redirect(url_for("security.reset_password", token=generate_reset_password_token(invited)))
