"""The mails about seats: each compiles in both languages, says the facts and carries the right link."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import letters
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, jobs
from tests import factories
from tests.registrations.cast import do, enter, enter_group, leave, named

SUBJECTS = {
    "approval_asked": ("Abbiamo la tua richiesta", "We have your request"),
    "approval_refused": (
        "Non abbiamo potuto accogliere la tua richiesta",
        "Your request could not be accepted",
    ),
    "approved": ("La tua richiesta è stata accolta", "Your request was accepted"),
    "confirm_address": ("Conferma il tuo indirizzo", "Confirm your address"),
    "confirm_group": ("Conferma il tuo indirizzo", "Confirm your address"),
    "group_booked": ("I tuoi colleghi", "Your colleagues"),
    "offer": ("C'è un posto libero per te", "A seat is free for you"),
    "offer_expired": ("Il posto è andato ad altri", "The seat went to somebody else"),
    "registered_by_colleague": ("Un collega ha fatto la tua iscrizione", "A colleague registered you"),
    "substituted": ("Un collega ti ha lasciato il posto", "A colleague passed the place on to you"),
}
LINKS = {
    "confirm_address": r"/r/[^/\s]+/proof$", "confirm_group": r"/rg/[^/\s]+/proof$",
    "group_booked": r"/rg/[^/\s]+$", "offer": r"/r/[^/\s]+/offer$", "approval_refused": None,
}  # fmt: skip


def everything(moda, ada, language):
    """All mails of this kind, by what people do."""
    with transaction():
        open_, asked = (
            factories.workshop(moda, seats=3, offer_hours=4),
            factories.workshop(moda, needs_approval=True),
        )
        company = factories.company(moda, "Tessitura")
    facts = {"language": language, "company": company}
    enter(open_, "ugo", proven=False, **facts)
    enter_group(open_, "carla", "dino", **facts)
    dora = enter(open_, "dora", **facts)
    enter_group(asked, "gina", "hugo", proven=False, **facts)
    for name in ("eva", "fabio"):
        enter(open_, name, **facts)
    do(actions.substitute, dora, email="lia@tessitura.example", given_name="Lia", family_name="Rossi")
    leave(named(open_, "dino"))
    with time_machine.travel(now() + timedelta(days=4), tick=False):
        jobs.expire_offers()
    for name in ("vito", "zeno"):
        enter(asked, name, **facts)
    do(actions.approve, named(asked, "vito"), by=ada)
    do(actions.refuse, named(asked, "zeno"), reason="Riservato alle imprese", by=ada)


@pytest.mark.parametrize(("language", "n"), [("it", 0), ("en", 1)])
def test_each_mail_reads_well_and_carries_its_link(app, moda, ada, language, n):
    everything(moda, ada, language)
    seen = {}
    for delivery in db.session.scalars(select(Delivery)):
        name = delivery.letter.template.split("/")[1]
        text, html = letters.render_parts(Mail.from_source(delivery.letter.source), delivery.merge)
        assert "{{" not in text + html
        assert "Rossi" not in str(delivery.letter.source) + delivery.letter.subject  # letters are kept
        seen[name] = delivery.letter.subject
        if name not in SUBJECTS:
            continue
        wanted = LINKS.get(name, r"/r/[^/\s]+$")
        found = [line for line in text.splitlines() if wanted and re.search(wanted, line)]
        assert bool(found) is bool(wanted), (name, text)
        for link in found:
            assert link.strip() in html
        assert delivery.calendar is None or name in ("approved", "registered_by_colleague", "substituted")
    expected = {name: subjects[n] for name, subjects in SUBJECTS.items()}
    assert {name: subject.split(": ")[0] for name, subject in seen.items() if name in SUBJECTS} == expected
