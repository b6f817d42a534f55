"""The Accounting API's addresses: the gateway first (sign-in, limits), then the entity, query or batch asked for."""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.sandbox.answers import json_answer, strike, throttled, unauthenticated
from connector.sandbox.journal import Journal
from connector.sandbox.limits import Limits
from connector.sandbox.quickbooks import faults
from connector.sandbox.quickbooks.about import changes, company_info, preferences
from connector.sandbox.quickbooks.batch import run_batch
from connector.sandbox.quickbooks.company import Company
from connector.sandbox.quickbooks.entities import BY_PATH, Entity
from connector.sandbox.quickbooks.faults import Problem, Refusal, refuse, unsupported
from connector.sandbox.quickbooks.query import run
from connector.sandbox.quickbooks.rates import exchange_rate
from connector.sandbox.quickbooks.requestids import check_id, once
from connector.sandbox.quickbooks.uploads import upload
from connector.sandbox.quickbooks.wire import decode, encode, envelope_time
from connector.sandbox.quickbooks.write import Options, read, write

_log = logging.getLogger(__name__)
_READS = {"query", "cdc"}
_HEADERS = {
    "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
    "Expires": "0",
    "Qbo-Version": "1944.190",
    "Server": "envoy",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `parts` is the path below the realm, `reading` whether Intuit meters it."""

    request: Request
    parts: tuple[str, ...]
    body: bytes
    reading: bool

    def asked(self, name: str) -> str:
        """A query parameter, "" when absent."""
        return self.request.query_params.get(name, "")


def quickbooks_routes(company: Company, journal: Journal) -> list[Route]:
    """The routes under /quickbooks."""
    limits = Limits(company.switches)

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        if jitter := company.switches.number("arrival_jitter_seconds"):
            await asyncio.sleep(random.uniform(0, jitter))
        parts = tuple(request.path_params["rest"].split("/"))
        reading = request.method == "GET" or parts[0] in _READS
        request.state.body = body
        call = Call(request, parts, body, reading)

        def work(epoch: int = company.epoch) -> Response:
            if epoch != company.epoch:
                return Response()
            return _gateway(company, limits, journal, call) or _answered(company, call, journal)

        armed = journal.take(request)
        with limits.under_way():
            answer = strike(armed, work, company.now()) if armed else work()
            answer.headers["intuit_tid"] = f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
            journal.record("core_plus" if reading else "core", request, answer.status_code)
            if (seconds := company.switches.number("answer_seconds")) and answer.status_code != 429:
                await asyncio.sleep(seconds)
        return answer

    return [Route("/v3/company/{realm}/{rest:path}", endpoint, methods=["GET", "POST"])]


def _gateway(company: Company, limits: Limits, journal: Journal, call: Call) -> Response | None:
    switches, now = company.switches, company.now()
    if trouble := company.tokens.trouble(call.request.headers.get("authorization", ""), now):
        return unauthenticated(switches.text("unauthenticated_shape"), trouble, now)
    if call.request.path_params["realm"] != company.realm or switches.on("realm_forbidden"):
        return json_answer(403, faults.forbidden(now))
    allowed = switches.number("reads_allowed")
    used_up = call.reading and allowed and journal.meters["core_plus"] >= allowed
    if used_up or not limits.admits(batch=call.parts == ("batch",)):
        return throttled(switches.text("throttle_shape"), switches.number("throttle_retry_after"), now)
    return None


def _answered(company: Company, call: Call, journal: Journal) -> Response:
    try:
        status, text = _route(company, call, journal)
    except Refusal as refusal:
        status, text = _refused(company, refusal)
    except Exception:  # noqa: BLE001 - a fault of ours answers as QuickBooks' own would
        _log.exception("the pretend QuickBooks failed at %s", "/".join(call.parts))
        own = Refusal(
            [Problem("10000", "System Failure Error: a fault of the sandbox's own; see its log")], "SystemFault"
        )
        status, text = 500, encode({"Fault": own.fault(), "time": envelope_time(company.now())})
    if status == 400:
        status = int(company.switches.number("business_fault_status"))
        return Response(text, status, _HEADERS, media_type="application/json")
    return Response(text, status, _HEADERS, media_type="application/json;charset=utf-8")


def _refused(company: Company, refusal: Refusal) -> tuple[int, str]:
    body: dict[str, Any] = {"Fault": refusal.fault()}
    if not refusal.timeless:
        body["time"] = envelope_time(company.now())
    return 500 if refusal.kind == "SystemFault" else 400, encode(body)


def _enveloped(company: Company, name: str, value: Any) -> tuple[int, str]:
    return 200, encode({name: value, "time": envelope_time(company.now())})


def _route(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    parts = call.parts
    special: dict[str, Callable[[Company, Call, Journal], tuple[int, str]]] = {
        "query": _query,
        "batch": _batch,
        "upload": _upload,
        "cdc": _cdc,
        "preferences": _preferences,
        "companyinfo": _company_info,
        "exchangerate": _exchange_rate,
    }
    if parts[0] in special:
        return special[parts[0]](company, call, journal)
    entity = BY_PATH.get(parts[0])
    if entity is None or len(parts) > 2:
        raise unsupported(call.request.url.path)
    if call.request.method == "GET" and len(parts) == 2:
        return _enveloped(company, entity.name, read(company, entity, parts[1]).text)
    if call.request.method == "POST" and len(parts) == 1:
        return _write(company, entity, call)
    raise unsupported(call.request.url.path)


def _write(company: Company, entity: Entity, call: Call) -> tuple[int, str]:
    requestid = call.asked("requestid")
    check_id(requestid)
    body = _json_object(call.body)
    options = Options(call.asked("operation"), "allowduplicatedocnum" in call.asked("include"))
    if "void" in call.asked("include"):
        options = Options("void")

    def work() -> tuple[int, str]:
        try:
            return _enveloped(company, entity.name, write(company, entity, body, options))
        except Refusal as refusal:
            return _refused(company, refusal)

    return once(company, requestid, call.body, work)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        given = decode(body)
    except ValueError as fault:
        raise refuse(
            "2010", f"Property Name:Can not parse the request: {fault} is unsupported or invalid", None
        ) from fault
    if not isinstance(given, dict):
        raise refuse("2010", "Property Name:Can not construct instance of the entity is unsupported or invalid", None)
    return given


def _query(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    text = call.asked("query") or call.body.decode("utf-8", "replace")
    return _enveloped(company, "QueryResponse", run(company, text))


def _batch(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    armed = journal.take(call.request, in_batch=True)
    body = _json_object(call.body)
    answer = run_batch(company, body, call.asked("requestid"), armed)
    questions = sum("Query" in item for item in body["BatchItemRequest"])
    metered = {"each": questions, "once": min(questions, 1), "none": 0}[company.switches.text("batch_queries_metered")]
    journal.meters["core_plus"] += metered
    return 200, encode(answer | {"time": envelope_time(company.now())})


def _upload(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    kind = call.request.headers.get("content-type", "")
    return _enveloped(company, "AttachableResponse", upload(company, kind, call.body))


def _cdc(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    return _enveloped(company, "CDCResponse", [changes(company, call.asked("entities"), call.asked("changedSince"))])


def _preferences(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    return _enveloped(company, "Preferences", preferences(company))


def _company_info(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    return _enveloped(company, "CompanyInfo", company_info(company))


def _exchange_rate(company: Company, call: Call, journal: Journal) -> tuple[int, str]:
    rate = exchange_rate(company, call.asked("sourcecurrencycode"), call.asked("asofdate"))
    return _enveloped(company, "ExchangeRate", rate)
