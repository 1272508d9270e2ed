"""The overview, the consent ledger and its export, the suppression list; letters that moved with their template."""

import csv
import io
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import suppressed
from dissemination.delivery.models import Suppression
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import Purpose
from dissemination.subscriptions import actions, figures, suppression
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/subscriptions"
NOW = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile")


def joins(district, topic, email, moment):
    with time_machine.travel(moment, tick=False), transaction():
        contact = factories.contact(district, email)
        actions.set_topics(contact, [topic.id], text="t", version="1", source="preference page", proof="p")
    return contact


def test_the_overview_counts_by_month_on_the_districts_clock_and_opens_its_rows(moda, ada, sign_in, textiles):
    joins(moda, textiles, "febbraio@rossi.example", datetime(2027, 2, 28, 22, 59, tzinfo=UTC))
    joins(moda, textiles, "marzo@rossi.example", datetime(2027, 2, 28, 23, 1, tzinfo=UTC))  # 0:01 in Rome
    gone = joins(moda, textiles, "uscita@rossi.example", datetime(2026, 1, 1, tzinfo=UTC))
    with time_machine.travel(NOW, tick=False):
        with transaction():
            actions.unsubscribe_everything(gone)
        found = [(m.code, joined, left) for m, joined, left in figures.by_month(moda)]
        assert found[:2] == [("2027-03", 1, 1), ("2027-02", 1, 0)]
        assert (len(found), found[-1][0]) == (12, "2026-04")
        desk = sign_in(ada)
        page = desk.get(f"{DESK}/").text
        assert "2 persone sono iscritte" in page
        for query, name in (
            ("month=2027-03", "marzo"),
            ("month=2027-02", "febbraio"),
            ("month=2027-03&amp;what=left", "uscita"),
        ):
            link = f"/moda/desk/subscriptions/people?{query}"
            assert f'href="{link}"' in page
            rows = desk.get(link.replace("&amp;", "&")).text
            assert [n for n in ("marzo@", "febbraio@", "uscita@") if n in rows] == [f"{name}@"]
        assert figures.by_source(moda) == [("preference page", 3, 0), ("one-click unsubscribe", 0, 1)]


def test_the_overview_of_an_empty_district_says_what_to_do(moda, ada, sign_in):
    page = sign_in(ada).get(f"{DESK}/").text
    assert "Aggiungi il primo" in page
    assert "Nessuno ha ancora detto sì o no." in page


@pytest.fixture
def ledger(moda, nautica, textiles):
    carlo = joins(moda, textiles, "carlo@rossi.example", datetime(2027, 1, 31, 22, 30, tzinfo=UTC))
    joins(
        moda, textiles, "dario@rossi.example", datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
    )  # 1 February in Rome
    with transaction():
        people.record_consent(
            carlo,
            purpose=Purpose.OPPORTUNITIES,
            given=False,
            text="=1+1",
            version="1",
            source="x",
            proof="@y",
        )
        foreign = factories.contact(nautica, "altrove@rossi.example")
        people.record_consent(
            foreign, purpose=Purpose.NEWSLETTER, given=True, text="t", version="1", source="x"
        )
    return carlo


def lines(answer):
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_ledger_is_exported_whole_with_filters_and_without_formulas(moda, bice, sign_in, ledger):
    manager = sign_in(bice)
    answer = manager.get(f"{DESK}/ledger.csv")
    found = lines(answer)
    assert answer.headers["Content-Disposition"] == "attachment; filename=moda-consents.csv"
    assert [(r[2], r[5], r[6]) for r in found[1:]] == [
        ("carlo@rossi.example", "Newsletter", "Sì"), ("dario@rossi.example", "Newsletter", "Sì"),
        ("carlo@rossi.example", "Informazioni su opportunità", "No"),
    ]  # fmt: skip
    assert (found[3][7], found[3][10]) == ("'=1+1", "'@y")
    assert [r[2] for r in lines(manager.get(f"{DESK}/ledger.csv?q=dario"))[1:]] == ["dario@rossi.example"]
    january = lines(manager.get(f"{DESK}/ledger.csv?since=2027-01-01&until=2027-01-31"))
    assert [r[2] for r in january[1:]] == ["carlo@rossi.example"]
    assert len(lines(manager.get(f"{DESK}/ledger.csv?contact={ledger.id}"))) == 3
    assert len(lines(manager.get(f"{DESK}/ledger.csv?source=preference page&said=yes"))) == 3
    book = ZipFile(io.BytesIO(manager.get(f"{DESK}/ledger.xlsx").data))
    sheet = book.read("xl/worksheets/sheet1.xml") + book.read("xl/sharedStrings.xml")
    assert b"dario@rossi.example" in sheet
    assert b"<f>" not in sheet
    page = manager.get(f"{DESK}/ledger?q=carlo").text
    assert ("carlo" in page, "dario@" in page) == (True, False)


def test_only_managers_read_the_ledger(ada, sign_in, ledger):
    assert [sign_in(ada).get(f"{DESK}/{p}").status_code for p in ("ledger", "ledger.csv")] == [403, 403]


# Suppressions.


def test_an_address_is_suppressed_found_and_reinstated_with_reasons(moda, ada, sign_in, textiles):
    with transaction():
        suppression.add(moda.id, "rotta@rossi.example", kind="bounce", reason="550 5.1.1 Unknown")
        suppressed.forget(moda.id, "cancellata@rossi.example")
    desk = sign_in(ada)
    assert (
        desk.post(f"{DESK}/suppressions/", data={"email": "x@rossi.example", "reason": ""}).status_code == 422
    )
    desk.post(f"{DESK}/suppressions/", data={"email": "X@rossi.example", "reason": "Al telefono"})
    page = desk.get(f"{DESK}/suppressions/").text
    assert [w in page for w in ("550 5.1.1 Unknown", "Al telefono", "erased:")] == [True, True, False]
    found = desk.get(f"{DESK}/suppressions/?q=ROTTA").text
    assert ("rotta@" in found, "x@rossi" in found) == (True, False)
    by_kind = desk.get(f"{DESK}/suppressions/?kind=manual").text
    assert ("rotta@" in by_kind, "x@rossi" in by_kind) == (False, True)
    row = suppression.find(moda.id, "rotta@rossi.example")
    address = f"{DESK}/suppressions/{row.id}"
    assert "messo nella lista" in desk.get(address).text
    assert desk.get(f"{address}/reinstatement").status_code == 405
    assert desk.post(f"{address}/reinstatement", data={"reason": " "}).status_code == 422
    assert suppression.find(moda.id, "rotta@rossi.example") is not None
    desk.post(f"{address}/reinstatement", data={"reason": "La casella è stata svuotata"})
    assert suppression.find(moda.id, "rotta@rossi.example") is None
    last = suppression.history(moda.id, "rotta@rossi.example")[0]
    assert (last.what, last.reason, last.by_name) == ("reinstated", "La casella è stata svuotata", "Ada")
    assert desk.post(f"{address}/reinstatement", data={"reason": "x"}).status_code == 404


def test_the_hash_of_an_erased_person_cannot_be_reinstated(moda, bice, sign_in):
    with transaction():
        suppressed.forget(moda.id, "cancellata@rossi.example")
    row = db.session.scalars(select(Suppression)).one()
    answer = sign_in(bice).post(f"{DESK}/suppressions/{row.id}/reinstatement", data={"reason": "x"})
    assert answer.status_code == 404
    assert db.session.scalars(select(Suppression)).one().id == row.id


def test_the_page_of_a_person_says_why_she_gets_nothing(moda, ada, sign_in, textiles):
    with transaction():
        carlo = cast.subscriber(moda, textiles, email="carlo@rossi.example")
        suppression.add(moda.id, carlo.email, kind="complaint", reason="spam")
    page = sign_in(ada).get(f"{DESK}/people/{carlo.id}").text
    assert "A questo indirizzo non si spedisce nulla" in page
    assert "Tessile" in page


def test_erasing_a_person_takes_her_choices_and_import_lines_along(moda, ada, textiles):
    from dissemination.privacy import contacts as privacy
    from dissemination.privacy import dossier
    from dissemination.subscriptions import choices, exclusions, importing
    from dissemination.subscriptions.formats import Upload
    from dissemination.subscriptions.models import Cadence, Exclusion, ImportLine, ReaderChoice

    with transaction():
        carlo = cast.subscriber(moda, textiles, email="carlo@rossi.example")
        choices.choose(carlo, cadence=Cadence.MONTHLY, paused_until=None)
        exclusions.exclude(moda, carlo, reason="In lite", by=ada)
        row = importing.upload(moda, [Upload("a.csv", b"email\ncarlo@rossi.example\n")], topics=[textiles],
                               language="it", basis="b" * 30, by=ada)  # fmt: skip
    importing.go_on(row.id)
    assert len(dossier.dossier(carlo)["newsletter_choices"]) == 3
    with transaction():
        privacy.erase([carlo])
    assert [db.session.scalars(select(m)).all() for m in (ReaderChoice, Exclusion, ImportLine)] == [
        [],
        [],
        [],
    ]
