"""How much of an enumeration one run tries: a sample, all of it, or as much as a time allows, drawn by the seed."""

import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest
from project import SEED

Case = TypeVar("Case")


@dataclass
class Budget:
    """
    ``PROOF_SECONDS`` of this process, shared out evenly among the enumerations that are still to come.

    Args:
        tests: How many enumerations this process is likely to run.
    """

    seconds: float
    tests: int
    until: float = 0.0

    @classmethod
    def of(cls, session: pytest.Session) -> "Budget | None":
        """What the environment says; None where there is no limit."""
        if "PROOF_SECONDS" not in os.environ:
            return None
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        whole = sum(
            "proof" in item.fixturenames and item.get_closest_marker("slow") is not None for item in session.items
        )
        return cls(float(os.environ["PROOF_SECONDS"]), -(-whole // workers))

    def share(self) -> float:
        """Until when the next enumeration may go on, by the monotonic clock."""
        now = time.monotonic()
        self.until = self.until or now + self.seconds
        share = (self.until - now) / max(1, self.tests)
        self.tests -= 1
        return now + share


class Proof:
    """
    What one test tries, and what it tried.

    Args:
        whole: All cases, as far as ``until`` allows; else a sample.
        until: By the monotonic clock; None for no limit.
    """

    def __init__(self, item: pytest.Item, *, whole: bool, until: float | None) -> None:
        self.whole = whole
        self._until = until
        self._item = item

    def draw(self, *of: object) -> random.Random:
        """Random by the seed, the same in every run of this test."""
        return random.Random(f"{SEED} {self._item.nodeid} {of}")

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self._until is not None and time.monotonic() > self._until

    def seconds(self, *, whole: float, sample: float) -> float:
        """For how long to go on with what has no end of its own."""
        if not self.whole:
            return sample
        return whole if self._until is None else max(sample, min(whole, self._until - time.monotonic()))

    def tally(self, kind: str, of: int) -> list[object]:
        """[kind, tried, of]: counts for the summary as long as it is counted up."""
        count: list[object] = [kind, 0, of]
        self._item.user_properties.append(("proof", count))
        return count

    def cases(self, kind: str, cases: Sequence[Case], *, sample: int) -> Iterator[Case]:
        """The cases to try, each counted when the next is asked for: then it held."""
        count = self.tally(kind, len(cases))
        chosen = list(cases)
        if self._until is not None:
            self.draw(kind).shuffle(chosen)
        elif not self.whole:
            chosen = self.draw(kind).sample(chosen, min(sample, len(chosen)))
        for n, case in enumerate(chosen):
            if n and self.over:
                return
            yield case
            count[1] = n + 1
