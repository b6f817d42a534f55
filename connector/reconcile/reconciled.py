"""What a reconciliation came to: the rows, the proof, and what else is to be told."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from connector.errors import Problem, exit_code_of
from connector.reconcile.proof import Proof
from connector.reconcile.rows import Family, Row
from connector.reconcile.shelf import Shelf

__all__ = ["Reconciled"]

_DIFFERENCES: Final = 10


@dataclass(slots=True)
class Reconciled:
    """
    What a reconciliation came to; close it when it is reported.

    Args:
        first: The first day of the period.
        last: Its last day; None: up to the newest invoice.
        as_of: When reading each side began: the sources by name, and ``quickbooks``.
        mappings: The version of each source's mapping, by the source's name.
        unplaced: Bills with a mark that only a reconciliation over all sources could place.
    """

    shelf: Shelf
    proof: Proof
    first: datetime.date
    last: datetime.date | None
    as_of: dict[str, datetime.datetime] = field(default_factory=dict)
    mappings: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    exit_codes: set[int] = field(default_factory=set)
    company: str = ""
    unplaced: int = 0
    differs: bool = False

    def rows(self) -> Iterator[Row]:
        """Every row, source by source, by date."""
        return self.shelf.rows()

    def oldest(self, family: Family) -> Iterator[Row]:
        """The rows of one family, the oldest first."""
        return self.shelf.oldest(family)

    def close(self) -> None:
        """Let go of the temporary files."""
        self.shelf.close()

    @property
    def exit_code(self) -> int:
        """The first that applies of the list of the exit codes; 10 where a row differs or stands on one side only."""
        return exit_code_of(self.exit_codes) or (_DIFFERENCES if self.differs else 0)
