"""Answers that are none: dropped sockets, silence, half a body, a proxy's page; and the armed faults that make them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from connector.sandbox.quickbooks import faults
from connector.sandbox.quickbooks.wire import encode, envelope_time
from connector.sandbox.switches import FAULTS

_PAGE = (
    "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr><center>envoy</center></body></html>"
)
_REASONS = {502: "502 Bad Gateway", 503: "503 Service Unavailable", 504: "504 Gateway Time-out"}


class _Joined:
    """A transport that sends what is written in one round of the loop, head and body of an answer, in one go."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep it until the loop's next round."""
        if not self._held:
            asyncio.get_running_loop().call_soon(self._send)
        self._held.append(data)

    def close(self) -> None:
        """Send what is kept, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        held, self._held = self._held, []
        if held:
            self._transport.write(b"".join(held))


class CuttableProtocol(H11Protocol):
    """Uvicorn's protocol that hands its transport to the request's state, so that an answer can be a cut line."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(_Joined(transport))  # type: ignore[arg-type]  # all that the protocol asks of one
        self.app_state = {**self.app_state, "transport": transport}


class Drop(Response):
    """The socket closes without a byte, after `seconds` of silence."""

    def __init__(self, seconds: float = 0) -> None:
        super().__init__(status_code=200)
        self.status_code = 0
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the line."""
        if self._seconds:
            await asyncio.sleep(self._seconds)
        await _cut(scope)


class Truncated(Response):
    """Half of an answer under the whole one's Content-Length, then the socket closes."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, media_type=whole.media_type)
        self.raw_headers = whole.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the half, cut the line."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await asyncio.sleep(0)
        await _cut(scope)


async def _cut(scope: Scope) -> None:
    scope["state"]["transport"].abort()
    for _ in range(3):
        # The loop calls connection_lost on its next rounds; before that uvicorn would try to answer.
        await asyncio.sleep(0)


@dataclass(slots=True)
class Armed:
    """A one-shot fault that waits for its request."""

    fault: str
    path: str = ""
    method: str = ""
    times: int = 1
    skip: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def commits(self) -> bool:
        """Whether the work is done before the fault strikes."""
        return bool(self.parameters.get("commit", FAULTS[self.fault].commits))


def strike(armed: Armed, work: Callable[[], Response], now: float) -> Response:
    """The faulty answer; the work is done first where the fault commits, or a second time, or later."""
    whole = work() if armed.commits else Response()
    if armed.fault in {"commit-late", "arrive-twice"}:
        asyncio.get_running_loop().call_later(float(armed.parameters.get("seconds", 0)), work)
    return _answer(armed, whole, now)


def _answer(armed: Armed, whole: Response, now: float) -> Response:  # noqa: PLR0911 - one line a fault
    given = armed.parameters
    match armed.fault:
        case "arrive-twice":
            return whole
        case "commit-then-drop" | "drop-before-commit" | "commit-late":
            return Drop()
        case "commit-then-hang" | "hang-before-commit":
            return Drop(float(given.get("seconds", 5)))
        case "truncate":
            return Truncated(whole)
        case "empty-200":
            return Response(status_code=200, media_type="application/json")
        case "answer-html":
            status = int(given.get("status", 503))
            return Response(_PAGE.format(_REASONS.get(status, str(status))), status, media_type="text/html")
        case "answer-401":
            return unauthenticated("B", "Token expired: AB0160", now)
        case "answer-403":
            return json_answer(403, faults.forbidden(now))
        case "throttle":
            return throttled(str(given.get("shape", "B")), float(given.get("retry_after", 0)), now)
        case _:
            return _application_fault(given, now)


_CHALLENGE = {"Www-Authenticate": 'Bearer realm="Intuit", error="invalid_token"'}


def _application_fault(given: Mapping[str, Any], now: float) -> Response:
    error = {
        "Message": str(given.get("message", "An application error has occurred while processing your request")),
        "Detail": str(given.get("detail", "System Failure Error: the sandbox was told to fail")),
        "code": str(given.get("code", "10000")),
        "element": "",
    }
    kind = "SystemFault" if error["code"] == "10000" else "ValidationFault"
    return json_answer(
        int(given.get("status", 500)), {"Fault": {"Error": [error], "type": kind}, "time": envelope_time(now)}
    )


def throttled(shape: str, retry_after: float, now: float) -> Response:
    """A 429 in envelope A or B, with Retry-After (seconds) unless 0."""
    headers = {"Retry-After": f"{retry_after:g}"} if retry_after else {}
    return json_answer(429, faults.throttled(shape, now, envelope_time(now)), headers)


def unauthenticated(shape: str, detail: str, now: float) -> Response:
    """A 401 in envelope A or B."""
    return json_answer(401, faults.unauthenticated(shape, detail, now, envelope_time(now)), _CHALLENGE)


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as QuickBooks sends it."""
    return Response(encode(body), status, headers, media_type="application/json")
