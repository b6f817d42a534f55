"""What systemd is to a service: a socket that it reads, and the variables that it starts it with."""

import os
import socket
import threading
import time
from pathlib import Path
from typing import Self


class ServiceManager:
    """Keeps every variable that came in, with when it did."""

    def __init__(self, folder: Path, *, abstract: bool = False) -> None:
        self.name = f"@connector-test-{os.getpid()}-{folder.name}" if abstract else str(folder / "notify")
        self.told: list[tuple[float, str, str]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.name.replace("@", "\0", 1) if self.name.startswith("@") else self.name)
        self._socket.settimeout(0.05)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def environment(self, watchdog: float | None = None) -> dict[str, str]:
        span = {} if watchdog is None else {"WATCHDOG_USEC": str(round(watchdog * 1e6))}
        return {"NOTIFY_SOCKET": self.name} | span

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            for line in data.decode().splitlines():
                name, _, value = line.partition("=")
                self.told.append((time.monotonic(), name, value))

    def values(self, name: str) -> list[str]:
        return [value for _, each, value in list(self.told) if each == name]

    def times(self, name: str) -> list[float]:
        return [when for when, each, _ in list(self.told) if each == name]

    def silent_for(self, name: str) -> float:
        """Seconds since a variable last came in."""
        return time.monotonic() - max(self.times(name), default=0.0)
