"""
What every source does with an answer: strict JSON, and one record's values typed without guessing.

Numbers keep the digits that the source printed; a value that cannot be read becomes a trouble of its invoice; a key
that is missing altogether is a wrong shape, told by the names of the keys seen and never by their values.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeVar, cast

from connector.errors import AnswerUnreadable
from connector.invoice import Trouble
from connector.money import plain_decimal

__all__ = ["Record", "blanked", "keys_seen", "parse_json", "wrong_shape"]

_SECRET_NAME: Final = re.compile(r"api_?key|secret|token|password|ssn|iban", re.IGNORECASE)
_BLANK: Final = "***"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_FIRST_YEAR: Final = 1900  # 0001-01-01 is how some systems print "no date"
_KEY_NAME: Final = re.compile(r"[\w.:@$-]{1,40}")  # a service may put anything there, what we sent it included
_MOST_DIGITS: Final = 60
_ABSURD: Final = "JSON with a number of absurd size"
_SHORTEST_SECRET: Final = 6  # anything shorter stands in honest values too

_T = TypeVar("_T")


def wrong_shape(source: str, what: str, *, code: str = "source-shape") -> AnswerUnreadable:
    """The error for an answer that is not what the source's document says."""
    return AnswerUnreadable(
        f"{source}: {what}",
        code=code,
        remedy="check base_url and the source's documentation; nothing was advanced, run again: connector plan",
        source=source,
    )


def keys_seen(record: Mapping[str, object]) -> str:
    """The names of a record's keys, for a message: sorted, and only such as a person would give."""
    names = [name if _KEY_NAME.fullmatch(name) else "…" for name in sorted(record)]
    return ", ".join(names[:30]) + (" …" if len(names) > 30 else "") or "none"


def parse_json(body: bytes, secret: str = "") -> object:
    """
    Strict JSON: decimals exact, no key twice, no NaN, ``secret`` blanked wherever a text repeats it.

    Raises:
        ValueError: Its text says what the body is instead: empty, a web page, cut off.
    """
    text = body.decode("utf-8-sig").strip()
    if not text:
        raise ValueError("an empty answer")
    if text.startswith("<"):
        raise ValueError("a web page (HTML) or XML, not JSON")

    try:
        if _plain_text(text, secret):
            found = json.loads(text, parse_float=_number, parse_constant=_no_number)
            if _keys(found) == text.count('":'):
                return found
        return json.loads(text, parse_float=_number, parse_constant=_no_number, object_pairs_hook=_careful(secret))
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text) or error.msg.startswith("Unterminated")
        raise ValueError("JSON that was cut off" if cut else f"no JSON (at character {error.pos})") from None
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    except ValueError as error:
        raise ValueError(_ABSURD if "digits" in str(error) else str(error)) from None


def _plain_text(text: str, secret: str) -> bool:
    """
    Whether no value of it needs a look: no secret and no half character can stand in it, and its keys can be counted.

    The parser alone takes a quarter of the time of one that looks at every value, and every pull reads all again.
    """
    escaped = "\\" in text and ("\\ud" in text or "\\uD" in text or not secret.isalnum())
    spaced = any(f"{space}:" in text for space in " \t\n\r")  # then a key is not followed by its colon
    return not escaped and not spaced and (len(secret) < _SHORTEST_SECRET or secret not in text)


def _keys(value: object) -> int:
    """
    How many keys an answer of the usual form has: an object of objects and of lists of flat records.

    A key is followed by a colon, so as many colons behind quotes as keys mean that no key stands twice.
    """
    if isinstance(value, dict):
        return len(value) + sum(_keys(inner) for inner in value.values() if isinstance(inner, dict | list))
    return sum(map(len, value)) if isinstance(value, list) and all(isinstance(one, dict) for one in value) else 0


def _careful(secret: str) -> Callable[[list[tuple[str, object]]], dict[str, object]]:
    """What makes an object of pairs and looks at every one of them."""

    def made(items: list[tuple[str, object]]) -> dict[str, object]:
        found = {name: blanked(_whole(value), secret) for name, value in items}
        if len(found) != len(items):
            raise ValueError("JSON in which a key stands twice")
        return found

    return made


def _number(text: str) -> Decimal:
    """Exact; none that only an attacker prints: its digits would fill the memory when it is written out."""
    if len(text) > _MOST_DIGITS or ("e" in text.lower() and abs(int(text.lower().partition("e")[2])) > _MOST_DIGITS):
        raise ValueError(_ABSURD)
    return Decimal(text)


def _no_number(text: str) -> object:
    raise ValueError(f"JSON with {text} in it, which is no number")


def _whole(value: object) -> object:
    """Half a character (a lone surrogate, as a cut name leaves it) can be stored and sent nowhere."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) and not value.isascii() else value


def blanked(value: _T, secret: str) -> _T:
    """``value`` without the secret, should a source repeat it in a text or in a list of texts."""
    if len(secret) < _SHORTEST_SECRET:
        return value
    if isinstance(value, str):
        return cast("_T", value.replace(secret, _BLANK))
    if isinstance(value, list):
        return cast("_T", [blanked(item, secret) for item in value])
    return value


class Record:
    """One record while it is read: typed values out, troubles collected."""

    def __init__(self, values: Mapping[str, object], source: str, title: str) -> None:
        self.values = values
        self.source = source
        self.title = title
        self.troubles: list[Trouble] = []

    def need(self, names: Iterable[str]) -> None:
        """Raise AnswerUnreadable where a key is missing that every record has."""
        missing = [name for name in names if name not in self.values]
        if missing:
            raise wrong_shape(
                self.source, f"a record of {self.title} has no {', '.join(missing)}; it has: {keys_seen(self.values)}"
            )

    def text(self, name: str) -> str | None:
        """As sent; None where it is missing, null or empty."""
        value = self.values.get(name)
        if isinstance(value, str):
            return value or None
        value = _plain(value)
        if value is None or isinstance(value, str):
            return value or None
        raise wrong_shape(self.source, f"{name} of {self.title} is a {type(value).__name__}, not a value")

    def id(self, name: str) -> str | None:
        """An id as text: 10042 and "10042" are one, "0412" keeps its zero."""
        value = self.values.get(name)
        if isinstance(value, bool | float) or (isinstance(value, Decimal) and value.as_tuple().exponent != 0):
            raise wrong_shape(self.source, f"{name} of {self.title} is no id")
        text = self.text(name)
        return (text.strip() or None) if text else None

    def number(self, name: str, *, needed: bool = False) -> Decimal | None:
        """A plain decimal with the digits as sent; ``needed`` makes an empty one a trouble."""
        value = _plain(self.values.get(name))
        if value is None or value == "":
            if needed:
                self.trouble("amount-unreadable", f"{name} is empty")
            return None
        try:
            if isinstance(value, str) and not isinstance(self.values[name], bool):
                return plain_decimal(value)
        except ValueError:
            pass
        self.trouble("amount-unreadable", f"{name} is {_shown(value)}, which is no plain number such as 4825.50")
        return None

    def date(self, name: str, *, needed: bool = False, with_time: bool = False) -> date | None:
        """A date; ``with_time`` reads 2026-01-31T00:00:00.000 and keeps the date as printed, without any time zone."""
        value = _plain(self.values.get(name))
        if value is None or value == "":
            if needed:
                self.trouble("date-unreadable", f"{name} is empty")
            return None
        if isinstance(value, str):
            match = _DATE_TIME.fullmatch(value) if with_time else None
            day = match[1] if match else value
            try:
                if _DATE.fullmatch(day) and (read := date.fromisoformat(day)).year >= _FIRST_YEAR:
                    return read
            except ValueError:
                pass
        self.trouble("date-unreadable", f"{name} is {_shown(value)}, which is no date such as 2026-01-31")
        return None

    def trouble(self, code: str, reason: str, remedy: str = "") -> None:
        """Note why the invoice has to be held."""
        remedy = remedy or f"have it corrected in {self.title}, then run: connector sync"
        self.troubles.append(Trouble(code, reason, remedy))

    def raw(self) -> dict[str, object]:
        """The record as JSON can hold it: numbers as their text, what looks like a secret blanked."""
        return {
            name: value if isinstance(value, str) and not _names_secret(name) else _kept(name, value)
            for name, value in self.values.items()
        }


def _plain(value: object) -> object:
    """Numbers as the text they were printed as; everything else as it is."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 30 else str(value)
    return value


@lru_cache(maxsize=512)
def _names_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _kept(name: str, value: object) -> object:
    if value is not None and _names_secret(name):
        return _BLANK
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {str(inner): _kept(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_kept("", item) for item in value]
    return value if isinstance(value, bool) else _plain(value)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else f"a {type(value).__name__}"
    text = text if text.isprintable() else ascii(text)
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'
