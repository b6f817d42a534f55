"""The exact bytes of what is sent: the same body is the same bytes, on every machine and at every time. Pure."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Literal

from connector.value import value

__all__ = ["BatchItem", "frozen", "frozen_batch"]


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
    return _json(body).encode()


def frozen_batch(items: Iterable[BatchItem]) -> bytes:
    """A batch around bytes that are frozen already."""
    return b'{"BatchItemRequest":[' + b",".join(_item(item) for item in items) + b"]}"


def _item(item: BatchItem) -> bytes:
    head = f'{{"bId":{_json(item.bid)},"operation":{_json(item.operation)},{_json(item.entity)}:'
    return head.encode() + item.body + b"}"


def _json(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        return "{" + ",".join([f"{encode_basestring(name)}:{_json(value[name])}" for name in sorted(value)]) + "}"
    if kind is Decimal and value.is_finite():
        return f"{value:f}"
    if kind in (list, tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if value is None or kind in (int, bool):
        return json.dumps(value)
    raise TypeError(f"{kind.__name__} has no place in a document")
