"""POST /batch: up to thirty independent items, each with its own result; a refused item touches no other."""

import random
from typing import Any

from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.faults import THROTTLED, Refusal, refuse
from connector.sandbox.quickbooks.query import run
from connector.sandbox.quickbooks.requestids import check_batch_ids, once
from connector.sandbox.quickbooks.wire import Verbatim, encode
from connector.sandbox.quickbooks.write import Options, entity_of, write

MOST_ITEMS = 30
_KEYS = {"bId", "operation", "optionsData", "Query"}


def run_batch(
    company: Company, body: Any, requestid: str, *, throttled: int | None = None, lost: int | None = None
) -> Data:
    """
    The BatchItemResponse list.

    `throttled` is an item that is not done and answers 3001, `lost` one that is done and left out of the answer.
    Raises Refusal for faults of the whole request (1040, 2010, 2130).
    """
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise refuse("2020", "Required parameter BatchItemRequest is missing in the request", "BatchItemRequest")
    if len(items) > MOST_ITEMS:
        raise refuse("1040", f"Batch size exceeds allowed limit. Max allowed: {MOST_ITEMS}. Supplied: {len(items)}")
    check_batch_ids(requestid, [str(item.get("bId", "")) for item in items])
    answers = [_item(company, item, requestid, refused=number == throttled) for number, item in enumerate(items)]
    if lost is not None:
        answers = [answer for number, answer in enumerate(answers) if number != lost]
    order = company.switches.text("batch_order")
    if order == "reversed":
        answers.reverse()
    elif order == "shuffled":
        random.shuffle(answers)
    return {"BatchItemResponse": answers}


def _item(company: Company, item: Data, requestid: str, *, refused: bool) -> Data | Verbatim:
    key = str(item.get("bId", ""))
    if refused:
        return {"Fault": {"Error": [THROTTLED.body()], "type": "SERVICE"}, "bId": key}
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
        return Verbatim(once(company, f"{requestid}/{key}" if requestid else "", work)[1])
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
