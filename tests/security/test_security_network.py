"""What a hostile network, server or environment can do to a request: nothing that shows, sends on or swells."""

import base64
import gzip
import http.server
import socketserver
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.network import Answer, Lost, Network, NotSent, exchange, open_session

KEY = "canary-key"
Server = Callable[[Callable[[Any], None]], str]


@pytest.fixture
def serving() -> Iterator[Server]:
    """Servers on loopback that answer each request as they are told; given by address."""
    running: list[socketserver.TCPServer] = []

    def serve(answer: Callable[[Any], None], context: ssl.SSLContext | None = None) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


def says(body: bytes, status: int = 200, **headers: str) -> Callable[[Any], None]:
    def answer(request: Any) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def ask(url: str, network: Network | None = None, **more: Any) -> Answer:
    with open_session(network or Network()) as session:
        return exchange(session, "GET", url, **({"seconds": 5.0} | more))


# Where it goes.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_and_no_key_sent_on(serving: Server, status: int) -> None:
    reached: list[str] = []
    elsewhere = serving(lambda request: reached.append(request.path))
    url = serving(says(b"", status, Location=f"{elsewhere}/?api_key={KEY}"))

    answer = ask(f"{url}/?api_key={KEY}", headers={"Authorization": f"Bearer {KEY}"})

    assert answer.status == status
    assert reached == []


def test_no_password_comes_out_of_the_environment(
    serving: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def note(request: Any) -> None:
        heard.append(request.headers["Authorization"])
        says(b"{}")(request)

    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(netrc.read_text())

    ask(serving(note), headers={"Authorization": "Bearer ours"})

    assert heard == ["Bearer ours"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy_comes_out_of_the_environment(serving: Server, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    passed: list[str] = []
    monkeypatch.setenv(name, serving(lambda request: passed.append(request.path)))
    monkeypatch.setenv("NO_PROXY", "")

    assert ask(serving(says(b"direct"))).body == b"direct"
    assert passed == []


def test_the_proxy_of_the_settings_is_used_and_its_password_told_nowhere(serving: Server) -> None:
    proxy = serving(says(b"", 407)).replace("http://", "http://robot:canary-password@")

    answer = ask("http://example.com/", Network(proxy=proxy))
    assert answer.status == 407
    with pytest.raises((Lost, NotSent)) as caught:
        ask("https://example.com/", Network(proxy=proxy))
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(Network(proxy=proxy))


# TLS.


def certificate(folder: Path, name: str, *, days: int = 1) -> tuple[Path, ssl.SSLContext]:
    """A certificate that nobody vouches for, good for ``name``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pretend")])
    names = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)]
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=9))
        .not_valid_after(datetime.now(UTC) + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.key").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, folder / f"{name}.key")
    return file, context


def test_a_server_that_nobody_vouches_for_gets_no_request(serving: Server, tmp_path: Path) -> None:
    heard: list[str] = []

    def note(request: Any) -> None:
        heard.append(request.path)
        says(b"{}")(request)

    ours, context = certificate(tmp_path, "127.0.0.1")
    other, wrong_name = certificate(tmp_path, "example.com")
    over, expired = certificate(tmp_path, "127.0.0.2", days=-1)

    with pytest.raises(NotSent, match="not trusted"):
        ask(serving(note, context))
    with pytest.raises(NotSent, match="not trusted"):
        ask(serving(note, wrong_name), Network(ca_bundle=str(other)))
    with pytest.raises(NotSent, match="not trusted"):
        ask(serving(note, expired), Network(ca_bundle=str(over)))
    assert heard == []
    assert ask(serving(note, context), Network(ca_bundle=str(ours))).status == 200
    assert heard == ["/"]


def test_no_variable_turns_the_check_of_certificates_off(
    serving: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, context = certificate(tmp_path, "127.0.0.1")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(file))
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")

    with pytest.raises(NotSent, match="not trusted"):
        ask(serving(says(b"{}"), context))


# How much comes back.


def test_an_answer_stops_at_the_cap(serving: Server) -> None:
    url = serving(says(bytes(3_000_001)))
    with pytest.raises(Lost, match="larger than 3000000 bytes"):
        ask(url, cap=3_000_000)
    assert len(ask(url, cap=3_000_001).body) == 3_000_001


def test_an_answer_that_unpacks_to_gigabytes_stops_at_the_cap_without_the_memory(serving: Server) -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 24)
    bomb = b"".join(packer.compress(zeros) for _ in range(128)) + packer.flush()  # 2 GiB
    assert len(bomb) < 3_000_000
    url = serving(says(bomb, Content_Encoding="gzip"))
    tracemalloc.start()
    try:
        began = time.monotonic()
        with pytest.raises(Lost, match="larger than 30000000 bytes"):
            ask(url, cap=30_000_000)
        assert time.monotonic() - began < 5
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packed", ["gzip, gzip", "br", "deflate", "zstd", "gzip;q=1"])
def test_an_answer_packed_otherwise_than_asked_is_not_unpacked(serving: Server, packed: str) -> None:
    body = gzip.compress(gzip.compress(b"{}"))
    with pytest.raises(Lost, match="not asked for"):
        ask(serving(says(body, Content_Encoding=packed)))


def test_an_honest_answer_in_gzip_comes_whole(serving: Server) -> None:
    heard: list[str] = []

    def note(request: Any) -> None:
        heard.append(request.headers["Accept-Encoding"])
        parts = gzip.compress(b'{"a": ') + gzip.compress(b"1}" + b" " * 1_000_000)
        says(parts, Content_Encoding="gzip")(request)

    answer = ask(serving(note))
    assert answer.body.strip() == b'{"a": 1}'
    assert heard == ["gzip"]
    assert ask(serving(says(b"", Content_Encoding="gzip"))).body == b""


@pytest.mark.parametrize(
    ("body", "why"),
    [(gzip.compress(b"{}" * 999)[:-9], "cut off"), (b"{}", "cannot be unpacked"), (b"\x1f", "cut off")],
    ids=["no end", "no gzip", "one byte"],
)
def test_an_answer_in_broken_gzip_is_no_answer(serving: Server, body: bytes, why: str) -> None:
    with pytest.raises(Lost, match=why):
        ask(serving(says(body, Content_Encoding="gzip")))


@pytest.mark.parametrize("chunked", [True, False])
def test_a_byte_now_and_then_meets_the_deadline(serving: Server, *, chunked: bool) -> None:
    def drip(request: Any) -> None:
        request.send_response(200)
        request.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", "1000")))
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b"1\r\n \r\n" if chunked else b" ")
            request.wfile.flush()
            time.sleep(0.05)

    began = time.monotonic()
    with pytest.raises(Lost, match="too long"):
        ask(serving(drip), seconds=0.4)
    assert time.monotonic() - began < 2


def test_a_failure_shows_neither_the_address_nor_a_header() -> None:
    pair = base64.b64encode(f"id:{KEY}".encode()).decode()
    for url in (f"http://127.0.0.1:1/?api_key={KEY}", f"https://{KEY}.invalid/?{KEY}", f"http://[{KEY}/"):
        with pytest.raises((Lost, NotSent)) as caught:
            ask(url, headers={"Authorization": f"Basic {pair}"}, params={"apiKey": KEY})
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        assert KEY not in str(caught.value)
