"""Settings are read strictly: a wrong one stops the start and says what is allowed."""

import json
import stat

import pytest

import config


def test_secrets_are_made_once_and_kept_from_others(tmp_path):
    first = config.load({"INSTANCE": str(tmp_path)})
    second = config.load({"INSTANCE": str(tmp_path)})
    assert (first.secret_key, first.totp_secrets) == (second.secret_key, second.totp_secrets)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(json.loads((tmp_path / "secrets.json").read_text())["secret_key"]) > 40


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "not a whole number"), ("PORT", "0", "outside 1 to 65535"),
        ("MAIL_SECURITY", "ssl", "not one of: none, starttls, tls"),
        ("DATABASE_URL", "mysql://x", "must start with"), ("PUBLIC_URL", "moda.example", "must start with"),
        ("IMAP_SECURITY", "ssl", "not one of: none, starttls, tls"),
        ("IMAP_SERVER", "imap.example", "needs IMAP_USERNAME and IMAP_PASSWORD"),
        ("AUTHSERV_IDS", "mx.example, mx two", "'mx two' is not the name of a mail server"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(tmp_path, name, value, said):
    with pytest.raises(SystemExit, match=f"{name}.*{said}|{said}"):
        config.load({"INSTANCE": str(tmp_path), name: value})


def test_postgres_urls_get_their_driver(tmp_path):
    settings = config.load({"INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://u@h/db"})
    assert settings.database_url == "postgresql+psycopg://u@h/db"


def test_the_mailbox_is_read_over_tls_unless_told_otherwise(tmp_path):
    given = {"IMAP_SERVER": "imap.example", "IMAP_USERNAME": "eventi", "IMAP_PASSWORD": "x"}
    imap = config.load({"INSTANCE": str(tmp_path), **given}).imap
    assert (imap.security, imap.port, imap.folder, imap.handled) == ("tls", 993, "INBOX", None)
    assert config.load({"INSTANCE": str(tmp_path), **given, "IMAP_SECURITY": "starttls"}).imap.port == 143


def test_names_of_believed_mail_servers_are_a_list(tmp_path):
    load = config.load
    assert load({"INSTANCE": str(tmp_path)}).authserv_ids == ()
    both = load({"INSTANCE": str(tmp_path), "AUTHSERV_IDS": " MX.example.org, mx2.example.org ,"})
    assert both.authserv_ids == ("mx.example.org", "mx2.example.org")
