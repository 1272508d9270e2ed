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
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(tmp_path, name, value, said):
    with pytest.raises(SystemExit, match=f"{name}.*{said}|{said}"):
        config.load({"INSTANCE": str(tmp_path), name: value})


def test_postgres_urls_get_their_driver(tmp_path):
    settings = config.load({"INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://u@h/db"})
    assert settings.database_url == "postgresql+psycopg://u@h/db"
