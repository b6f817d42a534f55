"""The pretend Commission Factory: ``GET /V1/Affiliate/Invoices`` as its document has it, JSON and XML."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.sandbox.affiliates import World
from connector.sandbox.credentials import COMMISSION_FACTORY_KEY
from connector.sandbox.journal import Journal
from connector.sandbox.quickbooks.wire import encode

__all__ = ["routes"]

_KEYS: Final = ("Id", "DateCreated", "DatePaid", "Number", "Description", "SubTotal", "GST", "Total")
_AMOUNTS: Final = ("SubTotal", "GST", "Total")
_OPENING: Final = (
    '<InvoiceArray xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns="https://api.commissionfactory.com/V1/Affiliate">'
)


def routes(world: World, journal: Journal) -> list[Route]:
    """The one route, to be mounted under ``/commission-factory``."""
    in_flight: set[Request] = set()

    async def invoices(request: Request) -> Response:
        response = journal.fault_for(request)
        if response is None:
            in_flight.add(request)
            try:
                response = Response(status_code=429) if len(in_flight) > 1 else _answer(world, request)
                await anyio.sleep(world.commission_factory_seconds if response.status_code == 200 else 0)
            finally:
                in_flight.discard(request)
        journal.record("commission_factory", request, response.status_code)
        return response

    return [Route("/V1/Affiliate/Invoices", invoices, methods=["GET"])]


def _answer(world: World, request: Request) -> Response:
    asked = request.query_params
    if asked.get("apiKey") != COMMISSION_FACTORY_KEY:
        return Response(status_code=401)
    try:
        # Date components alone, and swapped where they stand the wrong way round.
        first, last = sorted(date.fromisoformat(asked.get(name, "")[:10]) for name in ("fromDate", "toDate"))
    except ValueError:
        return Response(status_code=400)
    number = asked.get("number")
    rows = [
        row
        for row in world.commission_factory
        if _inside(row, first.isoformat(), last.isoformat()) and (not number or row.get("Number") == number)
    ]
    wanted = asked.get("contentType") or request.headers.get("accept", "")
    if "xml" in wanted:
        return Response(_xml(rows), media_type="application/xml")
    return Response(_json(rows), media_type="application/json")


def _inside(row: Mapping[str, Any], first: str, last: str) -> bool:
    day = str(row.get("DateCreated"))[:10]
    try:
        date.fromisoformat(day)
    except ValueError:
        return True  # a row whose date is none passes every window, so that it is seen
    return first <= day <= last


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Amounts are numbers with four decimals, which json cannot print from Decimals."""
    return "[" + ",".join(f"{{{','.join(_pair(name, row[name]) for name in row)}}}" for row in rows) + "]"


def _pair(name: str, value: Any) -> str:
    return f"{encode(name)}:{_amount(value) if name in _AMOUNTS and _is_number(value) else encode(value)}"


def _xml(rows: Sequence[Mapping[str, Any]]) -> str:
    invoices = ("".join(f"<{name}>{_text(name, row[name])}</{name}>" for name in _KEYS if name in row) for row in rows)
    return _OPENING + "".join(f"<Invoice>{invoice}</Invoice>" for invoice in invoices) + "</InvoiceArray>"


def _text(name: str, value: Any) -> str:
    if value is None:
        return "null"
    return _amount(value) if name in _AMOUNTS and _is_number(value) else escape(str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _amount(value: Any) -> str:
    return f"{Decimal(str(value)).quantize(Decimal('0.0001')):f}"
