"""Telling people of a call: only those who consented, once per call, with nothing of the audit in the mail."""

import re
from datetime import timedelta
from email import message_from_bytes
from html import unescape
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import select

from dissemination.applications import alerts, mails
from dissemination.applications.models import CallAlert, Stage
from dissemination.applications.refusals import NobodyChosen, NotOpen
from dissemination.calls import actions as calls
from dissemination.calls.models import Call
from dissemination.delivery import inbound, suppressed
from dissemination.delivery import queries as delivery
from dissemination.delivery.letters import preview
from dissemination.delivery.models import Delivery, Fate, SuppressionKind
from dissemination.kernel.database import db, transaction
from dissemination.people import queries as people
from dissemination.people.models import Consent, Purpose
from tests.applications import cast


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(cast.NOW, tick=False):
        yield


@pytest.fixture
def firm(moda):
    """Tessitura Gori, with an improvement area about water and a secret."""
    with transaction():
        cast.plan_of(moda)
        firm = cast.company(moda)
        cast.visited(moda, firm, areas=[
            {"type": "process", "title": "Segretissimo recupero", "keywords": ["acqua"], "description": "Segretissimo."}
        ])  # fmt: skip
    return firm


@pytest.fixture
def call(moda, firm):
    with transaction():
        return cast.call(moda, [cast.service(moda)], title_en="Qualified services", intensity=50)


def known(moda, firm, email="gori@gori.example", *, consents=True, **values):
    with transaction():
        contact = cast.contact(moda, firm, email, **values)
        if consents is not None:
            alerts.record(contact, moda, given=consents, source="desk", proof="scheda firmata")
    return contact


def addresses():
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [(d.address, d.letter.language, d.state) for d in rows]


def names(found):
    return [reader.contact.email for reader in found]


def test_only_who_consented_is_written_to_and_only_once(moda, firm, call, ada, sign_in):
    yes = known(moda, firm)
    english = known(moda, firm, "joan@gori.example", language="en")
    known(moda, firm, "no@gori.example", consents=False)
    known(moda, firm, "mai@gori.example", consents=None)
    with transaction():
        alerts.record(
            known_now := cast.contact(moda, firm, "ex@gori.example"),
            moda,
            given=True,
            source="desk",
            proof="a",
        )
        alerts.record(known_now, moda, given=False, source="desk", proof="b")
        other = cast.company(moda, "Senza audit")
    known(moda, other, "altra@altra.example")
    found = alerts.preview(call)
    assert (names(found.readers), len(found.without_consent)) == (
        ["gori@gori.example", "joan@gori.example"],
        3,
    )
    page = unescape(sign_in(ada).get(f"/moda/desk/applications/alerts/{call.slug}").text)
    assert page.count("ha detto no") == 2  # of three: one was never asked
    assert ("Si possono avvisare 2 persone" in page, db.session.scalars(select(Delivery)).all()) == (True, [])
    answer = sign_in(ada).post(
        f"/moda/desk/applications/alerts/{call.slug}", data={"contact_ids": [yes.id, english.id]}
    )
    assert (answer.status_code, answer.location) == (303, f"/moda/desk/calls/{call.slug}")
    assert addresses() == [
        ("gori@gori.example", "it", Fate.QUEUED), ("joan@gori.example", "en", Fate.QUEUED)
    ]  # fmt: skip
    kept = db.session.scalars(select(CallAlert)).all()
    assert [(a.contact_id, a.by, a.area_id is not None) for a in kept] == [
        (yes.id, ada.id, True),
        (english.id, ada.id, True),
    ]
    assert names(alerts.preview(call).told) == ["gori@gori.example", "joan@gori.example"]
    again = sign_in(ada).post(f"/moda/desk/applications/alerts/{call.slug}", data={"contact_ids": [yes.id]})
    assert (again.status_code, len(addresses())) == (422, 2)
    with pytest.raises(NobodyChosen), transaction():
        alerts.tell(call, [yes.id], by=None)
    late = known(moda, firm, "tardi@gori.example")
    with transaction():
        assert alerts.tell(call, [late.id, yes.id], by=ada) == 1


def test_who_withdraws_between_preview_and_button_is_left_out(moda, firm, call):
    one, two = known(moda, firm), known(moda, firm, "due@gori.example")
    ids = [r.contact.id for r in alerts.preview(call).readers]
    with transaction():
        alerts.record(one, moda, given=False, source="opportunities page", proof="link in mail")
    with transaction():
        assert alerts.tell(call, ids, by=None) == 1
    assert [a[0] for a in addresses()] == [two.email]


def test_a_suppressed_address_is_not_written_to(moda, firm, call):
    known(moda, firm)
    with transaction():
        suppressed.suppress(moda.id, "gori@gori.example", reason="rimbalzo", kind=SuppressionKind.BOUNCE)
    found = alerts.preview(call)
    assert (names(found.readers), names(found.suppressed)) == ([], ["gori@gori.example"])


def test_nobody_is_told_of_a_draft_or_of_what_is_over(moda, firm, call):
    reader = known(moda, firm)
    with transaction():
        draft = cast.call(moda, [call.services[0]], published=False, title_it="Bozza")
    with pytest.raises(NotOpen), transaction():
        alerts.tell(draft, [reader.id], by=None)
    later = time_machine.travel(cast.NOW + timedelta(days=11), tick=False)
    with later, pytest.raises(NotOpen), transaction():
        alerts.tell(call, [reader.id], by=None)
    with transaction():
        calls.withdraw(call)
    with pytest.raises(NotOpen), transaction():
        alerts.tell(call, [reader.id], by=None)
    assert addresses() == []


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_mail_holds_both_parts_the_way_out_and_nothing_of_the_audit(moda, firm, call, language):
    reader = known(moda, firm, language=language)
    mail, recipient = mails.alert(call, language), mails.reader(reader)
    shown = preview(mail, recipient.merge)
    way_out = recipient.merge["unsubscribe_url"]
    for part in (shown.html, shown.text):
        assert ("egretissimo" in part, "{{" in part) == (False, False)
        assert [x in part for x in (way_out, "http://127.0.0.1:8000/moda/calls/", "30/11/2026", "B.2.2")] == [
            True
        ] * 4
    assert (
        mail.subject
        == {
            "it": "Un bando che può fare al caso della tua impresa: Bando servizi qualificati",
            "en": "A call that may fit your company: Qualified services",
        }[language]
    )


def test_the_link_in_the_mail_withdraws_with_one_press_and_calls_back_what_waits(moda, firm, call, client):
    reader = known(moda, firm)
    with transaction():
        alerts.tell(call, [reader.id], by=None)
    path = urlsplit(db.session.scalars(select(Delivery)).one().merge["unsubscribe_url"]).path
    page = client.get(path)
    assert (page.status_code, page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == (
        200,
        "no-store",
        "noindex",
    )
    assert people.current_consent(reader, Purpose.OPPORTUNITIES).given  # looking changes nothing
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    db.session.expire_all()
    last = people.current_consent(reader, Purpose.OPPORTUNITIES)
    assert (last.given, last.source, last.proof) == (False, "opportunities page", "link in mail")
    assert len(db.session.scalars(select(Consent)).all()) == 2
    assert [state for _a, _l, state in addresses()] == [Fate.SKIPPED]
    assert client.post(path, data={"answer": "yes"}).status_code == 303
    assert people.current_consent(reader, Purpose.OPPORTUNITIES).given
    assert client.get(f"{path}x").status_code == 404


def test_the_one_click_needs_no_token_of_the_form(moda, firm, app):
    app.config["WTF_CSRF_ENABLED"] = True
    reader = known(moda, firm)
    path = f"/o/{mails.token_for(reader.id)}"
    assert app.test_client().post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not people.current_consent(reader, Purpose.OPPORTUNITIES).given


def test_a_consent_given_at_a_visit_is_noted_with_how(moda, firm, ada, dora, person, sign_in):
    reader = known(moda, firm, consents=None)
    at = f"/moda/desk/applications/consents/{reader.id}"
    assert "Non ancora interpellata" in sign_in(ada).get(at).text
    assert sign_in(ada).post(at, data={"given": "yes", "proof": ""}).status_code == 422
    assert sign_in(ada).post(at, data={"given": "yes", "proof": "scheda del 10/11"}).status_code == 303
    last = people.current_consent(reader, Purpose.OPPORTUNITIES)
    assert (last.given, last.proof, "Ente gestore" in last.text) == (True, "scheda del 10/11", True)
    assert sign_in(dora).get(at).status_code == 404
    viewer = person(moda, "vera@moda.example", "viewer")
    assert sign_in(viewer).get(at).status_code == 403


def test_a_call_with_alerts_cannot_be_removed(moda, firm, call):
    reader = known(moda, firm)
    with transaction():
        alerts.tell(call, [reader.id], by=None)
        db.session.get_one(Call, call.id).published_at = None
    with pytest.raises(calls.InUse), transaction():
        calls.remove_call(call)


def test_a_call_fits_no_area_of_which_an_application_is_on_its_way(moda, firm, call):
    area = alerts.fits(call)[0].area
    with transaction():
        row = cast.application(moda, call=call, company=firm, area=area, services=call.services)
    assert alerts.fits(call) == []
    with transaction():
        cast.brought_to(row, Stage.WAIVED)
    assert [fit.area.id for fit in alerts.fits(call)] == [area.id]


def test_a_mail_to_the_list_s_address_withdraws_too(moda, firm, call):
    reader = known(moda, firm)
    with transaction():
        alerts.tell(call, [reader.id], by=None)
    headers = message_from_bytes(delivery.parts(db.session.scalars(select(Delivery)).one()).raw)
    https, mailto = re.findall(r"<([^>]+)>", headers["List-Unsubscribe"])
    token = https.rpartition("/")[2]
    assert https.startswith("http://127.0.0.1:8000/o/")
    assert (headers["List-Unsubscribe-Post"], mailto.endswith(f"?subject=unsubscribe%20{token}")) == (
        "List-Unsubscribe=One-Click", True,
    )  # fmt: skip
    written = inbound.read(f"From: gori@gori.example\r\nSubject: unsubscribe {token}\r\n\r\n".encode())
    outcomes = []
    for dry in (True, False, False):
        with transaction():
            outcomes.append(
                (
                    inbound.act(written, dry=dry).effect,
                    people.current_consent(reader, Purpose.OPPORTUNITIES).given,
                )
            )
    assert outcomes == [("unsubscribed", True), ("unsubscribed", False), ("none", False)]
    newsletter = inbound.read(b"From: gori@gori.example\r\nSubject: unsubscribe abc.def\r\n\r\n")
    assert inbound.act(newsletter, dry=True).effect == "none"
