"""What came in: the log of requests, the meters, and the armed faults that wait for theirs."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connector.sandbox.answers import Armed, strike
from connector.sandbox.switches import FAULTS

METERS = ("core", "core_plus", "oauth", "cake", "commission_factory")
_KEPT = 100_000
_MATCHING = {"path", "method", "times", "skip", "fault"}


class Journal:
    """One sandbox's log, meters and armed faults."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.meters: dict[str, int] = dict.fromkeys(METERS, 0)
        self.armed: list[Armed] = []
        self._number = 0

    def record(self, kind: str, request: Request, status: int) -> None:
        """
        Log a request under one of the METERS; it counts unless it was refused (status 400 and more).

        Status 0 stands for an answer that never came. The body of a write is logged when the handler put it in
        `request.state.body`.
        """
        self._number += 1
        body: bytes = getattr(request.state, "body", b"")
        self.entries.append(
            {
                "n": self._number,
                "time": time.time(),
                "kind": kind,
                "method": request.method,
                "path": request.scope["path"],
                "query": request.scope["query_string"].decode("latin-1"),
                "status": status,
                "requestid": request.query_params.get("requestid", ""),
                "body": body.decode("utf-8", "replace"),
            }
        )
        if status < 400:
            self.meters[kind] += 1

    def arm(self, spec: Mapping[str, Any]) -> None:
        """
        Arm a fault: {"fault": NAME, "path": substring, "method": "POST", "times": 1, "skip": 0, parameters…}.

        Raises ValueError for an unknown fault or parameter.
        """
        name = str(spec.get("fault", ""))
        if name not in FAULTS:
            raise ValueError(f"no fault is called {name!r}; there are: {', '.join(sorted(FAULTS))}")
        parameters = {key: value for key, value in spec.items() if key not in _MATCHING}
        if unknown := parameters.keys() - FAULTS[name].parameters:
            raise ValueError(f"{name} takes no {', '.join(sorted(unknown))}")
        path = str(spec.get("path", ""))
        method = str(spec.get("method", "")).upper()
        self.armed.append(Armed(name, path, method, int(spec.get("times", 1)), int(spec.get("skip", 0)), parameters))

    def take(self, request: Request, *, in_batch: bool = False) -> Armed | None:
        """The first armed fault that fits this request; it is used up once. `in_batch` asks for faults of one item."""
        for armed in self.armed:
            if armed.fault.startswith("batch-") != in_batch:
                continue
            if armed.path not in request.scope["path"] or armed.method not in {"", request.method}:
                continue
            if armed.skip:
                armed.skip -= 1
                continue
            armed.times -= 1
            if armed.times <= 0:
                self.armed.remove(armed)
            return armed
        return None

    def fault_for(self, request: Request) -> Response | None:
        """The answer of an armed fault to a request that changes nothing, such as a source's; None when none fits."""
        armed = self.take(request)
        return None if armed is None else strike(armed, Response, time.time())

    def clear(self) -> None:
        """Empty log, meters at nought, nothing armed."""
        self.entries.clear()
        self.armed.clear()
        self.meters = dict.fromkeys(METERS, 0)
