"""What a purge takes and what it leaves: answers, files, mails, histories, certificates, guests, contacts."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine

from dissemination.certificates.models import Certificate
from dissemination.delivery import outbox, sending
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.delivery.models import Delivery, Fate, Suppression
from dissemination.feedback.models import FeedbackAnswer, FeedbackForm, Purpose
from dissemination.followups import jobs as followups
from dissemination.guests.models import Guest
from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import Contact
from dissemination.people.models import Purpose as For
from dissemination.plan import activity
from dissemination.plan.log import Activity
from dissemination.privacy import actions, purge, terms
from dissemination.privacy.models import Erasure
from dissemination.registrations import history
from dissemination.registrations.models import (
    AnswerFile,
    By,
    Effect,
    Event,
    Invitation,
    Registration,
    Reply,
    What,
)
from dissemination.subscriptions import actions as subscriptions
from dissemination.subscriptions.models import Subscription
from dissemination.workshops.models import Kind, Question
from tests import factories
from tests.followups import cast

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
END = START + timedelta(hours=3)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, starts_at=START, retention_months=6)


def contact_of(moda, email="carlo@tessitura.example", **more):
    """Somebody who came by registering: her row is as old as her registration."""
    contact = factories.contact(moda, email, given_name="Carlo", family_name="Bonciani", **more)
    contact.created_at = datetime(2026, 6, 1, tzinfo=UTC)
    db.session.flush()
    return contact


def registered(workshop, email="carlo@tessitura.example", **more):
    with transaction():
        return cast.registration(workshop, "", contact=contact_of(workshop.district, email), **more)


def write(registration, *, subject="Conferma", shared=None, merge=None):
    """A mail about a registration."""
    mail = Mail(
        district_id=registration.workshop.district_id, template="x", language="it", subject=subject,
        sender=Sender("Moda", "eventi@moda.example"), shared=shared or {},
    )  # fmt: skip
    contact = registration.contact
    return outbox.put(
        mail, Recipient(contact.email, contact.name, contact.id, merge or {"name": contact.name}),
        about=registration, idempotency=subject[:30],
    )  # fmt: skip


def after(clock, months=6):
    clock.move_to(terms.months_later(END, months) + timedelta(days=1))


def test_months_are_calendar_months():
    day = datetime(2027, 8, 31, 10, tzinfo=UTC)
    assert terms.months_later(day, 6) == datetime(2028, 2, 29, 10, tzinfo=UTC)
    assert terms.months_later(day, -18) == datetime(2026, 2, 28, 10, tzinfo=UTC)
    assert terms.months_later(day, 24) == datetime(2029, 8, 31, 10, tzinfo=UTC)


def test_nothing_goes_before_its_time(workshop, moda, clock):
    carlo = registered(workshop, answers={"1": "sì"})
    clock.move_to(terms.months_later(END, 6) - timedelta(seconds=1))
    assert actions.run(moda) == {}
    clock.move_to(terms.months_later(END, 6))
    assert actions.run(moda)["registrations"] == 1
    assert (carlo.answers, carlo.contact.email.endswith("@erased.invalid")) == ({}, True)


def test_everything_personal_of_a_registration_goes_and_the_row_stays(workshop, moda, ada, clock):
    carlo = registered(workshop, job_title="Capo reparto", answers={"1": "Sono Carlo"}, company_id=None)
    link = carlo.public_id
    with transaction():
        form = FeedbackForm(workshop_id=workshop.id, purpose=Purpose.FEEDBACK, anonymous=False, questions=[
            {"key": "overall", "kind": "score"}, {"key": "more", "kind": "text"}])  # fmt: skip
        db.session.add(form)
        db.session.flush()
        db.session.add(FeedbackAnswer(id="x", form_id=form.id, registration_id=carlo.id, given_on=START.date(),
                                      answers={"overall": 5, "more": "Carlo"}))  # fmt: skip
        db.session.add(Certificate(registration_id=carlo.id, code="ABCD", name="Carlo Bonciani", minutes=180,
                                   of_minutes=180, issued_at=START))  # fmt: skip
        history.note(carlo, What.SUBSTITUTED, By.ORGANISER, account=ada, reason="al posto di Carlo Bonciani",
                     details={"name": ["Ugo", "Carlo Bonciani"]})  # fmt: skip
        delivery = write(carlo)
        delivery.state, delivery.last_reply = Fate.ACCEPTED, "250 ok <carlo@tessitura.example>"
    after(clock)
    counts = actions.run(moda)
    assert (counts["registrations"], counts["certificates"], counts["feedback"]) == (1, 1, 1)
    assert carlo.purged_at is not None
    assert (carlo.job_title, carlo.answers, carlo.public_id == link) == ("", {}, False)
    assert [(e.what, e.reason, e.details) for e in db.session.scalars(db.select(Event).order_by(Event.id))] == [
        (What.SUBSTITUTED, "", {}), (What.PURGED, "", {}),
    ]  # fmt: skip
    certificate = db.session.scalars(db.select(Certificate)).one()
    assert (certificate.code, certificate.name) == ("ABCD", "")
    answer = db.session.scalars(db.select(FeedbackAnswer)).one()
    assert (answer.registration_id, answer.answers) == (None, {"overall": 5})
    db.session.refresh(delivery)
    assert delivery.address == f"erased-{delivery.id}@erased.invalid"
    assert (delivery.name, delivery.merge, delivery.last_reply, delivery.state) == (
        "", {"name": "…"}, "", Fate.ACCEPTED,
    )  # fmt: skip


def test_what_was_not_sent_is_called_back(workshop, moda, clock):
    carlo = registered(workshop)
    with transaction():
        delivery = write(carlo)
    after(clock)
    actions.run(moda)
    db.session.refresh(delivery)
    assert (delivery.state, delivery.reason) == (Fate.CANCELLED, "erased")


def test_letters_that_named_her_to_others_name_nobody(workshop, moda, clock):
    carlo = registered(workshop)
    with transaction():
        letter = write(carlo, subject="Carlo Bonciani L'ha iscritta",
                       shared={"people": [{"name": "Carlo Bonciani", "email": "carlo@tessitura.example"}]}).letter  # fmt: skip
        letter.segments = b"old"
        before = letter.content_hash
    after(clock)
    actions.run(moda)
    db.session.refresh(letter)
    assert (letter.subject, letter.segments) == ("… L'ha iscritta", None)
    assert letter.content_hash != before  # a later mail with these words is a letter of its own
    assert letter.source["shared"]["people"] == [{"name": "…", "email": "…"}]


def test_files_of_answers_leave_the_storage_unless_another_row_has_the_same(workshop, moda, clock):
    carlo, rita = registered(workshop), registered(workshop, "rita@tessitura.example")
    pdf = b"%PDF-1.4 curriculum di Carlo"
    with transaction():
        mine = files.put(BytesIO(pdf), "cv.pdf", district_id=moda.id)
        other = files.put(BytesIO(pdf), "copia.pdf", district_id=moda.id)  # kept for another purpose
        hers = files.put(BytesIO(b"%PDF-1.4 Rita"), "rita.pdf", district_id=moda.id)
        db.session.flush()
        for row, stored in ((carlo, mine), (rita, hers)):
            db.session.add(AnswerFile(file_id=stored.id, workshop_id=workshop.id, question_id=1,
                                      registration_id=row.id, created_at=START))  # fmt: skip
            row.answers = {"1": {"file": stored.id, "name": stored.name}}
    gone = hers.sha256
    after(clock)
    actions.run(moda)
    assert files.read(other) == pdf
    with pytest.raises(FileNotFoundError):
        files.read(files.StoredFile(sha256=gone))
    assert db.session.scalars(db.select(AnswerFile)).all() == []


def test_a_question_may_be_forgotten_before_the_rest(workshop, moda, clock):
    with transaction():
        diet = Question(workshop_id=workshop.id, kind=Kind.TEXT, text_it="Intolleranze", retention_months=1)
        why = Question(workshop_id=workshop.id, kind=Kind.TEXT, text_it="Perché viene")
        db.session.add_all([diet, why])
    carlo = registered(workshop, answers={str(diet.id): "celiaco", str(why.id): "per capire"})
    after(clock, 1)
    assert actions.run(moda) == {"answers": 1}
    assert carlo.answers == {str(why.id): "per capire"}
    assert (carlo.purged_at, carlo.contact.erased_at) == (None, None)
    assert actions.run(moda) == {}


def subscribe(contact):
    with transaction():
        topic = subscriptions.add_topic(contact.district_id and db.session.get(factories.District, contact.district_id),
                                      name_it="Tessile", name_en="Textiles", code="tex", sector_id=None)  # fmt: skip
        subscriptions.set_topics(contact, [topic.id], text="t", version="1", source="form", proof="link")


def test_a_reader_stays_and_her_registration_and_its_log_name_nobody(workshop, moda, ada, clock):
    carlo = registered(workshop)
    contact, email = carlo.contact, carlo.contact.email
    with transaction():
        people.record_consent(
            contact, purpose=For.REGISTRATION, given=True, text="t", version="1", source="form"
        )
        activity.record("attendance.present", workshop, district_id=moda.id, title="T", by=ada,
                        happened_on=START.date(), contact_id=contact.id)  # fmt: skip
        rule = cast.rule(workshop, body_it="Ciao")
        cast.present(carlo)
    subscribe(contact)
    clock.move_to(END + timedelta(hours=3))
    assert followups.send_due() == 1
    after(clock)
    assert actions.run(moda)["unlinked"] == 1
    told = db.select(Delivery.contact_id).where(
        Delivery.subject_kind == "mail_rules", Delivery.subject_id == rule.id
    )
    assert db.session.scalars(told).all() == [carlo.contact_id]
    assert (contact.email, contact.erased_at, contact.name) == (email, None, "Carlo Bonciani")
    assert carlo.contact_id != contact.id
    assert carlo.contact.name in ("erased person", "persona cancellata")
    line = db.session.scalars(db.select(Activity)).one()
    assert line.contact_id == carlo.contact_id
    assert db.session.scalars(db.select(Subscription.contact_id)).all() == [contact.id]
    assert {c.purpose for c in people.queries.consents(contact)} == {For.NEWSLETTER}
    assert actions.run(moda) == {}


def test_who_is_registered_for_a_coming_workshop_stays(workshop, moda, clock):
    carlo = registered(workshop)
    with transaction():
        later = factories.workshop(moda, starts_at=START + timedelta(days=300))
        cast.registration(later, "", contact=carlo.contact)
    contact = carlo.contact
    after(clock)
    actions.run(moda)
    assert (contact.erased_at, carlo.contact_id == contact.id) == (None, False)


def test_who_works_at_the_desk_stays_and_a_desk_contact_for_two_years(workshop, moda, ada, clock):
    with transaction():
        mine = cast.registration(workshop, "", contact=contact_of(moda, "ada@moda.example"))
        by_desk = factories.contact(moda, "noto@ditta.example")  # made long before she registered
        cast.registration(workshop, "", contact=by_desk)
        never_came = factories.contact(moda, "mai@ditta.example")
    staff = mine.contact
    after(clock)
    actions.run(moda)
    assert [c.erased_at for c in (staff, by_desk, never_came)] == [None] * 3
    after(clock, 24)
    actions.run(moda)
    assert [c.erased_at is None for c in (staff, by_desk, never_came)] == [True, False, False]


def test_guests_lose_name_and_address_and_cannot_be_matched(workshop, moda, clock):
    with transaction():
        guest = Guest(public_id="g", workshop_id=workshop.id, email="ospite@ditta.example", given_name="Ugo",
                      family_name="Rossi", company_name="Ditta", folded="rossi ugo", added_at=START)  # fmt: skip
        db.session.add(guest)
    after(clock)
    assert actions.run(moda) == {"guests": 1}
    assert (guest.given_name, guest.company_name, guest.folded) == ("", "", "")
    assert guest.email.endswith("@erased.invalid")


def test_a_bounced_address_is_remembered_as_a_hash_and_still_not_written_to(workshop, moda, clock):
    carlo = registered(workshop)
    with transaction():
        db.session.add(
            Suppression(district_id=moda.id, address=carlo.contact.email, reason="550 <carlo@…>", at=START)
        )
    after(clock)
    actions.run(moda)
    kept = db.session.scalars(db.select(Suppression)).one()
    assert (kept.address.startswith("hash:"), kept.reason) == (True, "")
    with transaction():
        again = contact_of(moda)
        row = cast.registration(
            factories.workshop(moda, starts_at=START + timedelta(days=300)), "", contact=again
        )
        delivery = write(row)
    sending.deliver_due()
    db.session.refresh(delivery)
    assert delivery.state is Fate.SKIPPED


def test_a_run_that_was_stopped_is_continued(workshop, moda, clock, monkeypatch):
    for n in range(5):
        registered(workshop, f"p{n}@ditta.example")
    monkeypatch.setattr(purge, "BATCH", 2)
    after(clock)
    whole, calls = purge.purge_some, []

    def breaks(workshop, **more):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return whole(workshop, **more)

    monkeypatch.setattr(purge, "purge_some", breaks)
    with pytest.raises(RuntimeError):
        actions.run(moda)
    db.session.rollback()
    purged = db.select(db.func.count()).where(Registration.purged_at.is_not(None))
    assert db.session.scalars(purged).one() == 2
    actions.run(moda)
    db.session.rollback()
    assert db.session.scalars(purged).one() == 5
    assert db.session.scalars(db.select(Contact.email).where(Contact.erased_at.is_(None))).all() == []


def test_other_districts_are_left_alone(workshop, moda, nautica, clock):
    with transaction():
        theirs = cast.registration(
            factories.workshop(nautica, starts_at=START, retention_months=6), "x@nautica.example"
        )
    after(clock)
    assert actions.run(moda) == {}
    assert theirs.purged_at is None


def test_what_was_done_is_noted_with_counts_and_no_name(workshop, moda, clock):
    registered(workshop)
    after(clock)
    actions.run(moda)
    erasure = db.session.scalars(db.select(Erasure)).one()
    assert (erasure.by, erasure.counts["registrations"], erasure.counts["contacts"]) == (None, 1, 1)
    assert "arlo" not in str(vars(erasure))
    assert actions.sweep()
    db.session.refresh(erasure)
    assert erasure.swept_at is not None


def test_answers_of_calendars_lose_their_sender_also_those_that_fit_nobody(workshop, moda, clock):
    carlo = registered(workshop)
    with transaction():
        invitation = Invitation(registration_id=carlo.id, day=1, uid="u", stamp=START, starts_at=START, ends_at=END,
                                method="REQUEST", told_revision=1)  # fmt: skip
        db.session.add(invitation)
        db.session.flush()
        facts = {"district_id": moda.id, "received_at": START, "address": "Carlo <Carlo@Tessitura.example>",
                 "note": "Carlo non viene", "effect": Effect.NOTED}  # fmt: skip
        hers = Reply(message_id="<1@tessitura.example>", invitation_id=invitation.id, **facts)
        stray = Reply(message_id="<2@tessitura.example>", **facts)
        fresh = Reply(
            message_id="<3@altra.example>", **(facts | {"address": "altra@altra.example", "note": "?"})
        )
        fresh.received_at = terms.months_later(END, 6)
        db.session.add_all([hers, stray, fresh])
    after(clock)
    actions.run(moda)
    assert [(r.address, r.note) for r in (hers, stray, fresh)] == [
        ("", ""),
        ("", ""),
        ("altra@altra.example", "?"),
    ]
    assert "tessitura" not in hers.message_id + stray.message_id
