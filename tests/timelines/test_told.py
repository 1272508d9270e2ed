"""What a company's own page tells of its audits, and what it does with addresses that nobody of us made."""

from datetime import date
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from dissemination.audits import actions as audits
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.visits import actions as visits
from tests.audits import cast as audit_cast
from tests.research import cast as research
from tests.timelines import cast

AREA = "Recupero del calore"


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


@pytest.fixture
def blu(moda):
    with transaction():
        return cast.company(moda)


@pytest.fixture
def carlo(moda, blu):
    with transaction():
        return cast.contact(moda, blu)


@pytest.fixture
def path(moda, ada, blu, carlo, sign_in):
    """Where Carlo's mail leads."""
    sign_in(ada).post(f"/moda/desk/people/companies/{blu.id}/links", data={"contact_id": carlo.id})
    query = select(Delivery).where(Delivery.subject_kind == "company_links")
    return urlsplit(db.session.scalars(query).one().merge["link_url"]).path


def audit_of(moda, blu, ada):
    """An audit that was visited, with one area."""
    audit = audit_cast.visited(moda, blu, by=ada, on=date(2026, 10, 20))
    areas = [{"type": "process", "title": AREA}]
    audits.revise(audit, facts={"areas": areas}, version=audit.version, by=ada)
    return audit


def read(client, path):
    return client.get(path).text, client.get(f"{path}/data.json").json


def test_of_an_audit_closed_without_sharing_its_report_the_company_reads_no_area(
    moda, ada, blu, client, path
):
    with transaction():
        audits.closed(audit_of(moda, blu, ada), on=date(2026, 11, 2), by=ada, reason="Non serve più")
    page, data = read(client, path)
    assert AREA not in page
    assert (data["received"]["audits"], data["received"]["areas"]) == (1, 0)
    assert "area" not in {line["kind"] for line in data["timeline"]}


def test_an_area_that_was_found_after_the_report_was_shared_is_not_told_before_it_is_shared(
    moda, ada, blu, carlo, client, path
):
    with transaction():
        audit = audit_of(moda, blu, ada)
        audits.drafted(audit, on=date(2026, 11, 2), by=ada)
        visits.share(audit, [carlo], by=ada)
        areas = [{"id": audit.areas[0].id}, {"type": "product", "title": "Ancora segreto"}]
        audits.revise(audit, facts={"areas": areas}, version=audit.version, by=ada)
    page, data = read(client, path)
    assert (AREA in page, "Ancora segreto" in page, data["received"]["areas"]) == (True, False, 1)
    with transaction():
        visits.share(audit, [carlo], by=ada)
    assert "Ancora segreto" in client.get(path).text


def test_a_report_that_was_handed_over_by_hand_is_told_of_on_the_page(moda, ada, blu, client, path):
    with transaction():
        audit = audit_of(moda, blu, ada)
        audits.drafted(audit, on=date(2026, 11, 2), by=ada)
        audits.shared(audit, on=date(2026, 11, 3), by=ada)
    assert AREA in client.get(path).text


@pytest.mark.parametrize("number", ["9" * 30, "1" * 5000, "-1", "²"])
def test_a_laboratory_of_no_sensible_number_is_none(moda, blu, client, path, number):
    assert client.get(path, query_string={"laboratory": number}).status_code == 200
    asked = {"laboratory_id": number, "wish": "Acqua"}
    assert client.post(f"{path}/meetings", data=asked).status_code == 422


def test_who_only_looks_on_does_not_read_in_the_mail_what_a_company_wishes(
    moda, person, blu, client, sign_in, path
):
    with transaction():
        lab = research.laboratory(moda)
        lab.published_at = cast.NOW
    client.post(f"{path}/meetings", data={"laboratory_id": lab.id, "wish": "Il nostro calore va perso"})
    query = select(Delivery).where(Delivery.subject_kind.in_(("company_links", "meetings")))
    rows = db.session.scalars(query).all()
    assert len(rows) == 2
    browser = sign_in(person(moda, "vera@moda.example", "viewer"))
    for row in rows:
        shown = browser.get(f"/moda/desk/mail/{row.id}")
        assert (shown.status_code, "Il nostro calore" in shown.text) == (200, False)
        assert browser.get(f"/moda/desk/mail/{row.id}/html").status_code == 404


def test_a_day_of_the_year_one_written_by_mistake_takes_no_page_down(moda, ada, blu, client, sign_in, path):
    with transaction():
        audit = audit_cast.audit(moda, blu, by=ada)
        audits.contacted(audit, on=date.min, by=ada)
    for there in (path, f"{path}/data.json", f"{path}/data.csv", f"{path}/data.pdf"):
        assert client.get(there).status_code == 200
    assert sign_in(ada).get(f"/moda/desk/people/companies/{blu.id}/timeline").status_code == 200


def test_a_link_is_no_way_to_fill_the_district_s_mailbox(moda, blu, client, path):
    with transaction():
        lab = research.laboratory(moda)
        lab.published_at = cast.NOW
    wish = {"laboratory_id": lab.id, "wish": "Acqua"}
    wrong = {"name": "Tessitura Blu", "size": "small", "province": "PO", "words": "Non è così"}
    for there, sent in (("meetings", wish), ("corrections", wrong)):
        codes = [client.post(f"{path}/{there}", data=sent).status_code for _ in range(21)]
        assert codes == [303] * 20 + [422]
    mails = db.session.scalars(select(Delivery.address)).all()
    assert mails.count(moda.mailbox_address) == 40
