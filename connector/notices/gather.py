"""What troubles now: found in what the runs came to, in the state, and on the clock."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from connector.errors import ConnectorError, Problem
from connector.notices.trouble import Trouble, is_told_at_once, trouble_of
from connector.notices.words import Posted, waiting_lines
from connector.report.due import Trigger, overdue
from connector.report.run import CompanyName
from connector.report.status import status_document
from connector.settings import Settings
from connector.state.store import State
from connector.sync.sign_in import sign_in_status

__all__ = ["first_sync_missing", "of_clock", "of_runs", "of_waiting", "posted_paid", "waiting"]

_CAUSES: Final = 3  # of one code: more of them fill a mail and say nothing new


def of_runs(met: Mapping[str, Sequence[Problem]]) -> Iterator[Trouble]:
    """What the last run of each source met and somebody must act on; what two of them share comes once."""
    found: dict[str, Trouble] = {}
    for source, problems in met.items():
        for problem in problems:
            trouble = trouble_of(problem, source)
            if trouble is not None:
                found.setdefault(trouble.key, trouble)
    yield from found.values()


def first_sync_missing(source: str) -> Problem:
    """In production the first sync of a source is a person's; until then the daemon only looks."""
    return Problem(
        "finance",
        "first-sync-missing",
        "nothing is written for it: in production the first sync of a source is a person's",
        f"look at it, then: connector sync --source {source}",
        source,
    )


def of_clock(
    settings: Settings, state: State, met: Mapping[str, Sequence[Problem]], now: datetime.datetime, trigger: Trigger
) -> Iterator[Trouble]:
    """
    What no run tells: a sign-in that ends, and sources without success for two turns of their schedule.

    A source whose last run met something that is told already is not silent.
    """
    try:
        warning = sign_in_status(settings, state).warning
    except ConnectorError as error:
        warning = error.problem
    problems = [warning] if warning else []
    company = settings.quickbooks.realm_id
    for name, source in settings.sources.items():
        pull = state.last_complete_pull(company, name) if source.schedule else None
        # One that has never been read whole is measured from the first time that anything ran at all.
        success = pull.ended if pull else None
        measured = success or (state.first_run(company) if source.schedule else None)
        if overdue(source.schedule, measured, now, trigger) and not any(of_runs({name: met.get(name, ())})):
            problems.append(_silence(name, str(source.schedule), success, met.get(name, ())))
    yield from filter(None, map(trouble_of, problems))


def _silence(source: str, schedule: str, success: datetime.datetime | None, met: Sequence[Problem]) -> Problem:
    when = "it has never been read whole" if success is None else f"its last success was {success:%Y-%m-%d %H:%M} UTC"
    what = [f"{when}, and its schedule is: {schedule}", *(problem.what for problem in met)]
    remedy = met[0].remedy if met else "look at the daemon's log, and run: connector doctor"
    return Problem("operator", "source-silent", "\n".join(what), remedy, source)


def waiting(
    settings: Settings, state: State, company: CompanyName, now: datetime.datetime, trigger: Trigger
) -> list[dict[str, Any]]:
    """What waits and for whom, by cause, as ``status --json`` has it. It goes through everything that was ever seen."""
    groups: list[dict[str, Any]] = status_document(settings, state, company, now, trigger)["waiting"]
    return groups


def of_waiting(groups: Iterable[Mapping[str, Any]]) -> Iterator[Trouble]:
    """Causes that are told at once; what waits for the same reason of another invoice is the same trouble."""
    by_code: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        code = group["code"] or group["state"]
        if group["who"] != "nobody" and is_told_at_once(code, group["who"]):
            by_code.setdefault(code, []).append(group)
    for code, same in by_code.items():
        what = "\n".join(line for group in same[:_CAUSES] for line in waiting_lines(group))
        remedy = same[0]["remedy"] or "look at it: connector status"
        trouble = trouble_of(Problem(same[0]["who"], code, what, remedy))
        if trouble is not None:
            yield trouble


def posted_paid(state: State, company: str, since: datetime.datetime, titles: Mapping[str, str]) -> list[Posted]:
    """What was posted since then for sources whose payments nobody records; ``titles``: what people call these."""
    found: dict[str, tuple[int, dict[str, Decimal]]] = {}
    for source, currency, amount in state.posted_paid(company, since) if titles else ():
        if source in titles:
            bills, sums = found.get(source, (0, {}))
            sums[currency] = sums.get(currency, Decimal(0)) + amount
            found[source] = (bills + 1, sums)
    return [Posted(titles[source], bills, sums) for source, (bills, sums) in sorted(found.items())]
