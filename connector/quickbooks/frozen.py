"""The exact bytes of what is sent: the same body is the same bytes, on every machine and at every time. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import orjson

from connector.value import value

__all__ = ["BatchItem", "frozen", "frozen_batch"]

_EXACT: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
)


@value(frozen=True, slots=True)
class BatchItem:
    """One write of a batch; ``body`` as `frozen` made it, the bId at most 10 characters."""

    bid: str
    operation: Literal["create", "update", "delete"]
    entity: str
    body: bytes


def frozen(body: Mapping[str, Any]) -> bytes:
    """
    The exact bytes of a body: sorted keys, UTF-8, no spaces, Decimals as JSON numbers with the decimals they have.

    Raises:
        TypeError: The body holds a float, or something else that has no place in it.
    """
    _refuse_floats(body.values())
    return orjson.dumps(body, _number, _EXACT)


def frozen_batch(items: Iterable[BatchItem]) -> bytes:
    """A batch around bytes that are frozen already."""
    return b'{"BatchItemRequest":[' + b",".join(_item(item) for item in items) + b"]}"


def _item(item: BatchItem) -> bytes:
    head = b'{"bId":%b,"operation":%b,%b:' % tuple(map(orjson.dumps, (item.bid, item.operation, item.entity)))
    return head + item.body + b"}"


def _refuse_floats(values: Iterable[Any]) -> None:
    """They would be written as they happen to print, which need not be the amount that was meant."""
    for each in values:
        kind = type(each)
        if kind is float:
            raise TypeError("float has no place in a document")
        if kind is dict:
            _refuse_floats(each.values())
        elif kind is list or kind is tuple:
            _refuse_floats(each)


def _number(other: Any) -> orjson.Fragment:
    """What JSON itself has no form for."""
    if type(other) is Decimal and other.is_finite():
        return orjson.Fragment(f"{other:f}")
    raise TypeError(f"{type(other).__name__} has no place in a document")
