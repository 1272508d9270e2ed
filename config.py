"""Environment to values, read strictly, in one place. Imports nothing of ours.

Every setting is listed here with its default; a value that cannot be read stops the start with the
variable's name, what was found and what is allowed. `.env` beside this file is read first; the real
environment wins over it.
"""

import json
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent


class ConfigError(SystemExit):
    """A setting that cannot be used. Ends the process with one clear line."""


def _text(env, name, default=None):
    value = (env.get(name) or "").strip()
    return value or default


def _int(env, name, default, *, low, high):
    raw = _text(env, name)
    if raw is None:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ConfigError(f"{name}={raw!r} is not a whole number.") from None
    if not low <= value <= high:
        raise ConfigError(f"{name}={value} is outside {low} to {high}.")
    return value


def _resolver(env) -> str:
    """Where records are fetched by DOI, without a slash at its end; "off" switches it off."""
    value = (_text(env, "DOI_RESOLVER", "https://doi.org") or "").rstrip("/")
    if value == "off":
        return ""
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise ConfigError(f"DOI_RESOLVER={value!r} is neither an address nor off.")
    return value


def _choice(env, name, default, allowed):
    value = _text(env, name, default)
    if value not in allowed:
        raise ConfigError(f"{name}={value!r} is not one of: {', '.join(allowed)}.")
    return value


@dataclass(frozen=True)
class MailServer:
    """One SMTP server. `weight` is its share of the connections beside the others'."""

    server: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    security: str  # none | starttls | tls
    timeout: int  # seconds
    weight: int = 1

    @property
    def name(self) -> str:
        """host:port, as the desk calls it."""
        return f"{self.server}:{self.port}"


@dataclass(frozen=True)
class MailSettings:
    """How mail leaves. Without `server` it is written to `folder` as .eml files."""

    server: str | None
    port: int
    username: str | None
    password: str | None = field(repr=False)
    security: str  # none | starttls | tls
    timeout: int  # seconds
    connections: int
    folder: Path
    weight: int = 1
    others: tuple[MailServer, ...] = ()
    domain_rates: tuple[
        tuple[str, float], ...
    ] = ()  # messages per second to a receiving domain; "*": each other

    @property
    def servers(self) -> tuple[MailServer, ...]:
        """All servers, that of MAIL_SERVER first."""
        if self.server is None:
            return ()
        first = MailServer(
            self.server, self.port, self.username, self.password, self.security, self.timeout, self.weight
        )
        return (first, *self.others)


@dataclass(frozen=True)
class ImapSettings:
    """The mailbox to which answers come. Without `server` nothing is fetched."""

    server: str | None
    port: int
    username: str | None
    password: str | None
    security: str  # none | starttls | tls
    folder: str
    handled: str | None  # where handled answers are moved; None: they are only marked as read
    timeout: int  # seconds


@dataclass(frozen=True)
class Settings:
    """All settings of one installation."""

    instance: Path
    database_url: str
    public_url: str
    port: int
    files_url: str
    secret_key: str
    log_key: str  # of the digests in the activity log: never change it
    password_salt: str
    totp_secrets: dict[str, str]
    proxy_hops: int
    metrics_token: str | None
    max_upload: int  # bytes
    doi_resolver: str  # where records are fetched by DOI; empty: never
    mail: MailSettings
    imap: ImapSettings
    authserv_ids: tuple[str, ...]  # mail servers whose Authentication-Results are believed
    oai_domain: str | None = None  # in identifiers of records; None: that of `public_url`
    extra: dict = field(default_factory=dict)

    def as_flask(self):
        """The same values under the names that Flask and its extensions look for."""
        https = self.public_url.startswith("https://")
        return {
            "SETTINGS": self,
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "MAX_CONTENT_LENGTH": self.max_upload,
            "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": https,
            "REMEMBER_COOKIE_SECURE": https,
            "REMEMBER_COOKIE_HTTPONLY": True,
            "WTF_CSRF_TIME_LIMIT": None,  # a form left open over lunch must still be accepted
            "SECURITY_PASSWORD_SALT": self.password_salt,
            "SECURITY_TOTP_SECRETS": self.totp_secrets,
            **self.extra,
        }


def _secrets(instance: Path) -> dict:
    """Secrets made at set-up and kept readable by the owner only, so that no default secret exists."""
    path = instance / "secrets.json"
    instance.mkdir(parents=True, exist_ok=True)
    fresh = {
        "secret_key": secrets.token_urlsafe(48),
        "password_salt": secrets.token_urlsafe(24),
        "totp_secrets": {"1": secrets.token_urlsafe(32)},
    }
    try:
        # O_EXCL: of two processes starting together exactly one writes, both read the same file.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return json.loads(path.read_text())
    with os.fdopen(handle, "w") as out:
        json.dump(fresh, out)
    return fresh


def _database_url(env, instance: Path) -> str:
    url = _text(env, "DATABASE_URL", f"sqlite:///{instance / 'dissemination.sqlite'}")
    if url.startswith(("postgres://", "postgresql://")):
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigError("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url


PORTS = {"none": 25, "starttls": 587, "tls": 465}


def _mail(env, instance: Path) -> MailSettings:
    security = _choice(env, "MAIL_SECURITY", "starttls", ("none", "starttls", "tls"))
    timeout = _int(env, "MAIL_TIMEOUT", 30, low=1, high=600)
    server, others = _text(env, "MAIL_SERVER"), _mail_servers(env, timeout)
    if others and not server:
        raise ConfigError("MAIL_SERVERS names further servers: set MAIL_SERVER, the first one, too.")
    return MailSettings(
        server=server,
        port=_int(env, "MAIL_PORT", PORTS[security], low=1, high=65535),
        username=_text(env, "MAIL_USERNAME"),
        password=_text(env, "MAIL_PASSWORD"),
        security=security,
        timeout=timeout,
        connections=_int(env, "MAIL_CONNECTIONS", 4, low=1, high=50),
        folder=instance / "mail",
        weight=_int(env, "MAIL_WEIGHT", 1, low=1, high=100),
        others=others,
        domain_rates=_domain_rates(env),
    )


def _mail_servers(env, timeout: int) -> tuple[MailServer, ...]:
    """MAIL_SERVERS: smtp://user:password@host:587?security=starttls&weight=2 or smtps://…, commas between."""
    found = []
    for number, raw in enumerate((_text(env, "MAIL_SERVERS") or "").split(","), 1):
        if raw.strip():
            try:
                found.append(_mail_server(raw.strip(), timeout))
            except ValueError as problem:  # the address itself may hold a password: not shown
                raise ConfigError(f"MAIL_SERVERS, server {number}: {problem}.") from None
    return tuple(found)


def _mail_server(raw: str, timeout: int) -> MailServer:
    url = urlsplit(raw)
    if url.scheme not in ("smtp", "smtps") or not url.hostname or url.path.strip("/"):
        raise ValueError("write smtp://user:password@host:port?security=starttls&weight=1")
    options = dict(parse_qsl(url.query, strict_parsing=True)) if url.query else {}
    security = options.pop("security", "tls" if url.scheme == "smtps" else "starttls")
    if security not in PORTS or (url.scheme == "smtps" and security != "tls"):
        raise ValueError(f"security={security} is not one of: none, starttls, tls (smtps:// is tls)")
    weight = options.pop("weight", "1")
    if not weight.isdecimal() or not 1 <= int(weight) <= 100:
        raise ValueError(f"weight={weight} is outside 1 to 100")
    if options:
        raise ValueError(f"{', '.join(options)} is not an option: security, weight")
    if bool(url.username) != bool(url.password):
        raise ValueError("give a user name and a password, or neither")
    return MailServer(
        url.hostname, url.port or PORTS[security], unquote(url.username) if url.username else None,
        unquote(url.password) if url.password else None, security, timeout, int(weight),
    )  # fmt: skip


def _domain_rates(env) -> tuple[tuple[str, float], ...]:
    """MAIL_DOMAIN_RATE: "gmail.com=10,*=50", messages per second; "*" is each domain that is not named."""
    found: dict[str, float] = {}
    for entry in (_text(env, "MAIL_DOMAIN_RATE") or "").split(","):
        if not entry.strip():
            continue
        domain, equals, rate = (part.strip() for part in entry.partition("="))
        domain = domain.lower()
        if not equals or not re.fullmatch(r"\*|[a-z0-9-]+(\.[a-z0-9-]+)+", domain):
            raise ConfigError(f"MAIL_DOMAIN_RATE: {entry.strip()!r} is not like gmail.com=10 or *=50.")
        try:
            value = float(rate)
        except ValueError:
            value = 0.0
        if not 0.01 <= value <= 100_000:
            raise ConfigError(
                f"MAIL_DOMAIN_RATE: {rate!r} for {domain} is not a number from 0.01 to 100000 (per second)."
            )
        if domain in found:
            raise ConfigError(f"MAIL_DOMAIN_RATE: {domain} stands there twice.")
        found[domain] = value
    return tuple(found.items())


def _imap(env) -> ImapSettings:
    security = _choice(env, "IMAP_SECURITY", "tls", ("none", "starttls", "tls"))
    server, username = _text(env, "IMAP_SERVER"), _text(env, "IMAP_USERNAME")
    password = _text(env, "IMAP_PASSWORD")
    if server and not (username and password):
        raise ConfigError("IMAP_SERVER needs IMAP_USERNAME and IMAP_PASSWORD too.")
    return ImapSettings(
        server=server,
        port=_int(env, "IMAP_PORT", 993 if security == "tls" else 143, low=1, high=65535),
        username=username,
        password=password,
        security=security,
        folder=_text(env, "IMAP_FOLDER", "INBOX"),
        handled=_text(env, "IMAP_HANDLED"),
        timeout=_int(env, "IMAP_TIMEOUT", 30, low=1, high=600),
    )


def _authserv_ids(env) -> tuple[str, ...]:
    given = (_text(env, "AUTHSERV_IDS") or "").lower().split(",")
    names = tuple(name.strip() for name in given if name.strip())
    wrong = [name for name in names if set(name) & set(' ;"()@/')]
    if wrong:
        raise ConfigError(f"AUTHSERV_IDS: {wrong[0]!r} is not the name of a mail server.")
    return names


def _oai_domain(env) -> str | None:
    """A domain as http://www.openarchives.org/OAI/2.0/oai-identifier.xsd has it."""
    given = (_text(env, "OAI_DOMAIN") or "").lower()
    if given and not re.fullmatch(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+", given):
        raise ConfigError(f"OAI_DOMAIN={given!r} is not a domain, such as distretti.example.")
    return given or None


def load(environ=None) -> Settings:
    """Read the settings from `environ` (default: the process environment over `.env`)."""
    if environ is None:
        environ = {**dotenv_values(ROOT / ".env"), **os.environ}
    instance = Path(_text(environ, "INSTANCE", str(ROOT / "instance"))).resolve()
    kept = _secrets(instance)
    secret_key = _text(environ, "SECRET_KEY", kept["secret_key"])
    port = _int(environ, "PORT", 8000, low=1, high=65535)
    public_url = _text(environ, "PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")
    if not public_url.startswith(("http://", "https://")):
        raise ConfigError(f"PUBLIC_URL={public_url!r} must start with http:// or https://.")
    return Settings(
        instance=instance,
        database_url=_database_url(environ, instance),
        public_url=public_url,
        port=port,
        files_url=_text(environ, "FILES_URL", f"file://{instance / 'files'}"),
        secret_key=secret_key,
        log_key=_text(environ, "LOG_KEY", secret_key),
        password_salt=_text(environ, "SECURITY_PASSWORD_SALT", kept["password_salt"]),
        totp_secrets=kept["totp_secrets"],
        proxy_hops=_int(environ, "PROXY_HOPS", 0, low=0, high=5),
        metrics_token=_text(environ, "METRICS_TOKEN"),
        doi_resolver=_resolver(environ),
        max_upload=_int(environ, "MAX_UPLOAD_MB", 25, low=1, high=500) * 1024 * 1024,
        mail=_mail(environ, instance),
        imap=_imap(environ),
        authserv_ids=_authserv_ids(environ),
        oai_domain=_oai_domain(environ),
    )
