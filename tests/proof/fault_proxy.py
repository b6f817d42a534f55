"""A TCP proxy with a bad day for one write: cut after so many bytes, delivered late, or delivered twice."""

import contextlib
import re
import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

Way = Literal["up", "down"]

_WRITE: Final = re.compile(rb"POST \S+/(bill|billpayment|batch)\?")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cut:
    """The line breaks after so many bytes on this way, with a reset or an end as if all were said."""

    way: Way
    after: int
    reset: bool


Fate = Cut | Literal["late", "twice", "again later"]
"""
``late``: whoever sent it is cut off at once, and it is delivered when the proxy is told to.
``twice``: it is delivered two times, and the second answer is the one that comes back.
``again later``: it is answered as ever, and delivered once more when the proxy is told to.
"""


@dataclass
class _Line:
    """One connection through the proxy; ``counted`` from the first byte of a write on."""

    client: socket.socket
    server: socket.socket
    counted: dict[str, int] | None = None
    cut: Cut | None = None


class FaultProxy:
    """
    Forwards to a port of this machine; a context manager, ``url`` is good inside of it.

    ``counted`` holds the bytes of the last write, by way.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._fate: Fate | None = None
        self._held: list[bytes] = []
        self.counted: dict[str, int] = {}

    def arm(self, fate: Fate) -> None:
        """What becomes of the next write."""
        self._fate = fate

    @property
    def armed(self) -> bool:
        return self._fate is not None

    @property
    def held(self) -> int:
        """Requests that are still under way."""
        return len(self._held)

    def deliver(self) -> None:
        """What was held back arrives now; nobody waits for its answer."""
        while self._held:
            with socket.create_connection(self._target) as server:
                server.settimeout(10)
                server.sendall(self._held.pop(0))
                _whole(server, b"")

    def forget(self) -> None:
        """Nothing is armed and nothing under way any more."""
        self._fate = None
        self._held.clear()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                line = _Line(client, socket.create_connection(self._target))
                for end in (line.client, line.server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(line, "up"), daemon=True).start()
                threading.Thread(target=self._pump, args=(line, "down"), daemon=True).start()

    def _pump(self, line: _Line, way: Way) -> None:
        source, sink = (line.client, line.server) if way == "up" else (line.server, line.client)
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if way == "up" and data.startswith((b"POST ", b"GET ")):
                    line.counted = None
                    if _WRITE.match(data):
                        if not self._fated(line, data):
                            return
                        continue
                if not _forward(line, way, data, sink):
                    return
        _close(line, reset=False)

    def _fated(self, line: _Line, data: bytes) -> bool:
        """The first bytes of a write meet what was armed; False where the line is gone."""
        fate, self._fate = self._fate, None
        line.counted = self.counted = {"up": 0, "down": 0}
        line.cut = fate if isinstance(fate, Cut) else None
        if fate is None or isinstance(fate, Cut):
            return _forward(line, "up", data, line.server)
        request = _whole(line.client, data)
        if fate == "late":
            self._held.append(request)
            _close(line, reset=True)
            return False
        if fate == "again later":
            self._held.append(request)
        else:
            with socket.create_connection(self._target) as first:
                first.sendall(request)
                _whole(first, b"")
        return _forward(line, "up", request, line.server)


def _forward(line: _Line, way: Way, data: bytes, sink: socket.socket) -> bool:
    """False where the line was cut."""
    if line.counted is None:
        sink.sendall(data)
        return True
    before = line.counted[way]
    line.counted[way] += len(data)
    if line.cut is None or line.cut.way != way or line.counted[way] <= line.cut.after:
        sink.sendall(data)
        return True
    sink.sendall(data[: line.cut.after - before])
    _close(line, reset=line.cut.reset)
    return False


def _whole(source: socket.socket, data: bytes) -> bytes:
    """All of one message that began with ``data``."""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n") if end else None
        if end and len(body) >= (int(length[1]) if length else 0):
            return data
        more = source.recv(65536)
        if not more:
            return data
        data += more


def _close(line: _Line, *, reset: bool) -> None:
    for end in (line.client, line.server):
        with contextlib.suppress(OSError):
            if reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # It also wakes the other pump, without which closing would wait for its next byte.
            end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
        end.close()
