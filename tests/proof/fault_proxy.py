"""A TCP proxy that cuts the connection of one write after so many bytes, on the way there or on the way back."""

import contextlib
import re
import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

Way = Literal["up", "down"]

_WRITE = re.compile(rb"POST \S+/(bill|batch)\?")


@dataclass
class _Line:
    """One connection through the proxy; ``counted`` from the first byte of a write on."""

    client: socket.socket
    server: socket.socket
    counted: dict[str, int] | None = None
    cut: tuple[Way, int] | None = None


class FaultProxy:
    """
    Forwards to a port of this machine; a context manager, ``url`` is good inside of it.

    ``counted`` holds the bytes of the last write, by way.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._cut: tuple[Way, int] | None = None
        self.counted: dict[str, int] = {}

    def arm(self, way: Way, after: int) -> None:
        """Cut the next write after ``after`` bytes on this way: every other time with a reset."""
        self._cut = (way, after)

    @property
    def armed(self) -> bool:
        return self._cut is not None

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
                    self._begins(line, data)
                if not self._forward(line, way, data, sink):
                    return
        _close(line, reset=False)

    def _begins(self, line: _Line, data: bytes) -> None:
        line.counted = None
        if _WRITE.match(data):
            line.counted = self.counted = {"up": 0, "down": 0}
            line.cut, self._cut = self._cut, None

    def _forward(self, line: _Line, way: Way, data: bytes, sink: socket.socket) -> bool:
        """False where the line was cut."""
        if line.counted is None:
            sink.sendall(data)
            return True
        before = line.counted[way]
        line.counted[way] += len(data)
        if line.cut is None or line.cut[0] != way or line.counted[way] <= line.cut[1]:
            sink.sendall(data)
            return True
        sink.sendall(data[: line.cut[1] - before])
        _close(line, reset=line.cut[1] % 2 == 1)
        return False


def _close(line: _Line, *, reset: bool) -> None:
    for end in (line.client, line.server):
        with contextlib.suppress(OSError):
            if reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # It also wakes the other pump, without which closing would wait for its next byte.
            end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            end.close()
