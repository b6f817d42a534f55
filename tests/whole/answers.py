"""Every way for QuickBooks to be, and everything that goes wrong once, as one table for the main job to run under."""

from dataclasses import dataclass, field
from typing import Any

Arm = dict[str, Any]

SIZES = {"one by one": (1, 2, 3), "in a batch": tuple(range(1, 14))}
SINGLES, BATCH = SIZES
BOTH = tuple(SIZES)
ANY = "any"
"""A vendor's outcome is unknown: its bill waits in one way or another."""


@dataclass(frozen=True)
class Case:
    """
    One way for QuickBooks to be while the main job runs, and what the run that meets it says.

    Args:
        fate: What becomes of some or all of the invoices in that run; the others are made.
        code: How the run ends: 6 because of the one that QuickBooks refuses, or as ``problem`` demands.
        lasts: The switches stay on for good; else they end with the trouble.
        left: What every later run says of an invoice that waits for a person; "" where none does.
    """

    name: str
    switches: Arm = field(default_factory=dict)
    faults: tuple[Arm, ...] = ()
    preferences: Arm = field(default_factory=dict)
    sizes: tuple[str, ...] = BOTH
    fate: str = "created"
    code: int = 6
    problem: str = ""
    lasts: bool = True
    left: str = ""


def _either(name: str, *values: Any) -> list[Case]:
    """Answers that change nothing of what becomes of the job."""
    return [Case(f"{name} {value}", {name: value}) for value in values]


def _trouble(code: int, problem: str, fate: str = "", sizes: tuple[str, ...] = BOTH, **switches: Any) -> Case:
    """Answers that end the run, and end themselves."""
    shown = ", ".join(f"{name} {value}" for name, value in switches.items())
    return Case(shown, switches, (), {}, sizes, fate, code, problem, lasts=False)


ANSWERS = [
    *_either("requestids", "forget", "600"),
    *_either("requestid_hours", 0.00001),
    *_either("requestid_other_body", "do", "600"),
    *_either("requestid_in_flight", "do", "600"),
    *_either("failed_attempts_remembered", True),
    *_either("hide_new_bills_seconds", 0.1, 3600),
    *_either("hidden_bills_by_id", "610"),
    *_either("answer_seconds", 0.05),
    *_either("arrival_jitter_seconds", 0.05),
    *_either("query_case", "sensitive"),
    *_either("overpayments", "credit"),
    *_either("undocumented_properties", True),
    *_either("country_letters", "3"),
    *_either("duplicate_warning_shown", False),
    *_either("foreign_rate_missing", "one", "daily"),
    *_either("string_amounts", "refuse"),
    *_either("excess_decimals", "refuse"),
    *_either("negative_lines", "refuse"),
    *_either("zeros", "refuse"),
    *_either("empty_dates", "refuse"),
    *_either("paid_delete_code", "800", "6480"),
    *_either("exchange_rates", "daily"),
    *_either("exchange_rate_query", "older", "empty", "4001"),
    *_either("exchange_rate_days", "several"),
    *_either("business_fault_status", 200),
    *_either("all_errors", True),
    *_either("batch_order", "reversed", "shuffled"),
    *_either("batch_most_items", 25),
    *_either("batch_queries_metered", "once", "none"),
    *_either("throttle_shape", "A"),
    *_either("throttle_retry_after", 1),
    *_either("refresh_rotation", "after 24 h", "never"),
    *_either("old_refresh_tokens", "dead"),
    *_either("access_token_seconds", 1),
    *_either("refresh_token_seconds", 60),
    *_either("clock_ahead_seconds", 3600, -3600),
    Case("vendors' currencies ignored", {"vendor_currency_ignored": True}, fate="blocked", left="blocked"),
    Case("tracking off, ignore", {"tracking_off": "ignore"}, preferences={"class_tracking": False}),
    *(
        Case(f"tracking off, {code}", {"tracking_off": code}, preferences={"class_tracking": False}, left="refused")
        for code in ("2500", "5030", "6000")
    ),
    *(
        Case(
            f"tokens refused in envelope {shape}",
            {"unauthenticated_shape": shape},
            ({"fault": "expire-access-tokens"},),
        )
        for shape in "AB"
    ),
    *(
        Case(
            f"a number that is taken, by {text}",
            {"requestids": "forget", "duplicate_number_text": text},
            ({"fault": "commit-then-drop", "path": "/bill"},),
            {"warn_duplicate_bill_number": True},
            (SINGLES,),
            "unknown",
        )
        for text in ("id", "bare")
    ),
]

TROUBLES = [
    _trouble(4, "subscription-ended", "waiting", subscription_ended=True),
    _trouble(4, "quickbooks-forbidden", realm_forbidden=True),
    _trouble(5, "quickbooks-throttled", reads_allowed=1),
    _trouble(5, "quickbooks-throttled", enforce_limits=True, requests_per_second=0),
    _trouble(5, "quickbooks-throttled", enforce_limits=True, requests_per_minute=0),
    _trouble(5, "quickbooks-throttled", enforce_limits=True, requests_at_once=0.5),
    _trouble(
        5,
        "quickbooks-throttled",
        "waiting",
        (BATCH,),
        enforce_limits=True,
        requests_per_second=100,
        minute_seconds=1,
        batches_per_minute=0,
    ),
    _trouble(3, "batch-too-large", "waiting", (BATCH,), batch_most_items=10),
    *(
        Case(
            f"a sign-in that has ended, {wording}",
            {"invalid_grant": wording, "refresh_hard_seconds": 0},
            ({"fault": "expire-access-tokens"},),
            fate="",
            code=4,
            problem="quickbooks-sign-in",
            lasts=False,
        )
        for wording in ("incorrect", "invalid", "bare", "type")
    ),
]

# Nobody knows from the answer whether it was done.
LOST: list[Arm] = [
    *({"fault": name} for name in ("commit-then-drop", "drop-before-commit", "truncate")),
    *({"fault": name, "seconds": 0.05} for name in ("commit-then-hang", "hang-before-commit", "commit-late")),
    *({"fault": name, "commit": done} for name in ("empty-200", "answer-500", "answer-401") for done in (True, False)),
    *({"fault": "answer-html", "status": status, "commit": done} for status in (502, 504) for done in (True, False)),
    *({"fault": "answer-fault", "code": "600", "status": 400, "commit": done} for done in (True, False)),
    *({"fault": "answer-fault", "code": "10000", "status": 200, "commit": done} for done in (True, False)),
    {"fault": "answer-fault", "code": "10200", "status": 400},
]
_LOST_ITEMS: list[Arm] = [
    {"fault": "batch-half-done"},
    {"fault": "batch-item-lost", "index": 1},
    {"fault": "batch-item-twice", "index": 1},
    {"fault": "batch-item-fault", "index": 1, "commit": True},
    {"fault": "batch-item-fault", "index": 1, "commit": False},
]
# It is known to have been done, once the run has asked again where it had to.
_HARMLESS: list[Arm] = [
    {"fault": "arrive-twice"},
    {"fault": "arrive-twice", "seconds": 0.05},
    {"fault": "throttle", "shape": "A"},
    {"fault": "throttle", "shape": "B", "times": 2},
    {"fault": "answer-fault", "code": "3001", "status": 200},
]
# Nothing was done, and nothing else would be.
_STOPS: list[tuple[Arm, int, str]] = [
    ({"fault": "answer-403"}, 4, "quickbooks-forbidden"),
    ({"fault": "answer-fault", "code": "6190", "status": 200}, 4, "subscription-ended"),
    ({"fault": "throttle", "times": 100}, 5, "quickbooks-throttled"),
]

WORLDS: dict[str, Arm] = {
    "": {},
    "request ids forgotten, ": {"requestids": "forget"},
    "request ids refused, ": {"requestids": "600"},
    "new bills never shown, ": {"hide_new_bills_seconds": 3600},
}


def _struck(path: str, arm: Arm, fate: str, sizes: tuple[str, ...], world: str = "", **more: Any) -> Case:
    """One request of the job is hit."""
    name = f"{world}{' '.join(str(value) for value in arm.values())} at {path}"
    return Case(name, WORLDS[world], ({"path": path, "method": "POST"} | arm,), {}, sizes, fate, **more)


_WRITES = {"/bill": (SINGLES,), "/batch": (BATCH,)}

STRUCK = [
    *(_struck(path, arm, "unknown", size, world) for path, size in _WRITES.items() for arm in LOST for world in WORLDS),
    *(_struck("/batch", arm, "unknown", (BATCH,), world) for arm in _LOST_ITEMS for world in WORLDS),
    *(_struck(path, arm, "created", size) for path, size in _WRITES.items() for arm in _HARMLESS),
    *(
        _struck(path, arm, "waiting", size, code=code, problem=problem)
        for path, size in _WRITES.items()
        for arm, code, problem in _STOPS
    ),
    _struck("/batch", {"fault": "batch-item-throttled", "index": 1}, "created", (BATCH,)),
    *(_struck("/vendor", arm, ANY, (SINGLES,)) for arm in LOST),
    *(_struck("/query", arm, "created", (SINGLES,)) for arm in LOST if arm["fault"] in ("truncate", "answer-500")),
    *(_struck("/query", arm, "created", (SINGLES,)) for arm in _HARMLESS),
    Case(
        "new bills shown neither to queries nor by id",
        {"hide_new_bills_seconds": 3600, "hidden_bills_by_id": "610"},
        ({"fault": "commit-then-drop", "path": "/bill", "method": "POST"},),
        sizes=(SINGLES,),
        fate="unknown",
        left="held",
    ),
]

CASES = [*ANSWERS, *TROUBLES, *STRUCK]
