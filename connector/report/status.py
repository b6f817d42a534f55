"""``status`` as data: what ran, what runs next, what waits and for whom. From the state alone, without the network."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from connector.errors import ConnectorError, Who, exit_code_of
from connector.money import CURRENCIES, round_minor
from connector.report.due import Trigger, next_run, overdue
from connector.report.problems import problem_data
from connector.report.run import CompanyName, stamp
from connector.report.runs import told_problems
from connector.settings import Settings, SourceSettings
from connector.state.holder import holder_of
from connector.state.overview import Standing, payments, standings
from connector.state.reviews import TO_COMPARE
from connector.state.sendings import seconds_since
from connector.state.store import State
from connector.state.tables import InvoiceRow, RunRow
from connector.sync.sign_in import sign_in_status

__all__ = ["NO_CURRENCY", "ORDER", "add_amount", "amounts_data", "status_document", "waits_for"]

NO_CURRENCY: Final = "?"
"""What amounts stand under whose currency could not be told; they are never added to others."""

ORDER: Final = ("ready", "sending", "held", "blocked", "refused", "sent", "skipped", "removed")
"""States in the order in which people are told."""

_TROUBLES: Final = (
    ("M", "faults in its mapping"),
    ("setting", "settings not valid"),
    ("source-key-refused", "its key refused"),
    ("source-down", "source not reachable"),
    ("source-throttled", "source asked to slow down"),
    ("source", "source not read"),
    ("quickbooks-sign-in", "QuickBooks: sign-in needed"),
    ("quickbooks-forbidden", "QuickBooks: not allowed"),
    ("quickbooks-down", "QuickBooks not reachable"),
    ("quickbooks-throttled", "QuickBooks asked to slow down"),
    ("limit-exceeded", "stopped by a limit"),
)
"""Beginnings of codes, and how a run that met one is told to have ended."""
_WORDS_OF_EXITS: Final = {
    1: "a fault of ours",
    3: "settings not valid",
    7: "another run was at work",
    8: "stopped by a limit",
    130: "interrupted",
    143: "terminated",
}
_RUNS: Final = 1000
_LIST: Final = ("ready", "held", "blocked", "refused", "sending")
_LEFT_ALONE: Final = frozenset({"accepted", "rejected", "skipped-by-person"})
"""Codes of invoices that a person wants no bill of."""
_OF_OPERATORS: Final = frozenset(
    {
        "currency-not-enabled",
        "currency-unknown",
        "company-reset",
        "permission-missing",
        "plan-too-small",
        "quickbooks-forbidden",
        "quickbooks-sign-in",
        "request-invalid",
        "subscription-ended",
    }
)


@dataclass(slots=True)
class _Group:
    """Invoices, or payments of them, that one mend would release."""

    first: Standing
    sources: set[str] = field(default_factory=set)
    invoices: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Tally:
    """Invoices by state, and their amounts by currency."""

    counts: Counter[str] = field(default_factory=Counter)
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def add(self, one: Standing) -> None:
        self.counts[one.state] += 1
        add_amount(self.sums.setdefault(one.state, {}), one)

    def data(self) -> dict[str, Any]:
        return {
            "counts": {state: self.counts[state] for state in ORDER if self.counts[state]},
            "amounts": {state: amounts_data(self.sums[state]) for state in ORDER if self.sums.get(state)},
        }


def waits_for(state: str, code: str | None) -> Who:
    """Who must act before an invoice in ``state`` goes on: ``nobody`` where the next run does it."""
    if state in ("ready", "sending", "skipped") or code == "vendor-not-made":
        return "nobody"
    return "operator" if code in _OF_OPERATORS else "finance"


def status_document(
    settings: Settings, state: State | None, company: CompanyName, now: datetime.datetime, trigger: Trigger
) -> dict[str, Any]:
    """
    The one JSON document of ``status``; ``exit_code`` is what ``--exit-code`` ends with.

    Args:
        settings: Of the company.
        state: None where there is no state yet.
        company: As every document names it.
        now: UTC.
        trigger: The scheduler's form of a schedule.
    """
    realm = settings.quickbooks.realm_id
    whole, paid, groups, left = _Tally(), _Tally(), dict[tuple[str, ...], _Group](), dict[tuple[str, ...], _Group]()
    by_source: dict[str, _Tally] = {name: _Tally() for name in settings.sources}
    unknown: list[Standing] = []
    for one in standings(state, realm) if state else ():
        whole.add(one)
        by_source.setdefault(one.source, _Tally()).add(one)
        if one.state == "sending":
            unknown.append(one)
        if one.state in _LIST or one.code in TO_COMPARE:
            _group(groups, one)
        elif one.state == "skipped" and one.code in _LEFT_ALONE:
            _group(left, one)
    for one in payments(state, realm) if state else ():
        paid.add(one)
        if one.state == "sending":
            unknown.append(one)
        if (one.state in _LIST and one.code != "waits-for-bill") or one.code in TO_COMPARE:
            _group(groups, one)
    runs = state.runs(_RUNS, realm) if state else []
    sources = [
        {**_of_source(name, settings, state, runs, now, trigger, tally), **tally.data()}
        for name, tally in sorted(by_source.items())
    ]
    return {
        "schema": "connector/status/1",
        "as_of": stamp(now),
        "company": company,
        "state": None if state is None else str(settings.state.path),
        "lock": _lock(settings.state.path.parent, realm),
        **whole.data(),
        "payments": paid.data(),
        "sources": sources,
        "waiting": [_group_data(each) for each in sorted(groups.values(), key=_weight)],
        "left_alone": [_group_data(each) for each in sorted(left.values(), key=_weight)],
        "unknown": [_unknown(state, one, settings.quickbooks.settle_after, now) for one in unknown] if state else [],
        "exit_code": _exit_code(by_source, runs, sources, whole.counts + paid.counts),
        "problems": _problems(by_source, runs),
        "sign_in": _sign_in(settings, state),
    }


def _sign_in(settings: Settings, state: State | None) -> dict[str, Any]:
    """How long the sign-in to QuickBooks lasts; its ``problem`` is one of today, not of a run."""
    try:
        found = sign_in_status(settings, state)
    except ConnectorError as error:
        return {"signed_in": False, "days_left": None, "hard_days_left": None, "problem": problem_data(error.problem)}
    return {
        "signed_in": found.signed_in,
        "days_left": found.days_left,
        "hard_days_left": found.hard_days_left,
        "problem": problem_data(found.warning) if found.warning else None,
    }


def _group(groups: dict[tuple[str, ...], _Group], one: Standing) -> None:
    reason = one.cause or (one.reason if one.state in ("held", "blocked") else "") or ""
    kind = "payment" if one.payment else "invoice"
    group = groups.setdefault((kind, one.state, one.code or "", reason), _Group(one))
    group.sources.add(one.source)
    group.invoices += 1
    add_amount(group.sums, one)
    if len(group.examples) < 3:
        group.examples.append(f"{one.source}:{one.invoice}")


def _weight(group: _Group) -> tuple[int, Decimal, int]:
    who = ("operator", "finance", "us", "nobody").index(waits_for(group.first.state, group.first.code))
    return who, -max((abs(amount) for amount in group.sums.values()), default=Decimal(0)), -group.invoices


def _group_data(group: _Group) -> dict[str, Any]:
    first = group.first
    return {
        "who": waits_for(first.state, first.code),
        "state": first.state,
        "code": first.code,
        "cause": first.cause,
        "reason": first.reason,
        "remedy": first.remedy,
        "of": "payment" if first.payment else "invoice",
        "sources": sorted(group.sources),
        "invoices": group.invoices,
        "amounts": amounts_data(group.sums),
        "examples": group.examples,
    }


def _of_source(
    name: str,
    settings: Settings,
    state: State | None,
    runs: Iterable[RunRow],
    now: datetime.datetime,
    trigger: Trigger,
    tally: _Tally,
) -> dict[str, Any]:
    configured: SourceSettings | None = settings.sources.get(name)
    schedule = configured.schedule if configured else None
    pull = state.last_complete_pull(settings.quickbooks.realm_id, name) if state else None
    run = _last_run(name, runs)
    success = pull.ended if pull else None
    began = run.started if run else (pull.began if pull else None)
    # A source that has never been read whole is measured from the first time that anything ran at all.
    measured = success or min((each.started for each in runs), default=None)
    return {
        "source": name,
        "configured": configured is not None,
        "schedule": schedule,
        "last_run": None if run is None else _run(run),
        "ended_with": None if run is None else _ended_with(run, name, tally.counts),
        "last_success": stamp(success),
        "next_run": stamp(next_run(schedule, began, now, trigger)),
        "overdue": overdue(schedule, measured, now, trigger),
    }


def _run(run: RunRow) -> dict[str, Any]:
    return {
        "run": run.id,
        "command": run.command,
        "who": run.who,
        "started": stamp(run.started),
        "ended": stamp(run.ended),
        "exit_code": run.exit_code,
    }


def _last_run(source: str, runs: Iterable[RunRow]) -> RunRow | None:
    """The newest run that read ``source`` or failed to."""
    return next((run for run in runs if source in run.sources or _troubles(run, source)), None)


def _troubles(run: RunRow, source: str) -> bool:
    return any(problem.get("source") == source for problem in run.problems or ())


def _exit_code(
    sources: Iterable[str], runs: list[RunRow], told: Iterable[Mapping[str, Any]], counts: Mapping[str, int]
) -> int:
    codes: set[int] = set()
    ended = [run for run in runs if run.ended is not None and run.exit_code != 7]
    for source in sources:
        run = _last_run(source, ended)
        if run is not None and (not run.problems or _troubles(run, source) or _of_all(run)):
            codes.add(run.exit_code or 0)
    if ended and _of_all(ended[0]):
        codes.add(ended[0].exit_code or 0)  # a run that read nothing concerns every source
    if any(each["overdue"] for each in told):
        codes.add(5)
    if any(counts.get(state) for state in ("refused", "blocked", "sending")):
        codes.add(6)
    else:
        codes.discard(6)  # what the last run left was settled since
    return exit_code_of(codes)


def _of_all(run: RunRow) -> bool:
    return any(problem.get("source") is None for problem in run.problems or ())


def _ended_with(run: RunRow, source: str, counts: Mapping[str, int]) -> str:
    """How a run ended for one source, in words; what befell another source is not its business."""
    if run.ended is None:
        return "no end"
    for problem in run.problems or ():
        if problem.get("source") in (None, source):
            code = str(problem.get("code"))
            return next((words for beginning, words in _TROUBLES if code.startswith(beginning)), f"trouble: {code}")
    if run.exit_code in _WORDS_OF_EXITS:
        return _WORDS_OF_EXITS[run.exit_code]
    waits = sum(counts.get(state, 0) for state in ("blocked", "refused", "sending"))
    return f"done, {waits} left open" if run.exit_code == 6 and waits else "done"


def _problems(sources: Iterable[str], runs: list[RunRow]) -> list[dict[str, Any]]:
    """What troubled the last run of each source, as far as it concerns it, and the last run of all; each told once."""
    told: dict[tuple[object, ...], dict[str, Any]] = {}
    for name in (None, *sources):
        run = next(iter(runs), None) if name is None else _last_run(name, runs)
        for problem in told_problems(run) if run else ():
            if problem.get("source") in (None, name):
                told.setdefault((problem.get("code"), problem.get("what"), problem.get("source")), problem)
    return list(told.values())


def _lock(folder: Path, company: str) -> dict[str, Any] | None:
    held = holder_of(folder, company)
    return None if held is None else {"pid": held.pid, "command": held.command, "since": stamp(held.since)}


def _unknown(state: State, one: Standing, settle_after: float, now: datetime.datetime) -> dict[str, Any]:
    request = state.open_request(one.document) if one.document else None
    sent = request.attempts[-1] if request and request.attempts else None
    left = max(0.0, settle_after - seconds_since(sent))
    return {
        "source": one.source,
        "invoice": one.invoice,
        "of": "payment" if one.payment else "invoice",
        "currency": one.currency,
        "amount": None if one.amount is None else f"{one.amount:f}",
        "sent": stamp(sent.sent_at) if sent else None,
        "attempts": len(request.attempts) if request else 0,
        "due": stamp(now + datetime.timedelta(seconds=left)),
    }


def add_amount(sums: dict[str, Decimal], one: Standing | InvoiceRow) -> None:
    """Add the amount of ``one`` to those of its currency."""
    if one.amount is not None:
        currency = one.currency if one.currency in CURRENCIES else NO_CURRENCY
        sums[currency] = sums.get(currency, Decimal(0)) + one.amount


def amounts_data(sums: Mapping[str, Decimal]) -> dict[str, str]:
    """Amounts by currency as every JSON document has them."""
    return {currency: f"{round_minor(amount, currency):f}" for currency, amount in sorted(sums.items())}
