"""Opening a connection to a mail server: greeting, EHLO, STARTTLS with a verified certificate, AUTH.

What the server offers decides how it is spoken to afterwards. A server that wants less than the settings
ask for (no TLS, no AUTH) is not used: nothing is sent in the clear because somebody took a line out.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import flask_mail

from dissemination.delivery.transport import RelayDown


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that is ready for mail, and what the server offers."""

    sock: socket.socket
    pipelining: bool = False  # RFC 2920
    size: int = 0  # octets of the largest message (RFC 1870); 0: not said
    utf8: bool = False  # SMTPUTF8 (RFC 6531)


Connect = Callable[[], Opened]


@dataclass(frozen=True)
class Peer:
    """A mail server: its name, how to connect, and its share of the connections."""

    name: str
    connect: Connect
    weight: int = 1


class RelayConnection(flask_mail.Connection):
    """Flask-Mail's connection with what it lacks: a timeout and a checked certificate."""

    def __init__(self, settings):
        state = flask_mail.Mail().init_mail({
            "MAIL_SERVER": settings.server, "MAIL_PORT": settings.port, "MAIL_USERNAME": settings.username,
            "MAIL_PASSWORD": settings.password, "MAIL_USE_TLS": settings.security == "starttls",
            "MAIL_USE_SSL": settings.security == "tls",
        })  # fmt: skip
        super().__init__(state)
        self.timeout = settings.timeout

    def configure_host(self) -> smtplib.SMTP:
        """A greeted, encrypted and authenticated session. Raises RelayDown saying what failed."""
        mail = self.mail
        host: smtplib.SMTP | None = None
        try:
            if mail.use_ssl:
                host = smtplib.SMTP_SSL(
                    mail.server, mail.port, timeout=self.timeout, context=ssl.create_default_context()
                )
            else:
                host = smtplib.SMTP(mail.server, mail.port, timeout=self.timeout)
            host.ehlo_or_helo_if_needed()
            if mail.use_tls:
                host.starttls(context=ssl.create_default_context())
                host.ehlo_or_helo_if_needed()
            if mail.username and mail.password:
                self._log_in(host)
        except (OSError, smtplib.SMTPException) as error:
            if host is not None:
                host.close()
            raise RelayDown(f"{mail.server}:{mail.port}: {_said(error)}") from None
        return host

    def _log_in(self, host: smtplib.SMTP) -> None:
        """PLAIN, LOGIN or CRAM-MD5, whichever the server offers. Raises SMTPException when it offers none."""
        if not host.has_extn("auth"):
            raise smtplib.SMTPException(
                "the server offers no AUTH, but MAIL_USERNAME is set: check MAIL_PORT and MAIL_SECURITY"
            )
        host.login(self.mail.username, self.mail.password)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return str(error) or type(error).__name__


def peer(settings) -> Peer:
    """The peer that `settings` (config.MailServer) describe."""

    def connect() -> Opened:
        host = RelayConnection(settings).configure_host()
        size = host.esmtp_features.get("size", "")
        return Opened(
            cast(socket.socket, host.sock),
            pipelining=host.has_extn("pipelining"), utf8=host.has_extn("smtputf8"),
            size=int(size) if size.isdecimal() else 0,
        )  # fmt: skip

    return Peer(settings.name, connect, settings.weight)
