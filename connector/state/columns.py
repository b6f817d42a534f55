"""How values stand in columns: times in UTC, amounts as text, data as JSON text; the same on every database."""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

__all__ = ["AnswerText", "DecimalText", "JsonText", "Utc", "json_text"]

_AS_IT_IS: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS


def json_text(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """
    What JSON can hold as text, with its order kept.

    Args:
        value: Lists, mappings, texts, whole numbers, yes, no and nothing.
        default: What makes one of these of anything else; without it that is refused.

    Raises:
        TypeError: It holds something that JSON has no form for.
    """
    try:
        return orjson.dumps(value, default, _AS_IT_IS).decode()
    except orjson.JSONEncodeError:
        # Half a character and numbers of more than 64 bits are good enough for the slow way.
        return json.dumps(value, default=default, separators=(",", ":"))


class Utc(TypeDecorator[datetime.datetime]):
    """An aware time, kept and given back in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:  # noqa: ARG002 - SQLAlchemy names it
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time in the state needs its zone")
        return value.astimezone(datetime.UTC)

    def process_result_value(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:  # noqa: ARG002 - SQLAlchemy names it
        # SQLite keeps no zone; PostgreSQL answers in the session's.
        if value is None:
            return None
        return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value.astimezone(datetime.UTC)


class DecimalText(TypeDecorator[Decimal]):
    """A Decimal as plain digits, trailing zeros kept; floats are refused."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy names it
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"an amount in the state needs a Decimal, not {value!r}")
        return format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy names it
        return None if value is None else Decimal(value)


class JsonText(TypeDecorator[Any]):
    """What JSON can hold, as text with its order kept; Decimals and dates are refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy names it
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy names it
        return None if value is None else json.loads(value)


class AnswerText(JsonText):
    """QuickBooks' record of a document: its Decimals become text, exactly as they came."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy names it
        return None if value is None else json_text(value, str)
