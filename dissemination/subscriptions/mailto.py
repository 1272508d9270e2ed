"""Unsubscribing by mail: the `mailto:` of List-Unsubscribe (RFC 2369 §3.2).

The subject is "unsubscribe" and the token of the one-click link, which is as good by mail as on the web:
only its reader has it. Without a token it counts only when our own mail server vouches for From. What
cannot be told is left to people; nothing is ever answered.
"""

from sqlalchemy import select

from dissemination.delivery import inbound
from dissemination.delivery.inbound import Incoming, Kind, Outcome
from dissemination.kernel.database import db
from dissemination.people.models import Contact
from dissemination.subscriptions import queries
from dissemination.subscriptions.subscribing import subscriber, unsubscribe_everything

SOURCE = "unsubscribe by mail"


def receive(incoming: Incoming, *, dry: bool) -> Outcome:
    """End the subscriptions that the message asks to end. Idempotent; changes nothing when `dry`."""
    contacts = _meant(incoming)
    if not contacts:
        return Outcome("none", "no token of ours, and nobody vouches for the sender")
    if not any(queries.topic_ids_of(contact) for contact in contacts):
        return Outcome("none", "not subscribed", kept=True)
    if not dry:
        by = "with the token of the newsletter" if incoming.token else "of the address"
        proof = f"message {incoming.key} {by}"
        for contact in contacts:
            unsubscribe_everything(contact, source=SOURCE, proof=proof[:300])
    return Outcome("unsubscribed", kept=True)


def _meant(incoming: Incoming) -> list[Contact]:
    """Whom the message is about: the token's contact; of an authenticated sender each district's."""
    if incoming.token:
        found = subscriber(incoming.token)
        return [found] if found is not None else []
    if not incoming.authentic or incoming.automatic:
        return []
    query = select(Contact).where(Contact.email == incoming.sender, Contact.erased_at.is_(None))
    return list(db.session.scalars(query))


inbound.register(Kind.UNSUBSCRIBE, receive)
