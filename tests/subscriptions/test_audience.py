"""Who gets a newsletter, who is left out and why, who would get two."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event

from dissemination.delivery.models import Fate
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Membership, SizeClass
from dissemination.subscriptions import audience, choices, exclusions, segments, suppression
from dissemination.subscriptions.audience import Audience
from dissemination.subscriptions.models import Cadence, Subscription, SubscriptionRequest
from dissemination.workshops.models import Closing
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/subscriptions"


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile")


@pytest.fixture
def leather(moda):
    with transaction():
        return cast.topic(moda, "Pelle")


def emails(district, rule, **more):
    return [r.email for r in audience.recipients(district.id, rule, **more)]


def subscriber(district, topic, name, **values):
    with transaction():
        return cast.subscriber(district, topic, email=f"{name}@rossi.example", **values)


def test_each_reader_counts_once_and_consent_is_never_widened(moda, nautica, textiles, leather):
    subscriber(moda, textiles, "carlo")
    with transaction():
        cast.subscriber(moda, textiles, leather, email="due@rossi.example", language="en")
        cast.subscriber(moda, leather, email="pelle@rossi.example")
        factories.contact(moda, "nessuno@rossi.example")
        left = cast.subscriber(moda, textiles, email="uscita@rossi.example")
        db.session.query(Subscription).filter_by(contact_id=left.id).update({"ended_at": now()})
        cast.subscriber(nautica, cast.topic(nautica, "Tessile"), email="altrove@rossi.example")
    rule = Audience((textiles.id, leather.id))
    assert emails(moda, rule) == ["carlo@rossi.example", "due@rossi.example", "pelle@rossi.example"]
    counts = audience.count(moda.id, rule)
    assert (counts.persons, counts.languages, counts.left_out) == (3, {"it": 2, "en": 1}, {})
    assert emails(moda, rule, language="en") == ["due@rossi.example"]
    assert emails(moda, rule, language="it") == ["carlo@rossi.example", "pelle@rossi.example"]
    assert emails(nautica, rule) == []


def test_a_segment_takes_away_and_adds_nobody(moda, bice, textiles):
    with transaction():
        member = factories.company(moda, province="PO")
        other = factories.company(moda, province="FI")
        cast.subscriber(moda, textiles, email="po@rossi.example", company=member)
        cast.subscriber(moda, textiles, email="fi@rossi.example", company=other)
        factories.contact(moda, "po-senza@rossi.example", company=member)
        segment = segments.save(
            moda, None, name="Prato", version=0, by=bice,
            conditions=[{"what": "province", "side": "include", "provinces": ["PO"]}],
        )  # fmt: skip
    rule = Audience((textiles.id,), segment=segment.id)
    assert emails(moda, rule) == ["po@rossi.example"]
    assert segments.size(moda, segment.conditions) == segments.Size(2, 1)
    assert audience.count(moda.id, rule).left_out == {"segment": 1}
    assert [r.email for r in audience.left_out(moda.id, rule, "segment").rows] == ["fi@rossi.example"]


def test_a_segment_of_another_district_selects_nobody(moda, nautica, dora, textiles):
    subscriber(moda, textiles, "carlo")
    with transaction():
        foreign = segments.save(
            nautica, None, name="X", version=0, by=dora,
            conditions=[{"what": "language", "side": "include", "language": "it"}],
        )  # fmt: skip
    assert emails(moda, Audience((textiles.id,), segment=foreign.id)) == []


def test_every_reason_is_counted_once_and_opens_its_rows(moda, ada, textiles):
    people = {
        name: subscriber(moda, textiles, name)
        for name in ("letta", "soppressa", "pausa", "esclusa", "mensile", "sazia")
    }
    with transaction():
        suppression.add(moda.id, "soppressa@rossi.example", kind="manual", reason="lo ha chiesto", by=ada)
        choices.choose(people["pausa"], cadence=Cadence.EACH, paused_until=now() + timedelta(days=9))
        exclusions.exclude(moda, people["esclusa"], reason="Concorrente", by=ada)
        choices.choose(people["mensile"], cadence=Cadence.MONTHLY, paused_until=None)
        exclusions.set_guard(moda, most=1, days=7, version=0, by=ada)
        db.session.add(
            SubscriptionRequest(district_id=moda.id, email="attesa@rossi.example", topic_ids=[textiles.id],
                                mark="m", asked_at=now())
        )  # fmt: skip
        one = cast.issue(moda, textiles, by=ada)
    cast.send(one, by=ada)
    with transaction():
        for delivery in cast.deliveries(one.id):
            if delivery.contact_id != people["sazia"].id:
                db.session.delete(delivery)
    rule = Audience((textiles.id,), issue=one.id + 1)
    counts = audience.count(moda.id, rule)
    assert (counts.persons, counts.left_out) == (
        1, {"suppressed": 1, "paused": 1, "excluded": 1, "digest": 1, "guard": 1, "unconfirmed": 1},
    )  # fmt: skip
    assert emails(moda, rule) == ["letta@rossi.example"]
    rows = {r: audience.left_out(moda.id, rule, r).rows for r in counts.left_out}
    assert {reason: [row.email for row in found] for reason, found in rows.items()} == {
        "suppressed": ["soppressa@rossi.example"], "paused": ["pausa@rossi.example"],
        "excluded": ["esclusa@rossi.example"], "digest": ["mensile@rossi.example"],
        "guard": ["sazia@rossi.example"], "unconfirmed": ["attesa@rossi.example"],
    }  # fmt: skip
    assert rows["excluded"][0].said == "Concorrente"
    assert "lo ha chiesto" in rows["suppressed"][0].said
    assert rows["paused"][0].at is not None


def test_the_guard_reads_nobodys_mail_while_too_few_newsletters_were_sent(moda, ada, textiles):
    """At 100,000 subscribers that is half of what counting takes."""
    subscriber(moda, textiles, "carlo")
    with transaction():
        exclusions.set_guard(moda, most=2, days=7, version=0, by=ada)
        issues = [cast.issue(moda, textiles, by=ada) for _ in range(2)]
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        cast.send(issues[0], by=ada)
        asked.clear()
        assert audience.count(moda.id, Audience((textiles.id,))).persons == 1
        assert not [s for s in asked if "FROM deliveries" in s]
        cast.send(issues[1], by=ada)
        asked.clear()
        assert audience.count(moda.id, Audience((textiles.id,))).left_out == {"guard": 1}
        assert [s for s in asked if "FROM deliveries" in s]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_the_guard_counts_days_and_not_the_issue_itself_and_can_be_set_aside(moda, ada, textiles):
    subscriber(moda, textiles, "carlo")
    with transaction():
        exclusions.set_guard(moda, most=1, days=7, version=0, by=ada)
        one = cast.issue(moda, textiles, by=ada)
    cast.send(one, by=ada)
    assert emails(moda, Audience((textiles.id,))) == []
    assert emails(moda, Audience((textiles.id,), issue=one.id)) == ["carlo@rossi.example"]
    assert emails(moda, Audience((textiles.id,), guarded=False)) == ["carlo@rossi.example"]
    with time_machine.travel(now() + timedelta(days=8)):
        assert emails(moda, Audience((textiles.id,))) == ["carlo@rossi.example"]
    with transaction():
        for delivery in cast.deliveries(one.id):
            delivery.state = Fate.REFUSED
    assert emails(moda, Audience((textiles.id,))) == ["carlo@rossi.example"], (
        "what did not arrive does not count"
    )


def test_a_pause_ends_by_itself(moda, textiles):
    carlo = subscriber(moda, textiles, "carlo")
    until = now() + timedelta(days=3)
    with transaction():
        choices.choose(carlo, cadence=Cadence.EACH, paused_until=until)
    assert emails(moda, Audience((textiles.id,))) == []
    with time_machine.travel(until + timedelta(seconds=1)):
        assert emails(moda, Audience((textiles.id,))) == ["carlo@rossi.example"]


def test_an_exclusion_of_one_issue_or_a_company_ends(moda, ada, textiles):
    with transaction():
        company = factories.company(moda)
        cast.subscriber(moda, textiles, email="uno@rossi.example", company=company)
        two = cast.subscriber(moda, textiles, email="due@rossi.example")
        exclusions.exclude(moda, two, reason="Doppione", by=ada, issue_id=7)
        whole = exclusions.exclude(moda, company, reason="In lite", by=ada)
    assert emails(moda, Audience((textiles.id,))) == ["due@rossi.example"]
    assert emails(moda, Audience((textiles.id,), issue=7)) == []
    with pytest.raises(exclusions.ExcludedAlready), transaction():
        exclusions.exclude(moda, company, reason="Di nuovo", by=ada)
    with transaction():
        exclusions.end(whole, by=ada)
    assert emails(moda, Audience((textiles.id,))) == ["uno@rossi.example", "due@rossi.example"]


def test_who_joins_after_the_sending_was_put_is_left_out(moda, textiles):
    subscriber(moda, textiles, "prima")
    before = datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC)
    with transaction():
        late = cast.subscriber(moda, textiles, email="dopo@rossi.example")
        db.session.query(Subscription).filter_by(contact_id=late.id).update({"confirmed_at": now()})
    assert emails(moda, Audience((textiles.id,), until=before)) == ["prima@rossi.example"]


def test_the_rule_survives_being_kept_as_json(moda):
    rule = Audience((3, 1), segment=5, issue=9, guarded=False, until=datetime(2026, 5, 1, tzinfo=UTC))
    assert Audience.of(rule.to_json()) == Audience((1, 3), 5, 9, False, datetime(2026, 5, 1, tzinfo=UTC))
    assert Audience.of({"topics": ["4"]}) == Audience((4,))


def test_one_mailbox_under_two_spellings_and_one_name_at_one_company(moda, textiles):
    with transaction():
        company = factories.company(moda)
        for email in ("anna.bianchi@gmail.com", "annabianchi+news@googlemail.com", "anna.bianchi@ditta.example",
                      "annabianchi@ditta.example", "x+y@ditta.example", "x@ditta.example"):  # fmt: skip
            cast.subscriber(moda, textiles, email=email)
        for email in ("a@uno.example", "b@uno.example", "c@uno.example"):
            cast.subscriber(
                moda, textiles, email=email, company=company, given_name="Carlo", family_name="Verdi"
            )
    rule = Audience((textiles.id,))
    assert audience.count(moda.id, rule).doubles == {"address": 2, "name": 2}
    rows, following = audience.doubles(moda.id, rule, "address")
    assert ([(r.key, r.email) for r in rows], following) == (
        [("annabianchi@gmail.com", "anna.bianchi@gmail.com"), ("annabianchi@gmail.com", "annabianchi+news@googlemail.com"),
         ("x@ditta.example", "x+y@ditta.example"), ("x@ditta.example", "x@ditta.example")], "",
    )  # fmt: skip
    rows, _following = audience.doubles(moda.id, rule, "name")
    assert [r.email for r in rows] == ["a@uno.example", "b@uno.example", "c@uno.example"]


# The conditions of segments.


def selected(district, *conditions):
    rows = segments.people(district, list(conditions)).rows
    return {c.email.split("@")[0] for c in rows}


def only(what, **values):
    return {"what": what, "side": "include", **values}


def without(what, **values):
    return {"what": what, "side": "exclude", **values}


@pytest.fixture
def registry(moda):
    day = datetime.now(UTC).date()
    with transaction():
        member = factories.company(moda, province="PO", size=SizeClass.SMALL, sector_id=moda.sectors[0].id)
        former = factories.company(moda, province="FI", size=SizeClass.LARGE)
        db.session.add_all([
            Membership(company_id=member.id, since=day - timedelta(days=400)),
            Membership(company_id=former.id, since=day - timedelta(days=900), until=day - timedelta(days=500)),
        ])  # fmt: skip
        factories.contact(moda, "socia@rossi.example", company=member)
        factories.contact(moda, "ex@rossi.example", company=former, language="en")
        factories.contact(moda, "sola@rossi.example")
    return day


def test_members_today_and_at_a_date(moda, registry):
    assert selected(moda, only("member")) == {"socia"}
    then = (registry - timedelta(days=600)).isoformat()
    assert selected(moda, only("member", on=then)) == {"ex"}
    assert selected(moda, without("member")) == {"ex", "sola"}


def test_company_facts_language_and_their_and(moda, registry):
    assert selected(moda, only("province", provinces=["PO", "FI"])) == {"socia", "ex"}
    assert selected(moda, only("size", sizes=["large"])) == {"ex"}
    assert selected(moda, only("type", types=["company"])) == {"socia", "ex"}
    assert selected(moda, only("sector", sectors=[moda.sectors[0].id])) == {"socia"}
    assert selected(moda, only("language", language="it"), without("province", provinces=["PO"])) == {"sola"}


def test_those_who_came_and_those_who_did_not(moda, nautica):
    start = now() - timedelta(days=40)
    with transaction():
        held = factories.workshop(moda, starts_at=start, title="Lana")
        still_open = factories.workshop(moda, starts_at=start, title="Seta")
        foreign = factories.workshop(nautica, starts_at=start, title="Vele")
        people = {
            n: factories.contact(moda, f"{n}@rossi.example")
            for n in ("venuta", "assente", "aperta", "rinuncia")
        }
        factories.seat(held, people["venuta"], came=True)
        factories.seat(held, people["assente"])
        factories.seat(held, people["rinuncia"], standing="cancelled")
        factories.seat(still_open, people["aperta"])
        factories.seat(foreign, people["aperta"], came=True)
        db.session.add(Closing(workshop_id=held.id, at=now()))
    assert selected(moda, only("attended", workshop=held.id)) == {"venuta"}
    assert selected(moda, only("attended_any")) == {"venuta"}
    assert selected(moda, only("attended_any", sector=moda.sectors[1].id)) == set()
    since = (start - timedelta(days=5)).date().isoformat()
    assert selected(moda, only("attended_any", sector=moda.sectors[0].id, since=since)) == {"venuta"}
    assert selected(moda, only("attended_any", until=since)) == set()
    assert selected(moda, only("absent")) == {"assente"}
    assert selected(moda, without("attended", workshop=held.id)) == {"assente", "aperta", "rinuncia"}


def test_those_not_reached_for_months_and_those_who_are_new(moda, ada, textiles):
    reached, silent = subscriber(moda, textiles, "letta"), subscriber(moda, textiles, "muta")
    with transaction():
        one = cast.issue(moda, textiles, by=ada)
    cast.send(one, by=ada)
    with transaction():
        cast.settle(one, contact_id=reached.id)
        cast.settle(one, Fate.REFUSED, contact_id=silent.id)
    with time_machine.travel(datetime(2026, 4, 1, tzinfo=UTC)):
        assert selected(moda, only("never_reached", months=6)) == {"muta"}
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC)):
        assert selected(moda, only("never_reached", months=6)) == {"letta", "muta"}
    assert selected(moda, only("new", day="2026-01-01")) == {"letta", "muta"}
    assert selected(moda, only("new", day="2026-01-02")) == set()


def test_an_unfinished_or_unknown_condition_does_not_count(moda, registry):
    assert selected(moda, only("province"), {"what": "gone", "side": "include"}) == {"socia", "ex", "sola"}


# Pages.


@pytest.fixture
def statements(app):
    found = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: found.append(a[2]))
    return found


@pytest.mark.parametrize("path", ["/audience?topic={t}", "/audience/reached?topic={t}", "/people", "/segments/1",
                                  "/audience/left-out/excluded?topic={t}", "/exclusions/", "/suppressions/"])  # fmt: skip
def test_pages_ask_the_same_number_of_questions_for_one_and_for_forty_persons(
    moda, ada, sign_in, textiles, statements, path
):
    def more(n):
        with transaction():
            for _ in range(n):
                cast.subscriber(moda, textiles, company=factories.company(moda))
                out = cast.subscriber(moda, textiles, company=factories.company(moda))
                exclusions.exclude(moda, out, reason="x", by=ada)
                suppression.add(moda.id, f"s{out.id}@x.example", kind="manual", reason="x", by=ada)

    with transaction():
        segments.save(moda, None, name="S", version=0, by=ada, conditions=[only("language", language="it")])
    more(1)
    desk = sign_in(ada)
    counts = []
    for size in (0, 20):
        more(size)
        address = DESK + path.format(t=textiles.id)
        desk.get(address)
        statements.clear()
        assert desk.get(address).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_every_number_of_the_audience_opens_its_rows(moda, ada, sign_in, textiles):
    carlo = subscriber(moda, textiles, "carlo")
    with transaction():
        cast.subscriber(moda, textiles, email="carlo+due@rossi.example")
        choices.choose(carlo, cadence=Cadence.MONTHLY, paused_until=None)
        cast.subscriber(moda, textiles, email="carlo+tre@rossi.example")
    desk = sign_in(ada)
    page = desk.get(f"{DESK}/audience?topic={textiles.id}").text
    for link in (f"/moda/desk/subscriptions/audience/reached?topic={textiles.id}",
                 f"/moda/desk/subscriptions/audience/left-out/digest?topic={textiles.id}",
                 f"/moda/desk/subscriptions/audience/doubles/address?topic={textiles.id}"):  # fmt: skip
        assert f'href="{link}"' in page
        assert "carlo" in desk.get(link).text
    assert desk.get(f"{DESK}/audience/left-out/nonsense").status_code == 404


def segment_form(**more):
    return {"name": "Prato", "version": 0, "rows": 1, "c0-what": "province", "c0-side": "include",
            "c0-provinces": ["PO"], "do": "save", **more}  # fmt: skip


def test_a_segment_is_made_counted_and_changed_without_script(moda, ada, sign_in, textiles):
    with transaction():
        cast.subscriber(moda, textiles, company=factories.company(moda))
        factories.contact(moda, company=factories.company(moda))
    desk = sign_in(ada)
    added = desk.post(
        f"{DESK}/segments/new", data={"rows": 0, "do": "add", "kind": "province", "name": "Prato"}
    )
    assert 'name="c0-provinces"' in added.text
    assert "1 condizione non è completa" in added.text
    counted = desk.post(f"{DESK}/segments/new", data=segment_form(do="count"))
    assert "2 persone" in counted.text
    assert "1 di queste è iscritta" in counted.text
    assert "2 persone" in desk.post(f"{DESK}/segments/count", data=segment_form()).text
    made = desk.post(f"{DESK}/segments/new", data=segment_form())
    assert made.status_code == 303
    shown = desk.get(made.location).text
    assert "Provincia dell&#39;impresa: PO" in shown
    out = desk.post(f"{DESK}/segments/new", data=segment_form(remove="0"))
    assert 'name="c0-what"' not in out.text
    changed = desk.post(f"{made.location}/edit", data=segment_form(version=1, **{"c0-side": "exclude"}))
    assert changed.status_code == 303
    assert "non: Provincia" in desk.get(made.location).text
    late = desk.post(f"{made.location}/edit", data=segment_form(version=1))
    assert (late.status_code, "PO" in late.text) == (422, True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Dai un nome al segmento."),
        ({"c0-provinces": []}, "Questo campo è necessario."),
        ({"c0-provinces": ["XX"]}, "Questo campo è necessario."),
        ({"c0-what": "new", "c0-day": "2026-13-45"}, "2026-13-45"),
        ({"c0-what": "never_reached", "c0-months": "9999999999"}, "Un numero intero da 1 a 120."),
        ({"c0-what": "attended", "c0-workshop": "999"}, "Scegli uno dei valori proposti."),
        ({"c0-what": "attended_any", "c0-since": "2026-05-02", "c0-until": "2026-05-01"}, "Finisce prima"),
        ({"rows": 0}, "Aggiungi almeno una condizione."),
    ],
)
def test_a_wrong_segment_says_what_and_where(moda, ada, sign_in, wrong, said):
    with transaction():
        factories.company(moda)
    answer = sign_in(ada).post(f"{DESK}/segments/new", data=segment_form(**wrong))
    assert answer.status_code == 422
    assert said in answer.text


def test_exclusions_and_the_guard_at_the_desk(moda, ada, bice, sign_in, textiles):
    carlo = subscriber(moda, textiles, "carlo")
    desk = sign_in(ada)
    answer = desk.post(f"{DESK}/exclusions/", data={"whom": "carlo@rossi.example", "reason": ""})
    assert (answer.status_code, "carlo@rossi.example" in answer.text) == (422, True)
    wrong = desk.post(f"{DESK}/exclusions/", data={"whom": "nessuno@rossi.example", "reason": "x"})
    assert (wrong.status_code, "Nessuno nell&#39;anagrafica" in wrong.text) == (422, True)
    desk.post(f"{DESK}/exclusions/", data={"whom": "Carlo@rossi.example", "reason": "In lite"})
    (row,) = exclusions.of_contact(carlo)
    assert (row.reason, row.by, row.issue_id) == ("In lite", ada.id, None)
    assert "In lite" in desk.get(f"{DESK}/people/{carlo.id}").text
    desk.post(f"{DESK}/exclusions/{row.id}/end")
    assert exclusions.of_contact(carlo) == []
    manager = sign_in(bice)
    assert manager.post(f"{DESK}/guard", data={"most": "2", "days": "", "version": 0}).status_code == 422
    manager.post(f"{DESK}/guard", data={"most": "2", "days": "7", "version": 0})
    assert audience.guard(moda.id) == audience.Guard(2, 7)
    assert "al massimo 2 newsletter" in manager.get(f"{DESK}/").text
    assert manager.post(f"{DESK}/guard", data={"most": "3", "days": "7", "version": 0}).status_code == 422
    manager.post(f"{DESK}/guard", data={"most": "", "days": "", "version": 1})
    assert audience.guard(moda.id) is None
