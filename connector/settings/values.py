"""
How each kind of value in the settings is read: durations, addresses, paths, dates, secrets.

Every reader raises ``Unfit`` in our own words; pydantic's never reach a person.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, ValidationInfo

from connector.money import CURRENCIES, typed_decimal
from connector.route import Unsafe, unsafe_in
from connector.settings.schedule import read_schedule

__all__ = [
    "Address",
    "Amounts",
    "CompanyId",
    "Currency",
    "Day",
    "FilePath",
    "HostPort",
    "MailServer",
    "OptionalAddress",
    "OptionalFile",
    "OptionalSecret",
    "OptionalText",
    "People",
    "Proxy",
    "Schedule",
    "Seconds",
    "Secret",
    "StateUrl",
    "Text",
    "Timezone",
    "Unfit",
    "Webhook",
    "one_of",
    "whole",
]

_UNITS: Final = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)", re.ASCII)
_LONGEST_PORT: Final = 65535


class Unfit(ValueError):
    """Raised when a value does not fit its setting: what is wrong with it, and what to write instead."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Secret:
    """A text that no output may show; only ``value`` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def value(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "…"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("is no text", "put it in quotes")
    if not value.strip():
        raise Unfit("is empty", "write its value, or leave the line out")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise Unfit("holds a line break or another control character", "write it on one line")
    return value.strip()


def _optional_text(value: Any) -> str | None:
    return None if value in ("", "…", None) else _text(value)


def _secret(value: Any) -> Secret | None:
    text = _optional_text(value.value if isinstance(value, Secret) else value)
    return None if text is None else Secret(text)


def _seconds(value: Any) -> float:
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Unfit("is no duration", 'write a number and one of ms s m h d, in quotes: "90 s"')
    return float(Decimal(found[1]) * _UNITS[found[2]])


class _Within:
    """A whole number from ``least`` to ``most``, both allowed."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def __call__(self, value: Any) -> int:
        remedy = f"write a whole number from {self.least} to {self.most}"
        if isinstance(value, str) and re.fullmatch(r"\d{1,12}", value.strip(), re.ASCII):
            value = int(value)  # the environment knows text only
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unfit("is no whole number", remedy)
        if not self.least <= value <= self.most:
            raise Unfit(f"is not between {self.least} and {self.most}", remedy)
        return value


def whole(least: int, most: int) -> Any:
    """The annotation of a whole number within bounds."""
    return PlainValidator(_Within(least, most))


def one_of(*words: str) -> Any:
    """The annotation of a choice between words."""

    def choose(value: Any) -> str:
        if value not in words:
            raise Unfit("is not one of " + " | ".join(words), f"write one of: {', '.join(words)}")
        return str(value)

    return PlainValidator(choose)


def _day(value: Any) -> date:
    """A date: TOML's own, or ISO text."""
    if isinstance(value, datetime):
        raise Unfit("is a time of day", "write the date alone: 2026-01-31")
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip(), re.ASCII):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise Unfit("is no date", "write it as year-month-day: 2026-01-31")


def _company_id(value: Any) -> str:
    if isinstance(value, int):
        raise Unfit("is a number", "put it in quotes, so that no digit is lost")
    if not re.fullmatch(r"\d{1,20}", _text(value), re.ASCII):
        raise Unfit("is no company id", "write 1 to 20 digits; QuickBooks shows it under Settings, Account, Billing")
    return _text(value)


def _currency(value: Any) -> str | None:
    text = _optional_text(value)
    if text is not None and text not in CURRENCIES:
        raise Unfit("is no currency of ISO 4217", "write three capital letters: USD")
    return text


_UNSAFE: Final[Mapping[Unsafe, tuple[str, str]]] = {
    "no-address": ("is no web address", 'write it whole: "https://…"'),
    "password": ("holds a user name or password", "take it out of the address"),
    "plain": ("is plain http", "write https://…; plain http is accepted for this machine alone"),
}


def _address(value: Any) -> str:
    text = _text(value)
    unsafe = unsafe_in(text)
    if unsafe is not None:
        raise Unfit(*_UNSAFE[unsafe])
    return text


def _base_address(value: Any) -> str:
    text = _address(value)
    if "?" in text or "#" in text:
        raise Unfit("holds more than an address", "leave out everything from the ? or # on")
    return text.rstrip("/")


def _optional_address(value: Any) -> str:
    return "" if value in ("", None) else _base_address(value)


def _webhook(value: Any) -> Secret | None:
    text = _optional_text(value)
    return None if text is None else Secret(_address(text))


def _smtp(value: Any) -> Secret:
    text = _text(value)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits:
        raise Unfit(
            "is no mail server", 'write "smtp://host:587" or "smtps://host"; a user and password go before the host'
        )
    return Secret(text)


def _proxy(value: Any) -> str:
    if value in ("", None):
        return ""
    text = _text(value)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits:
        raise Unfit("is no proxy", 'write "http://host:port"')
    return text


def _folder(info: ValidationInfo) -> Path:
    context: Mapping[str, Any] = info.context or {}
    return Path(context.get("folder") or ".")


def _file(value: Any, info: ValidationInfo) -> Path:
    return _folder(info) / Path(value if isinstance(value, Path) else _text(value)).expanduser()


def _optional_file(value: Any, info: ValidationInfo) -> str:
    if value in ("", None):
        return ""
    file = _file(value, info)
    if not file.is_file():
        raise Unfit("names no file", "correct the name, or leave the line out")
    return str(file)


def _state_url(value: Any, info: ValidationInfo) -> str:
    text = _text(value)
    name = text.removeprefix("sqlite:///")
    if name == text or not name or name.startswith(":memory:") or "?" in name:
        raise Unfit("is no state", 'write "sqlite:///" and a file name: "sqlite:///state.db"')
    return f"sqlite:///{_folder(info) / Path(name).expanduser()}"


def _host_port(value: Any) -> str:
    host, _, port = _text(value).rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _LONGEST_PORT:
        raise Unfit("is no host and port", 'write them with a colon between: "127.0.0.1:8090"')
    return _text(value)


def _timezone(value: Any) -> str:
    text = _text(value)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise Unfit("is no time zone", 'write "UTC" or a place: "Europe/Berlin"') from None
    return text


def _schedule(value: Any) -> str | None:
    text = _optional_text(value)
    if text is not None:
        try:
            read_schedule(text)
        except ValueError as error:
            raise Unfit(str(error), 'write "every 15 minutes", or a cron line: "0 6 * * mon-fri"') from None
    return text


def _amounts(value: Any) -> dict[str, Decimal]:
    if not isinstance(value, Mapping):
        raise Unfit("is no list of amounts", 'write currencies and amounts: {USD = "250000.00"}')
    found: dict[str, Decimal] = {}
    for name, amount in value.items():
        currency = str(name).upper()
        if currency not in CURRENCIES:
            raise Unfit(f"names {name!r}, which is no currency of ISO 4217", 'write {USD = "250000.00"}')
        if isinstance(amount, bool) or not isinstance(amount, str | int):
            raise Unfit(f"has an amount for {currency} that is not in quotes", 'write {USD = "250000.00"}')
        try:
            found[currency] = typed_decimal(str(amount))
        except ValueError:
            raise Unfit(f"has an amount for {currency} that is no number", 'write {USD = "250000.00"}') from None
        if found[currency] < 0:
            raise Unfit(f"has a negative amount for {currency}", 'write {USD = "250000.00"}')
    return found


def _people(value: Any) -> tuple[str, ...]:
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed:
        raise Unfit("is no list of mail addresses", 'write to = ["ap@example.com"]')
    found = tuple(_text(person) for person in listed)
    if any(not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", person) for person in found):
        raise Unfit("holds what is no mail address", 'write to = ["ap@example.com"]')
    return found


Text = Annotated[str, PlainValidator(_text)]
OptionalText = Annotated[str | None, PlainValidator(_optional_text)]
OptionalSecret = Annotated[Secret | None, PlainValidator(_secret)]
Seconds = Annotated[float, PlainValidator(_seconds)]
Day = Annotated[date, PlainValidator(_day)]
CompanyId = Annotated[str, PlainValidator(_company_id)]
Currency = Annotated[str | None, PlainValidator(_currency)]
Address = Annotated[str, PlainValidator(_base_address)]
OptionalAddress = Annotated[str, PlainValidator(_optional_address)]
Webhook = Annotated[Secret | None, PlainValidator(_webhook)]
MailServer = Annotated[Secret, PlainValidator(_smtp)]
People = Annotated[tuple[str, ...], PlainValidator(_people)]
Proxy = Annotated[str, PlainValidator(_proxy)]
FilePath = Annotated[Path, PlainValidator(_file)]
OptionalFile = Annotated[str, PlainValidator(_optional_file)]
StateUrl = Annotated[str, PlainValidator(_state_url)]
HostPort = Annotated[str, PlainValidator(_host_port)]
Timezone = Annotated[str, PlainValidator(_timezone)]
Schedule = Annotated[str | None, PlainValidator(_schedule)]
Amounts = Annotated[Mapping[str, Decimal], PlainValidator(_amounts)]
