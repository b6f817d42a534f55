"""
Updates and removals: what an answer to one proves, and what QuickBooks shows of one without an answer.

A change names the SyncToken that it replaces, so that of two QuickBooks takes one at most. While the token stands the
change has not arrived; once it moved, only our boxes tell whose change it was.
"""

from typing import Any

from connector.errors import ConnectorError
from connector.push.answer import Written, judge, not_answered
from connector.push.order import Order
from connector.push.patience import stops
from connector.quickbooks.boxes import holds
from connector.quickbooks.faults import explain, meaning_of
from connector.quickbooks.outcome import parse
from connector.quickbooks.transport import Company, Outcome
from connector.state.requests import ItemOutcome
from connector.state.store import Conclusion

__all__ = ["believed", "conclusion_of_change", "evidence"]


def believed(company: Company, order: Order, outcome: Outcome, *, first_try: bool, doubtful: bool) -> Written:
    """
    What the answer to an update or a removal comes to.

    Args:
        company: Where it is looked at again, if need be.
        order: What was sent.
        outcome: The answer.
        first_try: It was sent once: an answer to a later try may be that to an earlier one.
        doubtful: It was sent before without an answer.
    """
    try:
        if outcome.kind == "applied":
            return _applied(company, order, outcome, first_try=first_try)
        if outcome.kind == "refused" and not stops(outcome):
            return _refused(company, order, outcome)
    except (ConnectorError, ValueError) as error:
        return not_answered(Outcome("unknown", message=f"its answer could not be read: {error}"))
    if outcome.kind == "unknown" or doubtful:
        return not_answered(outcome)
    burned = outcome.kind == "refused"
    return Written("ready", None, f"not sent: {outcome.message}", "nothing to do: the next run sends it", burned=burned)


def evidence(company: Company, order: Order) -> Written | None:
    """What QuickBooks shows of a change: None where it has not arrived."""
    body: dict[str, Any] = parse(order.body)
    now = company.read(order.entity, body["Id"])
    called = f"{order.entity.lower()} {body['Id']}"
    if now is None and order.operation == "delete":
        return Written("removed")
    if now is None:
        return Written(
            "held",
            "missing-in-quickbooks",
            f"{called} was to be changed, and somebody deleted it in QuickBooks",
            "nothing is made again by itself; if it is owed: connector review recreate, if not: accept",
        )
    if order.operation == "update" and holds(now, body):
        return judge(now, order.entity, order.document, order.marker)
    if now["SyncToken"] == body["SyncToken"]:
        return None
    return Written(
        "held",
        "stale",
        f"{called} was changed in QuickBooks by somebody else at the same moment, and what we sent did not arrive",
        "nothing was overwritten; the next run looks again",
    )


def conclusion_of_change(order: Order, written: Written) -> Conclusion:
    """What is kept of a change; the document keeps its id in QuickBooks whatever becomes of it."""
    told: dict[str, Any] = {"code": written.code, "reason": written.reason, "remedy": written.remedy}
    outcome: ItemOutcome | None = None
    if written.state == "ready":
        # The bill stands as it was; without facts the next run decides about it anew.
        facts = {"facts": None} if order.operation == "update" else {}
        return Conclusion(order.document_id, "sent", "refused" if written.burned else "absent", facts)
    if written.posted is not None:
        told |= {"sync_token": written.posted.sync_token, "vendor_id": written.posted.vendor_id}
        told |= {"due": written.posted.due, "answer": written.answer}
    if written.state == "held":
        outcome = "refused" if written.burned else "left-out"
        told |= {"facts": None} if order.operation == "delete" else {}
    return Conclusion(order.document_id, written.state, outcome, told)


def _applied(company: Company, order: Order, outcome: Outcome, *, first_try: bool) -> Written:
    answer, body = outcome.body or {}, parse(order.body)
    if answer.get("Id") != body["Id"]:
        return not_answered(Outcome("unknown", message="QuickBooks answered about another document"))
    if order.operation == "delete" and answer.get("status") == "Deleted":
        return Written("removed")
    if order.operation == "update" and first_try and answer.get("SyncToken") != order.revision:
        return judge(answer, order.entity, order.document, order.marker)
    return evidence(company, order) or not_answered(outcome)


def _refused(company: Company, order: Order, outcome: Outcome) -> Written:
    """A definite refusal leaves the document as it was; where it says that the document moved, it is looked at."""
    code, reason, remedy = explain(outcome, {})
    if meaning_of(outcome).effect == "look":
        found = evidence(company, order)
        if found is not None and found.code != "stale":
            return found
        if code == "stale":
            return Written("ready", code, reason, remedy, burned=True)
    return Written("held", code, f"the bill stands as it was: {reason}", remedy, burned=True)
