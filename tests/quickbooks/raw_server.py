"""A server that answers what a test wants, byte by byte, over a real socket."""

import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any

Answering = Callable[[socket.socket, bytes], None]


class Raw:
    """A server that reads one request and answers what the test wants, byte by byte."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.answers: list[Answering] = []
        raw = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                raw.connections += 1
                while request := _read_request(self.request):
                    raw.requests.append(request)
                    answer = raw.answers.pop(0) if len(raw.answers) > 1 else raw.answers[0]
                    try:
                        answer(self.request, request)
                    except ConnectionAbortedError:
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            if not (chunk := connection.recv(65536)):
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while lengths and len(body) < int(lengths[0]):
            body += connection.recv(65536)
    except OSError:
        return b""
    return head + b"\r\n\r\n" + body


def says(status: int, body: Any, *headers: str) -> Answering:
    """A whole answer; anything but bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(content)}", *headers, "", ""]
    return lambda connection, _: connection.sendall("\r\n".join(lines).encode() + content)


def cut_off(connection: socket.socket, _: bytes) -> None:
    """Half an answer, then the end."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Bill":{"Id":"1"')
    connection.close()
    raise ConnectionAbortedError


def hang_up(connection: socket.socket, _: bytes) -> None:
    """The end without a byte."""
    connection.close()
    raise ConnectionAbortedError


def keep_silent(connection: socket.socket, _: bytes) -> None:
    """Nothing, for longer than any test waits."""
    time.sleep(1.5)
    connection.close()
    raise ConnectionAbortedError
