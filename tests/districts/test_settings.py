"""Office hours, and the sites that may show the registration form."""

import pytest

from dissemination.districts import actions
from dissemination.kernel.database import db, transaction

EDIT = "/moda/desk/people/settings/edit"
WRITTEN = {
    "name_it": "Moda", "name_en": "Fashion", "managing_body": "Ente", "mailbox_name": "Moda",
    "mailbox_address": "eventi@moda.example", "reminder_hours": "24", "office_from": "8", "office_until": "17",
    "embed_origins": "https://www.azienda.example/\r\n\r\n  https://CNA.example:8443 \r\nhttps://www.azienda.example",
}  # fmt: skip


@pytest.fixture
def manager(bice, sign_in):
    return sign_in(bice)


def test_a_manager_sets_office_hours_and_sites(manager, moda):
    form = manager.get(EDIT).text
    assert ('value="9"' in form, 'value="18"' in form) == (True, True)
    assert manager.post(EDIT, data={**WRITTEN, "version": "1"}).status_code == 302
    db.session.refresh(moda)
    assert (moda.office_from, moda.office_until) == (8, 17)
    assert moda.embed_origins == "https://www.azienda.example\nhttps://cna.example:8443"
    page = manager.get("/moda/desk/people/settings").text
    assert ("dalle 8:00 alle 17:00" in page, "https://cna.example:8443" in page) == (True, True)
    late = manager.post(EDIT, data={**WRITTEN, "version": "1", "office_from": "7"})
    assert (late.status_code, 'value="7"' in late.text) == (422, True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"office_from": "18", "office_until": "9"}, "L’orario d’ufficio finisce dopo l’inizio"),
        ({"office_from": "9", "office_until": "9"}, "L’orario d’ufficio finisce dopo l’inizio"),
        ({"office_from": "24"}, "Orario d’ufficio, dalle"),
        ({"office_until": "25"}, "Orario d’ufficio, alle"),
        ({"office_from": ""}, "Orario d’ufficio, dalle"),
        ({"embed_origins": "https://ok.example\nhttp://insecure.example"}, "La riga 2 non è un indirizzo"),
        ({"embed_origins": "\n" .join(f"https://s{n}.example" for n in range(21))}, "Al massimo 20 siti."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_kept(manager, moda, changes, message):
    answer = manager.post(EDIT, data={**WRITTEN, "version": "1", **changes})
    assert (answer.status_code, message in answer.text) == (422, True)
    db.session.refresh(moda)
    assert (moda.office_from, moda.embed_origins) == (9, "")


@pytest.mark.parametrize(
    "line",
    [
        "www.azienda.example", "http://a.example", "https://a.example/path", "https://a.example?x=1", "https://a.example#x",
        "https://*.example", "https://", "https://localhost", "https://user@a.example", "https://a.example:99999",
        "https://a.example:x", "javascript:alert(1)", "https://a.example; script-src *", "https://a.example 'self'",
        "'none'", "*", "data:text/html,x", "https://-a.example", "https://a..example", "https://" + "a" * 300 + ".example",
        "https://[::1", "https://a.example\t*",
    ],
)  # fmt: skip
def test_only_plain_origins_get_into_the_header(line):
    with pytest.raises(actions.BadOrigin):
        actions.origins(line)


def test_origins_are_written_one_way():
    assert actions.origins("https://Città.example\nhttps://a.example:443/\n\nhttps://a.example:443") == [
        "https://xn--citt-3na.example", "https://a.example:443",
    ]  # fmt: skip
    assert actions.origins(" \n ") == []


def test_who_only_organises_changes_no_settings(ada, sign_in, moda):
    assert sign_in(ada).post(EDIT, data={**WRITTEN, "version": "1"}).status_code == 403
    with transaction():
        assert moda.office_from == 9
