"""A company whose every secret is a canary, commands as processes, and a server that says back all it hears."""

import base64
import html
import importlib
import json
import os
import pkgutil
import re
import shutil
import signal
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import connector
from connector.cli.application import run
from connector.mapping import shipped
from connector.sandbox.credentials import CLIENT_ID, REALM_ID

# Every encoding changes them: quotes of both kinds, %, +, /, =, &, <, a backslash, a blank, letters beyond ASCII.
SECRETS: Final = {
    "cake": """cake-c4n4ry %+/="'&<\\é€ one""",
    "commission_factory": """factory-c4n4ry %2B/="'&>\\ß two""",
    "client_secret": """client-c4n4ry:%+/="'&<\\ø three""",
    "refresh_token": """RT1-c4n4ry-%+/="'&<\\ł four""",
    "smtp": "mail-c4n4ry%2B~é",
    "webhook": "hook-c4n4ry%2Bfive",
    "proxy": "proxy-c4n4ry%2F~six",
    "state_key": "aGVyZS1pcy1hLWM0bjRyeS1zdGF0ZS1rZXkteHh4eHg=",
}
_GIVEN: Final = "c4n4ry"

_SETTINGS: Final = """
[state]
{state}
[quickbooks]
realm_id = "{realm}"
client_id = "{client}"
client_secret = {client_secret}
refresh_token = {refresh_token}
api_url = "{quickbooks}"
discovery_url = "{discovery}"
timeout = "5 s"
settle_after = "10 ms"
throttle_wait = "0 s"
requests_per_minute = 100000
requests_per_second = 10000
batches_per_minute = 10000
[network]
proxy = "{proxy}"
[serve]
health = "127.0.0.1:0"
[notify]
webhook = "{hooks}/services/T000/{webhook}"
email = {{to = ["ap@example.com"], smtp = "smtp://robot:{smtp}@{mail_server}"}}
[sources.cake]
type = "cake"
base_url = "{cake_url}"
api_key = {cake}
currency = "USD"
mapping = "mappings/cake.yaml"
start_date = 2026-01-01
schedule = "every 300 ms"
[sources.commission_factory]
type = "commission_factory"
base_url = "{factory_url}"
api_key = {commission_factory}
format = "{format}"
mapping = "mappings/commission_factory.yaml"
start_date = 2026-01-01
"""


for module in pkgutil.walk_packages(connector.__path__, "connector."):
    if not {"_mappings", "migrations", "__main__"} & set(module.name.split(".")):
        importlib.import_module(module.name)  # here, so that not every process has to


def written(secret: str) -> set[str]:
    """The secret as a URL, JSON, XML, Python or a log may write it; made here, apart from the redactor."""
    data = secret.encode()
    plain = {secret, repr(secret)[1:-1], repr(data)[2:-1], ascii(secret)[1:-1]}
    for ascii_only in (True, False):
        plain.add(json.dumps(secret, ensure_ascii=ascii_only)[1:-1])
    urls = {quote_plus(secret), *(quote(secret, safe=safe) for safe in ("", "/", "!#$%&'()*+,/:;=?@[]~"))}
    urls |= {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), url) for url in urls}
    marked = {html.escape(secret), html.escape(secret, quote=False), escape(secret)}
    return plain | urls | marked


def packed(secret: str) -> set[str]:
    """The secret in a header, alone or behind a name and before something else."""
    pairs = [before + secret + after for before in ("", "i", "id", "id:") for after in ("", "\n", "..")]
    ways = (base64.b64encode, base64.urlsafe_b64encode)
    return {encode(pair.encode()).decode() for pair in pairs for encode in ways}


def forms_of(secret: str) -> set[str]:
    """What to look for: the secret as it may be written, and the middle of it as it may be packed."""
    data = secret.encode()
    found = written(secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = encode(b"\0" * before + data + b"\0" * 3).decode()
            found.add(text[4 if before else 0 : 4 * ((before + len(data)) // 3)])
    return found


@dataclass
class Said:
    """What a command showed, and how it ended."""

    words: tuple[str, ...]
    code: int
    text: str
    seconds: float = 0.0


@dataclass
class World:
    """The folder; what was shown in it; the secrets that are known by now."""

    folder: Path
    url: str
    said: list[Said] = field(default_factory=list)
    secrets: set[str] = field(default_factory=lambda: set(SECRETS.values()))
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.copytree(shipped(), self.folder / "mappings")
        (self.folder / "tmp").mkdir()
        self.write()

    def write(self, **changes: str) -> None:
        """The settings; a change is of a place in their text."""
        at = {
            "state": "",
            "realm": REALM_ID,
            "client": CLIENT_ID,
            "quickbooks": f"{self.url}/quickbooks/v3",
            "discovery": f"{self.url}/oauth/discovery",
            "cake_url": f"{self.url}/cake",
            "factory_url": f"{self.url}/commission-factory",
            "format": "json",
            "hooks": "https://hooks.example.com",
            "mail_server": "mail.example.com",
        }
        quoted = ("cake", "commission_factory", "client_secret", "refresh_token")
        secrets = {name: json.dumps(text) if name in quoted else text for name, text in SECRETS.items()}
        secrets["proxy"] = ""  # the runs that are to reach somebody do without
        (self.folder / "connector.toml").write_text(_SETTINGS.format(**(at | secrets | changes)))

    def run(self, *words: str, first: Callable[[], None] = lambda: None, until: str | None = None, **env: str) -> Said:
        """
        A command in a process of its own, at debug level.

        Args:
            words: Its arguments.
            first: What the process does before.
            until: It is asked to stop once it has said this; None: it ends by itself.
            env: Variables of its environment.
        """
        out = self.folder / "tmp" / f"said-{len(self.said)}"
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._command(words, out, first, env)
        if until is not None:
            while not (out.exists() and until in out.read_text()):
                time.sleep(0.02)
            os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
        said = Said(words, os.waitstatus_to_exitcode(status), out.read_text(), time.monotonic() - began)
        out.unlink()
        assert said.code >= 0, said
        self.said.append(said)
        return said

    def _command(self, words: tuple[str, ...], out: Path, first: Callable[[], None], env: dict[str, str]) -> None:
        code = 99
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)
            os.chdir(self.folder)
            os.environ |= {"TMPDIR": str(self.folder / "tmp")} | env
            handle = os.open(out, os.O_WRONLY | os.O_CREAT)
            for number in (1, 2):
                os.dup2(handle, number)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as above
            first()
            code = run(["-vv", "--no-input", *words])
        except BaseException:  # noqa: BLE001 - a child of a test must never come back into pytest
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def leaks(self) -> list[str]:
        """Where a secret stands that should not: in what was shown, or in a file."""
        forms = {form for secret in self.secrets for form in forms_of(secret)} | {_GIVEN}
        assert min(map(len, forms)) >= len(_GIVEN)
        found = [
            f"{' '.join(said.words)}: …{said.text[max(0, at - 150) : at + 60]}…"
            for said in self.said
            for form in forms
            if (at := said.text.find(form)) >= 0
        ]
        allowed = {"connector.toml", "state.key"}
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name not in allowed:
                data = path.read_bytes()
                found += [
                    f"{path.name}: …{data[max(0, at - 150) : at + 60]!r}…"
                    for form in forms
                    if (at := data.find(form.encode())) >= 0
                ]
        return found


@contextmanager
def parrot() -> Iterator[str]:
    """
    A server that says back whatever it hears, in the status and shape that its address names: ``/401/fault/…``.

    Its discovery document sends to itself.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, status, shape, *_ = self.path.split("/")
            length = int(self.headers.get("Content-Length") or 0)
            heard = f"{self.path} {dict(self.headers)} {self.rfile.read(length).decode()} {_heard(self)}"
            here = f"http://{self.headers['Host']}/{status}/{shape}"
            if self.path.endswith("/discovery"):
                status, body = (
                    "200",
                    json.dumps(
                        {f"{name}_endpoint": f"{here}/token" for name in ("token", "revocation", "authorization")}
                    ),
                )
            else:
                body = _SHAPES[shape](heard)
            data = body.encode()
            self.send_response(int(status))
            for name, value in (("Retry-After", "0"), ("Content-Length", str(len(data)))):
                self.send_header(name, value)
            if status.startswith("3"):
                self.send_header("Location", f"{here}/{quote(heard)}")
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - as its base has it

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def mail_parrot() -> Iterator[str]:
    """A mail server that says back whatever it hears, as it came and unpacked, and takes nothing."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                heard = line.strip()
                if heard.upper().startswith(b"EHLO"):
                    self.wfile.write(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n")
                    continue
                with suppress(ValueError):
                    heard += b" " + base64.b64decode(heard.rpartition(b" ")[2]).replace(b"\0", b" ")
                self.wfile.write(b"535 you said " + heard + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _heard(request: Any) -> str:
    """The secrets as the server understood them."""
    told = [SECRETS["cake"], SECRETS["commission_factory"]] if "key=" in request.path.lower() else []
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        told.append(base64.b64decode(given).decode())
    return " ".join(told)


_SHAPES: Final[dict[str, Callable[[str], str]]] = {
    "html": lambda heard: f"<html><body>{html.escape(heard)}</body></html>",
    "text": lambda heard: heard,
    "list": lambda heard: json.dumps([{heard: heard}]),
    "keys": lambda heard: json.dumps({heard[:30]: 1, heard[-300:]: {heard: heard}}),
    "message": lambda heard: json.dumps({"success": False, "message": heard, "row_count": 0}),
    "error": lambda heard: json.dumps({"error": heard, "error_description": heard}),
    "grant": lambda heard: json.dumps({"error": "invalid_grant", "error_description": f"client {heard}"}),
    "fault": lambda heard: json.dumps(
        {"Fault": {"type": "ValidationFault", "Error": [{"Message": heard, "Detail": heard, "code": "2010"}]}}
    ),
    "tokens": lambda heard: json.dumps({"access_token": heard, "refresh_token": heard, "expires_in": heard}),
    "xml": lambda heard: f"<InvoiceArray><Invoice><{'a' * 9}>{escape(heard)}</{'a' * 9}></Invoice></InvoiceArray>",
    "cut": lambda heard: json.dumps({"Fault": heard})[:-5],
}
