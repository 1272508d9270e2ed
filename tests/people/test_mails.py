"""The mails to those who hold accounts, rendered as their readers see them."""

import pytest
from flask_babel import force_locale

from dissemination.delivery import outbox
from dissemination.kernel.database import transaction
from dissemination.people import mails

MAKE = {
    "password_reset": lambda a, d: mails.password_reset(a, d, token="TOKEN"),
    "password_changed": mails.password_changed,
    "invitation": lambda a, d: mails.invitation(a, d, token="TOKEN", by="Bice & figli"),
    "appointment": lambda a, d: mails.appointment(a, d, by="Bice & figli"),
}
LINKS = {
    "password_reset": "http://127.0.0.1:8000/reset/TOKEN",
    "password_changed": "http://127.0.0.1:8000/reset",
    "invitation": "http://127.0.0.1:8000/account/invitation/TOKEN",
    "appointment": "http://127.0.0.1:8000/login",
}
SUBJECTS = {
    "it": {
        "password_reset": "Scegli una nuova password",
        "password_changed": "La tua password è stata cambiata",
        "invitation": "Accesso all’area riservata di Distretto moda",
        "appointment": "Accesso all’area riservata di Distretto moda",
    },
    "en": {
        "password_reset": "Choose a new password",
        "password_changed": "Your password was changed",
        "invitation": "Access to the desk of moda district",
        "appointment": "Access to the desk of moda district",
    },
}


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("name", list(MAKE))
def test_each_mail_speaks_its_readers_language_and_holds_its_link(moda, ada, name, language):
    with transaction():
        ada.language = language
    mail, recipient = MAKE[name](ada, moda)
    assert (mail.subject, recipient.address) == (SUBJECTS[language][name], "ada@moda.example")
    assert (mail.sender.name, mail.sender.address) == ("Distretto moda", "eventi@moda.example")
    with force_locale("en" if language == "it" else "it"):  # of whoever asks: does not matter
        shown = outbox.preview(mail, recipient.merge)
    assert f'href="{LINKS[name]}"' in shown.html
    assert f"\n{LINKS[name]}\n" in shown.text
    assert ("Bice &amp; figli" in shown.html) == (name in ("invitation", "appointment"))
    assert mail.subject in shown.text
