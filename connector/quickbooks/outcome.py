"""
What an answer to a write proves. Pure: status, headers and body in, an `Outcome` out.

Only a parsed success is *applied* and only a definite fault is *refused*; whatever proves neither is *unknown*.
python-quickbooks' own exceptions play no part: they know neither status nor headers, and sort a 429 under validation.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from connector.network import Answer
from connector.value import value

__all__ = ["Fault", "Outcome", "batch_outcomes", "fault_in", "outcome_of", "parse"]

Kind = Literal["applied", "refused", "unknown", "throttled", "not-sent", "forbidden"]

# 600: this request id was used before. 6140: this number was used before, perhaps by us. 3200 and 1-499: the token.
_UNKNOWN_CODES: Final = frozenset({600, 6140, 3200, *range(1, 500)})
_MOST_DIGITS: Final = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """The first error of an answer, with every code it named."""

    code: str
    message: str
    detail: str
    element: str
    type: str
    codes: frozenset[int]


@value(frozen=True, slots=True)
class Outcome:
    """
    What became of one write.

    Args:
        kind: ``applied`` and ``refused`` are proven; ``throttled``, ``not-sent`` and ``forbidden`` are proven without
            effect; ``unknown`` may be either.
        body: The entity as QuickBooks now holds it, amounts as Decimal; only where applied.
        code: QuickBooks' fault code without leading zeros.
        intuit_tid: What Intuit's support asks for.
        retry_after: Seconds QuickBooks asked to wait.
    """

    kind: Kind
    body: dict[str, Any] | None = None
    code: str | None = None
    message: str = ""
    detail: str = ""
    element: str = ""
    http_status: int | None = None
    intuit_tid: str | None = None
    retry_after: float | None = None


def parse(body: bytes) -> Any:
    """
    JSON with exact numbers.

    Raises:
        ValueError: It is no JSON, or holds NaN or a number of absurd size.
    """
    try:
        return json.loads(body, parse_float=_number, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > _MOST_DIGITS or "e" in text or "E" in text:  # no other can be out of range
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or abs(exponent) > _MOST_DIGITS:
            raise ValueError("a number out of range")
    return number


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def fault_in(content: Any) -> Fault | None:
    """The fault of an answer in either envelope: ``Fault`` is the application's, ``fault`` the gateway's."""
    if not isinstance(content, dict):
        return None
    fault = content.get("Fault") or content.get("fault")
    if not isinstance(fault, dict):
        return None
    errors = fault.get("Error") or fault.get("error")
    errors = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    first = errors[0] if errors else {}
    code = _code(first)
    return Fault(
        code=str(code) if code is not None else "",
        message=_text(first, "Message"),
        # "Token expired: …" quotes the token.
        detail="" if code in _UNKNOWN_CODES - {600, 6140} else _text(first, "Detail"),
        element=_text(first, "element"),
        type=str(fault.get("type") or ""),
        codes=frozenset(found for error in errors if (found := _code(error)) is not None),
    )


def _code(error: Mapping[str, Any]) -> int | None:
    text = str(error.get("code", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _text(error: Mapping[str, Any], name: str) -> str:
    value = error.get(name) or error.get(name.lower()) or ""
    return str(value)[:2000]


def outcome_of(answer: Answer, entity: str) -> Outcome:
    """What a whole answer to one write of an ``entity`` proves."""
    content, about = _opened(answer)
    return _judged(answer.status, content, entity, about)


def batch_outcomes(answer: Answer, items: Mapping[str, str]) -> dict[str, Outcome] | Outcome:
    """
    What the answer to a batch proves of each item; one outcome for all where the answer holds no items.

    Args:
        answer: The whole answer.
        items: The entity of each bId that was sent. An item the answer leaves out, or names twice, is unknown.
    """
    content, about = _opened(answer)
    answers = content.get("BatchItemResponse") if isinstance(content, dict) and answer.status == 200 else None
    if not isinstance(answers, list):
        return _judged(answer.status, content, "", about)
    found: dict[str, list[dict[str, Any]]] = {}
    for item in answers:
        if isinstance(item, dict) and item.get("bId") in items:
            found.setdefault(str(item["bId"]), []).append(item)
    unanswered = Outcome("unknown", message="the answer to the batch does not hold this item", **about)
    return {
        bid: _judged(200, found[bid][0], entity, about) if len(found.get(bid, ())) == 1 else unanswered
        for bid, entity in items.items()
    }


def _opened(answer: Answer) -> tuple[Any, dict[str, Any]]:
    try:
        content = parse(answer.body)
    except ValueError:
        content = None
    return content, {
        "http_status": answer.status,
        "intuit_tid": answer.headers.get("intuit_tid") or answer.headers.get("intuit-tid"),
        "retry_after": retry_after(answer.headers),
    }


def _judged(status: int, content: Any, entity: str, about: Mapping[str, Any]) -> Outcome:
    """Anything but a parsed success or a definite fault is unknown (I5)."""
    fault = fault_in(content)
    if fault is not None:
        kind = _kind_of_fault(status, fault)
        return Outcome(kind, None, fault.code or None, fault.message, fault.detail, fault.element, **about)
    if status == 429:
        return Outcome("throttled", message="QuickBooks asks to slow down", **about)
    if status == 403:
        return Outcome("forbidden", message="QuickBooks forbids it", **about)
    held = content.get(entity) if isinstance(content, dict) and status == 200 else None
    if isinstance(held, dict) and isinstance(held.get("Id"), str) and held["Id"]:
        return Outcome("applied", held, **about)
    return Outcome("unknown", message=f"HTTP {status} that neither confirms nor refuses", **about)


def _kind_of_fault(status: int, fault: Fault) -> Kind:
    # The gateway turns a throttled request away before anything sees it, under 429 and, in older days, 403.
    if status == 429 or (status < 500 and fault.codes == {3001}):
        return "throttled"
    if status in (401, 408) or status >= 500 or not fault.codes or fault.type == "SystemFault":
        return "unknown"
    if status == 403 or 3100 in fault.codes:
        return "forbidden"
    if fault.codes & _UNKNOWN_CODES or max(fault.codes) >= 10000:
        return "unknown"
    return "refused"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After that is a plain number; Intuit documents none at all."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None
