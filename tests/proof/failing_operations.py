"""Every operation on the outside that can fail, counted, so that the n-th of them can be made to."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from effects import EXCHANGES

from connector.errors import ServiceDown
from connector.network import Lost, NotSent, exchange
from connector.state.lock import CompanyLock
from connector.state.transactions import Transactions
from connector.sync.sign_in import SignInRow


class Failing:
    """
    Fails the ``n``-th of the operations that it counts.

    Args:
        n: From 1; 0 to fail none.
        for_good: All that follow fail too.
    """

    def __init__(self, n: int, *, for_good: bool) -> None:
        self._n = n
        self._for_good = for_good
        self._gate = threading.Lock()
        self.count = 0

    def due(self) -> bool:
        """Whether this one is to fail."""
        with self._gate:
            self.count += 1
            return bool(self._n) and (self.count == self._n or (self._for_good and self.count > self._n))


Plant = Callable[[pytest.MonkeyPatch, Failing], None]


def _exchanges(fails: Callable[..., Any]) -> Plant:
    def plant(patch: pytest.MonkeyPatch, failing: Failing) -> None:
        def counted(before: Callable[..., Any]) -> Callable[..., Any]:
            def either(*arguments: Any, **more: Any) -> Any:
                return fails(*arguments, **more) if failing.due() else before(*arguments, **more)

            return either

        for module in EXCHANGES:
            patch.setattr(module, "exchange", counted(vars(module)["exchange"]))

    return plant


def _not_sent(*_: Any, **__: Any) -> Any:
    raise NotSent("nobody answers at this address")


def _lost_before(*_: Any, **__: Any) -> Any:
    raise Lost("the connection broke")


def _lost_after(*arguments: Any, **more: Any) -> Any:
    exchange(*arguments, **more)
    raise Lost("the answer was cut off")


def _commits(patch: pytest.MonkeyPatch, failing: Failing) -> None:
    begun = Transactions._begun

    @contextmanager
    def full(self: Transactions, chosen: Any, *, writing: bool) -> Iterator[Any]:
        with begun(self, chosen, writing=writing) as connection:
            yield connection
            if writing and failing.due():
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorname = "SQLITE_FULL"
                raise error

    patch.setattr(Transactions, "_begun", full)


def _pages(patch: pytest.MonkeyPatch, failing: Failing) -> None:
    """SQLite itself finds no room: from this transaction on the file may not grow."""
    begun = Transactions._begun

    @contextmanager
    def tight(self: Transactions, chosen: Any, *, writing: bool) -> Iterator[Any]:
        with begun(self, chosen, writing=writing) as connection:
            if writing:
                most = 1 if failing.due() else 2**32 - 2
                connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")
            yield connection

    patch.setattr(Transactions, "_begun", tight)


def _noted(cls: type, name: str) -> Plant:
    def plant(patch: pytest.MonkeyPatch, failing: Failing) -> None:
        original = getattr(cls, name)

        def counted(*arguments: Any, **more: Any) -> Any:
            if failing.due():
                raise ServiceDown("the disk is full", code="state-disk-full", remedy="Free some space and run again.")
            return original(*arguments, **more)

        patch.setattr(cls, name, counted)

    return plant


OPERATIONS: Final[dict[str, Plant]] = {
    "request not sent": _exchanges(_not_sent),
    "request lost": _exchanges(_lost_before),
    "answer lost": _exchanges(_lost_after),
    "commit on a full disk": _commits,
    "transaction without a page to grow": _pages,
    "sign-in not kept": _noted(SignInRow, "save"),
    "lock file not written": _noted(CompanyLock, "_note"),
}
