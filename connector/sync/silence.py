"""How long a run may lawfully say nothing and hear nothing: whoever watches over it waits longer than that."""

from typing import Final

from connector.quickbooks.limiter import LONGEST_REST
from connector.settings import Settings
from connector.sources import gate, http
from connector.sync.sign_in import PATIENCE

__all__ = ["longest_silence"]

_MARGIN: Final = 60.0
"""Seconds for what no network has a part in: a chunk that is decided about, a commit on a slow disk."""


def longest_silence(settings: Settings) -> float:
    """
    Seconds between two signs of life of a run, at most.

    Signs are every request that ended, every line that it tells and every chunk of invoices. Between two of them there
    may be the body of the last answer, every wait that a limit, a lock or an unknown outcome asks for, and one request.
    """
    ours = settings.quickbooks
    quickbooks = 2 * ours.timeout + ours.settle_after + LONGEST_REST + PATIENCE
    # The place at a gate may be another process's first, with a wait of its own.
    source = 2 * http.SECONDS + http.LONGEST_WAIT + 2 * gate.LONGEST_WAIT + http.SECONDS
    return max(quickbooks, source) + _MARGIN
