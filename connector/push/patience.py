"""When QuickBooks takes nothing more: after how many tries, and with which words, a run ends."""

from collections.abc import Mapping
from typing import Final

from connector.errors import ConnectorError, ServiceDown, SettingsInvalid, SignInNeeded, Throttled
from connector.quickbooks.faults import explain, meaning_of
from connector.quickbooks.transport import Outcome

__all__ = ["THROTTLES", "refused_to_go_on", "stops"]

THROTTLES: Final = 3
_ERRORS: Final[Mapping[str, type[ConnectorError]]] = {"batch-too-large": SettingsInvalid}
"""What mends a refusal that is no matter of the sign-in, the subscription or the company."""


def stops(outcome: Outcome) -> bool:
    """Nothing else would be taken either: the company, the subscription or the sign-in is refused, or it is away."""
    if outcome.kind == "refused":
        return meaning_of(outcome).effect == "stop"
    return outcome.kind in ("forbidden", "not-sent")


def refused_to_go_on(outcome: Outcome) -> ConnectorError:
    """Why a run ends at this answer."""
    if outcome.kind == "throttled":
        return Throttled(
            f"QuickBooks asked to slow down {THROTTLES} times in a row",
            code="quickbooks-throttled",
            remedy="run again later; what was not sent waits",
            retry_after=outcome.retry_after,
        )
    if outcome.kind == "not-sent":
        return ServiceDown(
            f"QuickBooks cannot be reached: {outcome.message}",
            code="quickbooks-down",
            remedy="nothing was sent; run again",
        )
    code, reason, remedy = explain(outcome, {})
    return _ERRORS.get(code, SignInNeeded)(reason, code=code, remedy=remedy)
