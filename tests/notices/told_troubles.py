"""Made troubles and what waits, as people would meet them."""

import datetime
from dataclasses import replace
from typing import Any

from connector.errors import Problem
from connector.notices.decide import decide
from connector.notices.trouble import Message, Trouble, trouble_of
from connector.state.notices import Told

COMPANY = "Sandbox Company (production)"
NOW = datetime.datetime(2026, 11, 20, 7, 12, tzinfo=datetime.UTC)
MINUTE, HOUR, DAY = (datetime.timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))

SIGN_IN = Problem(
    "operator",
    "quickbooks-sign-in",
    "Intuit no longer accepts the QuickBooks sign-in (company 4620816365000000000, production)",
    "sign in: connector auth login",
)
KEY = Problem(
    "operator",
    "source-key-refused",
    "cake: CAKE does not accept the key (HTTP 401)",
    "set sources.cake.api_key (or CONNECTOR_SOURCES__CAKE__API_KEY)",
    "cake",
)
MAPPING = Problem(
    "finance",
    "M204",
    "error[M204]: there is no account 'Affilliate payouts'\n  --> mappings/cake.yaml:31:12\n"
    "   | account: Affilliate payouts\n   = did you mean 'Affiliate payouts'?",
    "mend the mapping, then run: connector check",
    "cake",
)
DOWN = Problem("nobody", "source-down", "cake: CAKE cannot be read: nobody answers", "nothing to do", "cake")

# Cursor and colour, a line of its own, a page, a call to everybody, the writing direction, half a character, length.
HOSTILE = "\x1b[2JEvil\r\nSubject: paid\u2028<script>x</script> <!channel> @here \u202eevil\u202c \ud800 " + "x" * 500


def troubles(*problems: Problem, met: str = "cake") -> list[Trouble]:
    return [trouble for problem in problems if (trouble := trouble_of(problem, met))]


def group(code: str, invoices: int, reason: str, **more: Any) -> dict[str, Any]:
    """One cause, as ``status --json`` has it under ``waiting``."""
    return {
        "who": "finance",
        "state": "held",
        "code": code,
        "cause": None,
        "reason": reason,
        "remedy": "connector review list",
        "of": "invoice",
        "sources": ["cake"],
        "invoices": invoices,
        "amounts": {"USD": "1234.50"},
        "examples": ["cake:10042", "cake:10043", "cake:10044"][:invoices],
    } | more


class Channel:
    """A channel that takes everything, and what it remembers."""

    def __init__(self) -> None:
        self.told: dict[str, Told] = {}

    def at(self, now: datetime.datetime, standing: list[Trouble], unsure: set[str] = frozenset()) -> list[Message]:
        decision = decide(standing, self.told, now, company=COMPANY, unsure=unsure)
        self.told = decision.told
        for message in decision.messages:
            self.told = message.after(self.told)
        return decision.messages

    def subjects(self, now: datetime.datetime, standing: list[Trouble], unsure: set[str] = frozenset()) -> list[str]:
        return [message.subject for message in self.at(now, standing, unsure)]


def with_name(problem: Problem, name: str) -> Problem:
    return replace(problem, what=f"{problem.what}: {name}", remedy=f"look at {name}")
