"""Registering by the public form, wherever it stands: on our own page or inside another site's (`embed`).

The form that nobody has filled in is kept ready (`kept`): only tokens and the numbers of seats differ from
visit to visit. Who comes by a personal link gets a page of her own, in no cache.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from dissemination.kernel import links
from dissemination.kernel.database import transaction
from dissemination.kernel.http import form_token
from dissemination.kernel.refusals import Refusal
from dissemination.registrations import actions, answers, forms, kept, known, mails, queries, rooms
from dissemination.registrations.groups import Person
from dissemination.registrations.known import Visit
from dissemination.registrations.models import Attends, Standing
from dissemination.registrations.refusals import AlreadyRegistered, ByInvitationOnly

THANKS = "registered"
WAYS = {Attends.ROOM: "seats_room", Attends.ONLINE: "seats_online"}


@dataclass(frozen=True)
class Frame:
    """Where the form stands."""

    layout: str  # the template that its pages extend
    action: str  # where the form is sent; thanks are said below it
    token_name: str
    token: Callable[[], str]  # vouches that the form is ours
    is_embedded: bool = False
    language: str = ""  # asked for in the address, where no cookie keeps it


def show(district, slug: str, frame: Frame) -> Response:
    """The form, or why one cannot register now."""
    door = queries.door(district, slug)
    visit = known.visit(district.id, door.id)
    refusal = why_not(door, visit)
    if refusal is not None:
        return private(_refused(door, visit, frame, refusal), refusal.status if door.is_private else 200)
    if visit.is_personal or visit.has_expired:
        return private(_page(door, _form(door, visit), visit, frame))
    full = tuple(door.seats_of(way).left > 0 for way in door.ways)
    return make_response(
        kept.page(
            (frame.layout, door.version, full),
            lambda: _page(door, _form(door, visit), visit, frame, marked=True),
            **marks(door, frame.token),
        )
    )


def marks(door, token: Callable[[], str]) -> dict[str, Callable[[], str]]:
    """What differs from visit to visit of a form that nobody has filled in (see `kept.mark`)."""
    seats = {WAYS[way]: lambda way=way: seats_in_words(door.seats_of(way)) for way in door.ways}
    return {"token": token, "form_mark": form_token, **seats}


def send(district, slug: str, frame: Frame, problem: str = "") -> BaseResponse:
    """Register. The answer is the same whether the person was registered before or not.

    `problem` is why the form cannot be taken although it may be right (an expired token): it is shown
    again with all that was written.
    """
    door = queries.door(district, slug)
    visit = known.visit(district.id, door.id)
    refusal = why_not(door, visit)
    if refusal is not None:
        return private(_refused(door, visit, frame, refusal), refusal.status)
    form = _form(door, visit)
    _keep_files(form, door)
    if problem:
        form.form_errors = [*getattr(form, "form_errors", []), problem]
        return private(_page(door, form, visit, frame), 422)
    if form.reshape():
        return private(_page(door, form, visit, frame))
    form.drop_blanks()
    if not form.validate():
        return private(_page(door, form, visit, frame), 422)
    try:
        standing = _register(door, form, visit)
    except AlreadyRegistered as already:
        standing = _write_to_her(door, form, already.registration_id)
    except Refusal as why:
        form.refuse(why)
        return private(_page(door, form, visit, frame), why.status)
    told = [
        slug, standing.value, len(form.colleagues.entries), int(visit.proves(form.email.data)),
        int(answers.removed_meanwhile(form)),
    ]  # fmt: skip
    lang = f"?lang={frame.language}" if frame.language else ""
    return redirect(f"{frame.action}/{links.sign(THANKS, told)}{lang}", 303)


def thanks(district, slug: str, token: str, layout: str) -> Response:
    """What happened and what comes next. Names nobody: anybody may have sent the form."""
    told = said_to(slug, token)
    if told is None:
        raise NotFound
    door = queries.door(district, slug)
    standing, colleagues, proven, dropped = told
    return private(
        kept.page(
            ("thanks", layout, door.version, *told),
            lambda: render_template(
                "registrations/thanks.html", workshop=queries.workshop_of(door), standing=standing,
                colleagues=colleagues, proven=proven, dropped=dropped, layout=layout,
            ),
        )
    )  # fmt: skip


def said_to(slug: str, token: str) -> list | None:
    """(standing, colleagues, whether proven, whether answers were dropped) of who gets the thanks `token`
    of a workshop; None when it was forged."""
    told = links.read(THANKS, token)
    return told[1:] if isinstance(told, list) and len(told) == 5 and told[0] == slug else None


def why_not(door, visit: Visit) -> Refusal | None:
    """The refusal that says why one cannot register now."""
    try:
        actions.check_open(door)
    except Refusal as refusal:
        return refusal
    return ByInvitationOnly() if door.is_private and visit.guest is None else None


def _form(door, visit: Visit):
    return forms.public_form(door, data=visit.values())


def _keep_files(form, door) -> None:
    if answers.uploads(form):
        with transaction():
            answers.store(form, queries.workshop_of(door))


def _register(door, form, visit: Visit) -> Standing:
    more: dict[str, Any] = {
        "guest_id": visit.guest.id if visit.guest else None, "proven": visit.proves(form.email.data),
        "network": request.remote_addr,
    }  # fmt: skip
    with transaction():
        workshop = queries.workshop_of(door)
        if not form.colleagues.entries:
            registration = actions.register(workshop, **form.facts(), **more)
            _claim(registration)
            return registration.standing
        facts = form.group_facts()
        booker = Person(**facts.pop("booker"))
        people = [Person(**one) for one in facts.pop("colleagues")]
        group = actions.register_group(workshop, booker=booker, colleagues=people, **facts, **more)
        members = queries.members(group)
        for member in members:
            _claim(member)
        return members[0].standing


def _claim(registration) -> None:
    """A new registration without files among its answers has none to claim: one query less."""
    if any(isinstance(value, dict) for value in registration.answers.values()):
        answers.claim(registration)


def _write_to_her(door, form, registration_id: int) -> Standing:
    """Send who is registered her link; what somebody new would have got, so that strangers learn nothing."""
    with transaction():
        workshop = queries.workshop_of(door)
        actions.send_link(queries.in_workshop(workshop, registration_id))
        if workshop.needs_approval:
            return Standing.REQUESTED
        way = rooms.way(workshop, form.way())
        return Standing.CONFIRMED if queries.seats_left(workshop, way) else Standing.WAITING


# Pages.


def _page(door, form, visit: Visit, frame: Frame, *, marked: bool = False) -> str:
    workshop = queries.workshop_of(door)
    given = forms.form_mark()
    return render_template(
        "registrations/new.html", workshop=workshop, door=door, form=form, frame=frame, visit=visit,
        questions=answers.questions_of(form), place=mails.place(workshop), refusal=None,
        issue=forms.newsletter(), removed=form.is_submitted() and answers.removed_meanwhile(form),
        token=kept.mark("token") if marked else frame.token(),
        form_mark=kept.mark("form_mark") if marked else given or form_token(),
        seats={
            way.value: kept.mark(WAYS[way]) if marked else seats_in_words(door.seats_of(way))
            for way in door.ways
        },
        is_full=not any(door.seats_of(way).left for way in door.ways),
    )  # fmt: skip


def _refused(door, visit: Visit, frame: Frame, refusal: Refusal) -> str:
    workshop = queries.workshop_of(door)
    return render_template(
        "registrations/new.html", workshop=workshop, door=door, frame=frame, visit=visit, refusal=refusal,
        place=mails.place(workshop),
    )  # fmt: skip


def seats_in_words(seats) -> str:
    """ "12 seats left", or how many wait."""
    if seats.left >= rooms.ENDLESS:
        return _("as many as want can take part")
    if seats.left:
        return ngettext("%(num)d seat left", "%(num)d seats left", seats.left)
    if seats.waiting:
        return ngettext(
            "all seats are taken and %(num)d person is waiting: you will be next in line",
            "all seats are taken and %(num)d people are waiting: you will be next in line",
            seats.waiting,
        )
    return _("all seats are taken: you will be the first on the waiting list")


def private(page, status: int = 200) -> Response:
    """A page behind a personal link: in no cache, in no search engine, in no Referer."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
