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
DAY = 24 * 3600


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
    # Request ids.
    "requestids": Switch(
        "remember", ("remember", "forget", "600"), "replay the first answer, do it again, or refuse with 600"
    ),
    "requestid_hours": Switch(0, (), "hours for which a request id is remembered; 0 is for ever"),
    "requestid_other_body": Switch(
        "replay", ("replay", "do", "600"), "a remembered id with another body: the first answer, done anew, or 600"
    ),
    "requestid_in_flight": Switch(
        "replay", ("replay", "do", "600"), "a remembered id whose first answer is still on its way (answer_seconds)"
    ),
    "failed_attempts_remembered": Switch(False, (), "a refused write burns its request id and is replayed"),
    # What can be seen, and when.
    "hide_new_bills_seconds": Switch(0, (), "new bills and vendor credits stay out of queries for so long"),
    "hidden_bills_by_id": Switch("shown", ("shown", "610"), "a read by id of a bill that queries do not show yet"),
    "answer_seconds": Switch(0, (), "QuickBooks works at once and answers so much later; the work stands meanwhile"),
    "query_case": Switch("insensitive", ("insensitive", "sensitive"), "how = and LIKE compare text"),
    "undocumented_properties": Switch(False, (), "answers carry properties that nobody has documented"),
    "country_letters": Switch("2", ("2", "3"), "how CompanyInfo writes the country: AU or AUS"),
    "duplicate_warning_shown": Switch(True, (), "Preferences tell of WarnDuplicateBillNumber"),
    # What a bill may hold.
    "vendor_currency_ignored": Switch(False, (), "CurrencyRef of a new vendor is dropped without a word"),
    "foreign_rate_missing": Switch(
        "refuse",
        ("refuse", "one", "daily"),
        "foreign bill without ExchangeRate: 2410, booked at 1 or at the day's rate",
    ),
    "string_amounts": Switch("accept", ("accept", "refuse"), 'amounts sent as JSON strings ("19.90")'),
    "excess_decimals": Switch("round", ("round", "refuse"), "amounts with more than two decimals"),
    "negative_lines": Switch("accept", ("accept", "refuse"), "lines below zero: fine, or 2290"),
    "zeros": Switch("ignore", ("ignore", "refuse"), "ExchangeRate 0 and TaxInclusiveAmt 0: as if left out, or 2110"),
    "empty_dates": Switch("ignore", ("ignore", "refuse"), 'TxnDate "" and DueDate "": as if left out, or 2060'),
    "tracking_off": Switch(
        "ignore", ("ignore", "2500", "5030", "6000"), "ClassRef or DepartmentRef while tracking is off"
    ),
    "paid_delete_code": Switch("6000", ("6000", "800", "6480"), "the refusal to delete a paid bill"),
    "overpayments": Switch(
        "refuse", ("refuse", "credit"), "a payment of more than a bill owes: refused, or the rest is kept as a credit"
    ),
    "duplicate_number_text": Switch("id", ("id", "bare"), "a 6140 names the bill that has the number, or does not"),
    # Exchange rates.
    "exchange_rates": Switch("fixed", ("fixed", "daily"), "a currency's rate is the same on every day, or never"),
    "exchange_rate_query": Switch(
        "answer",
        ("answer", "older", "empty", "4001"),
        "SELECT * FROM ExchangeRate: answered, answered with an older AsOfDate, without a row, or refused",
    ),
    "exchange_rate_days": Switch("one", ("one", "several"), "such a query takes AsOfDate = only, or IN and < > too"),
    # Refusals.
    "business_fault_status": Switch(400, (), "HTTP status of a business fault: 400, or 200 as seen in the wild"),
    "all_errors": Switch(False, (), "a refusal names every error, not the first alone"),
    "subscription_ended": Switch(False, (), "every write is refused with 6190"),
    "realm_forbidden": Switch(False, (), "every call is refused with 403 and 3100"),
    "unauthenticated_shape": Switch("B", ("A", "B"), "envelope of a 401: A with code 100, B the gateway's 3200"),
    # Batches.
    "batch_order": Switch("sent", ("sent", "reversed", "shuffled"), "order of a batch's answers"),
    "batch_most_items": Switch(30, (), "more items in one batch are refused with 1040: 30, in older papers 25 and 10"),
    "batch_queries_metered": Switch(
        "each", ("each", "once", "none"), "how queries inside of a batch count as reads (core_plus)"
    ),
    # Limits. What is throttled is not done and does not count.
    "enforce_limits": Switch(False, (), "keep to the limits below, in any minute and any second; over them 429"),
    "requests_per_minute": Switch(500, (), "while limits are enforced"),
    "requests_per_second": Switch(10, (), "while limits are enforced"),
    "batches_per_minute": Switch(40, (), "while limits are enforced"),
    "requests_at_once": Switch(0, (), "while limits are enforced: the older wording, 10 at the same time; 0 is any"),
    "minute_seconds": Switch(
        60, (), "how long such a minute lasts, and its second a sixtieth of it: 6 is tenfold speed"
    ),
    "arrival_jitter_seconds": Switch(0, (), "a request is on its way for up to so long, before it is counted"),
    "throttle_shape": Switch("B", ("A", "B"), "envelope of a 429: A the application's, B the gateway's"),
    "throttle_retry_after": Switch(0, (), "Retry-After of an enforced 429 in seconds; 0 is none"),
    "reads_allowed": Switch(
        0, (), "after so many metered reads (core_plus) every read is a 429, for good; 0 is no end"
    ),
    # Sign-in.
    "refresh_rotation": Switch(
        "always", ("always", "after 24 h", "never"), "when a refresh answers with a new refresh token"
    ),
    "old_refresh_tokens": Switch(
        "valid", ("valid", "dead"), "a replaced refresh token: good for 24 h, or dead at once"
    ),
    "invalid_grant": Switch("incorrect", ("incorrect", "invalid", "bare", "type"), "wording of a refused refresh"),
    "access_token_seconds": Switch(3600, (), "life of new access tokens"),
    "refresh_token_seconds": Switch(101 * DAY, (), "life of a refresh token from its last use"),
    "refresh_hard_seconds": Switch(5 * 365 * DAY, (), "life of a sign-in, however often it is refreshed"),
    "clock_ahead_seconds": Switch(0, (), "the sandbox's clock runs so far ahead of the machine's"),
}

FAULTS: dict[str, Fault] = {
    "commit-then-drop": Fault(True, frozenset(), "do the work, then close the socket without an answer"),
    "drop-before-commit": Fault(False, frozenset(), "close the socket, nothing is done"),
    "commit-then-hang": Fault(True, frozenset({"seconds"}), "do the work, say nothing for so long, then close"),
    "hang-before-commit": Fault(False, frozenset({"seconds"}), "say nothing for so long, then close; nothing is done"),
    "commit-late": Fault(False, frozenset({"seconds"}), "close the socket at once; the work is done so much later"),
    "arrive-twice": Fault(
        True, frozenset({"seconds"}), "the request comes a second time, so much later; the first answer goes back"
    ),
    "truncate": Fault(True, frozenset(), "do the work, send half of the answer, close"),
    "empty-200": Fault(True, frozenset({"commit"}), "do the work, answer 200 with no body"),
    "answer-500": Fault(False, frozenset({"commit"}), "500 with code 10000; commit: true does the work first"),
    "answer-html": Fault(False, frozenset({"commit", "status"}), "a proxy's page: 502, 503 (default) or 504"),
    "answer-401": Fault(False, frozenset({"commit"}), "401 as for an expired token; commit: true does the work first"),
    "answer-403": Fault(False, frozenset(), "403 with 3100"),
    "answer-fault": Fault(
        False, frozenset({"status", "code", "message", "detail", "commit"}), "any application fault, at any HTTP status"
    ),
    "throttle": Fault(False, frozenset({"shape", "retry_after"}), "429 in envelope A or B (default), nothing is done"),
    "batch-half-done": Fault(
        True, frozenset({"items"}), "so many items of a batch are done (default half), then 500 for all of it"
    ),
    "batch-item-lost": Fault(
        True, frozenset({"index"}), "the batch is done; the answer leaves out one item (default the first)"
    ),
    "batch-item-twice": Fault(True, frozenset({"index"}), "the batch is done; the answer has one item twice"),
    "batch-item-throttled": Fault(False, frozenset({"index"}), "one item of a batch is not done and answers 3001"),
    "batch-item-fault": Fault(
        False, frozenset({"index", "code", "detail", "commit"}), "one item of a batch answers any fault (default 10000)"
    ),
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


def explained(values: Mapping[str, Value]) -> dict[str, Any]:
    """Every switch with its value, default, choices and meaning, and every fault with its parameters and meaning."""
    switches = {
        name: {
            "value": values[name],
            "default": switch.default,
            "choices": list(switch.choices) or type(switch.default).__name__,
            "meaning": switch.meaning,
        }
        for name, switch in SWITCHES.items()
    }
    faults = {
        name: {"does the work": fault.commits, "parameters": sorted(fault.parameters), "meaning": fault.meaning}
        for name, fault in FAULTS.items()
    }
    return {"switches": switches, "faults": faults}


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
