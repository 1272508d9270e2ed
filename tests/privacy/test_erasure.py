"""One person is erased at her wish: at once, everywhere, and no import brings her back."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dissemination.delivery import suppressed
from dissemination.delivery.models import Delivery, Fate, Letter, Suppression, SuppressionKind
from dissemination.guests import screening
from dissemination.kernel import links
from dissemination.kernel.database import db, transaction
from dissemination.people import imports
from dissemination.people.models import Contact
from dissemination.plan.log import Activity
from dissemination.privacy import actions, wiping
from dissemination.privacy.models import Erasure, ErasureRequest
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as registered
from dissemination.registrations.models import Registration, Standing
from dissemination.subscriptions import actions as subscriptions
from dissemination.subscriptions import mails as newsletter_mails
from dissemination.subscriptions.models import Subscription
from tests import factories
from tests.newsletters import cast

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
EMAIL = "carlo@tessitura.example"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, starts_at=NOW + timedelta(days=10), seats=1)


def register(workshop, email=EMAIL, given="Carlo", family="Bonciani"):
    with transaction():
        return registrations.register(
            workshop, email=email, given_name=given, family_name=family, proven=True
        )


def erase(contact, by, reason="Chiesto per posta il 3 marzo"):
    with transaction():
        return actions.erase(contact, reason=reason, by=by)


def test_the_seat_goes_to_who_waits_and_the_person_is_nowhere(workshop, bice):
    carlo, rita = register(workshop), register(workshop, "rita@tessitura.example", "Rita", "Gori")
    assert rita.standing is Standing.WAITING
    logged = db.session.query(Activity).count()
    erase(carlo.contact, bice)
    assert (carlo.standing, rita.standing) == (Standing.CANCELLED, Standing.CONFIRMED)
    assert carlo.contact.email.endswith("@erased.invalid")
    assert carlo.purged_at is not None
    assert db.session.query(Activity).count() >= logged
    dump = "".join(
        str(row) for table in db.metadata.sorted_tables for row in db.session.execute(db.select(table)).all()
    )
    assert EMAIL not in dump
    assert "Bonciani" not in dump
    assert "Rita" in dump


def test_nothing_is_sent_to_her_any_more(workshop, bice):
    carlo = register(workshop)
    erase(carlo.contact, bice)
    states = db.session.scalars(db.select(Delivery.state)).all()
    assert set(states) == {Fate.CANCELLED}


def test_her_links_open_nothing(workshop, bice, client):
    carlo = register(workshop)
    link, reader = registered.token(carlo), newsletter_mails.token_for(carlo.contact_id)
    assert client.get(f"/r/{link}").status_code == 200
    assert client.get(f"/s/{reader}").status_code == 200
    erase(carlo.contact, bice)
    assert [client.get(f"/{p}").status_code for p in (f"r/{link}", f"s/{reader}", f"r/{link}/erasure")] == [
        404
    ] * 3


def test_subscriptions_end(workshop, moda, bice):
    carlo = register(workshop)
    with transaction():
        topic = subscriptions.add_topic(moda, name_it="T", name_en="T", code="t", sector_id=None)
        subscriptions.set_topics(
            carlo.contact, [topic.id], text="t", version="1", source="form", proof="link"
        )
    erase(carlo.contact, bice)
    assert db.session.scalars(db.select(Subscription.ended_at)).one() == NOW


def test_an_import_names_the_line_and_does_not_bring_her_back(workshop, moda, bice, app):
    carlo = register(workshop)
    erase(carlo.contact, bice)
    data = f"email;nome;cognome\n{EMAIL.upper()};Carlo;Bonciani\nnuova@ditta.example;Ugo;Neri\n".encode()
    with app.test_request_context("/?lang=en"), transaction():
        report = imports.carry_out(imports.read(data, "contacts"), "contacts", moda)
    assert [(p.line, p.message) for p in report.problems] == [
        (2, "This person asked for her data to be erased: take the line out.")
    ]
    screened = screening.screen(workshop, [screening.Person(EMAIL), screening.Person("altra@ditta.example")])
    assert [p.email for p, _reason in screened.left_out] == [EMAIL]
    address = db.session.scalars(db.select(Suppression.address)).one()
    assert address.startswith("erased:")
    assert "carlo" not in address


def test_who_registers_again_by_herself_is_welcome_and_written_to(workshop, moda, bice):
    carlo = register(workshop)
    erase(carlo.contact, bice)
    again = register(workshop)
    assert again.contact_id != carlo.contact_id
    assert again.standing is Standing.CONFIRMED
    new = db.select(Delivery.state).where(Delivery.address == EMAIL)
    assert db.session.scalars(new).all() == [Fate.QUEUED]


@pytest.mark.parametrize(
    "reason", ["", "Carlo Bonciani lo ha chiesto", f"mail di {EMAIL}", "la sig.ra BONCIANI"]
)
def test_the_reason_is_kept_and_so_may_not_name_her(workshop, bice, reason):
    carlo = register(workshop)
    with pytest.raises(actions.NoReason if not reason else actions.NamesPerson):
        erase(carlo.contact, bice, reason)
    assert carlo.contact.erased_at is None


def test_twice_is_refused(workshop, bice):
    carlo = register(workshop)
    erase(carlo.contact, bice)
    with pytest.raises(actions.AlreadyErased):
        erase(carlo.contact, bice)
    erasure = db.session.scalars(db.select(Erasure)).one()
    assert (erasure.by, erasure.reason, erasure.counts["seats"]) == (
        bice.id,
        "Chiesto per posta il 3 marzo",
        1,
    )


def test_what_others_were_told_of_her_names_nobody(workshop, moda, bice):
    """A colleague whom she replaced, a group: letters to others carry her name in shared data and values."""
    from dissemination.registrations import history
    from dissemination.registrations.models import By, Event, What
    from tests.privacy.test_purge import write

    carlo, rita = register(workshop), register(workshop, "rita@tessitura.example", "Rita", "Gori")
    with transaction():
        write(rita, subject="Carlo Bonciani Le cede il posto", shared={"former": "Carlo Bonciani"},
              merge={"name": "Rita Gori", "colleague": "Bonciani Carlo"})  # fmt: skip
        history.note(rita, What.SUBSTITUTED, By.PERSON, details={"name": ["Carlo Bonciani", "Rita Gori"]})
    erase(carlo.contact, bice)
    row = db.session.scalars(db.select(Delivery).where(Delivery.idempotency.like("Carlo%"))).first()
    told = db.session.scalars(db.select(Delivery).where(Delivery.subject_id == rita.id)).all()
    assert row is not None
    assert all("Bonciani" not in str((d.merge, d.letter.subject, d.letter.source)) for d in told)
    assert any(d.merge.get("name") == "Rita Gori" for d in told)
    events = db.session.scalars(db.select(Event).where(Event.registration_id == rita.id)).all()
    assert ["…", "Rita Gori"] in [e.details.get("name") for e in events]


def test_she_asks_by_her_link_and_the_manager_finds_it(workshop, bice, client, sign_in):
    carlo = register(workshop)
    path = f"/r/{registered.token(carlo)}"
    assert f"{path}/erasure" in client.get(path).text
    page = client.get(f"{path}/erasure?lang=en")
    assert "Ask for the erasure" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    for _ in range(2):
        assert client.post(f"{path}/erasure").status_code == 303
    assert "You asked for it on" in client.get(f"{path}/erasure?lang=en").text
    assert db.session.query(ErasureRequest).count() == 1
    desk = sign_in(bice)
    page = desk.get("/moda/desk/privacy?lang=en").text
    assert "1 person asks to be erased" in page
    assert "Carlo Bonciani" in page
    answer = desk.post(
        f"/moda/desk/privacy/people/{carlo.contact_id}/erasure",
        data={"reason": "Chiesto da lei", "sure": "y"},
    )
    assert answer.status_code == 303
    db.session.rollback()
    assert db.session.query(ErasureRequest).count() == 0
    assert db.session.scalars(db.select(Contact.erased_at)).all() == [NOW]


def test_a_link_that_nobody_proved_cannot_ask(workshop, client):
    carlo = register(workshop)
    with transaction():
        carlo.proof_due = NOW + timedelta(hours=5)
    assert client.post(f"/r/{registered.token(carlo)}/erasure").status_code == 404
    forged = links.sign("other", carlo.public_id)
    assert client.get(f"/r/{forged}/erasure").status_code == 404


def test_a_subscriber_asks_by_hers_and_is_told_why_not(workshop, bice, client, sign_in):
    carlo = register(workshop)
    token = newsletter_mails.token_for(carlo.contact_id)
    assert f"/s/{token}/erasure" in client.get(f"/s/{token}").text
    client.post(f"/s/{token}/erasure")
    asked = db.session.scalars(db.select(ErasureRequest)).one()
    desk = sign_in(bice)
    path = f"/moda/desk/privacy/requests/{asked.id}/refusal"
    assert desk.post(path, data={"answer": ""}).status_code == 422
    assert desk.post(path, data={"answer": "C'è una causa in corso."}).status_code == 303
    db.session.rollback()
    told = db.session.scalars(db.select(Delivery).where(Delivery.subject_kind == "erasure_requests")).one()
    assert (told.address, told.letter.source["shared"]["answer"]) == (EMAIL, "C'è una causa in corso.")
    assert "asks to be erased" not in desk.get("/moda/desk/privacy?lang=en").text
    assert desk.get(path).status_code == 404
    assert db.session.query(Registration).count() == 1


def test_who_came_back_and_bounced_again_can_be_erased_again(moda, bice):
    for _time in range(2):
        with transaction():
            gina = factories.contact(moda, EMAIL)
            suppressed.suppress(moda.id, EMAIL, "5.1.1 no such user", kind=SuppressionKind.BOUNCE)
        erase(gina, bice)
    kept = db.session.scalars(db.select(Suppression.address)).all()
    assert sorted(address.partition(":")[0] for address in kept) == ["erased", "hash"]
    assert suppressed.is_suppressed(moda.id, EMAIL).kind is SuppressionKind.BOUNCE


def test_the_stronger_reason_stays_of_who_was_erased_twice(moda):
    for kind in (SuppressionKind.COMPLAINT, SuppressionKind.BOUNCE):
        with transaction():
            suppressed.suppress(moda.id, EMAIL, "said so", kind=kind)
            suppressed.hide(moda.id, [EMAIL])
    assert suppressed.is_suppressed(moda.id, EMAIL).kind is SuppressionKind.COMPLAINT


def test_who_left_was_erased_and_asks_again_gets_newsletters(moda, bice, client):
    with transaction():
        topic = cast.topic(moda)
        gina = cast.subscriber(moda, topic, email=EMAIL)
        suppressed.suppress(moda.id, EMAIL, "unsubscribed", kind=SuppressionKind.UNSUBSCRIBED)
    erase(gina, bice)
    data = {"email": EMAIL, "language": "it", "consent": "y", "topics": [str(topic.id)]}
    assert client.post("/moda/subscriptions", data=data).status_code == 303
    client.post(cast.path(cast.mails_to(EMAIL)[-1][1]["confirm_url"]))
    assert cast.live() == {(EMAIL, topic.name_it)}
    assert suppressed.is_suppressed(moda.id, EMAIL) is None


@pytest.mark.parametrize("name", ["newsletters", "https", "Buongiorno"])
def test_an_erased_reader_leaves_the_newsletter_of_the_others_as_it_was(moda, ada, bice, name):
    """Names are what people write into a form; one that is a word must not change a letter for thousands."""
    with transaction():
        topic = cast.topic(moda)
        hers = cast.subscriber(moda, topic, email=EMAIL, given_name=name, family_name="")
        cast.subscriber(moda, topic, email="rita@tessitura.example")
        issue = cast.issue(moda, topic, by=ada, text="Buongiorno: [programma](https://moda.example/)")
    cast.send(issue, by=ada)
    letter = db.session.scalars(db.select(Letter)).one()
    before = letter.source
    erase(hers, bice)
    db.session.expire_all()
    assert letter.source == before


def test_only_whole_words_are_veiled_and_links_go_on_working():
    text = "Annamaria e Anna (anna@x.example): https://x.example/Anna?to=anna@x.example"
    assert wiping.veiled(text, ["anna@x.example", "Anna"]) == "Annamaria e … (…): https://x.example/Anna?to=…"


def test_what_says_how_a_letter_is_made_is_no_text_to_veil(workshop, bice):
    other = register(workshop, given="registrations", family="")
    erase(other.contact, bice)
    db.session.expire_all()
    letters = db.session.scalars(db.select(Letter)).all()
    assert letters
    assert [row.source["template"] for row in letters] == [row.template for row in letters]
