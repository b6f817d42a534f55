"""A mail server and a webhook on this machine, and what they were handed."""

import datetime
import email
import json
import ssl
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class _Controller(Controller):
    """The port that the system chose is known once it listens."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Post:
    """
    A mail server on loopback.

    Args:
        refuse: What it answers to a recipient, by the address.
        data: What it answers to the mail itself; None: it takes it.
        password: Of the user robot; None: nobody signs in.
        tls: Its certificate; offered with STARTTLS.
        at_once: TLS from the first byte instead.
    """

    def __init__(
        self,
        *,
        refuse: dict[str, str] | None = None,
        data: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        at_once: bool = False,
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.from_: list[str] = []
        self.encrypted: list[bool] = []
        self.refuse = refuse or {}
        self._at_once = at_once
        self.data = data
        self._password = password
        more: dict[str, Any] = {"ssl_context": tls} if at_once else {"tls_context": tls}
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            authenticator=self._authenticate if password else None,
            auth_require_tls=False,
            **more,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def _authenticate(self, *given: Any) -> AuthResult:
        login = given[-1]
        fits = (login.login, login.password) == (b"robot@example.com", str(self._password).encode())
        return AuthResult(success=fits, handled=False)

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Any, address: str, *_: Any) -> str:  # noqa: N802 - as aiosmtpd has it
        if answer := self.refuse.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        if self.data:
            return self.data
        self.raw.append(envelope.content)
        self.from_.append(envelope.mail_from)
        self.encrypted.append(self._at_once or session.ssl is not None)
        self.mails.append(cast("EmailMessage", email.message_from_bytes(envelope.content, policy=default)))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def texts(self) -> list[str]:
        return [mail.get_content().replace("\r\n", "\n") for mail in self.mails]


class Hook:
    """A webhook on loopback; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[dict[str, Any]] = []
        self.asked = 0
        taken = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.asked += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if taken.status < 300:
                    taken.bodies.append(json.loads(body))
                self.send_response(taken.status)
                self.send_header("Content-Length", "2")
                if 300 <= taken.status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/services/T0/hook-of-the-team"

    @property
    def subjects(self) -> list[str]:
        return [body["text"].split("\n")[0] for body in self.bodies]


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Callable[[], ssl.SSLContext]]:
    """A certificate that signed itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a mail server")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / "trusted.pem", folder / "secret.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

    def context() -> ssl.SSLContext:
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(trusted, secret)
        return found

    return trusted, context
