"""Which bill numbers several invoices of one run lay claim to; kept outside of memory, because runs can be large."""

import sqlite3

__all__ = ["Numbers"]


class Numbers:
    """The numbers claimed in one run."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.execute("PRAGMA journal_mode = off")
        self._store.execute("CREATE TABLE claim (number TEXT PRIMARY KEY, times INTEGER) WITHOUT ROWID")
        self._store.execute("BEGIN")
        self.claims = 0

    def claim(self, number: str | None) -> None:
        """One more invoice wants this number; None where it only wants its bill removed."""
        self.claims += 1
        if number is None:
            return
        self._store.execute(
            "INSERT INTO claim VALUES (?, 1) ON CONFLICT (number) DO UPDATE SET times = times + 1", (number,)
        )

    def twice(self) -> frozenset[str]:
        """The numbers that more than one invoice wants."""
        return frozenset(row[0] for row in self._store.execute("SELECT number FROM claim WHERE times > 1"))
