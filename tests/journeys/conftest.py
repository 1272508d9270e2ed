"""A real SMTP server, and the application sending to it."""

import socket
from dataclasses import dataclass, field
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from app import create_app
from dissemination.kernel.database import db
from tests.conftest import Browser, settings_for


@dataclass
class Mailbox:
    """What the server took: (envelope sender, recipients, raw bytes) in order."""

    port: int = 0
    received: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    async def handle_DATA(self, _server, _session, envelope):  # aiosmtpd's name
        self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 taken"

    def to(self, address):
        """The messages that reached `address`, parsed, in order."""
        return [
            message_from_bytes(raw, policy=policy.default) for _f, to, raw in self.received if to == [address]
        ]


@pytest.fixture
def mailbox():
    """A mail server on this machine that accepts everything."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:  # the controller cannot pick a port by itself
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def app(database_url, tmp_path, mailbox):
    """The application on an empty database, with CSRF on, sending over SMTP to `mailbox`."""
    application = create_app(
        settings_for(
            tmp_path / "instance", database_url, MAIL_SERVER="127.0.0.1", MAIL_PORT=str(mailbox.port),
            MAIL_SECURITY="none",
        )
    )  # fmt: skip
    application.config.update(TESTING=True)
    application.test_client_class = Browser
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
