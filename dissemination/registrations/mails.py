"""The mails of this package as values: one function per mail, named as its template. Nothing is sent here.

What they are made of is in `posts`. Every mail tells all facts in its body.
"""

from flask_babel import gettext as _

from dissemination.registrations.models import Invitation, Registration
from dissemination.registrations.posts import (
    Post,
    dated,
    in_her_language,
    personal_url,
    place,
    post,
    public_url,
    sender,
    title,
    when,
    with_cancel,
    with_request,
)
from dissemination.registrations.queries import must_ask_again

__all__ = [
    "Post", "again", "called_off", "changed", "changed_waiting", "confirmation", "date_added", "date_removed",
    "decline_asked", "further_date", "my_link", "place", "promoted", "public_url", "reinstated",
    "reinstated_waiting", "reminder", "sender", "still_coming", "switched", "waiting", "when", "withdrawn",
]  # fmt: skip


@in_her_language
def confirmation(registration: Registration, invitation: Invitation) -> Post:
    """She has a seat; carries the invitation to the first date."""
    subject = _("You are registered: %(title)s", title=title(registration))
    return with_request(registration, invitation, "confirmation", subject)


@in_her_language
def promoted(registration: Registration, invitation: Invitation) -> Post:
    """A seat became free and is hers; carries the invitation to the first date."""
    subject = _("A seat is yours: %(title)s", title=title(registration))
    return with_request(registration, invitation, "promoted", subject)


@in_her_language
def further_date(registration: Registration, invitation: Invitation) -> Post:
    """The invitation to the second, third … date of a workshop on several dates."""
    which = {name: dated(registration, invitation)[name] for name in ("which", "of")}
    subject = _("Date %(which)d of %(of)d: %(title)s", title=title(registration), **which)
    return with_request(registration, invitation, "further_date", subject)


@in_her_language
def changed(registration: Registration, invitation: Invitation, changes: list[dict]) -> Post:
    """Something changed; `changes` as `{"what", "old", "new"}` in words. Updates the calendar."""
    subject = _("Changed: %(title)s", title=title(registration))
    return with_request(registration, invitation, "changed", subject, changes=changes)


@in_her_language
def switched(registration: Registration, invitation: Invitation, changes: list[dict]) -> Post:
    """She takes part online instead of in the room, or the other way round. Updates the calendar."""
    if registration.attends == "online":
        subject = _("You now take part online: %(title)s", title=title(registration))
    else:
        subject = _("You now take part in the room: %(title)s", title=title(registration))
    return with_request(registration, invitation, "switched", subject, changes=changes)


@in_her_language
def again(registration: Registration, invitation: Invitation) -> Post:
    """The invitation as it stands, sent once more because the former one may not have arrived."""
    subject = _("Your invitation again: %(title)s", title=title(registration))
    return with_request(registration, invitation, "again", subject)


@in_her_language
def reinstated(registration: Registration, invitation: Invitation) -> Post:
    """The workshop was called off and takes place after all; puts the date back into the calendar."""
    subject = _("It takes place after all: %(title)s", title=title(registration))
    return with_request(registration, invitation, "reinstated", subject)


@in_her_language
def reinstated_waiting(registration: Registration) -> Post:
    """The same to somebody without a seat. No calendar."""
    subject = _("It takes place after all: %(title)s", title=title(registration))
    return post(registration, "reinstated_waiting", subject, standing=registration.standing.value)


@in_her_language
def date_added(registration: Registration, invitation: Invitation) -> Post:
    """The workshop got one more date; carries its invitation."""
    subject = _("A further date: %(title)s", title=title(registration))
    return with_request(registration, invitation, "date_added", subject)


@in_her_language
def date_removed(registration: Registration, invitation: Invitation) -> Post:
    """One date of the workshop is off for everybody; takes it out of the calendar."""
    subject = _("A date is cancelled: %(title)s", title=title(registration))
    return with_cancel(registration, invitation, "date_removed", subject, status="CANCELLED")


@in_her_language
def changed_waiting(registration: Registration) -> Post:
    """The workshop changed for which she waits, asked, or was offered a seat. No calendar: she has none."""
    subject = _("Changed: %(title)s", title=title(registration))
    return post(registration, "changed_waiting", subject, standing=registration.standing.value)


@in_her_language
def waiting(registration: Registration, position: int) -> Post:
    """No seat is free; she is on the waiting list. No calendar until she gets a seat."""
    subject = _("You are on the waiting list: %(title)s", title=title(registration))
    return post(registration, "waiting", subject, merge={"position": str(position)})


@in_her_language
def withdrawn(registration: Registration, invitation: Invitation | None) -> Post:
    """Her registration is cancelled; takes one date out of her calendar (CANCEL without STATUS)."""
    subject = _("Your registration is cancelled: %(title)s", title=title(registration))
    again = must_ask_again(registration)
    return with_cancel(registration, invitation, "withdrawn", subject, status=None, asks_again=again)


@in_her_language
def called_off(registration: Registration, invitation: Invitation | None) -> Post:
    """The workshop will not take place, with the reason (METHOD:CANCEL, STATUS:CANCELLED)."""
    cancellation = registration.workshop.cancellation
    reason = cancellation.reason if cancellation else ""
    subject = _("Cancelled: %(title)s", title=title(registration))
    return with_cancel(registration, invitation, "called_off", subject, status="CANCELLED", reason=reason)


@in_her_language
def reminder(registration: Registration, invitation: Invitation) -> Post:
    """The date is near; with the way there or the link to take part online. The calendar has it already."""
    facts = dated(registration, invitation)
    subject = _("Reminder: %(title)s, %(date)s", title=title(registration), date=facts["this"]["date"])
    return post(registration, "reminder", subject, **facts)


@in_her_language
def still_coming(registration: Registration) -> Post:
    """Asks whether she still comes, with a link to say yes and one to give the seat back."""
    subject = _("Are you still coming? %(title)s", title=title(registration))
    return post(registration, "still_coming", subject, merge=_two_links(registration))


def _two_links(registration: Registration) -> dict[str, str]:
    return {
        "yes_url": personal_url(registration, "coming"), "no_url": personal_url(registration, "cancellation"),
    }  # fmt: skip


@in_her_language
def decline_asked(registration: Registration, invitation: Invitation) -> Post:
    """A "no" came for her from a calendar, but nobody vouches that it was she: asks her to confirm it."""
    subject = _("Are you not coming? %(title)s", title=title(registration))
    return post(
        registration, "decline_asked", subject, **dated(registration, invitation),
        merge={"no_url": personal_url(registration, "cancellation")},
    )  # fmt: skip


@in_her_language
def my_link(registration: Registration, position: int | None) -> Post:
    """Somebody asked to register with an address that is registered: her personal link again."""
    subject = _("Your registration: %(title)s", title=title(registration))
    return post(
        registration, "my_link", subject, standing=registration.standing.value,
        merge={"position": str(position or "")},
    )  # fmt: skip
