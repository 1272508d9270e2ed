"""Every mail of submissions, of the review and of readers, as it arrives: both parts, both languages."""

from datetime import date

import pytest

from dissemination.delivery.letters import preview
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.publications import mails as of_publications
from dissemination.publications.models import Step
from dissemination.submissions import mails
from dissemination.submissions.models import Submission
from tests import factories
from tests.publications.cast import publication

HOSTILE = 'Tingere <script>alert(1)</script> & "altro"'


@pytest.fixture
def sent(moda, ada):
    """What Carlo sent, with words that try to be markup."""
    with transaction():
        contact = people.add_contact(
            district_id=moda.id, email="carlo@tessitura.example", given_name="Carlo", family_name="Neri",
            company=factories.company(moda, "Tessitura Blu"),
        )  # fmt: skip
        row = Submission(
            district=moda, contact=contact, asked_at=now(), title=HOSTILE, message=HOSTILE, words=HOSTILE,
            publication=publication(moda, title_it=HOSTILE, issued=date(2026, 1, 1)),
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
    return row


def letters(sent, account):
    contact, district, work = sent.contact, sent.district, sent.publication
    return {
        "invitation": mails.invitation(sent), "received": mails.received(sent), "returned": mails.returned(sent),
        "declined": mails.declined(sent), "published": mails.published(sent, work),
        "told": mails.told(district, sent),
        "reading": of_publications.reading_link(district, contact, token="t0ken", days=7),
        "review": of_publications.review(work, account, step=Step.ASKED, by="Ada", words=HOSTILE),
    }  # fmt: skip


ADDRESSES = {
    "invitation": "/moda/submissions/", "received": "/moda/submissions/", "returned": "/moda/submissions/",
    "published": "/moda/publications/tingere-script-alert-1-script-altro", "told": "/moda/desk/submissions/1",
    "reading": "/moda/readers/t0ken", "review": "/moda/desk/publications/tingere-script-alert-1-script-altro",
}  # fmt: skip


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_mail_has_both_parts_its_link_and_no_markup_of_others(sent, ada, language):
    with transaction():
        sent.contact.language = language
    for name, (mail, recipient) in letters(sent, ada).items():
        shown = preview(mail, recipient.merge)
        assert (name, "<script>" in shown.html, "{{" in shown.html + shown.text) == (name, False, False)
        for part in (shown.html, shown.text):
            assert (name, len(part) > 200) == (name, True)
            if name in ADDRESSES:
                assert (name, f"http://127.0.0.1:8000{ADDRESSES[name]}" in part) == (name, True)
    subjects = [mail.subject for mail, _recipient in letters(sent, ada).values()]
    assert subjects[0] == {
        "it": "Il tuo collegamento per inviare una pubblicazione", "en": "Your link to send a publication",
    }[language]  # fmt: skip


def test_words_with_lines_keep_them(sent, ada):
    with transaction():
        sent.words = "Manca:\n\n- il riassunto\n- la fonte"
    mail, recipient = mails.returned(sent)
    shown = preview(mail, recipient.merge)
    assert "- il riassunto\n- la fonte" in shown.text
    assert "- il riassunto</p><p" in shown.html
