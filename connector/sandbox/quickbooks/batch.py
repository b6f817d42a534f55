"""POST /batch: independent items, each with its own result; a refused item touches no other."""

import random

from connector.sandbox.answers import Armed
from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.faults import THROTTLED, Problem, Refusal, refuse
from connector.sandbox.quickbooks.query import run
from connector.sandbox.quickbooks.requestids import check_batch_ids, once
from connector.sandbox.quickbooks.wire import Verbatim, encode
from connector.sandbox.quickbooks.write import Options, entity_of, write

_KEYS = {"bId", "operation", "optionsData", "Query"}


def run_batch(company: Company, body: Data, requestid: str, armed: Armed | None = None) -> Data:
    """
    The BatchItemResponse list.

    Raises Refusal for faults of the whole request (1040, 2010, 2130, and 10000 for a batch that was half done).
    """
    items = body.get("BatchItemRequest")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise refuse("2020", "Required parameter BatchItemRequest is missing in the request", "BatchItemRequest")
    most = int(company.switches.number("batch_most_items"))
    if len(items) > most:
        raise refuse("1040", f"Batch size exceeds allowed limit. Max allowed: {most}. Supplied: {len(items)}")
    check_batch_ids(requestid, [str(item.get("bId", "")) for item in items])
    if armed and armed.fault == "batch-half-done":
        for item in items[: int(armed.parameters.get("items", len(items) // 2))]:
            _item(company, item, requestid)
        raise Refusal([Problem("10000", "System Failure Error: the batch broke off")], "SystemFault")
    struck = int(armed.parameters.get("index", 0)) if armed else -1
    answers: list[Data | Verbatim] = []
    for number, item in enumerate(items):
        if armed and number == struck:
            answers += _struck(company, item, requestid, armed)
        else:
            answers.append(_item(company, item, requestid))
    order = company.switches.text("batch_order")
    if order == "reversed":
        answers.reverse()
    elif order == "shuffled":
        random.shuffle(answers)
    return {"BatchItemResponse": answers}


def _struck(company: Company, item: Data, requestid: str, armed: Armed) -> list[Data | Verbatim]:
    """The answers, none to two, for the item that an armed fault hits."""
    done = [_item(company, item, requestid)] if armed.commits else []
    given, key = armed.parameters, str(item.get("bId", ""))
    match armed.fault:
        case "batch-item-lost":
            return []
        case "batch-item-twice":
            return done * 2
        case "batch-item-throttled":
            return [{"Fault": {"Error": [THROTTLED.body()], "type": "SERVICE"}, "bId": key}]
        case _:
            problem = Problem(str(given.get("code", "10000")), str(given.get("detail", "the sandbox was told to fail")))
            return [{"Fault": Refusal([problem]).fault(), "bId": key}]


def _item(company: Company, item: Data, requestid: str) -> Data | Verbatim:
    key = str(item.get("bId", ""))
    if "Query" in item:
        try:
            return {"QueryResponse": run(company, str(item["Query"]), in_batch=True), "bId": key}
        except Refusal as refusal:
            return {"Fault": refusal.fault(), "bId": key}

    def work() -> tuple[int, str]:
        try:
            return 200, encode(_written(company, item) | {"bId": key})
        except Refusal as refusal:
            return 400, encode({"Fault": refusal.fault(), "bId": key})

    try:
        return Verbatim(once(company, f"{requestid}/{key}" if requestid else "", item, work)[1])
    except Refusal as refusal:
        return {"Fault": refusal.fault(), "bId": key}


def _written(company: Company, item: Data) -> Data:
    names = [name for name in item if name not in _KEYS]
    if len(names) != 1 or not isinstance(item[names[0]], dict):
        raise refuse("2020", "Required parameter entity is missing in the request", None)
    operation = str(item.get("operation", ""))
    if operation not in {"create", "update", "delete", "void"}:
        raise refuse("2170", f"Invalid Enumeration : {operation}", "operation")
    options = Options(operation, "allowduplicatedocnum" in str(item.get("optionsData", "")))
    entity = entity_of(names[0])
    return {entity.name: write(company, entity, item[names[0]], options)}
