"""Somebody who was with us before asks for a link that fills in the form. No account, no password.

The page answers every address alike, and nothing about anybody is shown without the link in the mail.
"""

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from dissemination.delivery import outbox
from dissemination.delivery.models import Delivery, Letter
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.kernel.forms import Form, email_field
from dissemination.kernel.languages import language
from dissemination.people.models import Contact
from dissemination.registrations import known, mails_of_links, queries, unasked
from dissemination.registrations.public import public
from dissemination.registrations.registering import private, why_not

OFTEN = timedelta(minutes=10)  # one mail in this time to one address


class RecognitionForm(Form):
    """Where to mail the link."""

    known_email = email_field("")  # not "email": the page has that field in its main form


@public.post("/<district>/workshops/<slug>/recognition")
def create_recognition(district, slug):
    """Mail the link, if we know the address."""
    door = queries.door(district, slug)
    visit = known.visit(district.id, door.id)
    back = url_for("registrations.new", district=district, slug=slug, n=request.form.get("n") or None)
    if why_not(door, visit) is not None:
        return redirect(back, 303)
    form = RecognitionForm()
    if not form.validate():
        flash(_("Write a whole e-mail address, such as name@example.org."), "error")
        return redirect(back, 303)
    with transaction():
        _mail_link(district, door, form.known_email.data.lower())
    page = render_template(
        "registrations/recognised.html", workshop=queries.workshop_of(door), email=form.known_email.data,
        hours=known.HOURS, back=back,
    )  # fmt: skip
    return private(page)


def _mail_link(district, door, email: str) -> None:
    contact = db.session.scalar(
        select(Contact)
        .where(Contact.district_id == district.id, Contact.email == email, Contact.erased_at.is_(None))
        .with_for_update()
    )
    if contact is None or _was_written_to(contact) or not unasked.may_tell(contact):
        return
    workshop = queries.workshop_of(door)
    mail, recipient = mails_of_links.recognised(workshop, contact, language())
    outbox.put(mail, recipient, about=contact, idempotency=f"recognised {now():%Y%m%d%H%M%S}")


def _was_written_to(contact: Contact) -> bool:
    last = (
        select(func.max(Delivery.created_at))
        .join(Delivery.letter)
        .where(
            Delivery.subject_kind == Contact.__tablename__, Delivery.subject_id == contact.id,
            Letter.template == mails_of_links.TEMPLATE,
        )
    )  # fmt: skip
    at = db.session.scalar(last)
    return at is not None and at > now() - OFTEN
