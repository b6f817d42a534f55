"""Write protocols that are known to be wrong, each planted over the right one."""

import dataclasses
import secrets
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import pytest

from connector.push.send import Flight, Sender
from connector.state.lock import CompanyLock
from connector.state.sendings import StoredRequest
from connector.state.store import State

settle = import_module("connector.push.settle")  # the package has a function of that name

Plant = Callable[[pytest.MonkeyPatch], None]


def blind_resend(patch: pytest.MonkeyPatch) -> None:
    """What went unanswered goes again without a look into QuickBooks."""
    patch.setattr(settle, "_look", lambda company, waiting: {})


def fresh_request_ids(patch: pytest.MonkeyPatch) -> None:
    """Each attempt has a request id of its own."""
    known = settle._flight

    def renamed(waiting: Any) -> Flight:
        return dataclasses.replace(known(waiting), request_id=secrets.token_hex(16))

    patch.setattr(settle, "_flight", renamed)


def no_waiting(patch: pytest.MonkeyPatch) -> None:
    """Absent counts however soon QuickBooks is asked after the send."""
    patch.setattr(StoredRequest, "seconds_since_send", lambda self: float("inf"))


def whole_batch_again(patch: pytest.MonkeyPatch) -> None:
    """One absent item sends the whole batch again, the found ones too."""
    look = settle._look

    def all_or_nothing(company: Any, waiting: Any) -> Any:
        found = look(company, waiting)
        return found if len(found) == len(waiting.documents) else {}

    patch.setattr(settle, "_look", all_or_nothing)


def state_after_the_post(patch: pytest.MonkeyPatch) -> None:
    """Nothing is written down before the answer is there."""
    begin, landed = State.begin, Sender._landed
    later: dict[int, Any] = {}

    def not_yet(self: State, *arguments: Any, **more: Any) -> tuple[int, int]:
        n = -len(later) - 1
        later[n] = (arguments, more)
        return n, n

    def at_last(self: Sender, flight: Flight, answer: Any) -> Any:
        if flight.request < 0:
            arguments, more = later[flight.request]
            flight.request, flight.attempt = begin(self._state, *arguments, **more)
        return landed(self, flight, answer)

    patch.setattr(State, "begin", not_yet)
    patch.setattr(CompanyLock, "note_send", lambda self: None)
    patch.setattr(Sender, "_landed", at_last)


WRONG: Final[dict[str, Plant]] = {
    "blind resend": blind_resend,
    "fresh request ids": fresh_request_ids,
    "no waiting": no_waiting,
    "whole batch again": whole_batch_again,
    "state after the post": state_after_the_post,
}
