"""
``/healthz`` and ``/metrics`` over HTTP, in a thread of its own.

It reads and says, nothing else. Few connections at a time, each for a few seconds, and one look at the state a second:
a client that is slow, or asks without end, is its own trouble and not the daemon's.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from connector.errors import SettingsInvalid
from connector.serve.health import Health
from connector.serve.metrics import Metrics
from connector.settings import ServeSettings

__all__ = ["Page", "bound"]

_MOST: Final = 32
_SECONDS: Final = 10.0
_FRESH: Final = 1.0

_log = structlog.get_logger("connector")


def bound(settings: ServeSettings) -> socket.socket:
    """
    The socket of ``[serve] health``; nobody is answered yet.

    Raises:
        SettingsInvalid: ``health-address``: another program has it, or it is none of this machine's.
    """
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind(address)
            made.listen(_MOST)
        except OSError:
            made.close()
            raise
    except OSError as error:
        raise SettingsInvalid(
            f'[serve] health = "{settings.health}" cannot be used: {(error.strerror or str(error)).lower()}',
            code="health-address",
            remedy="stop what uses it (another daemon?), or write another address under [serve]: "
            'health = "127.0.0.1:8091"; port 0 takes any that is free',
        ) from None
    return made


class _Brief(H11Protocol):
    """A connection that ends soon, whatever its client does; above a number of them none is taken."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        self._end = self.loop.call_later(_SECONDS if len(self.connections) <= _MOST else 0.0, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """It left."""
        self._end.cancel()
        super().connection_lost(exc)


class Page:
    """
    The page of one daemon, answered while the context lasts.

    Args:
        listening: As ``bound`` gives it; closed at the end.
        health: What ``/healthz`` and ``/healthz/live`` say.
        metrics: What ``/metrics`` says.
    """

    def __init__(self, listening: socket.socket, health: Health, metrics: Metrics) -> None:
        self._listening = listening
        self._health = health
        self._metrics = metrics
        self._one = ThreadPoolExecutor(1, thread_name_prefix="health")
        self._kept: dict[str, tuple[float, Response]] = {}
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(
                    routes=[
                        Route("/healthz", self._healthz),
                        Route("/healthz/live", self._live),
                        Route("/metrics", self._figures),
                    ]
                ),
                http=_Brief,
                ws="none",
                lifespan="off",
                log_level="critical",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(2)
        self._listening.close()
        self._one.shutdown(wait=False, cancel_futures=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._listening.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def _healthz(self, _: Request) -> Response:
        return await self._fresh("healthz", lambda: _told(document := self._health.document(), document["ready"]))

    async def _live(self, _: Request) -> Response:
        document = self._health.live()
        return _told(document, ok=document["live"])

    async def _figures(self, _: Request) -> Response:
        return await self._fresh("metrics", lambda: _response(self._metrics.text(), 200, CONTENT_TYPE_LATEST))

    async def _fresh(self, name: str, make: Callable[[], Response]) -> Response:
        """An answer of this second, made by the one thread that looks at the state."""
        return await asyncio.get_running_loop().run_in_executor(self._one, self._made, name, make)

    def _made(self, name: str, make: Callable[[], Response]) -> Response:
        made_at, response = self._kept.get(name, (0.0, None))
        if response is not None and time.monotonic() - made_at < _FRESH:
            return response
        try:
            response = make()
        except Exception as error:  # noqa: BLE001 - who asks is told that something is wrong, the log says what
            _log.error("our fault", source=name, exc_info=error)
            response = _response(b"the log says what is wrong\n", 503, "text/plain")
        self._kept[name] = time.monotonic(), response
        return response


def _told(document: dict[str, Any], ok: bool) -> Response:
    return _response(json.dumps(document, indent=1).encode() + b"\n", 200 if ok else 503, "application/json")


def _response(body: bytes, status: int, kind: str) -> Response:
    # Whoever asks again connects again: a connection that stays open would meet its end in the middle of a question.
    return Response(body, status, {"Connection": "close", "Cache-Control": "no-store"}, kind)
