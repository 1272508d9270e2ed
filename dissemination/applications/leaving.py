"""Unsubscribing by mail from what is told of calls: the `mailto:` of List-Unsubscribe (RFC 2369 §3.2)."""

from dissemination.applications import alerts
from dissemination.applications.mails import PURPOSE
from dissemination.delivery import inbound
from dissemination.delivery.inbound import Incoming, Outcome
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.database import db
from dissemination.people import queries as people
from dissemination.people.models import Contact, Purpose

SOURCE = "unsubscribe by mail"


def receive(incoming: Incoming, *, dry: bool) -> Outcome:
    """Withdraw the consent of the person whose token the mail holds; not ours: `Outcome()`. Idempotent."""
    contact_id = links.read(PURPOSE, incoming.token) if incoming.token else None
    contact = db.session.get(Contact, contact_id) if isinstance(contact_id, int) else None
    if contact is None or contact.erased_at is not None:
        return Outcome()
    current = people.current_consent(contact, Purpose.OPPORTUNITIES)
    if current is None or not current.given:
        return Outcome("none", "not subscribed", kept=True)
    if not dry:
        district = db.session.get_one(District, contact.district_id)
        proof = f"message {incoming.key} with the token of the mail"
        alerts.record(contact, district, given=False, source=SOURCE, proof=proof)
    return Outcome("unsubscribed", kept=True)


inbound.unsubscribes_too(receive)
