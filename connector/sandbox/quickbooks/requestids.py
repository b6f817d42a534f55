"""Request ids: the first answer is remembered and given again, byte for byte, as the switches say."""

import hashlib
from collections.abc import Callable

from connector.sandbox.quickbooks.company import Company, Remembered
from connector.sandbox.quickbooks.faults import refuse

MOST = 50
MOST_IN_BATCH = 36
MOST_BATCH_ITEM = 10


def check_id(requestid: str, most: int = MOST) -> None:
    """2130 for an id that is too long."""
    if len(requestid) > most:
        raise refuse("2130", f"Invalid Request Id Format : at most {most} characters. Supplied length:{len(requestid)}")


def check_batch_ids(requestid: str, items: list[str]) -> None:
    """With a batch the id is shorter, and the items' ids are short and different."""
    if len(set(items)) != len(items) or "" in items:
        raise refuse("2020", "Required parameter bId is missing or not unique in the request", "bId")
    if requestid:
        check_id(requestid, MOST_IN_BATCH)
        for item in items:
            check_id(item, MOST_BATCH_ITEM)


def once(company: Company, key: str, sent: object, work: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """
    Do the work (status, body), or give back what it answered the first time. Raises Refusal 600.

    `key` is the request id, with the item's in a batch, "" for none; `sent` is what came under it, looked at only where
    the switches ask whether it is the same.
    """
    switches = company.switches
    if not key or switches.text("requestids") == "forget":
        return work()
    known = company.requests.get(key)
    print_of = (
        hashlib.sha256(str(sent).encode()).hexdigest() if switches.text("requestid_other_body") != "replay" else ""
    )
    mode = _mode(company, known, print_of)
    if known is not None and mode != "do":
        if mode == "600":
            raise refuse(
                "600",
                "The request ID you're trying to use already exists in the QuickBooks Online Accounting API or "
                "QuickBooks Payments API. Our system detected the duplicate.",
            )
        return known.status, known.body
    status, body = work()
    if status == 200 or switches.on("failed_attempts_remembered"):
        company.requests[key] = Remembered(status, body, company.now(), print_of)
        company.revision += 1
    return status, body


def _mode(company: Company, known: Remembered | None, print_of: str) -> str:
    """Whether to do it, to replay what is known, or to refuse with 600."""
    switches = company.switches
    hours, age = switches.number("requestid_hours"), company.now() - known.when if known else 0
    if known is None or (hours and age > hours * 3600):
        return "do"
    if age < switches.number("answer_seconds") and switches.text("requestid_in_flight") != "replay":
        return switches.text("requestid_in_flight")
    if known.print and print_of and known.print != print_of:
        return switches.text("requestid_other_body")
    return switches.text("requestids")
