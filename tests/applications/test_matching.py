"""Suggestions: what is offered for an improvement area, with which reasons, and what is left out."""

from datetime import UTC, date, datetime
from html import unescape

import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.applications import likeness
from dissemination.applications.matching import Kind, Market
from dissemination.audits.models import ImprovementArea
from dissemination.calls import actions as calls
from dissemination.calls.models import Call
from dissemination.calls.moments import last_moment
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import OrganisationType
from dissemination.research.models import Laboratory
from tests import factories
from tests.applications import cast
from tests.publications.cast import publication

AREAS = (
    {"type": "process", "title": "Recupero dell'acqua di tintoria", "keywords": ["acqua"],
     "description": "I bagni di tintura finiscono in fogna."},
    {"type": "product", "title": "Passaporto digitale"},
)  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(cast.NOW, tick=False):
        yield


def laboratory(district, name="Laboratorio acque", **facts):
    body = factories.company(district, f"Università {name}", type=OrganisationType.RESEARCH)
    facts = {"keywords": ["acque"], "sectors": ["tessile"], **facts}
    row = Laboratory(
        district_id=district.id,
        organisation=body,
        name=name,
        name_folded=name.lower(),
        created_at=now(),
        **facts,
    )
    db.session.add(row)
    db.session.flush()
    return row


@pytest.fixture
def area(moda):
    with transaction():
        cast.plan_of(moda)
        return cast.visited(moda, cast.company(moda), areas=AREAS).areas[0]


def offers(area, kind):
    return Market(area.audit.district).for_area(area, area.audit.company)[kind]


def said(area, kind):
    return [(s.title, s.points, s.reasons) for s in offers(area, kind)]


def test_a_call_is_suggested_with_each_reason_in_words(moda, area):
    with transaction():
        service = cast.service(moda)
        cast.call(
            moda,
            [service],
            days=[date(2026, 12, 13)],
            sizes=["small"],
            sectors=["tessile"],
            keywords=["Acque"],
        )
    assert said(area, Kind.CALL) == [(
        "Bando servizi qualificati", 8,
        ["finanzia B.2.2, adatto all'ambito", "parola chiave “acqua” in entrambi", "la dimensione “Piccola” è ammessa",
         "per il settore Tessile", "scade fra 23 giorni"],
    )]  # fmt: skip
    assert said(area, Kind.SERVICE) == [(
        "B.2.2 Efficienza ambientale", 6,
        ["serve a migliorare: Processo produttivo", "parola chiave “acqua” in entrambi", "paga il 50% per la dimensione “Piccola”"],
    )]  # fmt: skip


@pytest.mark.parametrize(
    "facts",
    [
        {"sizes": ["large"]},
        {"sectors": ["pelle"]},
        {"days": [date(2026, 11, 19)]},
        {"keywords": ["moda"], "services": False},
        {"withdrawn_at": datetime(2026, 11, 1, tzinfo=UTC)},
    ],
)
def test_a_call_that_does_not_fit_is_not_suggested(moda, area, facts):
    paid = facts.get("services", True)
    with transaction():
        service = cast.service(moda)
        cast.call(
            moda,
            [service] if paid else [],
            **{"keywords": ["acqua"], **{k: v for k, v in facts.items() if k != "services"}},
        )
        if "withdrawn_at" in facts:  # publishing takes a withdrawal back
            calls.withdraw(db.session.scalars(select(Call)).one())
    assert said(area, Kind.CALL) == []


def test_on_the_last_day_it_says_so_and_a_second_later_it_is_gone(moda, area):
    with transaction():
        cast.call(moda, keywords=["acqua"])
    closes = last_moment(cast.DEADLINE, moda.zone)
    with time_machine.travel(closes, tick=False):
        assert said(area, Kind.CALL)[0][2][-1] == "scade oggi"
    with time_machine.travel(closes.timestamp() + 1, tick=False):
        assert said(area, Kind.CALL) == []


def test_what_is_not_known_of_the_company_is_said_not_guessed(moda):
    with transaction():
        cast.plan_of(moda)
        firm = cast.company(moda, size=None, sector_id=None)
        area = cast.visited(moda, firm, areas=AREAS).areas[0]
        cast.call(moda, sizes=["small"], sectors=["tessile"], keywords=["acqua"])
    reasons = said(area, Kind.CALL)[0][2]
    assert [r.split(":")[0] for r in reasons if "non è not" in r] == [
        "la dimensione dell'impresa non è nota", "il settore dell'impresa non è noto",
    ]  # fmt: skip


def test_the_service_written_in_the_area_weighs_most(moda, area):
    with transaction():
        other = cast.service(moda, code="B.2.1", keywords=["lean"], area_types=[])
        cast.call(moda, [cast.service(moda)], title_it="Adatto")
        cast.call(moda, [other], title_it="Scritto")
        area.service_id = other.id
    assert [(s.title, s.points) for s in offers(area, Kind.CALL)] == [("Scritto", 6), ("Adatto", 3)]


def test_services_of_another_type_size_or_time_are_left_out(moda, area):
    with transaction():
        cast.service(moda, code="B.1", area_types=["product"])
        cast.service(moda, code="B.2", intensity={"micro": 60})
        cast.service(moda, code="B.3", valid_until=date(2026, 11, 19))
        cast.service(moda, code="B.4", keywords=["moda"], title_it="Altro")
        cast.service(moda, code="B.5", valid_until=cast.TODAY)
    assert [s.title[:3] for s in offers(area, Kind.SERVICE)] == ["B.5"]


def test_laboratories_and_publications_are_found_by_the_same_words(moda, area):
    with transaction():
        laboratory(moda)
        laboratory(moda, "Lab in pensione", retired_at=now())
        laboratory(moda, "Lab di altro", keywords=["cuoio"])
        publication(moda, title_it="Risparmiare acqua in tintoria")
        publication(moda, title_it="L'acqua segreta", keywords=["acqua"], published=False)
    assert said(area, Kind.LABORATORY) == [(
        "Laboratorio acque (Università Laboratorio acque)", 5,
        ["parola chiave “acqua” in entrambi", "lavora per il settore Tessile"],
    )]  # fmt: skip
    assert said(area, Kind.PUBLICATION) == [(
        "Risparmiare acqua in tintoria", 3,
        ["“acqua” è parola chiave dell'uno e compare nell'altro", "la parola “tintoria” in entrambi"],
    )]  # fmt: skip


def test_words_that_everybody_uses_say_nothing(app):
    one = likeness.read(["progetto"], "Innovazione dei processi produttivi dell'impresa")
    other = likeness.read([], "Progetti di innovazione di processo per le imprese: il miglioramento")
    assert likeness.compare(likeness.Words({}, one.text), other).points == 0
    with_accents = likeness.compare(likeness.read(["Qualità"], ""), likeness.read(["qualita"], ""))
    assert with_accents.points == likeness.BOTH


def test_the_same_rows_give_the_same_order(moda, area):
    with transaction():
        for title in ("Beta", "Alfa", "Gamma", "Delta"):
            cast.call(moda, title_it=title, keywords=["acqua"])
    found = [[s.title for s in offers(area, Kind.CALL)] for _ in range(3)]
    assert found == [["Alfa", "Beta", "Delta"]] * 3


def test_a_suggestion_is_taken_with_one_press_and_only_for_organisers(moda, area, ada, elio, person, sign_in):
    with transaction():
        service = cast.service(moda)
        call = cast.call(moda, [service])
        lab = laboratory(moda)
    at = f"/moda/desk/audits/{area.audit_id}"
    page = unescape(sign_in(ada).get(at).text)
    assert ("Perché: finanzia B.2.2" in page, page.count("Scrivi nell'ambito") >= 3) == (True, True)
    post = f"/moda/desk/applications/areas/{area.id}/suggestions"
    for kind, row in (("service", service), ("call", call), ("laboratory", lab)):
        answer = sign_in(ada).post(post, data={"kind": kind, "id": row.id})
        assert (answer.status_code, answer.location) == (303, f"{at}#area-{area.id}")
    db.session.expire_all()
    kept = db.session.get_one(ImprovementArea, area.id)
    assert (kept.service_id, kept.call_id, kept.laboratory_id) == (service.id, call.id, lab.id)
    assert unescape(sign_in(ada).get(at).text).count("scritto nell'ambito<") == 3
    assert sign_in(ada).post(post, data={"kind": "publication", "id": 1}).status_code == 400
    viewer = person(moda, "vera@moda.example", "viewer")
    assert sign_in(viewer).post(post, data={"kind": "call", "id": call.id}).status_code == 403
    for who in (viewer, elio):
        shown = sign_in(who).get(f"/moda/desk/calls/{call.slug}").text
        assert ("tintoria" in shown, "A quali imprese" in shown) == (False, False)
    assert "Tessitura Gori: Recupero dell" in sign_in(ada).get(f"/moda/desk/calls/{call.slug}").text


def test_more_areas_and_more_rows_ask_no_more_often(moda, area, ada, sign_in):
    def asked(url):
        seen, browser = [], sign_in(ada)
        browser.get(url)
        note = lambda *_a: seen.append(1)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert browser.get(url).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    with transaction():
        call = cast.call(moda, [cast.service(moda)])
        cast.application(moda, call=call, company=area.audit.company, area=area.audit.areas[1])
        laboratory(moda)
    urls = [f"/moda/desk/audits/{area.audit_id}", f"/moda/desk/calls/{call.slug}"]
    few = [asked(url) for url in urls]
    with transaction():
        for n in range(8):
            audit = cast.visited(moda, cast.company(moda, f"Tintoria {n}"), areas=AREAS)
            cast.application(moda, call=call, company=audit.company, area=audit.areas[0])
            cast.call(moda, [cast.service(moda, code=f"B.7.{n}")], title_it=f"Bando {n}")
            laboratory(moda, f"Lab {n}")
    assert [asked(url) for url in urls] == few
