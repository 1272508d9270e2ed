"""The list of guests: who comes on it, who is written to, what is answered, what is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import queries as delivery
from dissemination.delivery import suppressed
from dissemination.delivery.models import Delivery, Fate, Suppression
from dissemination.guests import actions, queries
from dissemination.guests.mails import Words
from dissemination.guests.models import Guest, Reaction
from dissemination.guests.queries import Stand, Wanted
from dissemination.guests.refusals import (
    AlreadyThere,
    IsRegistered,
    LeftOut,
    NobodyToAdd,
    NotInvited,
    NotPublishedYet,
    TooLate,
    TooMany,
)
from dissemination.guests.screening import Person
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.privacy import wiping
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, title="Filati rari", is_private=True)


def guests(workshop):
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Guest).where(Guest.workshop_id == workshop.id).order_by(Guest.id)))


def add(workshop, *people, by=None):
    with transaction():
        return actions.add(workshop, people, by=by)


NO_WORDS = Words()


def invite(workshop, words=NO_WORDS):
    total = 0
    while True:
        with transaction():
            n = actions.invite(workshop, words)
        total += n
        if not n:
            return total


def mails():
    return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def test_duplicates_become_one_and_fill_what_the_first_left_empty(workshop):
    found = add(
        workshop, Person("ugo@lana.example", family_name="Neri", line=2),
        Person("UGO@lana.example", given_name="Ugo", family_name="Bianchi", company_name="Lana", line=7),
    )  # fmt: skip
    assert [(a.line, b.line) for a, b in found.merged] == [(7, 2)]
    assert [(g.email, g.name, g.company_name) for g in guests(workshop)] == [
        ("ugo@lana.example", "Ugo Neri", "Lana")
    ]


def test_who_is_there_stays_as_she_is(workshop):
    add(workshop, Person("ugo@lana.example", given_name="Ugo"))
    found = add(workshop, Person("ugo@lana.example", given_name="Hugo"), Person("eva@lana.example"))
    assert ([p.email for p in found.there], [p.email for p in found.new]) == (
        ["ugo@lana.example"],
        ["eva@lana.example"],
    )
    assert [g.given_name for g in guests(workshop)] == ["Ugo", ""]


def test_suppressed_and_erased_addresses_are_left_out_with_the_reason(app, moda, workshop):
    with transaction():
        suppressed.forget(moda.id, "via@lana.example")
        for address, reason in (
            ("no@lana.example", "bounced"), (suppressed.keyed(suppressed.BOUNCED, "rimbalza@lana.example"), ""),
        ):  # fmt: skip
            db.session.add(Suppression(district_id=moda.id, address=address, reason=reason, at=now()))
    with app.test_request_context(headers={"Accept-Language": "it"}):
        names = ("No", "via", "rimbalza", "si")
        found = add(workshop, *(Person(f"{name}@lana.example") for name in names))
    assert [(p.email, why) for p, why in found.left_out] == [
        ("no@lana.example", "A questo indirizzo non si deve scrivere: bounced"),
        ("via@lana.example", "Questa persona ha chiesto la cancellazione dei suoi dati."),
        ("rimbalza@lana.example", "A questo indirizzo non si deve scrivere: la posta torna indietro"),
    ]
    assert [g.email for g in guests(workshop)] == ["si@lana.example"]


def test_the_registry_completes_what_the_list_says(moda, workshop):
    with transaction():
        wool = factories.company(moda, "Lanificio Nesi")
        factories.contact(moda, "ugo@lana.example", company=wool, given_name="Ugo", family_name="Neri")
    add(workshop, Person("ugo@lana.example"), Person("eva@lana.example", company_name="LANIFICIO nesi"))
    assert [(g.name, g.organisation, g.contact_id is not None) for g in guests(workshop)] == [
        ("Ugo Neri", "Lanificio Nesi", True),
        ("", "Lanificio Nesi", False),
    ]


def test_another_district_is_not_looked_at(moda, nautica, workshop):
    with transaction():
        factories.contact(nautica, "ugo@lana.example", given_name="Ugo")
        suppressed.forget(nautica.id, "ugo@lana.example")
    found = add(workshop, Person("ugo@lana.example"))
    assert [(p.contact_id, p.given_name) for p in found.new] == [(None, "")]


def test_nobody_and_too_many_are_refused(workshop):
    for people, refusal in (([], NobodyToAdd), ([Person(f"p{n}@x.example") for n in range(2001)], TooMany)):
        with pytest.raises(refusal), transaction():
            actions.add(workshop, people, by=None)
    assert guests(workshop) == []


def test_by_hand_an_address_that_is_there_or_suppressed_is_refused(moda, workshop):
    with transaction():
        db.session.add(
            Suppression(district_id=moda.id, address="no@lana.example", reason="complaint", at=now())
        )
        actions.add_one(workshop, Person("ugo@lana.example"), by=None)
    with pytest.raises(AlreadyThere), transaction():
        actions.add_one(workshop, Person("Ugo@lana.example"), by=None)
    with pytest.raises(LeftOut, match="complaint"), transaction():
        actions.add_one(workshop, Person("no@lana.example"), by=None)


def test_everybody_is_written_to_once_in_her_language(workshop, monkeypatch):
    monkeypatch.setattr(actions, "BATCH", 2)
    add(workshop, *(Person(f"g{n}@lana.example", language="en" if n == 1 else "it") for n in range(5)))
    assert (invite(workshop), invite(workshop)) == (5, 0)
    assert [(d.address, d.letter.language, d.letter.subject) for d in mails()] == [
        (f"g{n}@lana.example", "en" if n == 1 else "it",
         "Invitation: Textile traceability" if n == 1 else "Invito: Filati rari")
        for n in range(5)
    ]  # fmt: skip
    assert len({d.letter_id for d in mails()}) == 2


def test_the_invitation_tells_the_facts_the_words_and_both_links(app, workshop):
    add(workshop, Person("ugo@lana.example", given_name="Ugo", family_name="Neri"))
    invite(workshop, Words(it="Verrà anche la <b>sindaca</b>."))
    parts, guest = delivery.parts(mails()[0]), guests(workshop)[0]
    key = queries.token(guest)
    page = f"http://127.0.0.1:8000/moda/workshops/{workshop.slug}"
    for fact in (
        "Buongiorno Ugo Neri,", "Verrà anche la <b>sindaca</b>.", "giovedì 11 marzo 2027, 14:00–17:00",
        "Museo del Tessuto, Via Puccetti 3, Prato", f"{page}/registrations?g={key}", f"{page}?g={key}",
        f"http://127.0.0.1:8000/g/{key}",
    ):  # fmt: skip
        assert fact in parts.text
    assert "Verrà anche la &lt;b&gt;sindaca&lt;/b&gt;." in parts.html
    for link in (f"{page}/registrations?g={key}", f"http://127.0.0.1:8000/g/{key}"):
        assert link in parts.html
    assert mails()[0].calendar is None


def test_a_reminder_goes_to_those_who_have_not_answered_and_once_a_day(workshop):
    add(workshop, *(Person(f"{name}@lana.example") for name in ("yes", "no", "open")))
    start = datetime(2027, 2, 1, 9, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        invite(workshop)
        yes, no, _open = guests(workshop)
        with transaction():
            actions.accept(yes.id)
            actions.decline(no)
    for hours, n in ((1, 0), (21, 1), (22, 0)):
        with time_machine.travel(start + timedelta(hours=hours), tick=False), transaction():
            assert actions.remind(workshop, Words()) == n
    assert [(d.address, d.letter.subject) for d in mails()[3:]] == [
        ("open@lana.example", "Ci sarai? Filati rari")
    ]
    assert [g.reminders for g in guests(workshop)] == [0, 0, 1]


def test_nobody_is_invited_to_a_draft_nor_to_what_has_begun(moda, workshop):
    with transaction():
        draft = factories.workshop(moda, published=False, is_private=True)
    with pytest.raises(NotPublishedYet), transaction():
        actions.invite(draft, Words())
    add(workshop, Person("ugo@lana.example"))
    with time_machine.travel(workshop.starts_at, tick=False), pytest.raises(TooLate), transaction():
        actions.invite(workshop, Words())
    assert mails() == []


def test_the_invitation_admits_the_address_it_was_sent_to_and_no_other(moda, workshop, ada):
    with transaction():
        ugo, eva = (factories.guest(workshop, f"{n}@lana.example") for n in ("ugo", "eva"))
        public = factories.workshop(moda)
    admit = actions.admit
    assert admit(workshop, guest_id=ugo.id, email="Ugo@lana.example") == ugo.id
    assert admit(workshop, guest_id=ugo.id, email="eva@lana.example") == eva.id  # a colleague who is invited
    for email in ("altri@lana.example", ""):
        with pytest.raises(NotInvited):
            admit(workshop, guest_id=ugo.id, email=email)
    assert admit(workshop, guest_id=None, email="altri@lana.example", by=ada) is None
    assert admit(public, guest_id=None, email="altri@lana.example") is None
    with transaction():
        actions.withdraw(ugo)
    with pytest.raises(NotInvited):
        admit(workshop, guest_id=ugo.id, email="ugo@lana.example")


def test_the_reaction_follows_the_registration_and_the_answer(workshop):
    with transaction():
        guest = factories.guest(workshop)

    def after(verb, who):
        with transaction():
            verb(who)
        return guests(workshop)[0].reaction

    assert after(actions.accept, guest.id) is Reaction.ACCEPTED
    assert after(actions.withdrawn, guest.id) is Reaction.OPEN
    assert after(actions.decline, guest) is Reaction.DECLINED
    assert after(actions.withdrawn, guest.id) is Reaction.DECLINED  # no registration of hers was cancelled
    assert after(actions.reconsider, guest) is Reaction.OPEN
    assert after(actions.decline, guest) is Reaction.DECLINED
    assert after(actions.accept, guest.id) is Reaction.ACCEPTED
    with pytest.raises(IsRegistered), transaction():
        actions.decline(guest)


def test_the_link_opens_its_workshop_until_it_begins(moda, workshop):
    with transaction():
        guest = factories.guest(workshop)
        other = factories.workshop(moda, is_private=True)
    key = queries.token(guest)
    assert queries.may_see(workshop, key)
    assert not queries.may_see(other, key)
    head, _, signature = key.rpartition(".")
    forged = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert not queries.may_see(workshop, f"{head}.{forged}")
    assert not queries.may_see(workshop, "")
    with time_machine.travel(workshop.starts_at - timedelta(seconds=1), tick=False):
        assert queries.may_see(workshop, key)
    with time_machine.travel(workshop.starts_at, tick=False):
        assert not queries.may_see(workshop, key)
    with transaction():
        workshop.is_private = False
    assert queries.may_see(workshop, key)
    with transaction():
        actions.withdraw(guest)
    assert not queries.may_see(workshop, key)
    with transaction():
        actions.restore(guest)
    assert queries.may_see(workshop, key)


def test_withdrawing_calls_back_what_was_not_sent_and_restoring_writes_anew(workshop):
    add(workshop, Person("ugo@lana.example"))
    invite(workshop)
    guest = guests(workshop)[0]
    with transaction():
        actions.withdraw(guest)
    assert [d.state for d in mails()] == [Fate.CANCELLED]
    assert invite(workshop) == 0
    with transaction():
        actions.restore(guest)
    assert invite(workshop) == 1
    db.session.expire_all()
    assert [d.state for d in mails()] == [Fate.CANCELLED, Fate.QUEUED]


def test_a_registered_guest_is_neither_removed_nor_withdrawn(workshop):
    with transaction():
        guest = factories.guest(workshop, reaction=Reaction.ACCEPTED)
    for verb in (actions.remove, actions.withdraw):
        with pytest.raises(IsRegistered), transaction():
            verb(guest)
    assert len(guests(workshop)) == 1


def test_a_removed_guest_is_gone_with_her_link(workshop):
    with transaction():
        guest = factories.guest(workshop)
    key = queries.token(guest)
    with transaction():
        actions.remove(guest)
    assert (guests(workshop), queries.by_token(key)) == ([], None)


def test_a_purge_forgets_who_they_were_and_keeps_counts_companies_and_reactions(moda, workshop):
    with transaction():
        company = factories.company(moda, "Lanificio Nesi")
        for n in range(3):
            factories.guest(
                workshop, f"ugo{n}@lana.example", company_id=company.id, company_name="Lanificio Nesi",
                reaction=Reaction.ACCEPTED if n == 0 else Reaction.OPEN, invited_at=now(),
            )  # fmt: skip
    keys, before = [queries.token(g) for g in guests(workshop)], queries.counts(workshop)
    with transaction():
        assert wiping.strip_guests(db.session.scalars(select(Guest)).all()) == 3
    assert queries.counts(workshop) == before
    assert [g.company_id for g in guests(workshop)] == [company.id] * 3
    assert [queries.by_token(key) for key in keys] == [None] * 3
    kept = " ".join(str(v) for g in guests(workshop) for v in vars(g).values())
    for word in ("ugo", "Ugo", "Bianchi", "bianchi", "lana.example"):
        assert word not in kept


def test_the_filter_finds_contacts_by_sector_company_member_and_name(moda, workshop):
    with transaction():
        wool = factories.company(moda, "Lanificio Nesi", sector_id=moda.sectors[0].id)
        hide = factories.company(moda, "Conceria Arno", sector_id=moda.sectors[1].id)
        from dissemination.people.actions import add_membership

        add_membership(wool, since=datetime(2020, 1, 1, tzinfo=UTC).date())
        factories.contact(moda, "ugo@lana.example", company=wool, family_name="Neri")
        factories.contact(moda, "eva@arno.example", company=hide, family_name="Verdi")
        factories.contact(moda, "sola@posta.example", family_name="Gialli")
        factories.contact(moda, "via@lana.example", company=wool, erased_at=now())

    def found(**wanted):
        rows = queries.contacts(workshop, Wanted(**wanted)).rows
        assert queries.count_contacts(workshop, Wanted(**wanted)) == len(rows)
        return [c.email.split("@")[0] for c in rows]

    assert found() == ["sola", "ugo", "eva"]
    assert found(sector_id=moda.sectors[1].id) == ["eva"]
    assert found(company="nesi") == ["ugo"]
    assert found(member=True) == ["ugo"]
    assert found(member=False) == ["sola", "eva"]
    assert found(text="GIALLI") == ["sola"]


def test_counts_say_where_everybody_stands(workshop):
    with transaction():
        factories.guest(workshop)
        factories.guest(workshop, invited_at=now())
        factories.guest(workshop, invited_at=now(), reaction=Reaction.ACCEPTED)
        factories.guest(workshop, reaction=Reaction.ACCEPTED)
        factories.guest(workshop, reaction=Reaction.DECLINED)
        factories.guest(workshop, withdrawn_at=now(), reaction=Reaction.DECLINED)
    assert queries.counts(workshop) == {
        Stand.NEW: 1, Stand.OPEN: 1, Stand.ACCEPTED: 2, Stand.DECLINED: 1, Stand.WITHDRAWN: 1,
    }  # fmt: skip
    for stand, n in queries.counts(workshop).items():
        assert len(queries.listed(workshop, stand=stand).rows) == n
        assert [queries.stand_of(g) for g in queries.listed(workshop, stand=stand).rows] == [stand] * n
