"""A real SMTP server (aiosmtpd) with TLS and AUTH: certificates are checked, passwords are sent encrypted."""

import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dissemination.delivery import outbox, queries, sending
from dissemination.kernel.database import db, transaction
from tests.delivery.test_outbox import ISSUE, a_mail, people


class Inbox:
    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The path of a certificate (and key) for 127.0.0.1 that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture(params=["starttls", "tls"])
def inbox(request, app, certificate):
    """A server that wants TLS and a password; `app` sends to it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    inbox = Inbox()
    options = {"ssl_context": context} if request.param == "tls" else {"tls_context": context}
    controller = Controller(
        inbox, hostname="127.0.0.1", port=0, auth_required=True,
        require_starttls=request.param == "starttls", auth_require_tls=request.param == "starttls",
        authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
            success=data.password == b"secret", handled=False
        ),
        **options,
    )  # fmt: skip

    def port():
        return controller.server.sockets[0].getsockname()[1]

    # Its own first connection would go to port 0.
    controller._trigger_server = lambda: socket.create_connection(("127.0.0.1", port())).close()
    controller.start()
    settings = app.config["SETTINGS"]
    mail = replace(
        settings.mail, server="127.0.0.1", port=port(), security=request.param, username="moda",
        password="secret", timeout=5,
    )  # fmt: skip
    app.config["SETTINGS"] = replace(settings, mail=mail)
    yield inbox
    controller.stop()


def test_mail_goes_over_tls_to_a_server_whose_certificate_is_good(app, inbox, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with transaction():
        outbox.put_many(a_mail(), people(20), about=ISSUE)
    assert sending.deliver_due() == 20
    assert sorted(r for [r], _ in inbox.taken) == sorted(f"p{i}@tessitura.example" for i in range(20))
    row = db.session.scalars(outbox.deliveries_of(ISSUE)).first()
    content = {r: c for [r], c in inbox.taken}[row.address]
    assert content == queries.parts(row).raw


def test_nothing_is_said_to_a_server_whose_certificate_is_not_known(app, inbox):
    with transaction():
        outbox.put_many(a_mail(), people(2), about=ISSUE)
    assert sending.deliver_due() == 0
    assert inbox.taken == []
    assert "certificate verify failed" in queries.relay_trouble()


def test_a_wrong_password_is_told_at_the_desk(app, inbox, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, mail=replace(settings.mail, password="wrong"))
    with transaction():
        outbox.put_many(a_mail(), people(2), about=ISSUE)
    assert sending.deliver_due() == 0
    assert "535" in queries.relay_trouble()
