"""
A plan as made: its actions in order, what each came to, and the sums that people read.

It lies in an anonymous temporary database, which the system deletes with the process, so that a plan of a hundred
thousand bills needs no more memory than one of ten. ``plan`` leaves nothing behind.
"""

import copyreg
import datetime
import hashlib
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, Literal

from connector.document import Document, Key, Line
from connector.invoice import Invoice, Trouble
from connector.plan import Action, Found, Standing, State, Verb, net_of
from connector.value import value

__all__ = [
    "CHANGES",
    "COUNTS",
    "WORK",
    "WRITES",
    "Cause",
    "Example",
    "Planned",
    "Result",
    "add_amount",
    "count_of",
    "currency_and_amount",
    "fingerprint",
    "told_by_cause",
]

COUNTS: Final = (
    "created",
    "adopted",
    "updated",
    "removed",
    "credited",
    "paid",
    "unchanged",
    "held",
    "blocked",
    "refused",
    "unknown",
    "waiting",
    "skipped",
)

WRITES: Final = ("create", "credit")
"""What makes a new document in QuickBooks."""
CHANGES: Final = ("update", "remove")
"""What changes a document that stands there."""
WORK: Final = (*WRITES, "adopt", *CHANGES, "pay")

_DONE: Final = {
    "create": "created",
    "adopt": "adopted",
    "update": "updated",
    "remove": "removed",
    "credit": "credited",
    "pay": "paid",
    "hold": "held",
    "block": "blocked",
    "skip": "skipped",
}

_STANDING: Final = {
    "sent": "unchanged",
    "sending": "unknown",
    "refused": "refused",
    "ready": "waiting",
    "held": "held",
    "blocked": "blocked",
    "skipped": "skipped",
    "removed": "skipped",
}


_MOST_HELD: Final = 10_000
"""So many actions stay in memory as they are, with their invoices some 35 megabytes; a usual run packs none."""
_EXAMPLES: Final = 3
_WAITING: Final = frozenset({"held", "blocked", "refused"})


@value(frozen=True, slots=True)
class Result:
    """
    What an action came to: the document's state now, and why where it is not simply ``sent``.

    Args:
        verb: What had been sent without an answer, by an earlier run; None where this run's action says it.
    """

    state: State
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    qbo_id: str | None = None
    due: datetime.date | None = None
    verb: Verb | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One document that waits, as people know it; its reason is its own, as one cause may tell of several bills."""

    name: str
    vendor: str
    date: str
    currency: str | None
    amount: Decimal | None
    reason: str


@dataclass(slots=True)
class Cause:
    """
    Documents that one mend would release: how many, and how much money waits in each currency.

    Args:
        of: What they are of; a payment is no invoice more.
        examples: The first few.
    """

    state: str
    code: str
    reason: str
    remedy: str
    of: Literal["invoice", "payment"] = "invoice"
    invoices: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)


def told_by_cause(action: Action, result: Result | None) -> bool:
    """Whether a document waits for something that ``Planned.causes`` names."""
    if count_of(action, result) not in _WAITING:
        return False
    return bool(result.code) if result else bool(action.cause and action.code)


def count_of(action: Action, result: Result | None) -> str:
    """Under which of ``COUNTS`` an action stands; before it is carried out, under what it would come to."""
    return _counted(action.action, action.state, result)


def _counted(verb: str, state: str, result: Result | None) -> str:
    if verb == "none":
        if result is not None and result.verb and result.state in ("sent", "removed"):
            return _DONE[result.verb]  # settled while the run waited
        return _STANDING[result.state if result else state]
    if result is None or result.state in ("sent", "removed"):
        return _DONE[(result.verb if result else None) or verb]
    return _STANDING[result.state]


def _by_fields(kind: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    told = attrgetter(*(each.name for each in fields(kind)))
    return lambda record: (kind, told(record))


# Left to itself, a frozen dataclass is packed by a loop over its fields: three times the work, several times a bill.
for _kind in (Action, Document, Found, Invoice, Key, Line, Result, Standing, Trouble):
    copyreg.pickle(_kind, _by_fields(_kind))


class Planned:
    """
    The actions of one run and their results.

    What is asked of all of them is summed up as they come: nobody goes through a hundred thousand for a sum.
    """

    def __init__(self) -> None:
        self._store = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._store.execute("PRAGMA journal_mode = off")
        self._store.executescript(
            """
            CREATE TABLE action (
                n INTEGER PRIMARY KEY, kind TEXT, verb TEXT, counted TEXT, state TEXT, code TEXT,
                action BLOB, result BLOB
            );
            CREATE INDEX action_verb ON action (verb);
            BEGIN;
            """
        )
        self._held: dict[int, Action] = {}
        self._results: dict[int, Result] = {}
        """Of the actions that are held; their rows say only that there is one."""
        self._standing = 0
        self.seen = 0
        self.causes: dict[tuple[str, str], Cause] = {}
        self.increases = 0
        """How many documents are new, or come to more than before."""
        self.totals: dict[str, Decimal] = {}
        """What these add to what is owed, by currency."""
        self.new_vendors: dict[str, tuple[str, str]] = {}
        """Name and currency of the vendors to make, by the name in lower case."""

    def stand(self, invoices: int) -> None:
        """So many more invoices stand as they were, with their bills."""
        self.seen += invoices
        self._standing += invoices

    def add(self, action: Action) -> None:
        """The next action; its order is the order of adding. A payment is no invoice more."""
        self.seen += action.key.kind != "payment"
        verb = "settled" if action.settled else action.action
        held = len(self._held) < _MOST_HELD
        n = self._store.execute(
            "INSERT INTO action (kind, verb, counted, state, action) VALUES (?, ?, ?, ?, ?)",
            (action.key.kind, verb, count_of(action, None), action.state, None if held else pickle.dumps(action)),
        ).lastrowid
        if held and n is not None:
            self._held[n] = action
        if verb in (*WRITES, "update") and action.document is not None:
            self._sum_up(action, action.document)
        if action.cause and action.code and action.state != "skipped":
            self._wait(action, action.cause, Cause(action.state, action.code, action.reason or "", action.remedy or ""))

    def _sum_up(self, action: Action, document: Document) -> None:
        more = abs(document.amount) if action.standing is None else net_of(document) - action.standing.net
        if more > 0 or action.standing is None:
            self.increases += 1
            self.totals[document.currency] = self.totals.get(document.currency, Decimal(0)) + more
        if action.note == "create vendor":
            self.new_vendors.setdefault(document.vendor.lower(), (document.vendor, document.currency))

    def settle(self, n: int, result: Result) -> None:
        """What action ``n`` came to."""
        if held := self._held.get(n):
            verb, state = held.action, held.state
            self._results[n] = result
        else:
            verb, state = self._store.execute("SELECT verb, state FROM action WHERE n = ?", (n,)).fetchone()
        if result.code and (result.state in _WAITING or result.code == "answer-differs"):
            told = Cause(result.state, result.code, result.reason or "", result.remedy or "")
            (stored,) = self._store.execute("SELECT action FROM action WHERE n = ?", (n,)).fetchone()
            self._wait(self._action(n, stored), f"{result.code}: {result.reason}", told)
        self._store.execute(
            "UPDATE action SET result = ?, counted = ?, code = ? WHERE n = ?",
            (b"" if held else pickle.dumps(result), _counted(verb, state, result), result.code, n),
        )

    def _wait(self, action: Action, key: str, told: Cause) -> None:
        told.of = "payment" if action.key.kind == "payment" else "invoice"
        cause = self.causes.setdefault((told.of, key), told)
        cause.invoices += 1
        add_amount(cause.amounts, action)
        if len(cause.examples) < _EXAMPLES:
            document = action.document
            name = (document.number if document else "") or f"{action.key.source}:{action.key.invoice}"
            day = document.date if document else action.invoice.date
            vendor = document.vendor if document else ""
            told_day = day.isoformat() if day else ""
            cause.examples.append(Example(name, vendor, told_day, *currency_and_amount(action), told.reason))

    def rows(self, *verbs: str) -> Iterator[tuple[int, Action, Result | None]]:
        """Actions with their results in order; all, or those of some verbs that are still to be carried out."""
        where = f"WHERE verb IN ({','.join('?' * len(verbs))})" if verbs else "WHERE 1"
        last = 0
        while True:
            chunk = self._store.execute(
                f"SELECT n, action, result FROM action {where} AND n > ? ORDER BY n LIMIT 500",  # noqa: S608
                (*verbs, last),
            ).fetchall()
            if not chunk:
                return
            for n, stored, result in chunk:
                told = pickle.loads(result) if result else self._results.get(n)  # noqa: S301 - our own
                yield n, self._action(n, stored), told
            last = chunk[-1][0]

    def _action(self, n: int, stored: bytes | None) -> Action:
        if stored is None:
            return self._held[n]
        action: Action = pickle.loads(stored)  # noqa: S301 - our own
        return action

    def not_reached(self) -> list[int]:
        """The actions that were to be carried out and came to nothing yet."""
        found = self._store.execute(
            f"SELECT n FROM action WHERE result IS NULL AND verb IN ({','.join('?' * len(WORK))})",  # noqa: S608
            WORK,
        )
        return [n for (n,) in found]

    def work(self, *verbs: str) -> int:
        """How many actions are still to be carried out: all, or those of some verbs."""
        carried = verbs or WORK
        (count,) = self._store.execute(
            f"SELECT count(*) FROM action WHERE verb IN ({','.join('?' * len(carried))})",  # noqa: S608
            carried,
        ).fetchone()
        return int(count)

    def counts(self) -> dict[str, int]:
        """Every invoice seen once, under what became of it; and beside them, under ``paid``, the payments recorded."""
        counts = dict.fromkeys(COUNTS, 0)
        ours = "kind != 'payment' OR counted = 'paid'"
        counts.update(self._store.execute(f"SELECT counted, count(*) FROM action WHERE {ours} GROUP BY counted"))  # noqa: S608
        counts["unchanged"] += self._standing
        return counts

    def payments(self) -> dict[str, int]:
        """Every payment once, under what became of it."""
        return dict(self._store.execute("SELECT counted, count(*) FROM action WHERE kind = 'payment' GROUP BY counted"))

    def came_to(self, code: str) -> bool:
        """Whether any action came to this code."""
        return self._store.execute("SELECT 1 FROM action WHERE code = ? LIMIT 1", (code,)).fetchone() is not None

    @property
    def digest(self) -> str:
        """Equal for two plans that would do the same with the same numbers."""
        digest = hashlib.sha256()
        for _, action, _ in self.rows():
            if action.action not in ("skip", "none"):
                digest.update(fingerprint(action).encode())
        return digest.hexdigest()


def currency_and_amount(action: Action) -> tuple[str | None, Decimal | None]:
    """The document's currency and total where there is a document, the invoice's own otherwise."""
    if action.document is not None:
        return action.document.currency, action.document.amount
    return action.invoice.currency, action.invoice.amount


def add_amount(sums: dict[str, Decimal], action: Action) -> None:
    """Add what an action is about to the sum of its currency, ``?`` where that is unknown."""
    currency, amount = currency_and_amount(action)
    if amount is not None:
        currency = currency or "?"
        sums[currency] = sums.get(currency, Decimal(0)) + amount


def fingerprint(action: Action) -> str:
    """One line that changes whenever what would be done, or the numbers in it, change."""
    found = (action.found.entity, action.found.id) if action.found else None
    parts = (action.key.source, action.key.invoice, action.key.kind, action.action, action.code, found, action.document)
    return f"{parts!r}\n"
