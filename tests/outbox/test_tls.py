"""Mail servers as they are in earnest: encrypted, and with a password."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from coordinator.cli.worker import write
from coordinator.outbox.jobs import Outcome, send_due
from coordinator.outbox.transports import SmtpTransport, smtp_server
from tests.factories.outbox import MessageFactory
from tests.outbox.conftest import Postmaster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

# aiosmtpd does not see that a connection was encrypted before it began.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return file


def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, auth_data: Any) -> AuthResult:
    is_right = isinstance(auth_data, LoginPassword) and auth_data == LoginPassword(b"site", b"p@ss word")
    return AuthResult(success=is_right)


@pytest.fixture
def serve(certificate: Path) -> Iterator[Callable[[str], tuple[Postmaster, int]]]:
    """Start a server that speaks TLS in one of the two ways and wants a password."""
    running: list[Controller] = []

    def start(scheme: str) -> tuple[Postmaster, int]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options: dict[str, Any] = {"authenticator": check, "auth_required": True}
        if scheme == "smtp":
            options |= {"tls_context": context, "require_starttls": True}
        else:
            options |= {"ssl_context": context, "auth_require_tls": False}
        postmaster = Postmaster()
        controller = Controller(postmaster, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return postmaster, port

    yield start
    for controller in running:
        controller.stop()


def send(url: str, seal: Seal) -> Outcome:
    transport = SmtpTransport(smtp_server(url), our_name="localhost", timeout_seconds=5)
    with transport:
        return send_due(transport, write, seal=seal, clock=lambda: NOON)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_letter_goes_encrypted_with_the_password_of_the_settings(
    session: Session,
    seal: Seal,
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    serve: Callable[[str], tuple[Postmaster, int]],
    scheme: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    postmaster, port = serve(scheme)
    message = MessageFactory(recipient="ada@example.org")

    assert send(f"{scheme}://site:p%40ss%20word@127.0.0.1:{port}", seal) is Outcome.EMPTY

    assert message.sent_at == NOON
    assert [envelope.rcpt_tos for envelope in postmaster.taken] == [["ada@example.org"]]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    session: Session, seal: Seal, serve: Callable[[str], tuple[Postmaster, int]], scheme: str
) -> None:
    postmaster, port = serve(scheme)
    message = MessageFactory()

    assert send(f"{scheme}://site:p%40ss%20word@127.0.0.1:{port}", seal) is Outcome.AWAY

    assert postmaster.taken == []
    assert message.tries == 0


def test_with_a_wrong_password_all_letters_wait(
    session: Session,
    seal: Seal,
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    serve: Callable[[str], tuple[Postmaster, int]],
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    _, port = serve("smtp")
    message = MessageFactory()

    assert send(f"smtp://site:wrong@127.0.0.1:{port}", seal) is Outcome.AWAY

    assert (message.tries, message.failed_at) == (0, None)
