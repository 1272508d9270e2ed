"""The desk's look at the registration form: as the public sees it, and how to show it on another site."""

from flask import Blueprint, render_template, url_for

from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import actions, answers, embed, forms, mails, queries, registering, rooms
from dissemination.registrations.posts import public_url
from dissemination.workshops import queries as workshops

desk = Blueprint("form_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/form")


@desk.get("")
@requires(Role.VIEWER)
def show(district, slug):
    """The form in the language of the page; nothing can be sent from here."""
    workshop = workshops.by_slug(district, slug)
    form = forms.preview_form(workshop)
    seats = {way: queries.seats(workshop, way) for way in rooms.ways(workshop)}
    return render_template(
        "registrations/form_desk.html", workshop=workshop, form=form, preview=True,
        place=mails.place(workshop), questions=answers.questions_of(form), refusal=_refusal(workshop),
        origins=embed.origins(district),
        seats={way.value: registering.seats_in_words(seats[way]) for way in seats},
        is_full=not any(part.left for part in seats.values()),
        address=public_url(url_for("registrations.embed", district=district, slug=slug)),
    )  # fmt: skip


def _refusal(workshop) -> Refusal | None:
    try:
        actions.check_open(workshop)
    except Refusal as refusal:
        return refusal
    return None
