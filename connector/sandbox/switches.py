"""
Every switch and every one-shot fault of the sandbox, in two tables.

A switch holds until it is set again and stands for a question that the public facts leave open, or for a bad day that
lasts. A fault is armed and hits one request (or `times` of them). The connector must be right under every setting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Switch:
    """One setting: its default, what it may be (empty: any value of the default's type) and what it means."""

    default: Value
    choices: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of one-shot fault: whether the work is done before it strikes, and the parameters it takes."""

    commits: bool
    parameters: frozenset[str]
    meaning: str


SWITCHES: dict[str, Switch] = {
    "requestids": Switch(
        "remember", ("remember", "forget", "600"), "replay the first answer, do it again, or refuse with 600"
    ),
    "requestid_hours": Switch(0, (), "hours for which a request id is remembered; 0 is for ever"),
    "failed_attempts_remembered": Switch(False, (), "a refused write burns its request id and is replayed"),
    "hide_new_bills_seconds": Switch(0, (), "new bills and vendor credits stay out of queries for so long"),
    "vendor_currency_ignored": Switch(False, (), "CurrencyRef of a new vendor is dropped without a word"),
    "foreign_rate_missing": Switch(
        "refuse", ("refuse", "one"), "foreign bill without ExchangeRate: 2410, or booked at 1"
    ),
    "string_amounts": Switch("accept", ("accept", "refuse"), 'amounts sent as JSON strings ("19.90")'),
    "excess_decimals": Switch("round", ("round", "refuse"), "amounts with more than two decimals"),
    "negative_lines": Switch("accept", ("accept", "refuse"), "lines below zero: fine, or 2290"),
    "tracking_off": Switch("ignore", ("ignore", "refuse"), "ClassRef or DepartmentRef while tracking is off"),
    "rate_queries": Switch(
        "every day",
        ("every day", "last set", "refuse"),
        "a query of ExchangeRate shows each day's, the day's on which one was last set, or is refused",
    ),
    "query_case": Switch("insensitive", ("insensitive", "sensitive"), "how = and LIKE compare text"),
    "business_fault_status": Switch(400, (), "HTTP status of a business fault: 400, or 200 as seen in the wild"),
    "all_errors": Switch(False, (), "a refusal names every error, not the first alone"),
    "batch_order": Switch("sent", ("sent", "reversed", "shuffled"), "order of a batch's answers"),
    "answer_seconds": Switch(0, (), "QuickBooks works at once and answers so much later; the work stands meanwhile"),
    "enforce_limits": Switch(False, (), "500 requests a minute, 10 a second, 40 batches a minute; over it 429"),
    "minute_seconds": Switch(60, (), "how long the minute of those limits is; its second is as much shorter"),
    "arrival_jitter_seconds": Switch(0, (), "a request is on its way for up to so long, before it is counted"),
    "throttle_shape": Switch("B", ("A", "B"), "envelope of a 429: A the application's, B the gateway's"),
    "throttle_retry_after": Switch(0, (), "Retry-After of an enforced 429 in seconds; 0 is none"),
    "subscription_ended": Switch(False, (), "every write is refused with 6190"),
    "realm_forbidden": Switch(False, (), "every call is refused with 403 and 3100"),
    "refresh_rotation": Switch(
        "always", ("always", "after 24 h", "never"), "when a refresh answers with a new refresh token"
    ),
    "old_refresh_tokens": Switch(
        "valid", ("valid", "dead"), "a replaced refresh token: good for 24 h, or dead at once"
    ),
    "invalid_grant": Switch("incorrect", ("incorrect", "invalid", "bare", "type"), "wording of a refused refresh"),
    "access_token_seconds": Switch(3600, (), "life of new access tokens"),
    "clock_ahead_seconds": Switch(0, (), "the sandbox's clock runs so far ahead of the machine's"),
}

FAULTS: dict[str, Fault] = {
    "commit-then-drop": Fault(True, frozenset(), "do the work, then close the socket without an answer"),
    "drop-before-commit": Fault(False, frozenset(), "close the socket, nothing is done"),
    "commit-then-hang": Fault(True, frozenset({"seconds"}), "do the work, say nothing for so long, then close"),
    "hang-before-commit": Fault(False, frozenset({"seconds"}), "say nothing for so long, then close; nothing is done"),
    "truncate": Fault(True, frozenset(), "do the work, send half of the answer, close"),
    "empty-200": Fault(True, frozenset(), "do the work, answer 200 with no body"),
    "answer-500": Fault(False, frozenset({"commit"}), "500 with code 10000; commit: true does the work first"),
    "answer-html": Fault(False, frozenset({"commit", "status"}), "a proxy's page: 502, 503 (default) or 504"),
    "answer-401": Fault(False, frozenset({"commit"}), "401 as for an expired token; commit: true does the work first"),
    "answer-403": Fault(False, frozenset(), "403 with 3100"),
    "answer-fault": Fault(
        False, frozenset({"status", "code", "message", "detail", "commit"}), "any application fault, at any HTTP status"
    ),
    "throttle": Fault(False, frozenset({"shape", "retry_after"}), "429 in envelope A or B (default), nothing is done"),
    "batch-item-lost": Fault(
        True, frozenset({"index"}), "the batch is done; the answer leaves out one item (default the first)"
    ),
    "batch-item-throttled": Fault(False, frozenset({"index"}), "one item of a batch is not done and answers 3001"),
    "expire-access-tokens": Fault(False, frozenset(), "at once: every access token is dead"),
}


class Switches:
    """The switches' present values."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {name: switch.default for name, switch in SWITCHES.items()}

    def set(self, values: Mapping[str, Any]) -> None:
        """Set several; ValueError names the first unknown name or impossible value, and then nothing is set."""
        checked = {name: _checked(name, value) for name, value in values.items()}
        self._values.update(checked)

    def reset(self) -> None:
        """Back to the defaults."""
        self._values = {name: switch.default for name, switch in SWITCHES.items()}

    def all(self) -> dict[str, Value]:
        """Every name with its present value."""
        return dict(self._values)

    def text(self, name: str) -> str:
        """A switch with named choices."""
        return str(self._values[name])

    def number(self, name: str) -> float:
        """A switch that counts seconds, hours or a status."""
        return float(self._values[name])

    def on(self, name: str) -> bool:
        """A yes or no switch."""
        return bool(self._values[name])


def _checked(name: str, value: Any) -> Value:
    switch = SWITCHES.get(name)
    if switch is None:
        raise ValueError(f"no switch is called {name!r}; there are: {', '.join(sorted(SWITCHES))}")
    if switch.choices:
        if str(value) not in switch.choices:
            raise ValueError(f"{name} is one of {', '.join(switch.choices)}, not {value!r}")
        return str(value)
    if isinstance(switch.default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false, not {value!r}")  # noqa: TRY004 - one kind for the caller
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"{name} is a number, not {value!r}")  # noqa: TRY004 - one kind for the caller
    return float(value) if isinstance(value, Decimal) else value
