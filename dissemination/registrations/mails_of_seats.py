"""The mails about seats as values: confirm your address, offers, approvals, colleagues. Nothing is sent here.

One function per mail, named as its template. A mail without a seat carries no calendar object. Names,
addresses, reasons and deadlines of one person are merge fields: a letter is shared and kept, its
recipients' data are not.
"""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Recipient
from dissemination.kernel import links
from dissemination.kernel.clock import local
from dissemination.kernel.languages import long_date
from dissemination.registrations.models import Group, Invitation, Registration
from dissemination.registrations.posts import (
    Post,
    in_her_language,
    personal_url,
    post,
    public_url,
    title,
    with_request,
)
from dissemination.registrations.queries import GROUP

# What the booker's mails do not say: how each of the others takes part, and by which link of her own.
FOR_ALL = {"joins": False, "hybrid": False, "directions": ""}


def group_url(group: Group, *path: str) -> str:
    """An address below the page on which the booker sees her colleagues."""
    return public_url("/".join((f"/rg/{links.sign(GROUP, group.public_id)}", *path)))


def _moment(registration: Registration, moment) -> str:
    """A deadline in words of the current language."""
    there = local(moment, registration.workshop.district.zone)
    return _("%(date)s at %(time)s", date=long_date(there.date()), time=there.strftime("%H:%M"))


@in_her_language
def confirm_address(registration: Registration) -> Post:
    """Somebody registered with an address not seen before: she confirms it, or the place goes."""
    subject = _("Confirm your address: %(title)s", title=title(registration))
    return post(
        registration, "confirm_address", subject, standing=registration.standing.value,
        merge={
            "proof_url": personal_url(registration, "proof"),
            "deadline": _moment(registration, registration.proof_due),
        },
    )  # fmt: skip


def _to_booker(group: Group, made: Post, **merge: str) -> Post:
    contact = group.contact
    recipient = Recipient(
        address=contact.email, name=contact.name, contact_id=contact.id,
        merge={**_programme_link(made), "name": contact.name, "manage_url": group_url(group), **merge},
    )  # fmt: skip
    return Post(made.mail, recipient)


def _programme_link(made: Post) -> dict[str, str]:
    """The link to the programme of a private workshop, which everybody else has of her own."""
    return {name: url for name, url in made.recipient.merge.items() if name == "programme_url"}


def _names(members: list[Registration]) -> str:
    return "; ".join(f"{member.contact.name} ({member.contact.email})" for member in members)


def confirm_group(group: Group, members: list[Registration]) -> Post:
    """The booker's address was not seen before: she confirms it for the whole group."""
    first = members[0]
    with force_locale(first.language):
        subject = _("Confirm your address: %(title)s", title=title(first))
        made = post(first, "confirm_group", subject, standing=first.standing.value, **FOR_ALL)
        return _to_booker(
            group, made, proof_url=group_url(group, "proof"), people=_names(members),
            deadline=_moment(first, first.proof_due),
        )  # fmt: skip


def group_booked(group: Group, members: list[Registration]) -> Post:
    """What became of the colleagues whom she registered, with the link to manage them."""
    first = members[0]
    with force_locale(first.language):
        subject = _("Your colleagues: %(title)s", title=title(first))
        made = post(first, "group_booked", subject, standing=first.standing.value, **FOR_ALL)
        return _to_booker(group, made, people=_names(members))


@in_her_language
def registered_by_colleague(registration: Registration, invitation: Invitation | None = None) -> Post:
    """A colleague registered her. With a seat it carries the invitation to the first date."""
    booker = registration.group.contact.name if registration.group else ""
    facts = {"standing": registration.standing.value, "merge": {"booker": booker}}
    if invitation is None:
        subject = _("A colleague put you on the list: %(title)s", title=title(registration))
        return post(registration, "registered_by_colleague", subject, of=1, **facts)
    subject = _("A colleague registered you: %(title)s", title=title(registration))
    return with_request(registration, invitation, "registered_by_colleague", subject, **facts)


@in_her_language
def offer(registration: Registration, size: int) -> Post:
    """A seat (for a group: `size` seats) became free and is held for her until the deadline. No calendar."""
    subject = _("A seat is free for you: %(title)s", title=title(registration))
    return post(
        registration, "offer", subject, size=size,
        merge={
            "offer_url": personal_url(registration, "offer"),
            "deadline": _moment(registration, registration.offer_until),
        },
    )  # fmt: skip


@in_her_language
def offer_expired(registration: Registration) -> Post:
    """She did not answer in time; how to come back."""
    subject = _("The seat went to somebody else: %(title)s", title=title(registration))
    return post(registration, "offer_expired", subject)


@in_her_language
def approval_asked(registration: Registration) -> Post:
    """Her request was received; an organiser decides."""
    subject = _("We have your request: %(title)s", title=title(registration))
    return post(registration, "approval_asked", subject)


@in_her_language
def approved(registration: Registration, invitation: Invitation) -> Post:
    """The organiser said yes and there is a seat; carries the invitation to the first date."""
    subject = _("Your request was accepted: %(title)s", title=title(registration))
    return with_request(registration, invitation, "approved", subject)


@in_her_language
def approval_refused(registration: Registration, reason: str) -> Post:
    """The organiser said no, and why."""
    subject = _("Your request could not be accepted: %(title)s", title=title(registration))
    return post(registration, "approval_refused", subject, merge={"reason": reason})


@in_her_language
def substituted(registration: Registration, invitation: Invitation | None, former: str) -> Post:
    """`former` passed her place on to her. With a seat it carries the invitation to the first date."""
    subject = _("A colleague passed the place on to you: %(title)s", title=title(registration))
    facts = {"standing": registration.standing.value, "merge": {"former": former}}
    if invitation is None:
        return post(registration, "substituted", subject, of=1, **facts)
    return with_request(registration, invitation, "substituted", subject, **facts)
