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
        ("OAI_DOMAIN", "http://a.example", "'http://a.example' is not a domain"),
        ("AUTHSERV_IDS", "mx.example, mx two", "'mx two' is not the name of a mail server"),
        ("MAIL_DOMAIN_RATE", "gmail.com", "'gmail.com' is not like gmail.com=10"),
        ("MAIL_DOMAIN_RATE", "gmail.com=fast", "'fast' for gmail.com is not a number from 0.01"),
        ("MAIL_DOMAIN_RATE", "gmail.com=0", "'0' for gmail.com is not a number"),
        ("MAIL_DOMAIN_RATE", "*=50,*=60", "[*] stands there twice"),
        ("MAIL_DOMAIN_RATE", "gmail=5", "'gmail=5' is not like"),
        ("MAIL_SERVERS", "smtp://mx.example", "set MAIL_SERVER, the first one, too"),
        ("MAIL_SERVERS", "mx.example:25", "server 1: write smtp://"),
        ("MAIL_SERVERS", "smtp://a.example, smtp://u:geheim@b.example?weight=0", "server 2: weight=0 is outside"),
        ("MAIL_SERVERS", "smtp://a.example?wieght=2", "wieght is not an option"),
        ("MAIL_SERVERS", "smtps://a.example?security=none", "security=none is not one of"),
        ("MAIL_SERVERS", "smtp://u@a.example", "a user name and a password, or neither"),
        ("MAIL_SERVERS", "smtp://a.example:port", "server 1: Port could not be cast"),
        ("MAIL_WEIGHT", "0", "outside 1 to 100"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(tmp_path, name, value, said):
    with pytest.raises(SystemExit, match=f"{name}.*{said}|{said}"):
        config.load({"INSTANCE": str(tmp_path), name: value})


def test_further_mail_servers_are_read_and_their_passwords_never_shown(tmp_path, capsys):
    given = {
        "INSTANCE": str(tmp_path), "MAIL_SERVER": "mx1.example", "MAIL_PASSWORD": "geheim1", "MAIL_WEIGHT": "2",
        "MAIL_SERVERS": "smtp://u:p%40ss@mx2.example:2525?security=none&weight=3, smtps://mx3.example,",
        "MAIL_DOMAIN_RATE": "Gmail.com=10, *=0.5",
    }  # fmt: skip
    mail = config.load(given).mail
    assert [(s.name, s.security, s.weight, s.username, s.password) for s in mail.servers] == [
        ("mx1.example:587", "starttls", 2, None, "geheim1"), ("mx2.example:2525", "none", 3, "u", "p@ss"),
        ("mx3.example:465", "tls", 1, None, None),
    ]  # fmt: skip
    assert mail.domain_rates == (("gmail.com", 10.0), ("*", 0.5))
    assert "geheim1" not in repr(mail)
    assert "p@ss" not in repr(mail)
    with pytest.raises(SystemExit) as stopped:
        config.load({**given, "MAIL_SERVERS": "smtp://u:geheim@b.example?weight=0"})
    assert "geheim" not in str(stopped.value)


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
