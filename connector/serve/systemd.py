"""What systemd is told: one datagram to its socket, and nothing where there is none."""

import os
import socket
from collections.abc import Mapping
from typing import Final

__all__ = ["Systemd"]

_PATIENCE: Final = 1.0  # seconds that a full socket is waited for; the next beat tells it anew
_LONGEST: Final = 300


class Systemd:
    """
    The service manager that started this process, if one did (``man sd_notify``).

    Args:
        environment: ``NOTIFY_SOCKET``: a path, or after ``@`` an abstract name; ``WATCHDOG_USEC``, ``WATCHDOG_PID``.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        span = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.watchdog = int(span) / 1e6 if self._address and ours and span.isdecimal() and int(span) else None
        """Seconds without ``WATCHDOG=1`` after which this process is ended; None: nobody waits for it."""

    def tell(self, **variables: str | int) -> None:
        """Send some variables; never raises, because nothing that a daemon does hangs on it."""
        if not self._address:
            return
        lines = "\n".join(f"{name}={_line(value)}" for name, value in variables.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
                ours.settimeout(_PATIENCE)
                ours.sendto(lines.encode(errors="replace"), self._address)
        except (OSError, ValueError):
            return


def _line(value: str | int) -> str:
    """One line: what a service says must not become a variable of its own."""
    return " ".join(str(value).split())[:_LONGEST]
