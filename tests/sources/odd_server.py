"""A server on loopback that answers whatever a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Said:
    """One answer of the odd server; ``cut`` closes the connection before the promised length is reached."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class Odd:
    """Answers from a list, the last one for ever; keeps the addresses asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[Said] = [Said()]
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def answer(self, body: bytes = b"", **more: Any) -> Said:
        return Said(body, **more)

    def say(self, *answers: Said | bytes) -> None:
        self.answers = [Said(one) if isinstance(one, bytes) else one for one in answers]
        self.asked.clear()


@contextmanager
def odd_server() -> Iterator[Odd]:
    """One of them, for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            it.asked.append(self.path)
            it.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = it.answers.pop(0) if len(it.answers) > 1 else it.answers[0]
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + (10 if answer.cut else 0)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it = Odd(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield it
    server.shutdown()
    thread.join()
    server.server_close()
