"""Laboratories, meetings of companies with them, and agreements; each counts when it is proven."""

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from dissemination.delivery.inbound import Incoming, Kind
from dissemination.delivery.itip import Answer
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.people.actions import ChangedMeanwhile
from dissemination.people.models import Contact
from dissemination.plan import actions as plans
from dissemination.plan import holders
from dissemination.plan import queries as plan_queries
from dissemination.plan.figures import figures_for
from dissemination.plan.log import Activity
from dissemination.research import agreements, labs, meetings
from dissemination.research.answers import receive
from dissemination.research.models import Agreement, Cooperation, Laboratory, Meeting, MeetingState
from dissemination.research.texts import REPLIES
from tests import factories
from tests.research import cast
from tests.research.cast import NOW, PDF, SOON
from tests.test_queries import count


@pytest.fixture(autouse=True)
def spring(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def blu(moda):
    with transaction():
        company = factories.company(moda, "Tessitura Blu", sector_id=moda.sectors[0].id)
        factories.contact(moda, "carlo@blu.example", company=company, given_name="Carlo", family_name="Neri")
    return company


@pytest.fixture
def lab(moda):
    with transaction():
        return cast.laboratory(moda)


@pytest.fixture
def planned(moda):
    with transaction():
        plans.adopt_catalogue(plan_queries.current_plan(moda.id))


def figure(moda, code):
    plan = plan_queries.current_plan(moda.id)
    return figures_for(plan, "2026")[code]["actual"]


def calendars():
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [
        (r.address, r.calendar["method"], r.calendar["sequence"]) for r in rows if r.calendar
    ]  # fmt: skip


def carlo():
    return db.session.scalar(select(Contact).where(Contact.email == "carlo@blu.example"))


def test_a_laboratory_is_entered_shown_and_retired(moda, ada, sign_in, client):
    with transaction():
        organisation = cast.body(moda)
        factories.contact(
            moda, "lea@uni.example", company=organisation, given_name="Lea", family_name="Galli"
        )
    browser = sign_in(ada)
    facts = {
        "organisation_id": organisation.id, "name": "Laboratorio Acque", "competences_it": "Riciclo dell'acqua",
        "keywords": "acqua, tintura; acqua", "sectors": ["tessile"], "contact_email": "lea@uni.example",
    }  # fmt: skip
    assert browser.post("/moda/desk/research/laboratories/new", data=facts).status_code == 303
    row = db.session.scalars(select(Laboratory)).one()
    assert (row.keywords, row.contact.email, row.created_by) == (
        ["acqua", "tintura"],
        "lea@uni.example",
        ada.id,
    )
    at, page = f"/moda/desk/research/laboratories/{row.id}", f"/moda/research/{row.id}"
    assert client.get(page).status_code == 404
    assert browser.post(f"{at}/publication").status_code == 303
    shown = client.get(page).text
    assert ("Riciclo dell&#39;acqua" in shown, "lea@uni.example" in shown, "Galli" in shown) == (
        True,
        False,
        False,
    )
    assert "eventi@moda.example" in shown
    found = [
        client.get(f"/moda/research/?{q}").text
        for q in ("", "q=TINTURA", "sector=tessile", "sector=pelle", "q=zzz")
    ]
    assert ["Laboratorio Acque" in text for text in found] == [True, True, True, False, False]
    browser.post(f"{at}/retirement")
    assert (client.get(page).status_code, "Laboratorio Acque" in client.get("/moda/research/").text) == (
        404,
        False,
    )
    browser.post(f"{at}/return")
    assert client.get(page).status_code == 200


def test_a_laboratory_without_competences_is_not_shown_and_a_stale_form_overwrites_nothing(moda):
    with transaction():
        row = cast.laboratory(moda, competences_it="")
        with pytest.raises(labs.NothingToShow):
            labs.publish(row)
        with pytest.raises(ChangedMeanwhile):
            labs.revise(row, version=row.version - 1, name="Altro")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"contact_email": "nessuno@x.example"}, "contact_email"),
        ({"contact_email": "carlo@blu.example"}, "contact_email"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"name": ""}, "name"),
        ({"organisation_id": ""}, "organisation_id"),
    ],
)
def test_a_mistake_in_a_laboratory_is_told_at_its_field(moda, ada, blu, lab, sign_in, values, field):
    facts = {"organisation_id": lab.organisation_id, "name": "Altro", "competences_it": "Resta qui", **values}
    page = sign_in(ada).post("/moda/desk/research/laboratories/new", data=facts)
    assert (page.status_code, f'id="{field}-errors"' in page.text, "Resta qui" in page.text) == (
        422,
        True,
        True,
    )
    assert db.session.scalar(select(func.count()).select_from(Laboratory)) == 1


def test_lists_cost_the_same_for_one_and_many(moda, ada, client, lab, blu, sign_in):
    addresses = ["/moda/research/", *(f"/moda/desk/research/{p}" for p in ("", "meetings/", "agreements/"))]
    browser = sign_in(ada)

    def add(n):
        with transaction():
            other = cast.laboratory(moda, organisation=cast.body(moda, f"Ente {n}"), name=f"Lab {n}")
            labs.publish(other)
            cast.meeting(moda, factories.company(moda), lab=other, by=ada)
            cast.sign(cast.agreement(moda, factories.company(moda), other.organisation, by=ada), by=ada)

    add(0)
    few = [count(browser, a) for a in addresses]
    for n in range(1, 12):
        add(n)
    assert [count(browser, a) for a in addresses] == few


def test_a_meeting_is_asked_arranged_moved_held_and_counted(moda, ada, blu, lab, planned, sign_in):
    browser = sign_in(ada)
    asked = {
        "company": blu.tax_id, "laboratory_id": lab.id, "wish": "Parola segreta",
        "activity_line_id": factories.line(moda, "c").id,
    }  # fmt: skip
    assert browser.post("/moda/desk/research/meetings/new", data=asked).status_code == 303
    row = db.session.scalars(select(Meeting)).one()
    at = f"/moda/desk/research/meetings/{row.id}"
    form = browser.get(f"{at}/appointment").text
    assert ("Carlo Neri" in form, "Lea Galli" in form) == (True, True)
    date_of = {
        "contact_id": carlo().id, "laboratory_contact_id": lab.contact_id, "day": "2026-06-10", "begins": "10:00",
        "ends": "11:00", "place": "Prato", "message": "A presto", "version": row.version,
    }  # fmt: skip
    assert browser.post(f"{at}/appointment", data=date_of).status_code == 303
    db.session.expire_all()
    assert (row.state, row.starts_at) == (MeetingState.ARRANGED, SOON)
    lab_address = lab.contact.email
    assert calendars() == [("carlo@blu.example", "REQUEST", 0), (lab_address, "REQUEST", 0)]
    moved = date_of | {"begins": "09:00", "version": row.version, "laboratory_contact_id": ""}
    assert browser.post(f"{at}/appointment", data=moved).status_code == 303
    assert calendars()[2:] == [(lab_address, "CANCEL", 1), ("carlo@blu.example", "REQUEST", 1)]
    uids = {d.calendar["uid"] for d in db.session.scalars(select(Delivery)) if d.calendar}
    assert len(uids) == 2
    sent = str([(d.calendar, d.letter.source, d.merge) for d in db.session.scalars(select(Delivery))])
    assert ("Parola segreta" in sent, "A presto" in sent) == (False, True)
    db.session.expire_all()
    early = {"held_on": "2026-06-10", "minutes": "Deciso", "version": row.version}
    assert browser.post(f"{at}/minutes", data=early).status_code == 422
    assert figure(moda, "RE-04") in (0, None)
    held = early | {"held_on": "2026-05-10"}
    assert browser.post(f"{at}/minutes", data=held | {"minutes": " "}).status_code == 422
    assert browser.post(f"{at}/minutes", data=held).status_code == 303
    db.session.expire_all()
    logged = db.session.scalars(select(Activity)).one()
    assert (logged.verb, logged.company_id, logged.happened_on, logged.attributes["sector"]) == (
        "meeting.held", blu.id, date(2026, 5, 10), "tessile",
    )  # fmt: skip
    assert figure(moda, "RE-04") == 1
    assert holders.of("meeting.held", "meetings").held([row.id]) == {row.id: {"minutes"}}
    assert browser.post(f"{at}/minutes", data=held | {"version": row.version}).status_code == 422  # once
    back = browser.post(f"{at}/correction", data={"reason": "Era un altro giorno", "version": row.version})
    assert (back.status_code, figure(moda, "RE-04")) == (303, 0)
    db.session.expire_all()
    assert (row.state, row.held_on, row.minutes) == (MeetingState.ARRANGED, None, "Deciso")


def test_who_was_invited_is_told_that_the_meeting_is_off(moda, ada, blu, lab):
    with transaction():
        row = cast.meeting(moda, blu, lab=lab, by=ada)
        cast.arrange(row, carlo(), lab.contact)
        meetings.decline(row, reason="Impianto fermo", version=row.version, by=ada)
    assert calendars()[2:] == [("carlo@blu.example", "CANCEL", 1), (lab.contact.email, "CANCEL", 1)]
    assert row.state is MeetingState.DECLINED
    with transaction(), pytest.raises(meetings.OutOfOrder):
        meetings.hold(row, held_on=date(2026, 5, 1), minutes="x", version=row.version, by=ada)


def test_only_people_of_both_sides_are_invited_and_never_to_yesterday(moda, ada, blu, lab):
    with transaction():
        stranger = factories.contact(moda, "altri@x.example", company=factories.company(moda, "Altri"))
        row = cast.meeting(moda, blu, lab=lab, by=ada)
    for who, there, more, refusal in (
        (stranger, lab.contact, {}, meetings.StrangeContact),
        (carlo(), stranger, {}, meetings.StrangeContact),
        (carlo(), None, {"starts_at": NOW - timedelta(hours=1)}, meetings.InThePast),
        (carlo(), None, {"version": 99}, ChangedMeanwhile),
    ):
        with pytest.raises(refusal), transaction():
            cast.arrange(row, who, there, **more)
    assert calendars() == []


def answered(
    moda, row, *, side="1", who="carlo@blu.example", partstat="ACCEPTED", sequence=0, method="REPLY"
):
    """What a calendar sends back."""
    token, _at, domain = row.uid.partition("@")
    answer = Answer(
        method=method,
        uid=f"{token}-{side}@{domain}",
        partstat=partstat,
        attendee=who,
        sequence=sequence,
        stamp=NOW,
    )
    incoming = Incoming(
        kind=Kind.REPLY, key="<x@y>", sender=who, to=(), subject="", automatic=False, authentic=True,
        answer=answer,
    )  # fmt: skip
    with transaction():
        return receive(incoming, dry=False)


def test_what_calendars_answer_is_kept_with_the_meeting(moda, ada, blu, lab, sign_in):
    with transaction():
        row = cast.meeting(moda, blu, lab=lab, by=ada)
        cast.arrange(row, carlo(), lab.contact)
    assert answered(moda, row).effect == "noted"
    assert answered(moda, row, side="2", who=lab.contact.email, partstat="DECLINED").effect == "noted"
    page = sign_in(ada).get(f"/moda/desk/research/meetings/{row.id}").text
    shown = re.findall(r"(?:Carlo Neri|Lea Galli) \(([^)]+)\)", page)
    assert (shown, row.laboratory_reply) == ([str(REPLIES["ACCEPTED"]), str(REPLIES["DECLINED"])], "DECLINED")
    assert not answered(moda, row, who="altri@x.example", partstat="DECLINED").kept
    assert not answered(moda, row, side="3").kept
    with transaction():
        cast.arrange(
            row,
            carlo(),
            lab.contact,
            starts_at=SOON + timedelta(days=1),
            ends_at=SOON + timedelta(days=1, hours=1),
        )
    assert (row.contact_reply, row.laboratory_reply) == ("", "")
    assert answered(moda, row, sequence=0).effect == "stale"
    assert row.contact_reply == ""


def test_a_wish_of_the_company_itself_reaches_the_districts_mailbox(moda, blu, lab):
    with transaction():
        row = cast.meeting(moda, blu, lab=lab, contact=carlo())
    told = db.session.scalars(select(Delivery)).one()
    assert (told.address, told.letter.template, row.asked_by) == (
        "eventi@moda.example",
        "research/asked",
        None,
    )


def test_an_agreement_counts_once_it_is_signed_and_on_file(moda, ada, blu, lab, planned, sign_in):
    browser = sign_in(ada)
    facts = {
        "company": "tessitura blu", "partner_id": lab.organisation_id, "laboratory_id": lab.id, "title": "Acqua pulita",
        "cooperation": "active", "starts_on": "2026-05-01", "ends_on": "2026-06-20",
        "activity_line_id": factories.line(moda, "c").id,
    }  # fmt: skip
    assert browser.post("/moda/desk/research/agreements/new", data=facts).status_code == 303
    row = db.session.scalars(select(Agreement)).one()
    at = f"/moda/desk/research/agreements/{row.id}"
    assert (
        browser.post(f"{at}/edit", data=facts | {"title": "Acqua più pulita", "version": 1}).status_code
        == 303
    )
    db.session.expire_all()
    for wrong in ({"signed_on": "2026-05-02"}, {"signed_on": "2026-06-02", "file": (BytesIO(PDF), "a.pdf")},
                  {"signed_on": "2026-05-02", "file": (BytesIO(b"<script>"), "a.pdf")}):  # fmt: skip
        assert browser.post(f"{at}/signature", data=wrong | {"version": row.version}).status_code == 422
    assert figure(moda, "RE-05") in (0, None)
    signing = {"signed_on": "2026-05-02", "file": (BytesIO(PDF), "accordo.pdf"), "version": row.version}
    assert browser.post(f"{at}/signature", data=signing).status_code == 303
    db.session.expire_all()
    assert (row.title, figure(moda, "RE-05")) == ("Acqua più pulita", 1)
    logged = db.session.scalars(select(Activity)).one()
    assert (logged.attributes["cooperation"], logged.attributes["partner"]) == (
        "active",
        "Università di Prova",
    )
    assert holders.of("agreement.signed", "agreements").held([row.id]) == {row.id: {"signed_agreement"}}
    assert browser.get(f"{at}/file").data == PDF
    assert browser.post(f"{at}/edit", data=facts | {"version": row.version}).status_code == 422
    assert (
        "Acqua più pulita" in browser.get("/moda/desk/research/agreements/").text.split("<table")[0]
    )  # ends soon
    back = browser.post(f"{at}/correction", data={"reason": "Manca una firma", "version": row.version})
    assert (back.status_code, figure(moda, "RE-05")) == (303, 0)
    db.session.expire_all()
    assert (row.signed_on, row.file, browser.get(f"{at}/file").status_code) == (None, None, 404)


def test_a_service_is_logged_and_not_counted(moda, ada, blu, lab, planned):
    with transaction():
        row = cast.agreement(moda, blu, lab.organisation, by=ada, cooperation=Cooperation.SERVICE)
        cast.sign(row, by=ada)
    logged = db.session.scalars(select(Activity)).one()
    assert (logged.attributes["cooperation"], figure(moda, "RE-05")) == ("service", 0)


def test_an_agreement_that_is_given_up_says_why_and_stays_counted(moda, ada, blu, lab, planned, sign_in):
    with transaction():
        row = cast.agreement(moda, blu, lab.organisation, by=ada)
        cast.sign(row, by=ada)
        agreements.end(row, reason="Fondi finiti", version=row.version, by=ada)
    assert figure(moda, "RE-05") == 1
    assert "Fondi finiti" in sign_in(ada).get(f"/moda/desk/research/agreements/{row.id}").text
    with pytest.raises(agreements.HasEnded), transaction():
        agreements.end(row, reason="x", version=row.version, by=ada)
    with pytest.raises(agreements.SamePartner), transaction():
        cast.agreement(moda, blu, blu)


def test_a_company_that_is_not_clear_is_asked_for_by_its_names(moda, ada, blu, lab, sign_in):
    with transaction():
        factories.company(moda, "Tessitura Blu Due")
    asked = {"laboratory_id": lab.id, "activity_line_id": factories.line(moda, "c").id}
    browser = sign_in(ada)
    page = browser.post("/moda/desk/research/meetings/new", data=asked | {"company": "Tessitura"})
    assert (page.status_code, "Tessitura Blu Due" in page.text) == (422, True)
    page = browser.post("/moda/desk/research/meetings/new", data=asked | {"company": "Zzyzx"})
    assert (page.status_code, 'id="company-errors"' in page.text) == (422, True)
    assert db.session.scalar(select(Meeting)) is None


def test_a_viewer_sees_that_a_meeting_was_held_but_not_what_was_said(
    moda, ada, blu, lab, person, elio, sign_in
):
    with transaction():
        row = cast.meeting(moda, blu, lab=lab, by=ada, wish="Parola segreta")
        meetings.hold(row, held_on=date(2026, 5, 1), minutes="Altra segreta", version=row.version, by=ada)
        signed = cast.agreement(moda, blu, lab.organisation, by=ada, purpose="Terza segreta")
        cast.sign(signed, by=ada)
    viewer = person(moda, "viola@moda.example", "viewer")
    for who in (viewer, elio):
        browser = sign_in(who)
        page = browser.get(f"/moda/desk/research/meetings/{row.id}").text
        page += browser.get(f"/moda/desk/research/agreements/{signed.id}").text
        assert ("Tessitura Blu" in page, "segreta" in page) == (True, False)
        assert browser.get(f"/moda/desk/research/agreements/{signed.id}/file").status_code == 403
    assert "Altra segreta" in sign_in(ada).get(f"/moda/desk/research/meetings/{row.id}").text


def test_dora_is_refused(moda, nautica, dora, ada, blu, lab, sign_in):
    with transaction():
        row = cast.meeting(moda, blu, lab=lab, by=ada)
        signed = cast.agreement(moda, blu, lab.organisation, by=ada)
        labs.publish(lab)
    browser = sign_in(dora)
    paths = (f"laboratories/{lab.id}", f"meetings/{row.id}", f"agreements/{signed.id}", "")
    assert {browser.get(f"/moda/desk/research/{p}").status_code for p in paths} == {404}
    assert [browser.get(f"/nautica/desk/research/{p}").status_code for p in paths] == [404, 404, 404, 200]
    assert browser.get(f"/nautica/research/{lab.id}").status_code == 404
