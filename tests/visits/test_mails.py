"""Every mail about a report as it arrives: both parts, both languages, and nothing of what was found."""

import pytest

from dissemination.delivery.letters import preview
from dissemination.kernel.database import transaction
from dissemination.visits import actions, mails, queries
from tests.visits import cast

HOSTILE = 'Tessitura <script>alert(1)</script> & "figli"'


@pytest.fixture
def sharing(moda, ada):
    """A report shared with Carlo, of a company whose name tries to be markup; one comment."""
    with transaction():
        audit, _carlo = cast.shared(moda, ada, name=HOSTILE)
        actions.comment(queries.sharings(audit)[0], text="Parole riservate", area_id=None)
    return queries.sharings(audit)[0]


def letters(sharing):
    return {
        "shared": mails.shared(sharing, again=False), "again": mails.shared(sharing, again=True),
        "reminder": mails.reminder(sharing), "answered": mails.answered(sharing, 2),
        "commented": mails.commented(sharing.audit, 1),
    }  # fmt: skip


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_mail_has_both_parts_its_link_and_neither_markup_nor_findings(sharing, ada, language):
    with transaction():
        sharing.contact.language = ada.language = language
    for name, (mail, recipient) in letters(sharing).items():
        shown = preview(mail, recipient.merge)
        path = "/moda/desk/audits/1/report" if name == "commented" else f"/v/{queries.token_for(sharing)}"
        for part in (shown.html, shown.text):
            assert (name, "<script>" in shown.html, "{{" in part, len(part) > 200) == (
                name,
                False,
                False,
                True,
            )
            assert (name, f"http://127.0.0.1:8000{path}" in part) == (name, True)
            for found in ("Acqua", "Squadra", "Riuso", "riservate"):
                assert (name, found in part) == (name, False)


def test_the_mails_say_how_many_and_to_whom(sharing):
    with transaction():
        sharing.contact.language = "en"
    said = {name: preview(mail, who.merge).text for name, (mail, who) in letters(sharing).items()}
    assert "There are 2 new comments." in said["answered"]
    assert "C'è un nuovo commento." in said["commented"]
    assert "Dear Carlo," in said["shared"]
    to = {name: who.address for name, (_mail, who) in letters(sharing).items()}
    assert to == dict.fromkeys(("shared", "again", "reminder", "answered"), "carlo@tessitura.example") | {
        "commented": "ada@moda.example"
    }


def test_without_an_account_of_the_auditor_the_districts_mailbox_is_told(sharing):
    with transaction():
        sharing.audit.auditor = None
    assert mails.commented(sharing.audit, 1)[1].address == "eventi@moda.example"
