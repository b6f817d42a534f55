"""The pretend CAKE: ``GET /api/2/invoices.json`` as its document has it; every refusal is an HTTP 200."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.sandbox.affiliates import World
from connector.sandbox.credentials import CAKE_KEY
from connector.sandbox.journal import Journal
from connector.sandbox.quickbooks.wire import encode

__all__ = ["routes"]

_NUMBERS: Final = ("invoice_id", "affiliate_id", "advertiser_id")
_MOST_ROWS: Final = 10_000
_KEPT_INDEXES: Final = 8


class _Refused(Exception):
    """A request that is answered with request_status Failure."""


def routes(world: World, journal: Journal) -> list[Route]:
    """The one route, to be mounted under ``/cake``."""
    indexes: dict[tuple[object, ...], list[dict[str, Any]]] = {}

    async def invoices(request: Request) -> Response:
        response = journal.fault_for(request)
        if response is None:
            try:
                response = _answer(_page(world, indexes, request.query_params))
            except _Refused as refused:
                response = _answer({"request_status": "Failure", "message": str(refused)})
        journal.record("cake", request, response.status_code)
        return response

    return [Route("/api/2/invoices.json", invoices, methods=["GET"])]


def _answer(body: dict[str, Any]) -> Response:
    try:
        text = json.dumps(body)
    except TypeError:  # Decimals, where somebody loaded amounts as numbers; the slower writer knows them
        text = encode(body)
    return Response(text, media_type="application/json")


def _page(
    world: World, indexes: dict[tuple[object, ...], list[dict[str, Any]]], asked: Mapping[str, str]
) -> dict[str, Any]:
    if asked.get("api_key") != CAKE_KEY:
        raise _Refused("Invalid API key")
    filters = {name: str(_whole(asked, name)) for name in _NUMBERS if asked.get(name)}
    status = asked.get("invoice_status", "")
    days = (_day(asked, "start_date", "0001-01-01"), _day(asked, "end_date", "9999-12-31"))
    first = max(_whole(asked, "start_at_row", 1), 1)  # 0 is the first row too
    limit = min(_whole(asked, "row_limit", 100), _MOST_ROWS)
    key = (world.version, len(world.cake), *days, status, *sorted(filters.items()))
    rows = indexes.get(key)
    if rows is None:
        if len(indexes) >= _KEPT_INDEXES:
            indexes.clear()
        rows = indexes[key] = [row for row in world.cake if _matches(row, days, status, filters)]
    page = rows[first - 1 : first - 1 + limit]
    return {"request_status": "Success", "response": {"invoices": page, "total_rows": len(rows)}}


def _matches(row: Mapping[str, Any], days: tuple[str, str], status: str, filters: Mapping[str, str]) -> bool:
    day = str(row.get("invoice_date"))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) and not days[0] <= day <= days[1]:
        return False  # a row whose date is none passes every window, so that it is seen
    if status and str(row.get("invoice_status")).casefold() != status.casefold():
        return False
    return all(str(row.get(name)) == value for name, value in filters.items())


def _whole(asked: Mapping[str, str], name: str, default: int = 0) -> int:
    text = asked.get(name) or str(default)
    if not re.fullmatch(r"\d{1,12}", text, re.ASCII):
        raise _Refused(f"Invalid {name}")
    return int(text)


def _day(asked: Mapping[str, str], name: str, default: str) -> str:
    text = asked.get(name) or default
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _Refused(f"Invalid {name}") from None
